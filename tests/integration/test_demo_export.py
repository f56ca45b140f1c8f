"""``neural-focus demo export``: simulated people as an event table that the other commands read."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

from infra.cli import main
from neural_focus.event_table import COLUMNS, read_event_table
from neural_focus.events import EventType
from neural_focus.replay import replay
from neural_focus.simulation.person import simulate_person


def export(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["neural-focus", "demo", "export", *map(str, arguments)])
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_the_people_come_back_as_they_lived(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    assert export(monkeypatch, path, "--people", 2, "--days", 3, "--seed", 5, "--categories") == 0
    assert [file.name for file in tmp_path.iterdir()] == ["people.parquet"]
    people = read_event_table(path)
    assert list(people) == ["demo-01", "demo-02"]
    for number, records in enumerate(people.values(), 1):
        lived = simulate_person(5, 3, number=number, trials=False).records
        for field in ("timestamp_us", "event_type", "app_name"):
            assert np.array_equal(records[field], lived[field]), field
        for kind, words in {
            EventType.MOUSE_MOVE: [0, 1, 2],
            EventType.MOUSE_CLICK: [0, 1],
            EventType.IDLE_END: [0],
            EventType.WINDOW_FOCUS_CHANGE: [2],
            EventType.WINDOW_TITLE_CHANGE: [2],
        }.items():
            here = lived["event_type"] == kind
            assert here.any()
            assert np.array_equal(records["data"][here][:, words], lived["data"][here][:, words]), kind.name
        # what the table has no place for moves no feature but those of its own
        assert replay(records).features.shape == replay(lived).features.shape


def test_without_categories_it_has_the_columns_of_a_bare_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, again, other = (tmp_path / name for name in ("first.parquet", "again.parquet", "other.parquet"))
    for path, seed in ((first, 1), (again, 1), (other, 2)):
        assert export(monkeypatch, path, "--people", 1, "--days", 3, "--seed", seed) == 0
    assert tuple(parquet.read_schema(first).names) == COLUMNS
    assert parquet.read_table(first).equals(parquet.read_table(again))
    assert not parquet.read_table(first).equals(parquet.read_table(other))


def test_a_folder_that_is_not_there_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nowhere" / "people.parquet"
    assert export(monkeypatch, path, "--people", 1, "--days", 3) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert f"{path} cannot be written: No such file or directory" in told
    assert "Traceback" not in told
