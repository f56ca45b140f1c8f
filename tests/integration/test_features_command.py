"""``neural-focus features`` over Parquet files: what it writes, and one line for what it cannot use."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from infra.cli import main
from neural_focus.categories import Rules
from neural_focus.errors import InputError
from neural_focus.event_table import read_event_table
from neural_focus.events import EventType
from neural_focus.features import FEATURES, SEQUENCE_NAME
from neural_focus.replay import replay

START = 1_700_000_000_000_000
SECOND = 1_000_000


def columns(count: int = 400) -> dict[str, pa.Array]:
    rng = np.random.default_rng(3)
    kinds = rng.choice([1, 2, 3, 4, 6, 7, 10, 11], count)
    return {
        "user": pa.array([f"person {i % 2}" for i in range(count)]),
        "timestamp_us": pa.array(START + rng.permutation(count) * 700_000),
        "event_type": pa.array(kinds.astype(np.uint8)),
        "app_name": pa.array(rng.choice(["code", "firefox", "slack", "ein sehr langer Name für ein Programm"], count)),
        "x": pa.array(rng.integers(-500, 2000, count).astype(np.int32)),
        "y": pa.array(rng.integers(-500, 2000, count).astype(np.int32)),
        "speed_pps": pa.array(rng.integers(0, 3000, count).astype(np.uint32)),
        "idle_ms": pa.array(np.where(kinds == 10, 5000, 0).astype(np.uint32)),
    }


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "events.parquet"
    parquet.write_table(pa.table(columns()), path)
    return path


@dataclass(frozen=True)
class Done:
    code: int
    said: str


@pytest.fixture
def run(monkeypatch, capsys):
    """The command as the shell would call it, in this process."""

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["neural-focus", "features", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Done(code, " ".join(capsys.readouterr().err.split()))

    return call


def test_one_row_per_person_and_second(run, table, tmp_path):
    out = tmp_path / "features.parquet"
    done = run(table, "--out", out, "--tz", "Europe/Berlin")
    assert done.code == 0, done.said
    written = parquet.read_table(out)
    assert written.column_names == ["user", "timestamp_us", *(f.name for f in FEATURES), SEQUENCE_NAME]
    assert written.schema.field("keystroke_count").type == pa.int32()
    assert written.schema.field("is_ide").type == pa.bool_()
    assert written.schema.field("mouse_speed_mean").type == pa.float32()
    assert written.schema.field("productivity_category").type == pa.string()
    assert written.schema.field(SEQUENCE_NAME).type == pa.list_(pa.uint8())
    people = read_event_table(table)
    assert set(people) == {"person 0", "person 1"}
    for user, records in people.items():
        rows = written.filter(pa.compute.equal(written["user"], user))
        expected = replay(records, zone="Europe/Berlin")
        assert rows["timestamp_us"].to_pylist() == expected.timestamps_us.tolist()
        for index, feature in enumerate(FEATURES):
            if feature.name != "productivity_category":
                found = rows[feature.name].to_numpy().astype(np.float32)
                np.testing.assert_array_equal(found, expected.features[:, index], err_msg=feature.name)
        assert set(rows["productivity_category"].to_pylist()) <= {"", "Building", "Communication", "Knowledge"}
        assert rows[SEQUENCE_NAME][0].as_py() == [int(k) for k in expected.sequence[0] if k]
    assert not list(tmp_path.glob(".features*"))


def test_rows_become_records(table):
    records = read_event_table(table)["person 0"]
    assert (np.diff(records["timestamp_us"].astype(np.int64)) > 0).all()
    focus = records[records["event_type"] == EventType.WINDOW_FOCUS_CHANGE]
    hints = [Rules.load().hint(name.decode()) for name in focus["app_name"]]
    assert focus["data"][:, 2].tolist() == hints
    assert max(map(len, records["app_name"])) == 31
    moves = records[records["event_type"] == EventType.MOUSE_MOVE]
    assert moves["data"][:, 0].astype(np.int32).min() < 0


def test_equal_stamps_keep_their_order(tmp_path):
    same = columns(40) | {"timestamp_us": pa.array([START] * 40), "user": pa.array(["a"] * 40)}
    parquet.write_table(pa.table(same), tmp_path / "same.parquet")
    records = read_event_table(tmp_path / "same.parquet")["a"]
    assert records["event_type"].tolist() == same["event_type"].to_pylist()


def test_bad_rows_are_counted_and_the_rest_passes(run, tmp_path):
    bad = columns(10) | {
        "event_type": pa.array([0, 16, -1, 2**40, 1, 1, 1, 1, 1, None], pa.int64()),
        "timestamp_us": pa.array([START] * 5 + [-1, 2**62, None, START, START], pa.int64()),
        "user": pa.array(["a"] * 10),
    }
    parquet.write_table(pa.table(bad), tmp_path / "bad.parquet")
    done = run(tmp_path / "bad.parquet", "--out", tmp_path / "out.parquet")
    assert done.code == 0, done.said
    assert "5 unknown_type, 3 timestamp_out_of_range" in done.said


def _without(name: str) -> dict[str, pa.Array]:
    return {key: value for key, value in columns(3).items() if key != name}


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (_without("speed_pps"), "has no column: 'speed_pps'"),
        (columns(3) | {"mood": pa.array([1, 2, 3])}, "has an unknown column: 'mood'"),
        (columns(3) | {"x": pa.array(["a", "b", "c"])}, "column 'x' is string"),
        (columns(3) | {"timestamp_us": pa.array([1.5, 2.0, 3.0])}, "column 'timestamp_us' has a value"),
    ],
)
def test_a_table_of_another_shape_is_one_line(run, made, words, tmp_path):
    path = tmp_path / "events.parquet"
    parquet.write_table(pa.table(made), path)
    with pytest.raises(InputError, match=words):
        read_event_table(path)
    done = run(path, "--out", tmp_path / "out.parquet")
    assert done.code == 1
    assert words in done.said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["events.parquet"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"timestamp_us": pa.array([START // SECOND] * 4)},
            "is 1700000000, which looks like seconds and is no plausible",
        ),
        ({"timestamp_us": pa.array([START // 1000] * 4)}, "1700000000000, which looks like milliseconds"),
        ({"timestamp_us": pa.array([START * 1000] * 4)}, "1700000000000000000, which looks like nanoseconds"),
        ({"timestamp_us": pa.array([None] * 4, pa.int64())}, "no row has a timestamp after 1970"),
        ({"event_type": pa.array([77] * 4)}, "no row has a known event_type, most have 77"),
        ({"event_type": pa.array(["KEY_PRESS"] * 4)}, "'event_type' is string. Give event_type as numbers"),
    ],
)
def test_a_table_of_which_nothing_can_be_used_is_refused(run, change, words, tmp_path):
    path = tmp_path / "events.parquet"
    parquet.write_table(pa.table(columns(4) | change), path)
    done = run(path, "--out", tmp_path / "out.parquet")
    assert (done.code, words in done.said, str(path) in done.said) == (1, True, True), done.said
    assert [p.name for p in tmp_path.iterdir()] == ["events.parquet"]
    parquet.write_table(pa.table(columns(4)).slice(0, 0), path)
    assert "has no events" in run(path, "--out", tmp_path / "out.parquet").said


def test_who_gets_no_row_is_said_beside_those_who_do(run, tmp_path):
    times = [START, START // 1000, START + SECOND, START // 1000]
    made = columns(4) | {"user": pa.array(["ann", "eve"] * 2), "timestamp_us": pa.array(times)}
    parquet.write_table(pa.table(made), tmp_path / "events.parquet")
    done = run(tmp_path / "events.parquet", "--out", tmp_path / "out.parquet")
    assert done.code == 0 and "! 'eve' gets no row: the first timestamp is 1700000000000" in done.said
    assert set(parquet.read_table(tmp_path / "out.parquet")["user"].to_pylist()) == {"ann"}


def test_times_of_any_zone_make_the_same_rows(run, table, tmp_path):
    times = parquet.read_table(table)["timestamp_us"]
    zoned = times.cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="Asia/Kolkata"))
    iso = pa.array([time.as_py().isoformat() for time in zoned])
    rows = []
    for name, made in (("whole", times), ("zoned", zoned), ("iso", iso)):
        other = tmp_path / f"{name}.parquet"
        parquet.write_table(pa.table(columns() | {"timestamp_us": made}), other)
        assert run(other, "--out", tmp_path / "out").code == 0
        rows.append(parquet.read_table(tmp_path / "out"))
    assert rows[0].equals(rows[1]) and rows[0].equals(rows[2])


def test_files_that_cannot_be_read_or_written(run, table, tmp_path):
    (tmp_path / "no.parquet").write_bytes(b"PAR1 nothing of the kind")
    for arguments, words in (
        ((tmp_path / "none.parquet", "--out", tmp_path / "o"), "cannot be read: there is no such file"),
        ((tmp_path / "no.parquet", "--out", tmp_path / "o"), "cannot be read"),
        ((tmp_path, "--out", tmp_path / "o"), "cannot be read: it is a folder"),
        ((table, "--out", tmp_path / "nowhere" / "o"), "cannot be written: No such file"),
        ((table, "--out", tmp_path / "o", "--tz", "Mars"), "no such time zone"),
    ):
        done = run(*arguments)
        assert done.code == 1, done.said
        assert words in done.said
        assert not (tmp_path / "o").exists()
