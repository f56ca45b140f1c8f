"""An opportunity and what followed: what was done, and outcomes that the help does not make by itself.

The proximal outcome is the mean focus score of 5 min, beside that of the 5 min before. The score is made of the
person's own keys, pointer and switches: that a site is blocked or a window minimised is none of these, and raises no
score. After a break that was applied the 5 min begin with the return, so that rest is neither focus nor distraction.
"Later" is the same 30 min after the opportunity, for every arm alike, when a block is over. The distal outcomes are the
minutes in focus in the rest of that day, a minute at score 70 being 0.7 of one, and whether the session was completed.

Scores are those of the predictions made then; a window that predictions do not cover half has no outcome, for nobody
knows what happened in it. The simulated trial has the share of time its people truly were on task instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from neural_focus.store.database import Connection
from neural_focus.store.predictions import SERVED

WINDOW_SECONDS = 300
LATER_SECONDS = 1_800
LEAST_PREDICTIONS = WINDOW_SECONDS // 2
SIMULATED = "simulated"
"""``experiment`` of the trial that the simulator ran; its rows hold the truth, 0–100."""
WARM_START = ":warm_start"
"""End of ``experiment`` for the first offer to a demo person: it has no no-op arm and is no part of the trial."""


def _scores(name: str, start: str, seconds: int = WINDOW_SECONDS) -> str:
    """A lateral join: mean score and number of predictions of the window that begins at ``start``."""
    return f"""LEFT JOIN LATERAL (
    SELECT avg(focus_score) AS score, count(*) AS seen FROM model_predictions p
    WHERE o.experiment IS DISTINCT FROM '{SIMULATED}' AND p.user_id = o.user_id AND {SERVED}
        AND p.snapshot_time > {start} AND p.snapshot_time <= {start} + interval '{seconds} s'
        AND {start} + interval '{seconds} s' <= %(now)s
) {name} ON true"""  # noqa: S608 - put together from constants


_QUERY = f"""
WITH part AS (
    SELECT * FROM interventions
    WHERE type <> 'MANUAL_JAIL' AND triggered_at >= %(since)s AND triggered_at < %(now)s
), done AS (
    SELECT opportunity_id, count(ordered_at) AS ordered, count(applied_at) AS applied, min(applied_at) AS applied_at,
        max(undone_at) FILTER (WHERE applied_at IS NOT NULL) AS undone_at,
        max(rested_at) FILTER (WHERE applied_at IS NOT NULL) AS rested_at, max(ends_at) AS ends_at,
        COALESCE(array_agg(refused_reason) FILTER (WHERE refused_reason <> ''), '{{}}') AS refused,
        COALESCE(array_agg(undone_reason) FILTER (WHERE undone_reason IS NOT NULL), '{{}}') AS undone
    FROM part GROUP BY opportunity_id
), offer AS (
    SELECT DISTINCT ON (p.opportunity_id) p.*, d.ordered, d.applied, d.rested_at AS rested, d.refused, d.undone,
        d.applied_at <= p.triggered_at + interval '{WINDOW_SECONDS} s' AS in_time,
        CASE WHEN p.type = 'SUGGEST_BREAK' AND d.applied_at <= p.triggered_at + interval '{WINDOW_SECONDS} s'
            THEN COALESCE(GREATEST(d.undone_at, d.rested_at), d.ends_at, p.triggered_at)
            ELSE p.triggered_at END AS window_start
    FROM part p JOIN done d USING (opportunity_id) WHERE p.snooze_of IS NULL ORDER BY p.opportunity_id, p.id
)
SELECT o.user_id, u.username, u.is_demo, COALESCE(o.experiment, ''), o.triggered_at, o.arm, o.probability,
    o.user_response, o.response_time_ms, o.focus_score_before, o.focus_score_after_5min,
    before.score, before.seen, following.score, following.seen, later.score, later.seen,
    COALESCE(o.in_time, false), o.rested IS NOT NULL, o.ordered, o.applied, o.refused, o.undone,
    o.triggered_at AT TIME ZONE COALESCE((SELECT zone FROM user_zones z WHERE z.user_id = o.user_id
        AND z.since <= o.triggered_at ORDER BY z.since DESC LIMIT 1), 'UTC'),
    s.category, CASE WHEN s.planned_seconds IS NOT NULL AND s.end_time IS NOT NULL THEN s.completed END,
    (SELECT e.chances FROM exposures e JOIN experiments x ON x.id = e.experiment_id
        WHERE e.opportunity_id = o.opportunity_id AND x.name || '-' || x.version = o.experiment)
