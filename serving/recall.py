"""What the database knows of a stream that the service has not seen yet: its own earlier runs, taken up."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import EventType
from neural_focus.experiments.assignment import OpportunityWatch, Policy
from neural_focus.models.sequences import StreamPast
from neural_focus.settings import Settings
from neural_focus.store import session_book, trial
from neural_focus.store.database import Connection
from neural_focus.store.events import read_events
from neural_focus.store.prediction_log import read_features, read_moments
from serving.people import read_person
from serving.streams import BLOCKED_SITES, Stream

HOUR_US = 3_600_000_000
MOMENTS_HOURS = 12
"""How far the trial's threshold looks back."""
HISTORY_HOURS = 2
"""How far the model's history of the stream is filled again."""


def recall_stream(connection: Connection, settings: Settings, user_id: int, machine_id: str) -> Stream:
    """The stream with its momentum, threshold, budget, session and history as far as they are stored.

    Raises:
        ProblemError: 401, there is no such person.
    """
    person = read_person(connection, user_id)
    now_us = time.time_ns() // 1000
    since = now_us - MOMENTS_HOURS * HOUR_US
    past = read_moments(connection, user_id, since, now_us, machine_id)
    session = session_book.current_session(connection, user_id, since)
    stream = Stream(
        user_id=user_id,
        machine_id=machine_id,
        is_demo=person.is_demo,
        watch=OpportunityWatch(Policy(warm_start_s=settings.opportunity_seconds if person.is_demo else None)),
        blocked_sites=person.blocked_sites or BLOCKED_SITES,
        session_id=session.id if session else None,
    )
    stream.recall(past[0] if past else None, trial.opportunity_times(connection, user_id, now_us - HOUR_US))
    if past:
        _fill_history(connection, stream.history, user_id, machine_id, now_us)
    return stream


def _fill_history(connection: Connection, history: StreamPast, user_id: int, machine_id: str, now_us: int) -> None:
    since = now_us - HISTORY_HOURS * HOUR_US
    times, features, types = read_features(connection, user_id, machine_id, since, now_us)
    records, _ = read_events(connection, user_id, machine_id, since - HOUR_US, now_us)
    for t_us, row, app, last in zip(times.tolist(), features, apps_at(records, times), types, strict=True):
        history.observe(t_us, row, app, last)


def apps_at(records: NDArray[np.void], times_us: NDArray[np.int64]) -> list[str]:
    """Which app held the focus at each time; empty before the first record and where no events were shipped."""
    if not len(records):
        return [""] * len(times_us)
    focus = np.flatnonzero(records["event_type"] == EventType.WINDOW_FOCUS_CHANGE)
    changes = np.unique(np.r_[0, focus])
    at = np.searchsorted(records["timestamp_us"][changes].astype(np.int64), times_us, side="right")
    names = [""] + [bytes(name).decode("utf-8", "replace") for name in records["app_name"][changes]]
    return [names[place] for place in at]
