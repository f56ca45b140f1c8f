"""``neural-focus evaluate`` on made-up logs: the rows it promises, and plain words where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from infra.commands.evaluate import app
from neural_focus.errors import ConfigurationError, InputError

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
    out = tmp_path / "figures.json"
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
    assert "xgboost" in page and "data:image/png" in page


def test_one_tables_people_train_and_the_others_are_judged(log: Path, tmp_path: Path) -> None:
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
    refused(InputError, "too small to judge", str(short))


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
    assert len(keys) == len(set(keys)) and "it is judged once" in result.output, "the file was given twice"
    assert all(row["auc"] is None or 0 <= row["auc"] <= 1 for row in rows)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("one app", "0 of them with an app switch"),
        ("one hour", "too small to judge"),
        ("no column", "'app_name'"),
        ("unknown column", "'mood'"),
        ("text for times", "'timestamp_us' is string. Give whole numbers"),
        ("seconds for times", "'timestamp_us' has a value that is no whole number"),
        ("text for types", "'event_type' is string"),
        ("no row", "has no events"),
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
