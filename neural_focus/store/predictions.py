"""``model_predictions`` as the service writes and the page reads it.

A row has the snapshot's features and the momentum that the model was given: backfill and labels read them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH, SEQUENCE_NAME
from neural_focus.prediction import Mixture, Prediction
from neural_focus.store.database import Connection
from neural_focus.store.partitions import days_of, ensure_partitions
from neural_focus.time import DAY_US, iso, microseconds, moment

SERVED = "role IN ('champion', 'fallback')"


@dataclass(frozen=True, slots=True)
class LoggedPrediction:
    """One prediction of a stream as it was made; latency in ms from features read to prediction made.

    ``features`` float32[32] and ``event_types`` uint8[10] are the snapshot's; a challenger's row has none, for they are
    in the champion's.
    """

    user_id: int
    machine_id: str
    session_id: int | None
    prediction: Prediction
    role: str
    inference_latency_ms: float
    features: NDArray[np.float32] | None = None
    event_types: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class LoggedMoments:
    """The past of one stream as it was predicted, n snapshots ascending in time.

    ``t_us`` int64[n]; scores, risks, ``confidence`` and ``momentum`` float64[n], nan where null; ``app_age_s`` and
    ``session_age_s`` whole seconds float64[n]; ``category`` int64[n] of the app (``ProductivityCategory``), ``pseudo``
    bool[n] whether it merely looks productive; ``idle_s`` float64[n]: idle in the 30 s before.
    """

    machine_id: str
    t_us: NDArray[np.int64]
    focus_score: NDArray[np.float64]
    distraction_risk: NDArray[np.float64]
    break_risk: NDArray[np.float64]
    confidence: NDArray[np.float64]
    momentum: NDArray[np.float64]
    app_age_s: NDArray[np.float64]
    session_age_s: NDArray[np.float64]
    category: NDArray[np.int64]
    pseudo: NDArray[np.bool_]
    idle_s: NDArray[np.float64]


def insert_predictions(connection: Connection, rows: Sequence[LoggedPrediction]) -> None:
    """Store and commit a batch."""
    if not rows:
        return
    times = [row.prediction.predicted_us for row in rows]
    with connection.transaction():
        ensure_partitions(connection, "model_predictions", days_of(times))
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "COPY model_predictions (user_id, machine_id, session_id, snapshot_time, predicted_at,"
                " focus_score, distraction_risk, break_risk, confidence, contributing_factors, features,"
                " focus_momentum, model_version, role, ab_test_group, inference_latency_ms, switch_mixture,"
                " break_mixture) FROM STDIN"
            ) as copy,
        ):
            for row in rows:
                copy.write_row(_values(row))


def predicted_since(snapshot_us: int) -> datetime:
    """Before this, nothing was predicted of snapshots from ``snapshot_us`` on.

    ``model_predictions`` is partitioned by ``predicted_at``: a query for snapshots reads all days without this. Half a
    day is more than enough: the service refuses snapshots a minute ahead of its clock.
    """
    return moment(snapshot_us - DAY_US // 2)


def _values(row: LoggedPrediction) -> tuple[object, ...]:
    """The row as COPY takes it. Times and arrays are texts already: the driver makes them in Python, one by one."""
    made = row.prediction
    known: dict[str, object] = {}
    if row.features is not None:
        known |= zip(FEATURE_NAMES, row.features.tolist(), strict=True)
    if row.event_types is not None:
        known[SEQUENCE_NAME] = row.event_types.tolist()
    return (
        row.user_id,
        row.machine_id,
        row.session_id,
        iso(made.t_us),
        iso(made.predicted_us),
        made.focus_score,
        made.distraction_risk,
        made.break_risk,
        made.confidence,
        msgspec.json.encode(made.contributing_factors).decode(),
        msgspec.json.encode(known).decode(),
        made.focus_momentum,
        made.model_version,
        row.role,
        made.ab_test_group,
        row.inference_latency_ms,
        *(_flat(made.mixtures.get(target)) for target in ("switch", "break")),
    )


def _flat(mixture: Mixture | None) -> str | None:
    """As an array's text; JSON has no nan."""
    if mixture is None:
        return None
    numbers = msgspec.json.encode(mixture.said + mixture.weights).decode()
    return "{" + numbers[1:-1].replace("null", "NaN") + "}"


