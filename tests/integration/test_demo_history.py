"""The demo people's history in a real database: complete, marked as demo, written once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from flows.stream_controls import read_controls
from neural_focus.errors import StoreError
from neural_focus.features import FEATURE_INDEX
from neural_focus.replay import ControlKind, replay
from neural_focus.settings import Settings
from neural_focus.simulation import history
from neural_focus.simulation.history import write_history
from neural_focus.simulation.person import simulate_person
from neural_focus.simulation.stream import stream_of
from neural_focus.store.database import Connection, connect
from neural_focus.store.events import list_streams, read_events

NOW = dt.datetime(2025, 3, 29, 15, tzinfo=dt.UTC)


def count(connection: Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_history_is_written_once_and_survives_an_interruption(
    fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    with connect(fresh_database_url) as connection:
        write, calls = history.write_events, 0

        def dies(*args: object, **options: object) -> int:
            nonlocal calls
            calls += 1
            if calls == 4:
                raise StoreError("the plug was pulled")
            return write(*args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(history, "write_events", dies)
        with pytest.raises(StoreError, match="plug"):
            write_history(connection, settings, people=2, days=3, seed=4, now=NOW)
        monkeypatch.undo()

        later = NOW + dt.timedelta(days=1)
        said: list[float] = []
        write_history(
            connection, settings, people=2, days=3, seed=4, now=later, progress=lambda _, share: said.append(share)
        )
        again = write_history(connection, settings, people=2, days=3, seed=4, now=later)
        assert said == [0.5, 1.0]
        assert (again.people, again.events, again.sessions) == (0, 0, 0)

        streams = list_streams(connection, demo=True)
        assert [stream.is_demo for stream in streams] == [True, True]
        assert list_streams(connection, demo=False) == []
        truth = simulate_person(4, 3, last_day=dt.date(2025, 3, 28), number=1)
        stored, seq = read_events(connection, streams[0].user_id, streams[0].machine_id, 0, streams[0].last_us + 1)
        assert stored.tobytes() == truth.records.tobytes()
        assert seq.tolist() == list(range(len(truth.records)))


def check_breaks(connection: Connection) -> None:
    """The flows read the same breaks from the database that a replay of the simulated person has."""
    [stream] = list_streams(connection, demo=True)
    truth = stream_of(simulate_person(5, 7, last_day=dt.date(2025, 3, 28), number=1), stream.user_id)
    controls = read_controls(connection, stream, 0, stream.last_us + 1)
    breaks = controls[controls["kind"] == ControlKind.BREAK_ACCEPTED]
    assert len(breaks) > 5
    again = replay(truth.records, controls[controls["kind"] != ControlKind.RESTART])
    column = FEATURE_INDEX["minutes_since_last_break"]
    assert (again.features[:, column] == truth.features[:, column]).all()
    without = replay(
        truth.records, controls[~np.isin(controls["kind"], (ControlKind.RESTART, ControlKind.BREAK_ACCEPTED))]
    )
    assert (without.features[:, column] != truth.features[:, column]).any()


def test_context_rows_name_what_happened(fresh_database_url: str, tmp_path: Path) -> None:
    with connect(fresh_database_url) as connection:
        summary = write_history(connection, Settings(home=tmp_path), people=1, days=7, seed=5, now=NOW)
        opportunities = count(connection, "SELECT count(DISTINCT opportunity_id) FROM interventions")
        assert opportunities == summary.opportunities > 20
        assert count(connection, "SELECT count(*) FROM interventions WHERE session_id IS NULL") == 0
        assert count(connection, "SELECT count(*) FROM interventions WHERE arm = 'NO_OP' AND user_response <> ''") == 0
        card = "arm = 'PLACEBO' AND type = 'NO_OP' AND action = 'PLACEBO' AND applied_at = triggered_at"
        cards = count(connection, f"SELECT count(*) FROM interventions WHERE {card}")
        assert cards == count(connection, "SELECT count(*) FROM interventions WHERE arm = 'PLACEBO'") > 3
        assert count(connection, "SELECT count(*) FROM interventions WHERE model_version <> 'simulated'") == 0
        assert count(connection, "SELECT count(*) FROM labels WHERE source = 'HOTKEY'") > 5
        done = "SELECT count(*) FROM interventions WHERE applied_at IS NOT NULL AND undone_at > applied_at"
        refused = "user_response IN ('REJECTED', 'SNOOZED')"
        assert (
            count(
                connection, f"{done} AND (arm = 'NO_OP' OR {refused} OR (user_response IS NULL AND arm <> 'PLACEBO'))"
            )
            == 0
        )
        accepted = "user_response = 'ACCEPTED' AND applied_at = responded_at AND ordered_at = responded_at"
        assert count(connection, f"{done} AND {accepted}") == count(
            connection, "SELECT count(*) FROM interventions WHERE user_response = 'ACCEPTED'"
        )
        check_breaks(connection)
        overlap = """SELECT count(*) FROM sessions a JOIN sessions b ON a.user_id = b.user_id AND a.id <> b.id
            AND a.start_time < b.end_time AND b.start_time < a.end_time"""
        assert count(connection, overlap) == 0
        assert count(connection, "SELECT count(*) FROM sessions WHERE session_type <> 'natural' AND completed") > 0
        named = "SELECT count(*) FROM events WHERE session_id IS NOT NULL"
        assert count(connection, named) > 0.95 * summary.events
        wrong = """SELECT count(*) FROM events e JOIN sessions s ON s.id = e.session_id
            WHERE e.time < s.start_time OR e.time >= s.end_time"""
        assert count(connection, wrong) == 0
        keys = (
            "SELECT sum(total_keystrokes) - (SELECT count(*) FROM events WHERE event_type = 'KEY_PRESS') FROM sessions"
        )
        assert abs(count(connection, keys)) < 50
