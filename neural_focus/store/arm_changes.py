"""``arm_stops`` and ``arm_probabilities``: what a guardrail stopped and what has moved, since when and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from neural_focus.store.database import Connection


@dataclass(frozen=True, slots=True)
class ArmStop:
    """When a guardrail stopped an arm, and why."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class ArmMove:
    """From ``since`` on an arm has another probability in a context than its file says, and why."""

    arm: str
    context: str
    probability: float
    since: datetime
    why: str


def move_probabilities(
    connection: Connection, experiment_id: int, context: str, arms: Mapping[str, float], since: datetime, why: str
) -> None:
    """From ``since`` on the arms have these probabilities in that context; the caller commits."""
    for arm, probability in arms.items():
        connection.execute(
            "INSERT INTO arm_probabilities (experiment_id, arm, context, since, probability, why)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (experiment_id, arm, context, since, probability, why[:255]),
        )


def stop_arm(connection: Connection, experiment_id: int, arm: str, guardrail: str, why: str) -> bool:
    """Nobody gets the arm any more; whether that is new. The caller commits."""
    cursor = connection.execute(
        "INSERT INTO arm_stops (experiment_id, arm, guardrail, why) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (experiment_id, arm, guardrail, why[:255]),
    )
    return cursor.rowcount == 1


def read_stops(connection: Connection) -> dict[int, dict[str, ArmStop]]:
    """Experiment → arm → its stop, the first one first. Ends no transaction."""
    found: dict[int, dict[str, ArmStop]] = {}
    for number, arm, at, why in connection.execute("SELECT experiment_id, arm, at, why FROM arm_stops ORDER BY at"):
        found.setdefault(number, {})[arm] = ArmStop(at, why)
    return found


def read_moves(connection: Connection) -> dict[int, list[ArmMove]]:
    """Experiment → the last move of each arm and context. Ends no transaction."""
    found: dict[int, list[ArmMove]] = {}
    rows = connection.execute(
        "SELECT DISTINCT ON (experiment_id, context, arm) experiment_id, arm, context, probability, since, why"
        " FROM arm_probabilities WHERE since <= now() ORDER BY experiment_id, context, arm, since DESC"
    )
    for number, *move in rows:
        found.setdefault(number, []).append(ArmMove(*move))
    return found