def read_mixtures(
    connection: Connection, user_id: int, target: Literal["switch", "break"], after_us: int, every_us: int
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
    """What was served of a person's snapshots after a time, at multiples of ``every_us``, by machine: times int64[n]
    ascending, what each expert said and the weight of each, float64[n, K]; nothing of what was served without."""
    column = f"{target}_mixture"
    rows = connection.execute(
        f"SELECT machine_id::text, (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint AS at, {column}"
        f" FROM model_predictions WHERE user_id = %s AND {SERVED} AND snapshot_time > %s AND {column} IS NOT NULL"
        " AND (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint %% %s = 0 ORDER BY at",
        (user_id, moment(after_us), every_us),
    ).fetchall()
    by_machine: dict[str, list[tuple[int, list[float]]]] = {}
    for machine, at, mixture in rows:
        by_machine.setdefault(machine, []).append((at, mixture))
    found = {}
    for machine, told in by_machine.items():
        both = np.array([mixture for _, mixture in told], np.float32).astype(np.float64)
        said, weights = np.split(both, 2, axis=1)
        found[machine] = np.array([at for at, _ in told], np.int64), said, weights
    return found


def read_moments(
    connection: Connection, user_id: int, start_us: int, end_us: int, machine_id: str | None = None
) -> list[LoggedMoments]:
    """A person's served predictions for snapshots in (start, end], a ``LoggedMoments`` for each of their machines."""
    rows = connection.execute(
        "SELECT machine_id::text, (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint, focus_score,"
        " distraction_risk, break_risk, confidence, focus_momentum, (features->>'time_in_current_app')::float8,"
        " (features->>'seconds_since_session_start')::float8, (features->>'productivity_category')::float8,"
        " (features->>'is_pseudo_productive')::float8, (features->>'idle_time_30s')::float8"
        f" FROM model_predictions WHERE user_id = %(user)s AND {SERVED}"
        " AND snapshot_time > %(start)s AND snapshot_time <= %(end)s"
        " AND (%(machine)s::uuid IS NULL OR machine_id = %(machine)s::uuid) ORDER BY snapshot_time",
        {"user": user_id, "start": moment(start_us), "end": moment(end_us), "machine": machine_id},
    ).fetchall()
    by_machine: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_machine.setdefault(row[0], []).append(row[1:])
    return [_moments(machine, found) for machine, found in by_machine.items()]


def _moments(machine_id: str, rows: list[tuple[Any, ...]]) -> LoggedMoments:
    times = np.array([row[0] for row in rows], np.int64)
    table = np.array([row[1:] for row in rows], np.float64)  # None becomes nan
    category, pseudo = np.nan_to_num(table[:, 7]).astype(np.int64), table[:, 8] > 0
    score, risk, break_risk, confidence, momentum, app_age, session_age = table[:, :7].T
    scores = (score, risk, break_risk, confidence, momentum)
    return LoggedMoments(machine_id, times, *scores, app_age, session_age, category, pseudo, table[:, 9])


def read_features(
    connection: Connection, user_id: int, machine_id: str, start_us: int, end_us: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.uint8]]:
    """The snapshots that a stream's served predictions were made from: times int64[n] ascending, float32[n, 32], and
    their last ten event types uint8[n, 10], zero where none were kept."""
    rows = connection.execute(
        f"SELECT snapshot_time, features FROM model_predictions WHERE user_id = %s AND machine_id = %s AND {SERVED}"
        " AND snapshot_time > %s AND snapshot_time <= %s AND features IS NOT NULL ORDER BY snapshot_time",
        (user_id, machine_id, moment(start_us), moment(end_us)),
    ).fetchall()
    times = np.array([microseconds(at) for at, _ in rows], np.int64)
    table = [[features.get(name, 0.0) for name in FEATURE_NAMES] for _, features in rows]
    types = [features.get(SEQUENCE_NAME, [0] * SEQUENCE_LENGTH) for _, features in rows]
    return (
        times,
        np.array(table, np.float32).reshape(len(rows), len(FEATURE_NAMES)),
        np.array(types, np.uint8).reshape(len(rows), SEQUENCE_LENGTH),
    )


def first_prediction_us(connection: Connection, user_id: int) -> int | None:
    """When the person's first prediction was made, None before it."""
    row = connection.execute(
        "SELECT min(predicted_at) FROM model_predictions WHERE user_id = %s", (user_id,)
    ).fetchone()
    return microseconds(row[0]) if row and row[0] else None
