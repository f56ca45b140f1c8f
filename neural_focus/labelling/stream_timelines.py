"""What happened in a stream, for the page, for drift and for a person's record.

Read from the few events that say it, and replayed by the engine. A desktop that ships features alone keeps its events;
what happened there is told back from its snapshots, to the second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import EVENT_DTYPE, PRODUCTIVITY_SHIFT, CategoryFlag, EventType
from neural_focus.labelling.outcomes import SLACK_US
from neural_focus.prediction import HORIZON_SECONDS
from neural_focus.sessions import LOOK_BACK_US
from neural_focus.store.boots import read_boots
from neural_focus.store.database import Connection
from neural_focus.store.events import read_events
from neural_focus.store.forgotten import forgotten_on, without
from neural_focus.store.predictions import LoggedMoments
from neural_focus.time import SECOND_US, microseconds, moment
from neural_focus.timeline import Timeline, Times, merge_intervals, read_timeline

TELLING = (
    EventType.WINDOW_FOCUS_CHANGE,
    EventType.IDLE_START,
    EventType.IDLE_END,
    EventType.SCREEN_LOCK,
    EventType.SCREEN_UNLOCK,
)
"""The events that change who holds the focus, or whether somebody is idle. Input ends idle, too: IDLE_END says so."""


def stream_timeline(connection: Connection, user_id: int, past: LoggedMoments, end_us: int) -> Timeline:
    """What happened in a stream from the first of its served moments (one at least) to ``end_us``."""
    start_us = int(past.t_us[0])
    boots = read_boots(connection, user_id, past.machine_id)
    ran = [(boot.first_us, boot.until_us) for boot in boots if start_us <= boot.until_us and boot.first_us <= end_us]
    covered = without(ran, forgotten_on(connection, user_id, past.machine_id))
    if covered:
        since_us = _last_focus_us(connection, user_id, past.machine_id, start_us)
        records, _ = read_events(connection, user_id, past.machine_id, since_us, end_us + 1, TELLING)
        if len(records):
            return read_timeline(records, merge_intervals(np.array(covered, np.int64)), has_categories=True)
    return timeline_of(past)


def _last_focus_us(connection: Connection, user_id: int, machine_id: str, start_us: int) -> int:
    """When the app that holds the focus at ``start_us`` came to hold it, as far as that was lately."""
    row = connection.execute(
        "SELECT time FROM events WHERE user_id = %s AND machine_id = %s AND event_type = 'WINDOW_FOCUS_CHANGE'"
        " AND time >= %s AND time < %s ORDER BY time DESC LIMIT 1",
        (user_id, machine_id, moment(start_us - LOOK_BACK_US), moment(start_us)),
    ).fetchone()
    return microseconds(row[0]) if row else start_us


def timeline_of(past: LoggedMoments) -> Timeline:
    """What happened, told back from served moments: the engine's word on events that would have told them so.

    A switch is put at the end of its second; several of one second are one.
    """
    follows = np.diff(past.t_us) <= SLACK_US
    ends = np.r_[np.flatnonzero(~follows), len(past.t_us) - 1]
    covered = np.stack([past.t_us[np.r_[0, ends[:-1] + 1]], past.t_us[ends]], axis=1)
    rows = np.concatenate([_focus_changes(past), _idle_edges(past, follows)])
    return read_timeline(rows[np.argsort(rows["timestamp_us"], kind="stable")], covered, has_categories=True)


def _focus_changes(past: LoggedMoments) -> NDArray[np.void]:
    """The app of the first moment, and another one wherever its age says so. A session's start is no switch."""
    begun = past.t_us - past.app_age_s.astype(np.int64) * SECOND_US
    switched = (begun > np.r_[begun[0], past.t_us[:-1]]) & (past.session_age_s > past.app_age_s)
    times, first = np.unique(begun[switched], return_index=True)
    at = np.r_[0, np.flatnonzero(switched)[first]]
    hints = (past.category[at].astype(np.uint32) << PRODUCTIVITY_SHIFT) | np.where(
        past.pseudo[at], np.uint32(CategoryFlag.PSEUDO_PRODUCTIVE), np.uint32(0)
    )
    rows = _rows(np.r_[past.t_us[0], times], EventType.WINDOW_FOCUS_CHANGE)
    rows["app_name"] = np.arange(len(rows)).astype("S")
    rows["data"][:, 2] = hints
    return rows


def _idle_edges(past: LoggedMoments, follows: NDArray[np.bool_]) -> NDArray[np.void]:
    """Idle where the idle time of the 30 s before grows, or fills them, second after second."""
    grows = np.diff(past.idle_s) > 0
    idle = np.r_[False, follows & (grows | (past.idle_s[1:] >= HORIZON_SECONDS))]
    edges = np.flatnonzero(np.diff(np.r_[False, idle, False].astype(np.int8))).reshape(-1, 2)
    begins = _rows(past.t_us[edges[:, 0]], EventType.IDLE_START)
    begins["data"][:, 0] = np.diff(past.idle_s, prepend=0.0)[edges[:, 0]] * 1_000
    return np.concatenate([begins, _rows(past.t_us[edges[:, 1] - 1], EventType.IDLE_END)])


def _rows(times: Times, kind: EventType) -> NDArray[np.void]:
    rows = np.zeros(len(times), EVENT_DTYPE)
    rows["timestamp_us"], rows["event_type"] = times, kind
    return rows
