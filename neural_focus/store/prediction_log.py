"""``model_predictions`` as the service writes and the page reads it.

A row has the snapshot's features and the momentum that the model was given: backfill and labels read them here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from neural_focus.messages import microseconds
from neural_focus.store.database import Connection
from neural_focus.store.events import EPOCH
from neural_focus.store.partitions import days_between, ensure_partitions

SERVED = "role IN ('champion', 'fallback')"


@dataclass(frozen=True, slots=True)
class LoggedPrediction:
    """One prediction as it was made. Times µs UTC; latency in ms from features read to prediction made."""

    user_id: int
    machine_id: str
    session_id: int | None
    snapshot_us: int
    predicted_us: int
    focus_score: float
    distraction_risk: float
    break_risk: float | None
    confidence: float
    contributing_factors: Sequence[str]
    features: Mapping[str, float]
    focus_momentum: float
    model_version: str
    role: str
    ab_test_group: str | None
    inference_latency_ms: float


@dataclass(frozen=True, slots=True)
class PastPrediction:
    """What the page and the trial need of a logged prediction; ``switches_30s`` is that snapshot's own count."""

    machine_id: str
    t_us: int
    focus_score: float
    distraction_risk: float
    break_risk: float | None
    confidence: float | None
    focus_momentum: float | None
    switches_30s: int
    factors: tuple[str, ...]


def moment(t_us: int) -> datetime:
    """The aware datetime of µs since the Unix epoch, exactly."""
    return EPOCH + timedelta(microseconds=t_us)


def insert_predictions(connection: Connection, rows: Sequence[LoggedPrediction]) -> None:
    """Store and commit a batch."""
    if not rows:
        return
    times = [row.predicted_us for row in rows]
    with connection.transaction():
        ensure_partitions(connection, "model_predictions", days_between(min(times), max(times)))
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO model_predictions (user_id, machine_id, session_id, snapshot_time, predicted_at,"
                " focus_score, distraction_risk, break_risk, confidence, contributing_factors, features,"
                " focus_momentum, model_version, role, ab_test_group, inference_latency_ms)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [_values(row) for row in rows],
            )


def _values(row: LoggedPrediction) -> tuple[object, ...]:
    return (
        row.user_id,
        row.machine_id,
        row.session_id,
        moment(row.snapshot_us),
        moment(row.predicted_us),
        row.focus_score,
        row.distraction_risk,
        row.break_risk,
        row.confidence,
        Jsonb(list(row.contributing_factors)),
        Jsonb(dict(row.features)),
        row.focus_momentum,
        row.model_version,
        row.role,
        row.ab_test_group,
        row.inference_latency_ms,
    )


def read_predictions(
    connection: Connection, user_id: int, start_us: int, end_us: int, machine_id: str | None = None
) -> list[PastPrediction]:
    """A person's served predictions for snapshots in (start, end], by stream and time."""
    rows = connection.execute(
        "SELECT machine_id, snapshot_time, focus_score, distraction_risk, break_risk, confidence, focus_momentum,"
        " COALESCE((features->>'context_switches_30s')::float8, 0), contributing_factors FROM model_predictions"
        f" WHERE user_id = %(user)s AND snapshot_time > %(start)s AND snapshot_time <= %(end)s AND {SERVED}"
        " AND (%(machine)s::uuid IS NULL OR machine_id = %(machine)s::uuid) ORDER BY machine_id, snapshot_time",
        {"user": user_id, "start": moment(start_us), "end": moment(end_us), "machine": machine_id},
    )
    return [
        PastPrediction(
            str(machine), microseconds(at), score, risk, broken, sure, momentum, int(switches), tuple(why or ())
        )
        for machine, at, score, risk, broken, sure, momentum, switches, why in rows
    ]


def first_prediction_us(connection: Connection, user_id: int) -> int | None:
    """When the person's first prediction was made, None before it."""
    row = connection.execute(
        "SELECT min(predicted_at) FROM model_predictions WHERE user_id = %s", (user_id,)
    ).fetchone()
    return microseconds(row[0]) if row and row[0] else None
