"""What happened in a stream, read from its stored events, or told back from what was served where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import numpy as np
import pytest
from logged_answers import log_answers

from neural_focus.events import EventType
from neural_focus.labelling.labels import settled_break, switch_within
from neural_focus.labelling.outcomes import warning_outcome
from neural_focus.labelling.stream_timelines import stream_timeline
from neural_focus.models.predict import PredictionBatch
from neural_focus.replay import Snapshots, replay
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.person import live
from neural_focus.store.database import Connection, connect
from neural_focus.store.events import write_events
from neural_focus.store.predictions import read_moments
from neural_focus.store.users import ensure_user
from neural_focus.time import SECOND_US
from neural_focus.timeline import read_timeline

HOURS = 3
MACHINE = str(uuid4())
RECORDS = live(draw_person(102), 2, number=2, trials=False).records
FIRST_US = int(RECORDS["timestamp_us"][0])
RECORDS = RECORDS[RECORDS["timestamp_us"] < FIRST_US + HOURS * 3600 * SECOND_US]
SNAPSHOTS = replay(RECORDS)
LATE_US = FIRST_US + 2 * 3600 * SECOND_US
"""The page looks at the hour after it."""


@pytest.fixture
def connection(fresh_database_url: str) -> Iterator[Connection]:
    with connect(fresh_database_url) as connection:
        yield connection


def serve(connection: Connection, snapshots: Snapshots = SNAPSHOTS) -> int:
    """Somebody's machine got an answer to each snapshot."""
    user_id = ensure_user(connection, "somebody")
    count = len(snapshots)
    said = PredictionBatch(*(np.full(count, value) for value in (50.0, 0.2, 0.1, 0.5)))
    log_answers(connection, user_id, MACHINE, snapshots, said)
    return user_id


def ship(connection: Connection, user_id: int, records: np.ndarray = RECORDS) -> None:
    write_events(connection, user_id=user_id, machine_id=MACHINE, boot_id=str(uuid4()), first_seq=0, records=records)


def test_the_page_says_of_any_hour_what_the_labels_say_of_the_whole_log(connection: Connection) -> None:
    user_id = serve(connection)
    ship(connection, user_id)
    end_us = int(RECORDS["timestamp_us"][-1])
    [past] = read_moments(connection, user_id, LATE_US, end_us)
    part, whole = stream_timeline(connection, user_id, past, end_us), read_timeline(RECORDS)
    assert len(part.event_us) < (whole.event_us > LATE_US).sum() / 3, "of the events, those that tell it"
    first = whole.stay_at(past.t_us[:1])[0]
    assert part.app_names[part.apps[0]] == whole.app_names[whole.apps[first]], "and the app that held the focus before"
    assert part.hints[0] == whole.hints[first]
    assert part.switch_us.tolist() == whole.switch_us[whole.switch_us > past.t_us[0]].tolist()
    decided = past.t_us + 70 * SECOND_US <= end_us
    switch, broken = warning_outcome(part, "HIGH_RISK", past.t_us)[0], warning_outcome(part, "BREAK", past.t_us)[0]
    assert switch[decided].tolist() == switch_within(whole, past.t_us)[decided].tolist()
    label = settled_break(whole, past.t_us, past.app_age_s)
    known = decided & (label >= 0)
    assert known.sum() > 500
    assert broken[known].tolist() == label[known].tolist()
    assert set(switch[past.t_us + 30 * SECOND_US > end_us].tolist()) == {-1}
    idle = whole.idle[whole.idle[:, 0] > past.t_us[0]]
    same = np.searchsorted(part.idle[:, 0], idle[:, 0])
    assert part.idle[same, 0].tolist() == idle[:, 0].tolist()
    assert (np.abs(part.idle[same, 1] - idle[:, 1]) < SECOND_US).all(), (
        "idle ends with an input; IDLE_END follows at once"
    )


def test_a_lock_without_a_word_of_idleness_is_idle(connection: Connection) -> None:
    user_id = serve(connection)
    stamps = RECORDS["timestamp_us"].astype(np.int64)
    lock = [LATE_US + 100 * SECOND_US, LATE_US + 400 * SECOND_US]
    edges = RECORDS[:2].copy()
    edges["timestamp_us"], edges["event_type"] = lock, (EventType.SCREEN_LOCK, EventType.SCREEN_UNLOCK)
    away = (stamps >= lock[0]) & (stamps <= lock[1])
    away |= np.isin(RECORDS["event_type"], (EventType.IDLE_START, EventType.IDLE_END))
    ship(connection, user_id, np.sort(np.concatenate([RECORDS[~away], edges]), order="timestamp_us"))
    [past] = read_moments(connection, user_id, LATE_US, int(stamps[-1]))
    part = stream_timeline(connection, user_id, past, int(stamps[-1]))
    assert part.idle_at(np.array([lock[0] + SECOND_US, lock[1] - SECOND_US])).all()
    assert not part.idle_at(np.array([lock[1] + 1])).any()


def test_what_was_not_captured_between_two_boots_decides_nothing(connection: Connection) -> None:
    user_id = serve(connection)
    stamps = RECORDS["timestamp_us"].astype(np.int64)
    ship(connection, user_id, RECORDS[stamps < LATE_US + 600 * SECOND_US])
    ship(connection, user_id, RECORDS[stamps >= LATE_US + 900 * SECOND_US])
    [past] = read_moments(connection, user_id, LATE_US, int(stamps[-1]))
    verdict = warning_outcome(stream_timeline(connection, user_id, past, int(stamps[-1])), "HIGH_RISK", past.t_us)[0]
    gap = (past.t_us > LATE_US + 570 * SECOND_US) & (past.t_us < LATE_US + 900 * SECOND_US)
    assert gap.any()
    assert (verdict[gap] == -1).all()
    assert (verdict[past.t_us < LATE_US + 560 * SECOND_US] >= 0).all()


def test_a_desktop_that_keeps_its_events_is_told_back_from_its_snapshots(connection: Connection) -> None:
    user_id = serve(connection)
    end_us = int(RECORDS["timestamp_us"][-1])
    [past] = read_moments(connection, user_id, LATE_US, end_us)
    told = stream_timeline(connection, user_id, past, end_us)
    ship(connection, user_id)
    true = stream_timeline(connection, user_id, past, end_us)
    assert len(true.event_us) != len(told.event_us)
    for kind in ("HIGH_RISK", "BREAK"):
        found, expected = (warning_outcome(one, kind, past.t_us)[0] for one in (told, true))
        assert {0, 1} <= set(expected.tolist())
        both = (found >= 0) & (expected >= 0)
        assert (found != expected)[both].mean() < 0.003


def test_an_hour_in_one_app_without_a_word_of_it_is_told_back_too(connection: Connection) -> None:
    """Shipped, but no event of the range says who holds the focus."""
    typing = np.flatnonzero(RECORDS["event_type"] == 1)[:1]
    records = np.repeat(RECORDS[typing], 200)
    records["timestamp_us"] += (np.arange(200) * SECOND_US).astype(np.uint64)
    user_id = serve(connection, replay(records))
    ship(connection, user_id, records)
    [past] = read_moments(connection, user_id, 0, int(records["timestamp_us"][-1]))
    timeline = stream_timeline(connection, user_id, past, int(records["timestamp_us"][-1]))
    assert len(timeline.switch_us) == 0
    assert set(warning_outcome(timeline, "HIGH_RISK", past.t_us)[0].tolist()) == {0, -1}
