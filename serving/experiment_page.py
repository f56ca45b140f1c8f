"""The experiments that a person is in, for their page: which arms there are, what was stopped and what moved, and why.

Which arm the person has is not said: who knows it may behave otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from neural_focus.experiments.declaration import ArmSpec, Experiment, stored_experiment
from neural_focus.experiments.running import experiment_of
from neural_focus.store.arm_changes import ArmMove, ArmStop, read_moves, read_stops
from neural_focus.store.database import Connection
from neural_focus.store.experiments import read_running
from neural_focus.time import iso, microseconds
from serving.responses import ArmMoved, ArmNow, ExperimentNow

STOPPED_SINCE = timedelta(days=14)
_STOPPED = """
SELECT id, spec, started_at, stopped_at, stop_reason FROM experiments x WHERE stopped_at > %(since)s AND EXISTS (
    SELECT 1 FROM exposures e WHERE e.experiment_id = x.id AND e.user_id = %(user)s) ORDER BY stopped_at DESC"""


def experiments_of(connection: Connection, user_id: int, *, is_demo: bool) -> list[ExperimentNow]:
    """What runs with this person, and then what was stopped in the last two weeks."""
    now, running = datetime.now(UTC), read_running(connection)
    stops, moves = read_stops(connection), read_moves(connection)
    layers = dict.fromkeys(one.spec.layer for one in running)
    mine = [one for layer in layers if (one := experiment_of(running, layer, user_id, now, is_demo=is_demo))]
    over = connection.execute(_STOPPED, {"since": now - STOPPED_SINCE, "user": user_id}).fetchall()
    return [
        _now(spec, began, ended, why or "", stops.get(number, {}), moves.get(number, []))
        for number, spec, began, ended, why in [
            *((one.id, one.spec, one.started_at, None, None) for one in mine),
            *((number, stored_experiment(spec), *rest) for number, spec, *rest in over),
        ]
    ]


def _now(
    spec: Experiment,
    began: datetime,
    ended: datetime | None,
    why: str,
    stops: Mapping[str, ArmStop],
    moves: Sequence[ArmMove],
) -> ExperimentNow:
    arms = tuple(_arm(arm, stops.get(arm.label), moves) for arm in spec.arms)
    return ExperimentNow(spec.seed, spec.hypothesis, _text(began), None if ended is None else _text(ended), why, arms)


def _arm(arm: ArmSpec, stop: ArmStop | None, moves: Sequence[ArmMove]) -> ArmNow:
    moved = tuple(
        ArmMoved(move.context, move.probability, _text(move.since), move.why) for move in moves if move.arm == arm.label
    )
    at, why = (None, "") if stop is None else (_text(stop.at), stop.why)
    return ArmNow(arm.label, arm.probability, at, why, moved)


def _text(at: datetime) -> str:
    return iso(microseconds(at))
