"""``neural-focus evaluate`` on made-up logs: the rows it promises, and plain words where it cannot."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from quick_network import QuickNetwork
from typer.testing import CliRunner

from infra.commands.evaluate import app
from infra.commands.evaluate_files import load
from neural_focus import replay, side_by_side
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.evaluation import folds
from neural_focus.models.sequence_model import SequenceModel

FIELDS = (
    *("file", "target", "split", "person", "model", "n", "base_rate"),
    *("auc", "average_precision", "brier", "log_loss", "ece"),
)


def made_up_log(seed: int, people: list[str], days: int = 6) -> pd.DataFrame:
    """People who wander between two moods, one of quick switching; moves while they are there."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in people:
        for day in range(days):
            now = 1_700_000_000.0 + day * 86_400
            end, app, restless = now + 5_400, 0, False
            while now < end:
                restless ^= rng.random() < 0.15
                stay = rng.exponential(8 if restless else 120) + 1
                app = (app + rng.integers(1, 4)) % 4
                rows.append((person, now, 6, f"app{app}"))
                rows += [(person, now + t, 3, f"app{app}") for t in rng.uniform(0, stay, int(stay / 4))]
                now += stay
    table = pd.DataFrame(rows, columns=["user", "timestamp_us", "event_type", "app_name"])
    table["timestamp_us"] = (table["timestamp_us"] * 1e6).astype("int64")
    table = table.sort_values(["user", "timestamp_us"], ignore_index=True)
    return table.assign(x=np.int32(0), y=np.int32(0), speed_pps=np.uint32(0), idle_ms=np.uint32(0)).astype(
        {"event_type": "uint8"}
    )


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logs") / "made.parquet"
    made_up_log(1, ["ann", "bob"]).to_parquet(path)
    return path


def test_days_are_held_out_and_the_rows_are_whole(log: Path, tmp_path: Path) -> None:
    out, before = tmp_path / "figures.json", tmp_path / "before"
    for file in (out, out.with_suffix(".html")):
        file.write_text("as it was")
        before.with_suffix(file.suffix).hardlink_to(file)
    result = CliRunner().invoke(app, [str(log), "--by", "days", "--json", str(out), "--no-lstm"])
    assert result.exit_code == 0, result.output
    rows = json.loads(out.read_text())["rows"]
    assert {row["person"] for row in rows} == {"all", "ann", "bob"}
    for row in rows:
        assert all(name in row for name in FIELDS)
        if row["target"] == "break":
            assert all(name in row for name in ("precision_1", "precision_2", "precision_4", "lead_s"))
    switch = {row["model"]: row for row in rows if (row["target"], row["person"]) == ("switch", "all")}
    assert set(switch) == {"base_rate", "recency", "switches_5min", "logistic", "xgboost"}
    assert switch["xgboost"]["auc"] > switch["recency"]["auc"] > switch["base_rate"]["auc"] == 0.5
    assert switch["xgboost"]["brier"] < switch["recency"]["brier"]
    page = out.with_suffix(".html").read_text()
    assert "xgboost" in page.lower() and "data:image/png" in page
    assert {file.read_text() for file in tmp_path.glob("before.*")} == {"as it was"}, "written aside, then renamed"


