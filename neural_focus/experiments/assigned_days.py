"""The days of people whom an experiment assigned, or of whom it assigned each day: outcomes by arm.

Only whole days of the person count: none in which the experiment or their assignment began, none that is not over. A
day without any prediction counts for nobody. Outcomes are minutes, by the predictions that were served: in focus (a
minute at score 70 is 0.7 of one), or settled (at least a minute in one app, with input: of such moments alone there is
a risk that focus breaks, whichever model answers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from neural_focus.store.database import Connection
from neural_focus.store.experiments import FOR_GOOD, Started
from neural_focus.store.predictions import SERVED

DAYS_BEFORE = 28
"""How far what was before is looked at."""

_OUTCOMES = {"focus_minutes_a_day": "sum(focus_score) / 6000.0", "settled_minutes_a_day": "count(break_risk) / 60.0"}
_DAYS = """
WITH person AS (
    SELECT u.id, u.is_demo, COALESCE((SELECT zone FROM user_zones z WHERE z.user_id = u.id ORDER BY since DESC LIMIT 1),
        'UTC') AS zone FROM users u WHERE EXISTS (
            SELECT 1 FROM experiment_assignments a WHERE a.experiment_id = %(experiment)s AND a.user_id = u.id)
), days AS (
    SELECT u.id, (p.snapshot_time AT TIME ZONE u.zone)::date AS day, {outcome} AS minutes,
        mode() WITHIN GROUP (ORDER BY p.model_version) AS version
    FROM person u JOIN model_predictions p ON p.user_id = u.id
    WHERE {served} AND p.snapshot_time >= %(since)s AND p.snapshot_time < %(until)s GROUP BY 1, 2
)
SELECT u.id, u.is_demo, d.day, d.minutes, d.version, (%(now)s AT TIME ZONE u.zone)::date,
    (%(started)s AT TIME ZONE u.zone)::date, (%(until)s AT TIME ZONE u.zone)::date
FROM person u JOIN days d USING (id) ORDER BY u.id, d.day"""
_ASSIGNED = """
SELECT a.user_id, a.day, a.arm, a.probability, (a.assigned_at AT TIME ZONE COALESCE((SELECT zone FROM user_zones z
    WHERE z.user_id = a.user_id ORDER BY since DESC LIMIT 1), 'UTC'))::date
FROM experiment_assignments a WHERE a.experiment_id = %s"""


@dataclass(frozen=True, slots=True)
class AssignedDay:
    """One whole day of a person under an arm. ``before``: of a person the mean of their days before, of a day the one
    before it; None where there is none. ``version``: the model that answered most of it."""

    user_id: int
    is_demo: bool
    day: date
    arm: str
    probability: float
    minutes: float
    before: float | None
    version: str


@dataclass(frozen=True, slots=True)
class _Assigned:
    arm: str
    probability: float
    since: date


def read_days(connection: Connection, one: Started, now: datetime) -> list[AssignedDay]:
    """Of an experiment that assigns people or days, oldest day first. Ends its transaction."""
    until = now if one.stopped_at is None else min(now, one.stopped_at)
    query = _DAYS.format(outcome=_OUTCOMES[one.spec.outcome.metric], served=SERVED)
    since = one.started_at - timedelta(days=DAYS_BEFORE)
    parameters = {"experiment": one.id, "since": since, "until": until, "now": now, "started": one.started_at}
    rows = connection.execute(query, parameters).fetchall()
    assigned = {
        (user, day): _Assigned(arm, probability, since)
        for user, day, arm, probability, since in connection.execute(_ASSIGNED, (one.id,))
    }
    connection.commit()
    minutes = {(user, day): float(value) for user, _, day, value, *_ in rows}
    baselines = _baselines(minutes, assigned)
    found = []
    for user, is_demo, day, value, version, today, started, ended in rows:
        mine = assigned.get((user, FOR_GOOD if one.spec.unit == "person" else day))
        if mine is None or day <= started or day >= min(today, ended):
            continue
        if one.spec.unit == "person" and day <= mine.since:
            continue
        before = baselines.get(user) if one.spec.unit == "person" else minutes.get((user, day - timedelta(days=1)))
        found.append(AssignedDay(user, is_demo, day, mine.arm, mine.probability, float(value), before, version))
    return sorted(found, key=lambda day: (day.day, day.user_id))


def _baselines(
    minutes: Mapping[tuple[int, date], float], assigned: Mapping[tuple[int, date], _Assigned]
) -> dict[int, float]:
    """Person who keeps an arm → the mean of their days before they were assigned it."""
    earlier: dict[int, list[float]] = {}
    for (user, day), value in minutes.items():
        mine = assigned.get((user, FOR_GOOD))
        if mine is not None and day < mine.since:
            earlier.setdefault(user, []).append(value)
    return {user: sum(values) / len(values) for user, values in earlier.items()}
