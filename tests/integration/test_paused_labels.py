"""A pause is no break: what it interrupts has no label, live and batch alike; the same gap without one is known."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow.parquet as pq
import pytest
from logged_answers import log_answers

from feature_repo.files import stream_folder
from flows.features import compute_features
from flows.labels import compute_labels
from flows.platform_flow import open_platform
from neural_focus.events import EVENT_DTYPE, EventType, encode_app_name
from neural_focus.labelling.outcomes import warning_outcome
from neural_focus.labelling.stream_timelines import stream_timeline
from neural_focus.models.predict import PredictionBatch
from neural_focus.replay import replay
from neural_focus.settings import Settings
from neural_focus.store.database import connect
from neural_focus.store.events import write_events
from neural_focus.store.predictions import read_moments
from neural_focus.store.users import ensure_user
from neural_focus.time import SECOND_US

START_US = 1_772_445_600_000_000
"""A Monday, 10:00 UTC."""
PAUSE = (1800, 2400)
"""Seconds after the start: ten minutes."""
HORIZON = {"switch": 30, "settled_break": 60, "outcome": 300}


def at_work() -> np.ndarray:
    """Half an hour of keys in one app, ten minutes of nothing, half an hour in the next."""
    seconds = np.r_[0 : PAUSE[0], PAUSE[1] : PAUSE[1] + 1800]
    records = np.zeros(len(seconds), EVENT_DTYPE)
    records["timestamp_us"] = START_US + seconds * SECOND_US
    records["event_type"] = EventType.KEY_PRESS
    records["event_type"][[0, PAUSE[0]]] = EventType.WINDOW_FOCUS_CHANGE
    records["app_name"] = np.where(seconds < PAUSE[0], encode_app_name("code"), encode_app_name("reddit"))
    records["data"][:, 2] = 0
    return records


@pytest.mark.parametrize("paused", [True, False])
def test_what_a_pause_interrupts_is_not_known_and_an_absence_is(
    paused: bool, fresh_database_url: str, tmp_path: Path
) -> None:
    settings, machine = Settings(home=tmp_path, database_url=fresh_database_url), str(uuid4())
    records = at_work()
    parts = (records[: PAUSE[0]], records[PAUSE[0] :]) if paused else (records,)
    with connect(fresh_database_url) as connection:
        user = ensure_user(connection, "ann")
        for part in parts:  # a pause ends a boot
            sent = {"user_id": user, "machine_id": machine, "boot_id": str(uuid4())}
            write_events(connection, first_seq=0, records=part, **sent)
        served = replay(records)
        said = PredictionBatch(*(np.full(len(served), value) for value in (50.0, 0.2, 0.1, 0.5)))
        log_answers(connection, user, machine, served, said)
    with open_platform(settings) as platform:
        compute_features(platform)
        compute_labels(platform)
    folder = settings.feast / "labels" / stream_folder(settings.feast, f"{user}:{machine}").name
    table = pq.read_table(sorted(folder.glob("*.parquet"))[0])
    at = (table["event_timestamp"].cast("int64").to_numpy() - START_US) // SECOND_US
    last_us = int(records["timestamp_us"][-1])
    with connect(fresh_database_url) as connection:
        [past] = read_moments(connection, user, START_US, last_us)
        timeline = stream_timeline(connection, user, past, last_us)
        for name, kind in (("switch", "HIGH_RISK"), ("settled_break", "BREAK")):
            label = table[name].to_numpy()
            before = (at > PAUSE[0] - HORIZON[name]) & (at < PAUSE[0])
            earlier = (at > 600) & (at <= PAUSE[0] - 400)
            assert before.any() and earlier.any()
            assert ((label[before] == -1) == paused).all(), "not covered, and so no break"
            live, _ = warning_outcome(timeline, kind, START_US + at[before] * SECOND_US)
            assert live.tolist() == label[before].tolist(), "live says what batch says"
            assert (label[earlier] >= 0).all(), "what was decided before it stays so"
    outcome, source = (table[name].to_numpy() for name in ("outcome", "outcome_source"))
    guessed = (at > PAUSE[0] - HORIZON["outcome"]) & (at < PAUSE[0])
    assert not paused or (outcome[guessed] == -1).all(), "nor do rules guess anything of it"
    assert (source[guessed] <= 0).all() or not paused