def test_one_tables_people_train_and_the_others_are_judged(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is a small one here."""
    monkeypatch.setattr(SequenceModel, "recipe", QuickNetwork.recipe)
    other, out = tmp_path / "other.parquet", tmp_path / "figures.json"
    made_up_log(2, ["cleo"], days=2).to_parquet(other)
    result = CliRunner().invoke(app, ["--train", str(log), "--test", str(other), "--json", str(out)])
    assert result.exit_code == 0, result.output
    rows = json.loads(out.read_text())["rows"]
    assert {(row["file"], row["split"], row["person"]) for row in rows} == {("other.parquet", "new people", "cleo")}
    auc = {row["model"]: row["auc"] for row in rows if row["target"] == "switch"}
    assert min(auc["xgboost"], auc["lstm"]) - 0.01 < auc["blend"] and "blend" in out.with_suffix(".html").read_text()


def test_what_cannot_be_judged_is_said(log: Path, tmp_path: Path) -> None:
    def refused(kind: type[Exception], words: str, *arguments: str) -> None:
        error = CliRunner().invoke(app, list(arguments)).exception
        assert isinstance(error, kind) and words in str(error)

    refused(ConfigurationError, "either event tables, or both", str(log), "--train", str(log))
    refused(ConfigurationError, "either event tables, or both")
    refused(ConfigurationError, "folder does not exist", str(log), "--json", str(tmp_path / "no" / "x.json"))
    refused(InputError, "absent.parquet", str(tmp_path / "absent.parquet"))
    alone = tmp_path / "alone.parquet"
    made_up_log(3, ["dan"], days=2).to_parquet(alone)
    refused(InputError, "people cannot be held out", str(alone), "--by", "person")
    short = tmp_path / "short.parquet"
    made_up_log(3, ["dan"], days=1).head(300).to_parquet(short)
    refused(InputError, "too small to evaluate", str(short))


def odd_table(name: str) -> pd.DataFrame:
    """The made-up log of ann and bob with one thing about it that is odd."""
    table = made_up_log(1, ["ann", "bob"], days=2)
    first = table["timestamp_us"].min()
    odd = {
        "unsorted": table.sample(frac=1, random_state=1),
        "without moves or keys": table[table["event_type"] == 6],
        "one app": table.assign(app_name="editor"),
        "one hour": table[(table["user"] == "ann") & (table["timestamp_us"] < first + 3_600_000_000)],
        "unicode": table.assign(
            user=table["user"].map({"ann": "Ånn 日本", "bob": "боб"}), app_name=table["app_name"] + "ü日本語" * 8
        ),
        "a person of minutes": pd.concat([table, made_up_log(5, ["eve"], days=1).head(120)]),
        "numbers for people": table.assign(user=table["user"].map({"ann": 1, "bob": 2})),
        "somebody without a name": table.assign(user=table["user"].where(table["user"] == "ann")),
        "no column": table.drop(columns="app_name"),
        "unknown column": table.assign(mood=1),
        "text for times": table.assign(timestamp_us=table["timestamp_us"].astype(str)),
        "seconds for times": table.assign(timestamp_us=table["timestamp_us"] / 1e6),
        "whole seconds for times": table.assign(timestamp_us=table["timestamp_us"] // 1_000_000),
        "milliseconds for times": table.assign(timestamp_us=table["timestamp_us"] // 1_000),
        "nanoseconds for times": table.assign(timestamp_us=table["timestamp_us"] * 1_000),
        "no known type": table.assign(event_type=99),
        "text for types": table.assign(event_type="KEY_PRESS"),
        "no row": table.head(0),
    }
    return odd[name]


@pytest.mark.parametrize(
    ("name", "by", "people"),
    [
        ("unsorted", "days", {"all", "ann", "bob"}),
        ("without moves or keys", "days", {"all", "ann", "bob"}),
        ("unicode", "person", {"all", "Ånn 日本", "боб"}),
        ("a person of minutes", "days", {"all", "ann", "bob", "eve"}),
        ("numbers for people", "days", {"all", "1", "2"}),
        ("somebody without a name", "days", {"all", "ann", ""}),
    ],
)
def test_odd_tables_are_judged(name: str, by: str, people: set[str], tmp_path: Path) -> None:
    path, out = tmp_path / "odd.parquet", tmp_path / "figures.json"
    odd_table(name).to_parquet(path)
    result = CliRunner().invoke(app, [str(path), str(path), "--by", by, "--json", str(out), "--no-lstm"])
    assert result.exit_code == 0, result.exception
    rows = json.loads(out.read_text())["rows"]
    assert {row["person"] for row in rows} == people
    keys = [(row["target"], row["person"], row["model"]) for row in rows]
    assert len(keys) == len(set(keys)) and "it is evaluated once" in result.output, "the file was given twice"
    assert all(row["auc"] is None or 0 <= row["auc"] <= 1 for row in rows)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("one app", "0 of them with an app switch"),
        ("one hour", "too small to evaluate"),
        ("no column", "'app_name'"),
        ("unknown column", "'mood'"),
        ("text for times", "' is a number as text, which looks like microseconds. Give timestamp_us in microseconds"),
        ("seconds for times", ", which looks like seconds. Give timestamp_us in microseconds"),
        ("text for types", "'event_type' is string. Give event_type as numbers: KEY_PRESS is 1"),
        ("no known type", "no row has a known event_type, most have 99. Give event_type as numbers"),
        ("no row", "has no events"),
        ("whole seconds for times", "'ann', the first timestamp is 1700000000, which looks like seconds"),
        ("milliseconds for times", "'ann', the first timestamp is 1700000000000, which looks like milliseconds"),
        ("nanoseconds for times", "'ann', the first timestamp is 1700000000000000000, which looks like nanoseconds"),
    ],
)
def test_tables_that_cannot_be_judged_are_refused_in_one_line(name: str, words: str, tmp_path: Path) -> None:
    path, out = tmp_path / "odd.parquet", tmp_path / "figures.json"
    odd_table(name).to_parquet(path)
    error = CliRunner().invoke(app, [str(path), "--json", str(out), "--no-lstm"]).exception
    assert isinstance(error, InputError) and words in str(error) and str(path) in str(error)
    assert "\n" not in str(error) and not out.exists()


@pytest.mark.parametrize("content", [b"", b"user,timestamp_us\n", b"PAR1garbagePAR1"])
def test_what_is_no_table_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "no.parquet"
    path.write_bytes(content)
    error = CliRunner().invoke(app, [str(path)]).exception
    assert isinstance(error, InputError) and "cannot be read" in str(error) and "\n" not in str(error)


def test_a_name_in_both_tables_is_said(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    made_up_log(2, ["bob", "cleo"], days=2).to_parquet(other)
    result = CliRunner().invoke(app, ["--train", str(log), "--test", str(other), "--no-lstm"])
    assert result.exit_code == 0, result.exception
    assert "! bob in both" in result.output


def test_nothing_is_trained_where_the_figures_cannot_be_written(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("training began")

    monkeypatch.setattr(folds, "judge_split", started)
    table, page, bad = tmp_path / "table.parquet", tmp_path / "table.html", tmp_path / "bad.parquet"
    for path in (table, page):
        path.write_bytes(log.read_bytes())
    bad.write_text("nothing of the kind")
    (tmp_path / "folder.html").mkdir()
    for kind, words, arguments in (
        (ConfigurationError, "is one of the event tables", [table, "--json", table]),
        (ConfigurationError, "is one of the event tables", [table, "--json", tmp_path / "x" / ".." / table.name]),
        (ConfigurationError, "is one of the event tables", [page, "--json", tmp_path / "table.json"]),
        (ConfigurationError, "is one of the event tables", ["--train", log, "--test", table, "--json", table]),
        (ConfigurationError, "it is a folder", [log, "--json", tmp_path]),
        (ConfigurationError, "it is no file", [log, "--json", tmp_path / "folder.json"]),
        (ConfigurationError, "it is no file", [log, "--json", "/dev/null"]),
        (ConfigurationError, "is where the HTML goes", [log, "--json", tmp_path / "figures.html"]),
        (ConfigurationError, "cannot be written", [log, "--json", "/proc/figures.json"]),
        (InputError, "bad.parquet cannot be read", [log, bad]),
    ):
        (tmp_path / "x").mkdir(exist_ok=True)
        error = CliRunner().invoke(app, [str(one) for one in arguments]).exception
        assert isinstance(error, kind) and words in str(error), (arguments, error)
        assert "\n" not in str(error)
    assert table.read_bytes() == page.read_bytes() == log.read_bytes()
    assert not list(tmp_path.glob("*.json")) and not list(tmp_path.glob(".*"))


def test_two_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    paths = []
    for number in (1, 2):
        paths.append(tmp_path / str(number) / "events.parquet")
        paths[-1].parent.mkdir()
        made_up_log(number, [f"person {number}"], days=2 + 8 * (number == 2)).to_parquet(paths[-1])
    out = tmp_path / "figures.json"
    result = CliRunner().invoke(app, [*map(str, paths), "--json", str(out), "--no-lstm"])
    assert result.exit_code == 0, result.exception
    figures = json.loads(out.read_text())
    found = {(row["file"], row["person"]) for row in figures["rows"]}
    assert found == {(str(path), f"person {number}") for number, path in enumerate(paths, 1)}
    assert set(figures["learning_curve"]) == set(map(str, paths))
    few = f"! {paths[0]}: 1 day to learn from; models need a week or more, so these figures say little"
    assert [one for one in figures["notes"] if "learn from" in one] == [few] and few in result.output.replace("\n", " ")
    assert few in out.with_suffix(".html").read_text()


def test_what_cannot_be_used_of_a_table_is_said_and_the_rest_is_judged(log: Path, tmp_path: Path) -> None:
    table = pd.read_parquet(log).astype({"timestamp_us": "Int64"})
    bad = table.head(4).assign(timestamp_us=pd.array([2**62, -5, None, 1_700_000_000], "Int64"))
    seconds = table[table["user"] == "bob"].head(500)
    seconds = seconds.assign(user="eve", timestamp_us=seconds["timestamp_us"] // 1_000_000)
    rows = {}
    for name, one in (("whole", table), ("odd", pd.concat([bad, table, seconds]))):
        path, out = tmp_path / f"{name}.parquet", tmp_path / f"{name}.json"
        one.replace({"user": {"ann": "all"}}).to_parquet(path)
        result = CliRunner().invoke(app, [str(path), "--json", str(out), "--no-lstm"])
        assert result.exit_code == 0, result.exception
        figures = json.loads(out.read_text())
        rows[name] = [{**row, "file": ""} for row in figures["rows"]]
    assert rows["odd"] == rows["whole"]
    assert {row["person"] for row in rows["odd"]} == {"all", "all (person)", "bob"}
    notes = [note for note in figures["notes"] if "to learn from" not in note]
    assert notes[0].startswith("! odd.parquet: 'eve' is left out, the first timestamp is 1700")
    assert "looks like seconds" in notes[0] and "Give timestamp_us in microseconds" in notes[0]
    assert notes[1:] == ["! odd.parquet: 4 rows put aside: 4 timestamp out of range"]


def test_a_model_that_one_fold_cannot_train_stays_for_the_others(tmp_path: Path) -> None:
    """Whoever tests where only the others, who never switch, train gets no trees; nobody else loses theirs."""
    table = made_up_log(4, ["ann", "bob", "cleo"], days=4)
    quiet = (table["user"] != "ann") & (table["event_type"] == 6) & (table.groupby("user").cumcount() > 15)
    path, out = tmp_path / "uneven.parquet", tmp_path / "figures.json"
    table[~quiet].to_parquet(path)
    result = CliRunner().invoke(app, [str(path), "--by", "person", "--json", str(out), "--no-lstm"])
    assert result.exit_code == 0, result.exception
    figures = json.loads(out.read_text())
    models: dict[str, dict[str, int]] = {}
    for row in figures["rows"]:
        if row["target"] == "switch":
            models.setdefault(row["person"], {})[row["model"]] = row["n"]
    assert "xgboost" not in models["ann"] and {"xgboost", "recency"} <= models["bob"].keys() & models["cleo"].keys()
    assert set(models["all"].values()) == {models["bob"]["xgboost"] + models["cleo"]["xgboost"]}
    (note,) = [one for one in figures["notes"] if "switch" in one]
    assert "too few labels to train xgboost in fold" in note and "tests ann" in note


def test_nobodys_seconds_are_kept_while_the_next_ones_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's snapshots of each second take twice what all that is learned from takes."""
    kept: list[weakref.ref[np.ndarray]] = []
    alive: list[int] = []

    def watched(*arguments: Any, **options: Any) -> tuple[replay.Snapshots, replay.Inputs]:
        alive.append(sum(one() is not None for one in kept))
        found = real(*arguments, **options)
        kept.append(weakref.ref(found[0].features))
        return found

    real = replay.replay_with_inputs
    monkeypatch.setattr(replay, "replay_with_inputs", watched)
    monkeypatch.setattr(side_by_side, "usable_cores", lambda: 1)
    path = tmp_path / "four.parquet"
    made_up_log(4, ["ann", "bob", "cleo", "dan"], days=1).to_parquet(path)
    loaded = load(path, "four", "UTC", print, sequences=False)
    assert alive == [0, 0, 0, 0] and list(loaded.names.values()) == ["ann", "bob", "cleo", "dan"]
    assert len(np.unique(loaded.moments.person)) == len(loaded.stays) == 4


def test_a_tables_people_are_read_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two cores are; what is read is the same."""
    meet = threading.Barrier(2, timeout=120)

    def watched(*arguments: Any, **options: Any) -> tuple[replay.Snapshots, replay.Inputs]:
        meet.wait()
        return real(*arguments, **options)

    real = replay.replay_with_inputs
    path = tmp_path / "two.parquet"
    made_up_log(5, ["ann", "bob"], days=1).sample(frac=1, random_state=1).to_parquet(path)
    monkeypatch.setattr(side_by_side, "usable_cores", lambda: 1)
    alone = load(path, "two", "UTC", print, sequences=True)
    monkeypatch.setattr(replay, "replay_with_inputs", watched)
    monkeypatch.setattr(side_by_side, "usable_cores", lambda: 2)
    beside = load(path, "two", "UTC", print, sequences=True)
    assert alone.names == beside.names == {1: "ann", 2: "bob"}
    for name in alone.moments.__slots__:
        assert getattr(alone.moments, name).tobytes() == getattr(beside.moments, name).tobytes()


def test_an_interrupt_waits_for_no_thread(log: Path) -> None:
    """Two folds are in a library that never returns."""
    script = (
        "import os, signal, threading; from infra import cli; from neural_focus.evaluation import folds\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background jobs are deaf to it
        "folds.usable_cores = lambda: 2\n"
        "folds.judge_split = lambda *_, **__: (os.write(1, b'in\\n'), threading.Event().wait())\n"
        "cli.main()"
    )
    command = [sys.executable, "-c", script, "evaluate", str(log), "--by", "person", "--no-lstm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        try:
            assert [running.stdout.readline(), running.stdout.readline()] == ["in\n", "in\n"]
            running.send_signal(signal.SIGINT)
            assert running.wait(120) == 130
        finally:
            running.kill()
