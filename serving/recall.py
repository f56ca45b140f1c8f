"""What the database knows of a stream that the service has not seen yet: its own earlier runs, taken up.

What the model remembers of a stream goes back days (what is usual for the person, their stays in each app), too far to
be told from stored snapshots at a start. So it is kept every few minutes and at the end (``keep_history``), and only
the snapshots since then are taken in again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neural_focus.apps import app_id
from neural_focus.errors import InputError
from neural_focus.events import EventType, decode_app_name
from neural_focus.experiments.assignment import OpportunityWatch, Policy
from neural_focus.models.arrays import Arrays, pack, unpack
from neural_focus.models.contracts import V5
from neural_focus.models.sequences import StreamPast
from neural_focus.models.timeline import US
from neural_focus.settings import Settings
from neural_focus.store import session_book, trial
from neural_focus.store.database import Connection
from neural_focus.store.events import read_events
from neural_focus.store.prediction_log import Moments, read_features, read_moments
from neural_focus.store.stream_memories import keep_memory, read_memory
from neural_focus.time import HOUR_US, iso, wall_clock_us
from serving.forecast import MOST_AHEAD_SECONDS
from serving.jail import holds
from serving.people import Someone, own_hosts, read_person
from serving.streams import Stream

MOMENTS_HOURS = 12
"""How far the trial's threshold looks back, and at most how far a kept memory is filled up to now."""
HISTORY_HOURS = 2
"""How far a stream's history is filled again where no memory of it was kept."""
_LOG = logging.getLogger("neural_focus.serving")


def recall_stream(
    connection: Connection,
    settings: Settings,
    user_id: int,
    machine_id: str,
    watch: OpportunityWatch | None = None,
) -> Stream:
    """The stream with its momentum, session and history as far as they are stored; the person's watch, too, if new.

    Raises:
        ProblemError: 401, there is no such person.
    """
    person = read_person(connection, user_id, own_hosts(settings))
    now_us = wall_clock_us()
    since = now_us - MOMENTS_HOURS * HOUR_US
    past = read_moments(connection, user_id, since, now_us, machine_id if watch else None)
    session = session_book.current_session(connection, user_id, since)
    stream = Stream(
        user_id=user_id,
        machine_id=machine_id,
        is_demo=person.is_demo,
        watch=watch or _recall_watch(connection, settings, person, past, now_us),
        help=person.help,
        jailed=session is not None and holds(session),
        session_id=session.id if session else None,
    )
    if own := [one for one in past if one.machine_id == machine_id]:
        stream.recall(own[0])
    stream.history = _recall_history(connection, user_id, machine_id, now_us)
    return stream


def _recall_watch(
    connection: Connection, settings: Settings, person: Someone, past: Sequence[Moments], now_us: int
) -> OpportunityWatch:
    """Threshold and budget of a person over all their machines: of each second the moment of the least idle one."""
    watch = OpportunityWatch(Policy(warm_start_s=settings.opportunity_seconds if person.is_demo else None))
    held_us = trial.opportunity_times(connection, person.id, now_us - trial.BUDGET_SECONDS * US, now_us)
    t_us, risk, idle = (
        np.concatenate([np.empty(0), *(getattr(one, name) for one in past)])
        for name in ("t_us", "break_risk", "idle_s")
    )
    order = np.lexsort((idle, t_us))
    times, first = np.unique(t_us[order], return_index=True)
    watch.take_up(times / 1e6, risk[order][first], [at / 1e6 for at in held_us])
    return watch


def _recall_history(connection: Connection, user_id: int, machine_id: str, now_us: int) -> StreamPast:
    """The kept memory with the snapshots since, or the last hours' snapshots alone."""
    since, history = now_us - HISTORY_HOURS * HOUR_US, StreamPast()
    kept = read_memory(connection, user_id, machine_id, V5.hash)
    if kept is not None:
        try:
            if kept[0] > now_us + MOST_AHEAD_SECONDS * US:
                raise InputError(f"it is of {iso(kept[0])}, which lies in the future")  # a clock was wrong
            history = StreamPast.from_arrays(unpack(kept[1]))
            since = max(kept[0], now_us - MOMENTS_HOURS * HOUR_US)
        except (InputError, LookupError, TypeError, ValueError) as error:
            _LOG.warning("the memory kept of machine %s cannot be used, it is built up anew: %s", machine_id, error)
    times, features, types = read_features(connection, user_id, machine_id, since, now_us)
    if len(times):
        records, _ = read_events(connection, user_id, machine_id, since - HOUR_US, now_us)
        for t_us, row, app, last in zip(times.tolist(), features, apps_at(records, times), types, strict=True):
            history.observe(t_us, row, history.app if app is None else app, last)
    return history


def keep_history(user_id: int, machine_id: str, arrays: Arrays, connection: Connection) -> None:
    """Keep what a stream's history told of itself (``StreamPast.to_arrays``) for the next start of the service."""
    keep_memory(connection, user_id, machine_id, V5.hash, int(arrays["last"]) * US, pack(arrays))


def apps_at(records: NDArray[np.void], times_us: NDArray[np.int64]) -> list[str | None]:
    """Which app (its id) held the focus at each time; None before the first record and where nothing was shipped."""
    if not len(records):
        return [None] * len(times_us)
    focus = np.flatnonzero(records["event_type"] == EventType.WINDOW_FOCUS_CHANGE)
    changes = np.unique(np.r_[0, focus])
    at = np.searchsorted(records["timestamp_us"][changes].astype(np.int64), times_us, side="right")
    names = [None, *(app_id(decode_app_name(name)) for name in records["app_name"][changes])]
    return [names[place] for place in at]
