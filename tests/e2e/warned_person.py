"""A person with a morning of warnings behind them, whose truth is read off the very events, not off what was stored.

Each warning of a switch is one second of HIGH risk; each of a break, an opportunity of which nothing was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
from logged_answers import logged

from neural_focus.features import FEATURE_INDEX
from neural_focus.labelling.labels import settled_break, switch_within
from neural_focus.replay import Snapshots, replay
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.person import live
from neural_focus.store.database import Connection
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.users import ensure_user
from neural_focus.time import moment
from neural_focus.timeline import Timeline, read_timeline

US = 1_000_000
HOURS = 3
APART_S, ROBUST_S = 120, 3
HIGH, LOW, SOME = 0.9, 0.1, 0.3


@dataclass(frozen=True)
class WarnedPerson:
    """Who was warned, and how often somebody switches within 30 s at any moment of theirs."""

    user_id: int
    switch_share: float


def warned_person(connection: Connection, *, right: int, wrong: int, breaks: int, no_breaks: int) -> WarnedPerson:
    """``right`` warnings of a switch come true and ``wrong`` do not; of the breaks, ``breaks`` and ``no_breaks``."""
    records = _morning()
    timeline, snapshots = read_timeline(records), replay(records)
    at = snapshots.timestamps_us
    age_s = snapshots.features[:, FEATURE_INDEX["time_in_current_app"]]
    inside = (at > timeline.event_us[0] + 300 * US) & (at < timeline.event_us[-1] - 100 * US)
    at, age_s = at[inside], age_s[inside]
    switch, broken = switch_within(timeline, at), settled_break(timeline, at, age_s)
    warned = np.r_[_apart(at[_leaves_soon(timeline, at)], right), _apart(at[_stays(timeline, at)], wrong)]
    held = np.r_[_apart(at[_steady(broken, 1)], breaks), _apart(at[_steady(broken, 0)], no_breaks)]
    user_id, machine = ensure_user(connection, f"warned-{uuid4().hex[:8]}"), str(uuid4())
    _log(connection, user_id, machine, snapshots, warned)
    for t_us in held.tolist():
        connection.execute(
            "INSERT INTO interventions (user_id, machine_id, triggered_at, opportunity_time, type, action,"
            " predicted_risk, arm, probability) VALUES (%s, %s, %s, %s, 'NO_OP', 'NO_OP', %s, 'NO_OP', 0.5)",
            (user_id, machine, moment(t_us), moment(t_us), SOME),
        )
    connection.commit()
    return WarnedPerson(user_id, float(switch[at % (10 * US) == 0].mean()))


def _morning() -> np.ndarray:
    """Events of a simulated person that end a minute ago."""
    records = live(draw_person(102), 2, number=2, trials=False).records
    times = records["timestamp_us"].astype(np.int64)
    records = records[times < times[0] + HOURS * 3_600 * US].copy()
    shift = int(datetime.now(UTC).timestamp()) - 60 - int(records["timestamp_us"][-1]) // US
    records["timestamp_us"] += np.uint64(shift * US)
    return records


def _leaves_soon(timeline: Timeline, at: np.ndarray) -> np.ndarray:
    """A switch 5 to 25 s later, for a stay that a snapshot a second can see."""
    following = np.searchsorted(timeline.switch_us, at, side="right")
    upcoming, after = (np.r_[timeline.switch_us, 2 * [2**62]][following + later] for later in (0, 1))
    return np.asarray((upcoming - at >= 5 * US) & (upcoming - at <= 25 * US) & (after - upcoming >= ROBUST_S * US))


def _stays(timeline: Timeline, at: np.ndarray) -> np.ndarray:
    return np.asarray(switch_within(timeline, at, 30 + ROBUST_S) == 0)


def _steady(label: np.ndarray, value: int) -> np.ndarray:
    """Where the label is the value for some seconds before and after."""
    same = (label == value).astype(int)
    around = 2 * ROBUST_S + 1
    return np.asarray(np.convolve(same, np.ones(around, int), "same") == around)


def _apart(at: np.ndarray, count: int) -> np.ndarray:
    """The first ``count`` times that lie two minutes apart."""
    found: list[int] = []
    for t_us in at.tolist():
        if len(found) < count and (not found or t_us - found[-1] >= APART_S * US):
            found.append(t_us)
    assert len(found) == count, f"only {len(found)} of {count}"
    return np.array(found, np.int64)


def _log(connection: Connection, user_id: int, machine: str, snapshots: Snapshots, warned: np.ndarray) -> None:
    rows = [
        logged(
            user_id,
            machine,
            t_us,
            distraction_risk=HIGH if high else LOW,
            break_risk=SOME,
            features=row,
        )
        for t_us, row, high in zip(
            snapshots.timestamps_us.tolist(),
            snapshots.features,
            np.isin(snapshots.timestamps_us, warned).tolist(),
            strict=True,
        )
    ]
    insert_predictions(connection, rows)
