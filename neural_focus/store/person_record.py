"""What a person's own past taught: the state of their experts, and their days of warnings. Rows of two tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from neural_focus.prediction import WarningKind
from neural_focus.store.database import Connection

BINS = 10


@dataclass(frozen=True, slots=True)
class WarningDay:
    """One kind of warning on one UTC day, or over several. Only what nobody acted on counts.

    ``bins`` float64[10, 3]: moments, sum of what was said, how often it happened, by tenths of what was said.
    """

    kind: WarningKind
    warned: int
    came_true: int
    undecided: int
    bins: NDArray[np.float64]

    @property
    def moments(self) -> int:
        """Untouched moments whose outcome is known."""
        return int(self.bins[:, 0].sum())

    @property
    def base_rate(self) -> float | None:
        """How often it happened at any moment that could have been warned."""
        return float(self.bins[:, 2].sum() / self.moments) if self.moments else None

    @property
    def calibration_error(self) -> float | None:
        """Mean distance of what was said from what happened, weighed by the bins' moments."""
        if not self.moments:
            return None
        return float(np.abs(self.bins[:, 1] - self.bins[:, 2]).sum() / self.moments)


def bin_outcomes(predicted: NDArray[np.float64], happened: NDArray[np.int8]) -> NDArray[np.float64]:
    """``WarningDay.bins`` of moments: said float64[n] in [0, 1], happened 0 or 1."""
    place = np.minimum((predicted * BINS).astype(np.int64), BINS - 1)
    weights = (np.ones(len(predicted)), predicted, happened.astype(np.float64))
    return np.stack([np.bincount(place, weight, BINS) for weight in weights], axis=1)


def write_personal_models(connection: Connection, user_id: int, states: Mapping[str, Mapping[str, Any]]) -> None:
    """The state of the person's experts by target, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO personal_models (user_id, target, state) VALUES (%s, %s, %s) ON CONFLICT (user_id, target)"
            " DO UPDATE SET state = EXCLUDED.state, learned_at = now()",
            [(user_id, target, Jsonb(state)) for target, state in states.items()],
        )


def personal_models_written(connection: Connection) -> dict[int, datetime]:
    """By person: when their experts last learned."""
    rows = connection.execute("SELECT user_id, max(learned_at) FROM personal_models GROUP BY user_id")
    return {int(user_id): at for user_id, at in rows}


def read_personal_models(connection: Connection, user_id: int) -> dict[str, dict[str, Any]]:
    """The states that ``write_personal_models`` wrote; {} of a person of whom nothing was learned yet."""
    rows = connection.execute("SELECT target, state FROM personal_models WHERE user_id = %s", (user_id,))
    return {str(target): state for target, state in rows}


def write_day(connection: Connection, user_id: int, day: date, found: Sequence[WarningDay]) -> None:
    """One day of a person becomes ``found``, in the caller's transaction."""
    connection.execute("DELETE FROM warning_days WHERE user_id = %s AND day = %s", (user_id, day))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO warning_days (user_id, day, kind, warned, came_true, undecided, bins)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                (user_id, day, one.kind, one.warned, one.came_true, one.undecided, Jsonb(one.bins.tolist()))
                for one in found
            ],
        )


def days_known(connection: Connection, user_id: int) -> set[date]:
    """The days of a person that are written."""
    rows = connection.execute("SELECT DISTINCT day FROM warning_days WHERE user_id = %s", (user_id,))
    return {day for (day,) in rows}


def sum_days(connection: Connection, user_id: int, today: date, days: int) -> Mapping[WarningKind, WarningDay]:
    """The last ``days`` days of a person up to ``today``, added up by kind; kinds without any are left out."""
    rows = connection.execute(
        "SELECT kind, warned, came_true, undecided, bins FROM warning_days"
        " WHERE user_id = %s AND day > %s AND day <= %s",
        (user_id, today - timedelta(days=days), today),
    )
    found: dict[WarningKind, WarningDay] = {}
    for kind, warned, came_true, undecided, bins in rows:
        before = found.get(kind) or WarningDay(kind, 0, 0, 0, np.zeros((BINS, 3)))
        found[kind] = WarningDay(
            kind,
            before.warned + warned,
            before.came_true + came_true,
            before.undecided + undecided,
            before.bins + np.array(bins, np.float64),
        )
    return found
