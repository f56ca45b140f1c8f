"""The proximal outcome of an intervention: mean focus score of the 5 min after it, beside that of the 5 min before.

Scores are those of the predictions made then; a window that predictions do not cover half has no outcome, for nobody
knows what happened in it. The simulated trial has the share of time its people truly were on task instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from neural_focus.store.database import Connection
from neural_focus.store.prediction_log import SERVED

WINDOW_SECONDS = 300
LEAST_PREDICTIONS = WINDOW_SECONDS // 2
SIMULATED = "simulated"
"""``experiment`` of the trial that the simulator ran; its rows hold the truth, 0–100."""
WARM_START = ":warm_start"
"""End of ``experiment`` for the first offer to a demo person: it has no no-op arm and is no part of the trial."""

_QUERY = f"""
WITH offer AS (
    SELECT DISTINCT ON (opportunity_id) * FROM interventions
    WHERE snooze_of IS NULL AND type <> 'MANUAL_JAIL' AND triggered_at >= %(since)s AND triggered_at < %(now)s
    ORDER BY opportunity_id, id
)
SELECT o.user_id, u.username, u.is_demo, COALESCE(o.experiment, ''), o.triggered_at, o.arm, o.probability,
    o.user_response, o.response_time_ms, o.focus_score_before, o.focus_score_after_5min,
    before.score, before.seen, later.score, later.seen
FROM offer o JOIN users u ON u.id = o.user_id
LEFT JOIN LATERAL (
    SELECT avg(focus_score) AS score, count(*) AS seen FROM model_predictions p
    WHERE o.experiment IS DISTINCT FROM '{SIMULATED}' AND p.user_id = o.user_id AND {SERVED}
        AND p.snapshot_time > o.triggered_at - interval '{WINDOW_SECONDS} s' AND p.snapshot_time <= o.triggered_at
) before ON true
LEFT JOIN LATERAL (
    SELECT avg(focus_score) AS score, count(*) AS seen FROM model_predictions p
    WHERE o.experiment IS DISTINCT FROM '{SIMULATED}' AND p.user_id = o.user_id AND {SERVED}
        AND p.snapshot_time > o.triggered_at AND p.snapshot_time <= o.triggered_at + interval '{WINDOW_SECONDS} s'
        AND o.triggered_at <= %(now)s - interval '{WINDOW_SECONDS} s'
) later ON true
ORDER BY o.triggered_at, o.opportunity_id"""  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class Moment:
    """One opportunity and what followed. ``before`` and ``after`` are focus scores 0–100, None if not known."""

    user_id: int
    username: str
    is_demo: bool
    experiment: str
    at: datetime
    arm: str
    probability: float
    response: str | None
    response_ms: int | None
    before: float | None
    after: float | None


def read_trial_moments(connection: Connection, *, now: datetime, days: int | None = None) -> list[Moment]:
    """Every opportunity of the last ``days`` (default: all that are stored), oldest first. Ends its transaction."""
    since = datetime.min.replace(tzinfo=now.tzinfo) if days is None else now - timedelta(days=days)
    rows = connection.execute(_QUERY, {"since": since, "now": now}).fetchall()
    connection.commit()
    return [_moment(row) for row in rows]


def true_effects_of_demo_people(connection: Connection) -> dict[str, float]:
    """What the simulator knows of its own arms, in points of focus score against the no-op; empty without history."""
    rows = connection.execute(
        "SELECT settings -> 'history' -> 'true_effects', (settings -> 'history' ->> 'trials')::int FROM users"
        " WHERE is_demo AND settings -> 'history' ? 'true_effects' AND settings -> 'history' ->> 'trials' <> '0'"
    ).fetchall()
    connection.commit()
    total = sum(count for _, count in rows)
    arms = {arm for effects, _ in rows for arm in effects}
    return {arm: 100 * sum(effects[arm] * count for effects, count in rows) / total for arm in arms}


def _moment(row: Sequence[object]) -> Moment:
    user, name, demo, experiment, at, arm, chance, response, delay, stored_before, stored_after, *seen = row
    before, after = (
        (stored_before, stored_after) if experiment == SIMULATED else (_covered(seen[:2]), _covered(seen[2:]))
    )
    return Moment(user, name, demo, experiment, at, arm, chance, response, delay, before, after)  # type: ignore[arg-type]


def _covered(window: Sequence[object]) -> object:
    score, seen = window
    return score if isinstance(seen, int) and seen >= LEAST_PREDICTIONS else None