FROM offer o JOIN users u ON u.id = o.user_id LEFT JOIN sessions s ON s.id = o.session_id
{_scores("before", f"o.triggered_at - interval '{WINDOW_SECONDS} s'")}
{_scores("following", "o.window_start")}
{_scores("later", f"o.triggered_at + interval '{LATER_SECONDS} s'")}
ORDER BY o.triggered_at, o.opportunity_id"""  # noqa: S608 - put together from constants

_MINUTES = f"""
SELECT user_id, date_trunc('minute', snapshot_time), sum(focus_score) / 6000.0 FROM model_predictions
WHERE user_id = ANY(%(users)s) AND snapshot_time >= %(first)s AND snapshot_time < %(now)s AND {SERVED}
GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608 - a constant

_UNAVAILABLE = """
SELECT u.is_demo, COALESCE(m.experiment, ''), m.reason, count(*) FROM unavailable_moments m
JOIN users u ON u.id = m.user_id WHERE m.snapshot_time >= %(since)s AND m.snapshot_time < %(now)s
GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3"""


@dataclass(frozen=True, slots=True)
class Moment:
    """One opportunity and what followed. Scores are 0–100; None is what is not known."""

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
    chances: Mapping[str, float] | None = None
    """Every arm's probability at this draw, where they were logged; None: as drawn on average."""
    applied: bool = False
    """Reported as done before the outcome's window was over; a step of several is enough."""
    rested: bool = False
    ordered_parts: int = 0
    applied_parts: int = 0
    """Sites, apps, or the break screen: a row each."""
    refused: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    local: datetime | None = None
    """In the person's zone, naive."""
    category: str | None = None
    later: float | None = None
    minutes: float | None = None
    """In focus, from the opportunity to the end of the local day."""
    completed: bool | None = None
    """The session with a planned length that it fell in."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Moments that would have been opportunities, had anybody seen an offer. Nothing was drawn: they are no data."""

    is_demo: bool
    experiment: str
    reason: str
    count: int


def read_trial_moments(connection: Connection, *, now: datetime, days: int | None = None) -> list[Moment]:
    """Every opportunity of the last ``days`` (default: all that are stored), oldest first. Ends its transaction."""
    rows = connection.execute(_QUERY, _range(now, days)).fetchall()
    moments = _with_minutes(connection, [_moment(row) for row in rows], now)
    connection.commit()
    return moments


def read_unavailable(connection: Connection, *, now: datetime, days: int | None = None) -> list[Unavailable]:
    """Counts by group, experiment and reason over the same range. Ends its transaction."""
    rows = connection.execute(_UNAVAILABLE, _range(now, days)).fetchall()
    connection.commit()
    return [Unavailable(*row) for row in rows]


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


def _range(now: datetime, days: int | None) -> dict[str, datetime]:
    since = datetime.min.replace(tzinfo=now.tzinfo) if days is None else now - timedelta(days=days)
    return {"since": since, "now": now}


def _moment(row: Sequence[Any]) -> Moment:
    first, scores, rest = row[:9], row[9:17], row[17:]
    simulated = first[3] == SIMULATED
    before, after = scores[:2] if simulated else (_covered(scores[2:4]), _covered(scores[4:6]))
    in_time, rested, ordered, applied, refused, undone, local, category, completed, chances = rest
    done: list[Any] = [in_time, rested, ordered, applied, tuple(refused), tuple(undone)]
    more: list[Any] = [local, category, _covered(scores[6:8]), None, completed]
    values: list[Any] = [*first, before, after, chances or None, *done, *more]
    return Moment(*values)


def _covered(window: Sequence[object]) -> object:
    score, seen = window
    return score if isinstance(seen, int) and seen >= LEAST_PREDICTIONS else None


def _with_minutes(connection: Connection, moments: list[Moment], now: datetime) -> list[Moment]:
    """With ``minutes`` of those whose local day is over."""
    real = [moment for moment in moments if moment.experiment != SIMULATED]
    if not real:
        return moments
    users = sorted({moment.user_id for moment in real})
    rows = connection.execute(_MINUTES, {"users": users, "first": real[0].at, "now": now}).fetchall()
    times, sums = {}, {}
    for user in users:
        mine = [(minute.timestamp(), value) for owner, minute, value in rows if owner == user]
        times[user] = np.array([time for time, _ in mine])
        sums[user] = np.concatenate([[0.0], np.cumsum([value for _, value in mine])])

    def until_evening(moment: Moment) -> float | None:
        if moment.local is None or moment.experiment == SIMULATED:
            return None
        evening = moment.local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        end = (moment.at + (evening - moment.local)).timestamp()
        if end > now.timestamp():
            return None
        low, high = np.searchsorted(times[moment.user_id], [moment.at.timestamp(), end])
        return float(sums[moment.user_id][high] - sums[moment.user_id][low])

    return [replace(moment, minutes=until_evening(moment)) for moment in moments]
