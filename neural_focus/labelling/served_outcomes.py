"""What models said live, beside what came true: for drift of calibration, shadow runs, and the person's own record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.labelling.labels import MARGIN_US
from neural_focus.labelling.outcomes import served_outcome
from neural_focus.labelling.stream_timelines import stream_timeline
from neural_focus.prediction import WarningKind
from neural_focus.store.database import Connection
from neural_focus.store.labels import shown_on
from neural_focus.store.predictions import LoggedMoments, read_moments
from neural_focus.time import moment

KINDS: Mapping[str, WarningKind] = {"switch": "HIGH_RISK", "break": "BREAK"}
TICK_US = 10_000_000
"""Of the predictions of each second those at whole ten seconds are judged: neighbours tell the same."""


@dataclass(frozen=True, slots=True)
class ServedOutcomes:
    """Untouched moments of several people whose outcome is known: n rows of one target.

    ``person`` and ``times_us`` int64[n], ``label`` int8[n] 0 or 1, ``said`` float64[n] as served, ``other`` float64[n]
    what the challenger in the shadow said, nan where it said nothing.
    """

    person: NDArray[np.int64]
    times_us: NDArray[np.int64]
    label: NDArray[np.int8]
    said: NDArray[np.float64]
    other: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.times_us)

    def take(self, chosen: NDArray[np.bool_]) -> ServedOutcomes:
        """The chosen moments."""
        return ServedOutcomes(*(getattr(self, name)[chosen] for name in self.__slots__))


def people_served(connection: Connection, start_us: int, end_us: int, version: str | None = None) -> list[int]:
    """Who got predictions in (start, end], by the model ``version`` if one is named."""
    rows = connection.execute(
        "SELECT DISTINCT user_id FROM model_predictions WHERE snapshot_time > %s AND snapshot_time <= %s"
        " AND (%s::text IS NULL OR model_version = %s) ORDER BY 1",
        (moment(start_us), moment(end_us), version, version),
    )
    return [int(user_id) for (user_id,) in rows]


def served_outcomes(
    connection: Connection,
    people: Sequence[int],
    start_us: int,
    end_us: int,
    *,
    version: str | None = None,
    challenger: str | None = None,
) -> dict[str, ServedOutcomes]:
    """What became of the moments in (start, end] by target; ``version``: only what that model served."""
    parts: dict[str, list[ServedOutcomes]] = {target: [] for target in KINDS}
    for user_id in people:
        for past in read_moments(connection, user_id, start_us - MARGIN_US, end_us):
            shown = shown_on(connection, user_id, past.machine_id)
            asked = (past.t_us > start_us) & (past.t_us % TICK_US == 0)
            asked &= _served_by(connection, user_id, past, version)
            timeline = stream_timeline(connection, user_id, past, end_us)
            others = _challenger(connection, user_id, past, challenger)
            for target, kind in KINDS.items():
                label = served_outcome(timeline, past, kind, shown)
                chosen = asked & (label >= 0)
                said = past.distraction_risk if target == "switch" else past.break_risk
                count = int(chosen.sum())
                parts[target].append(
                    ServedOutcomes(
                        np.full(count, user_id), past.t_us[chosen], label[chosen], said[chosen], others[target][chosen]
                    )
                )
    return {target: _join(found) for target, found in parts.items()}


def _join(parts: Sequence[ServedOutcomes]) -> ServedOutcomes:
    if not parts:
        whole, real = np.empty(0, np.int64), np.empty(0)
        return ServedOutcomes(whole, whole, np.empty(0, np.int8), real, real)
    return ServedOutcomes(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ServedOutcomes.__slots__)
    )


def _served_by(connection: Connection, user_id: int, past: LoggedMoments, version: str | None) -> NDArray[np.bool_]:
    if version is None or not len(past.t_us):
        return np.ones(len(past.t_us), bool)
    rows = connection.execute(
        "SELECT (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint FROM model_predictions WHERE user_id = %s"
        " AND machine_id = %s AND role <> 'challenger' AND model_version = %s AND snapshot_time BETWEEN %s AND %s",
        (user_id, past.machine_id, version, moment(int(past.t_us[0])), moment(int(past.t_us[-1]))),
    ).fetchall()
    return np.isin(past.t_us, np.array([at for (at,) in rows], np.int64))


def _challenger(
    connection: Connection, user_id: int, past: LoggedMoments, version: str | None
) -> dict[str, NDArray[np.float64]]:
    found = {target: np.full(len(past.t_us), np.nan) for target in KINDS}
    if version is None or not len(past.t_us):
        return found
    rows = connection.execute(
        "SELECT (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint, distraction_risk, break_risk"
        " FROM model_predictions WHERE user_id = %s AND machine_id = %s AND role = 'challenger' AND model_version = %s"
        " AND snapshot_time BETWEEN %s AND %s",
        (user_id, past.machine_id, version, moment(int(past.t_us[0])), moment(int(past.t_us[-1]))),
    ).fetchall()
    place = {int(t): index for index, t in enumerate(past.t_us)}
    for at, risk, broken in rows:
        if at in place:
            found["switch"][place[at]] = risk
            found["break"][place[at]] = np.nan if broken is None else broken
    return found
