"""Event tables as people's tools write them: nothing of a row is lost or made up, and what cannot be read is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from neural_focus._native import validate
from neural_focus.categories import Rules
from neural_focus.errors import InputError
from neural_focus.event_table import check_event_table, read_event_table
from neural_focus.events import EventType

START = 1_700_000_000_000_000
COUNT = 4
TEXTS = [
    "2023-11-14T22:13:20Z",
    "2023-11-14T23:13:21+01:00",
    "2023-11-14 17:13:22-0500",
    "2023-11-15T03:43:23.000+05:30",
]
"""The same instants as ``written`` has, each with another offset."""


def written(path: Path, **other: pa.Array) -> Path:
    """Moves of one person, a second apart, with some columns otherwise."""
    columns = {
        "user": pa.array(["ann"] * COUNT),
        "timestamp_us": pa.array(START + np.arange(COUNT) * 1_000_000),
        "event_type": pa.array([int(EventType.MOUSE_MOVE)] * COUNT),
        "app_name": pa.array(["editor"] * COUNT),
        **{name: pa.array([7] * COUNT) for name in ("x", "y", "speed_pps", "idle_ms")},
    }
    file = path / "events.parquet"
    parquet.write_table(pa.table(columns | other), file)
    return file


def test_rows_without_a_user_are_one_persons(tmp_path: Path) -> None:
    people = read_event_table(written(tmp_path, user=pa.array(["", None, "ann", None])))
    assert {user: len(records) for user, records in people.items()} == {"": 3, "ann": 1}
    assert people[""]["timestamp_us"].tolist() == [START, START + 1_000_000, START + 3_000_000]
    everybody = read_event_table(written(tmp_path, user=pa.nulls(COUNT)))
    assert {user: len(records) for user, records in everybody.items()} == {"": COUNT}


def test_a_name_that_is_no_text_is_repaired_and_its_row_kept(tmp_path: Path) -> None:
    raw = [b"caf\xff", "日本語".encode()[:-1], "日本語".encode() * 5, b"a\x07b"]
    text = pa.Array.from_buffers(pa.string(), COUNT, pa.array(raw, pa.binary()).buffers())  # as some writers make it
    for column in (pa.array(raw, pa.binary()), text):
        records = read_event_table(written(tmp_path, app_name=column))["ann"]
        assert [name.decode() for name in records["app_name"]] == ["caf\ufffd", "日本", "日本語" * 3 + "日", "a\ufffdb"]
        assert validate(records)[0].all()


def test_one_app_has_one_category_by_any_of_its_ids(tmp_path: Path) -> None:
    ids = ["code", "com.visualstudio.code", "Code.exe", "code-insiders"]
    focus = pa.array([int(EventType.WINDOW_FOCUS_CHANGE)] * COUNT)
    records = read_event_table(written(tmp_path, app_name=pa.array(ids), event_type=focus))["ann"]
    assert [name.decode() for name in records["app_name"]] == ids
    assert set(records["data"][:, 2].tolist()) == {Rules.load().hint("code")}


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (pa.nulls(COUNT), [0, 0, 0, 0]),
        (pa.array([1.0, None, 3.0, None]), [1, 0, 3, 0]),
        (pa.array(np.array([1.0, np.nan, 44.6, 2.2], np.float32), from_pandas=False), [1, 0, 45, 2]),
        (pa.array([1e300, np.inf, 5, 6.0]), [2**32 - 1, 2**32 - 1, 5, 6]),
    ],
    ids=["no value at all", "nulls", "NaN and fractions", "too large"],
)
def test_a_speed_is_the_nearest_whole_number_and_none_is_zero(
    column: pa.Array, found: list[int], tmp_path: Path
) -> None:
    records = read_event_table(written(tmp_path, speed_pps=column, x=column, idle_ms=column))["ann"]
    assert records["data"][:, 2].tolist() == found


def test_no_number_is_none_in_columns_that_have_to_be_whole_too(tmp_path: Path) -> None:
    times = np.array([START, np.nan, START + 1.0, START + 2.0])
    kinds = np.array([3.0, 3.0, np.nan, 3.0])
    file = written(tmp_path, timestamp_us=pa.array(times), event_type=pa.array(kinds))
    records = read_event_table(file)["ann"]
    assert records["timestamp_us"].tolist() == [0, START, START + 1, START + 2]
    assert records["event_type"].tolist() == [3, 3, 0, 3]


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_nanoseconds_are_cut_to_microseconds(zone: str | None, tmp_path: Path) -> None:
    times = pa.array((START + np.arange(COUNT) * 1_000_000) * 1_000 + 999, pa.timestamp("ns", tz=zone))
    records = read_event_table(written(tmp_path, timestamp_us=times))["ann"]
    assert records["timestamp_us"].tolist() == [START + n * 1_000_000 for n in range(COUNT)]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())], ids=str)
def test_iso_texts_with_an_offset_are_read(kind: pa.DataType, tmp_path: Path) -> None:
    file = written(tmp_path, timestamp_us=pa.array(TEXTS).cast(kind))
    check_event_table(file)
    records = read_event_table(file)["ann"]
    assert records["timestamp_us"].tolist() == [START + n * 1_000_000 for n in range(COUNT)]
    without = written(tmp_path, timestamp_us=pa.array([None, *TEXTS[1:]]))
    assert read_event_table(without)["ann"]["timestamp_us"].tolist()[0] == 0, "no time is none, as in numbers"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pa.array([1.7e9, 1700000000.25, 1.7e9, 1.7e9]), "whole number: 1700000000.25, which looks like seconds. Give"),
        (pa.array([str(START)] * COUNT), f"is text: '{START}' is a number as text, which looks like microseconds"),
        (pa.array(["1700000000.5"] * COUNT), "'1700000000.5' is a number as text, which looks like seconds"),
        (pa.array([TEXTS[0], "2023-11-14T22:13:21", *TEXTS[2:]]), "'2023-11-14T22:13:21' has no offset from UTC"),
        (pa.array([TEXTS[0], "yesterday", *TEXTS[2:]]), "'yesterday' is no ISO 8601 time"),
        (pa.nulls(COUNT), "'timestamp_us' is null. Give timestamp_us in microseconds"),
        (pa.array([19_675] * COUNT, pa.date32()), "is date32.* with an offset such as"),
    ],
)
def test_times_that_cannot_be_read_are_refused_with_a_next_step(column: pa.Array, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        read_event_table(written(tmp_path, timestamp_us=column))


def test_a_table_is_checked_without_reading_its_rows(tmp_path: Path) -> None:
    check_event_table(written(tmp_path))
    with pytest.raises(InputError, match="unknown column: 'mood'"):
        check_event_table(written(tmp_path, mood=pa.array([1] * COUNT)))
    with pytest.raises(InputError, match="'x' is string"):
        check_event_table(written(tmp_path, x=pa.array(["1"] * COUNT)))
    (tmp_path / "no.parquet").write_text("user,timestamp_us\n")
    with pytest.raises(InputError, match=r"[^.]\. Give a Parquet file"):
        check_event_table(tmp_path / "no.parquet")
