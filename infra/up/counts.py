"""Events counted at each stage of the way, and whether the counts add up.

captured ─► dropped (by reason)
    └─────► spooled ─► shipped = stored          counted by the agent, and by SQL
snapshots ─► predictions ─► stored               a prediction may still be on its way to the database
interventions shown ─► answers ─► stored
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from neural_focus.store.database import Connection


@dataclass(frozen=True, slots=True)
class Counts:
    """One desktop's counts since its agent started; ``stored_*`` by SQL in the database."""

    captured: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    spooled: int = 0
    shipped: int = 0
    stored: int = 0
    snapshots: int = 0
    predictions: int = 0
    stored_predictions: int = 0
    interventions: int = 0
    stored_interventions: int = 0
    answers: int = 0
    stored_answers: int = 0
    ordered: int = 0
    """Rows of help that were to be carried out, and those that were reported as done or as impossible. A placebo's card
    is shown without being any (its type is NO_OP)."""
    applied: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class AgentRun:
    """Whose counts: the agent's file, the person, and the time before the agent started."""

    counters: Path
    user_id: int
    since: datetime


def read_counts(connection: Connection, run: AgentRun) -> Counts:
    """What the agent counted, beside what the database holds of this run of it."""
    counted = read_counters(run.counters)
    if "machine_id" not in counted:
        return Counts()
    names = ("captured", "spooled", "shipped", "snapshots", "predictions", "interventions", "answers")
    events, predictions, interventions, answers, *done = _stored(
        connection, run, counted["machine_id"], counted["boots"]
    )
    return Counts(
        **{name: int(counted.get(name, 0)) for name in names},
        dropped={str(reason): int(count) for reason, count in counted.get("dropped", {}).items() if count},
        stored=events,
        stored_predictions=predictions,
        stored_interventions=interventions,
        stored_answers=answers,
        ordered=done[0],
        applied=done[1],
        refused=done[2],
    )


def _stored(connection: Connection, run: AgentRun, machine_id: str, boots: list[str]) -> list[int]:
    """Rows of this run, pauses or not: events, served predictions, offers that were shown, answered offers, and help
    that was ordered, reported as done, reported as impossible."""
    row = connection.execute(
        """SELECT (SELECT count(*) FROM events
             WHERE user_id = %(user)s AND machine_id = %(machine)s AND boot_id = ANY(%(boots)s::uuid[])),
            (SELECT count(*) FROM model_predictions WHERE user_id = %(user)s AND machine_id = %(machine)s
             AND predicted_at >= %(since)s AND role <> 'challenger'),
            count(DISTINCT (opportunity_id, snooze_of IS NULL)) FILTER (WHERE type NOT IN ('NO_OP', 'MANUAL_JAIL')),
            count(DISTINCT (opportunity_id, snooze_of IS NULL))
                FILTER (WHERE type NOT IN ('NO_OP', 'MANUAL_JAIL') AND user_response IS NOT NULL),
            count(ordered_at) FILTER (WHERE type <> 'NO_OP'), count(applied_at) FILTER (WHERE type <> 'NO_OP'),
            count(refused_reason) FILTER (WHERE type <> 'NO_OP')
        FROM interventions WHERE user_id = %(user)s AND machine_id = %(machine)s AND triggered_at >= %(since)s""",
        {"user": run.user_id, "machine": machine_id, "boots": boots, "since": run.since},
    ).fetchone()
    connection.rollback()  # the next look sees what was written since
    return [0] * 7 if row is None else [int(count) for count in row]


def read_counters(path: Path) -> dict[str, Any]:
    """The agent's file; empty before it is there."""
    try:
        counted = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return counted if isinstance(counted, dict) else {}


def missing_stage(counts: Counts) -> str:
    """The first stage that nothing has reached yet; empty when everything went round."""
    stages = {
        "capture": counts.captured,
        "spool": counts.spooled,
        "database": counts.stored,
        "snapshots": counts.snapshots,
        "predictions": counts.predictions,
        "predictions in the database": counts.stored_predictions,
        "interventions": counts.interventions,
        "answers": counts.answers,
        "answers in the database": counts.stored_answers,
    }
    return next((name for name, count in stages.items() if count == 0), "")


def faults(counts: Counts) -> list[str]:
    """What is zero or does not add up, once the agent has stopped; each names its stage."""
    lost = sum(counts.dropped.values())
    found = [f"{stage}: nothing came through" for stage in (missing_stage(counts),) if stage]
    if counts.captured != counts.spooled + lost:
        found.append(f"spool: {counts.captured} captured, but {counts.spooled} spooled and {lost} dropped by reason")
    if counts.spooled != counts.shipped:
        found.append(f"shipper: {counts.spooled} spooled, but {counts.shipped} shipped")
    if counts.shipped != counts.stored:
        found.append(f"database: {counts.shipped} shipped, but {counts.stored} stored")
    if counts.predictions > counts.snapshots:
        found.append(f"predictions: {counts.predictions} for {counts.snapshots} snapshots")
    if counts.stored_predictions < counts.predictions:
        found.append(f"predictions: {counts.predictions} received, but {counts.stored_predictions} stored")
    if counts.answers > counts.stored_answers:
        found.append(f"answers: {counts.answers} given, but {counts.stored_answers} stored")
    return found
