"""``interventions`` as the trial writes it: one drawn opportunity is one row, or a row per target of a block.

Rows of one offer share ``opportunity_id``, ``arm``, ``probability`` and get one answer. A snoozed offer is made once
more: its rows are new ones that name the first by ``snooze_of``. No-op draws are rows that nobody sees.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from neural_focus.experiments.assignment import Exposure
from neural_focus.messages import InterventionType, StoredResponse, Unavailable
from neural_focus.store.database import Connection
from neural_focus.store.predictions import SERVED
from neural_focus.time import microseconds, moment

OPPORTUNITY_NAMESPACE = UUID("6f6c1f2e-0d0b-5b0e-9d43-1f7c52c0a5aa")
BUDGET_SECONDS = 3600
"""How far back opportunities count against the budget of alerts."""
AFTER_SECONDS = 300
AFTER_TOLERANCE_SECONDS = 30

_SAME_OFFER = "opportunity_id = %(opportunity)s AND (snooze_of IS NULL) = %(first)s"


def opportunity_uuid(user_id: int, machine_id: str, t_us: int) -> str:
    """The id of the opportunity of one stream at one snapshot: the same wherever it is computed."""
    return str(uuid5(OPPORTUNITY_NAMESPACE, f"{user_id}:{machine_id}:{t_us}"))


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A drawn opportunity. Times µs UTC; one row a pair of ``targets`` (action, target)."""

    user_id: int
    machine_id: str
    session_id: int | None
    opportunity_id: str
    snapshot_us: int
    triggered_us: int
    type: InterventionType
    targets: Sequence[tuple[str, str | None]]
    predicted_risk: float
    contributing_factors: Sequence[str]
    focus_score_before: float
    model_version: str
    arm: str
    probability: float
    experiment: str
    timeout_seconds: int
    snooze_of: Sequence[int] = ()
    """For a second offer: the rows of the first one, target by target."""
    exposures: Sequence[Exposure] = ()
    """Of every experiment that the moment is part of; a second offer is no new exposure."""
    context: Mapping[str, str] = field(default_factory=dict)
    """What was known before the draw."""


@dataclass(frozen=True, slots=True)
class StoredOffer:
    """An offer as it is stored; ``id`` is its first row's. Times µs UTC."""

    id: int
    ids: tuple[int, ...]
    user_id: int
    opportunity: Opportunity
    user_response: StoredResponse | None
    response_time_ms: int | None
    responded_us: int | None


_COLUMNS = (
    "user_id, machine_id, session_id, opportunity_id, opportunity_time, triggered_at, type, predicted_risk,"
    " contributing_factors, focus_score_before, model_version, arm, probability, experiment, timeout_seconds"
)


@dataclass(frozen=True, slots=True)
class UnavailableMoment:
    """A moment that would have been an opportunity, had an offer been visible; µs UTC."""

    user_id: int
    machine_id: str
    snapshot_us: int
    predicted_risk: float
    reason: Unavailable
    experiment: str


def insert_unavailable(connection: Connection, missed: UnavailableMoment) -> None:
    """Store that nobody could have seen an offer at a moment."""
    connection.execute(
        "INSERT INTO unavailable_moments (user_id, machine_id, snapshot_time, predicted_risk, reason, experiment)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            missed.user_id,
            missed.machine_id,
            moment(missed.snapshot_us),
            missed.predicted_risk,
            missed.reason,
            missed.experiment,
        ),
    )


HasRoom = Callable[[Iterable[float], float], bool]
"""Whether a budget that was spent at these times has room at another one; seconds of Unix time."""


def insert_opportunity(connection: Connection, drawn: Opportunity, has_room: HasRoom | None = None) -> list[int]:
    """Store and commit a draw; returns the ids of its rows, in the order of its targets.

    With ``has_room`` none where the person's budget was spent meanwhile: the row of the person is locked for this
    look, so that of several services one at a time draws for them.
    """
    shared = (
        drawn.user_id,
        drawn.machine_id,
        drawn.session_id,
        drawn.opportunity_id,
        moment(drawn.snapshot_us),
        moment(drawn.triggered_us),
        drawn.type,
        drawn.predicted_risk,
        Jsonb(list(drawn.contributing_factors)),
        drawn.focus_score_before,
        drawn.model_version,
        drawn.arm,
        drawn.probability,
        drawn.experiment,
        drawn.timeout_seconds,
        drawn.arm,
    )
    ids: list[int] = []
    with connection.transaction():
        if has_room is not None and not _has_room(connection, drawn, has_room):
            return []
        firsts: list[int | None] = list(drawn.snooze_of) or [None] * len(drawn.targets)
        for (action, target), snooze_of in zip(drawn.targets, firsts, strict=True):
            row = connection.execute(
                f"INSERT INTO interventions ({_COLUMNS}, ab_test_group, action, target, snooze_of)"
                " VALUES (" + ", ".join(["%s"] * 19) + ") RETURNING id",
                (*shared, action, target, snooze_of),
            ).fetchone()
            ids.append(int(row[0]) if row else 0)
        if not drawn.snooze_of:
            _insert_exposures(connection, drawn)
    return ids


def _insert_exposures(connection: Connection, drawn: Opportunity) -> None:
    for one in drawn.exposures:
        connection.execute(
            "INSERT INTO exposures (experiment_id, user_id, machine_id, opportunity_id, arm, probability, exposed_at,"
            " chances, context) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                one.experiment_id,
                drawn.user_id,
                drawn.machine_id,
                drawn.opportunity_id,
                one.arm,
                one.probability,
                moment(drawn.triggered_us),
                Jsonb(dict(one.chances)),
                Jsonb(dict(drawn.context)),
            ),
        )


def _has_room(connection: Connection, drawn: Opportunity, has_room: HasRoom) -> bool:
    connection.execute("SELECT 1 FROM users WHERE id = %s FOR NO KEY UPDATE", (drawn.user_id,))
    now_us = drawn.triggered_us
    held = opportunity_times(connection, drawn.user_id, now_us - BUDGET_SECONDS * 1_000_000, now_us)
    return has_room([at / 1e6 for at in held], drawn.snapshot_us / 1e6)


def read_offer(connection: Connection, user_id: int, intervention_id: int, *, lock: bool = False) -> StoredOffer | None:
    """The whole offer that a row belongs to, None if the person has no such row."""
    row = connection.execute(
        "SELECT opportunity_id, snooze_of IS NULL FROM interventions WHERE id = %s AND user_id = %s",
        (intervention_id, user_id),
    ).fetchone()
    if row is None:
        return None
    asked = f"SELECT * FROM interventions WHERE {_SAME_OFFER} ORDER BY id" + (" FOR UPDATE" if lock else "")
    cursor = connection.cursor(row_factory=namedtuple_row).execute(asked, {"opportunity": row[0], "first": row[1]})
    rows: list[Any] = list(cursor)
    first = rows[0]
    return StoredOffer(
        id=first.id,
        ids=tuple(row.id for row in rows),
        user_id=first.user_id,
        opportunity=Opportunity(
            user_id=first.user_id,
            machine_id=str(first.machine_id) if first.machine_id else "",
            session_id=first.session_id,
            opportunity_id=str(first.opportunity_id),
            snapshot_us=microseconds(first.opportunity_time or first.triggered_at),
            triggered_us=microseconds(first.triggered_at),
            type=first.type,
            targets=[(row.action, row.target) for row in rows],
            predicted_risk=first.predicted_risk,
            contributing_factors=tuple(first.contributing_factors or ()),
            focus_score_before=first.focus_score_before,
            model_version=first.model_version,
            arm=first.arm,
            probability=first.probability,
            experiment=first.experiment,
            timeout_seconds=first.timeout_seconds or 0,
            snooze_of=[row.snooze_of for row in rows if row.snooze_of],
        ),
        user_response=first.user_response,
        response_time_ms=first.response_time_ms,
        responded_us=microseconds(first.responded_at) if first.responded_at else None,
    )


def answer_offer(
    connection: Connection,
    user_id: int,
    intervention_id: int,
    response: StoredResponse,
    responded_us: int,
    response_time_ms: int | None,
) -> tuple[StoredOffer, bool] | None:
    """Store one answer for the whole offer, unless it has one: (offer as stored now, whether this call stored it).

    None if the person was offered nothing like it. Commits.
    """
    with connection.transaction():
        offer = read_offer(connection, user_id, intervention_id, lock=True)
        if offer is None or offer.opportunity.type in ("NO_OP", "MANUAL_JAIL"):
            return None
        if offer.user_response is not None:
            return offer, False
        connection.execute(
            "UPDATE interventions SET user_response = %s, responded_at = %s, response_time_ms = %s WHERE id = ANY(%s)",
            (response, moment(responded_us), response_time_ms, list(offer.ids)),
        )
        stored = read_offer(connection, user_id, intervention_id)
    return None if stored is None else (stored, True)


def unfinished_offers(connection: Connection, since_us: int) -> list[StoredOffer]:
    """Offers since then that wait for an answer, or were snoozed and not offered again yet; oldest first."""
    rows = connection.execute(
        "SELECT user_id, min(id) FROM interventions i WHERE triggered_at > %s"
        " AND type NOT IN ('NO_OP', 'MANUAL_JAIL')"
        " AND (user_response IS NULL OR (user_response = 'SNOOZED' AND snooze_of IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM interventions again WHERE again.snooze_of = i.id)))"
        " AND machine_id IS NOT NULL AND opportunity_time IS NOT NULL AND timeout_seconds IS NOT NULL"
        " GROUP BY user_id, opportunity_id, snooze_of IS NULL ORDER BY 2",
        (moment(since_us),),
    ).fetchall()
    found = (read_offer(connection, user_id, first_id) for user_id, first_id in rows)
    return [offer for offer in found if offer is not None]


def opportunity_times(connection: Connection, user_id: int, since_us: int, until_us: int) -> list[int]:
    """When the person had opportunities in (since, until], µs UTC ascending; second offers are none."""
    rows = connection.execute(
        "SELECT DISTINCT COALESCE(opportunity_time, triggered_at) FROM interventions"
        " WHERE user_id = %s AND triggered_at > %s AND triggered_at <= %s AND snooze_of IS NULL"
        " AND type <> 'MANUAL_JAIL' ORDER BY 1",
        (user_id, moment(since_us), moment(until_us)),
    )
    return [microseconds(row[0]) for row in rows]


def opportunities_of_the_day(
    connection: Connection, user_ids: Collection[int], now: datetime
) -> dict[int, tuple[bool, str, date, int]]:
    """Person → (whether a demo person, their zone, their day at ``now``, how many opportunities they had in it); second
    offers are none."""
    rows = connection.execute(
        "WITH person AS (SELECT u.id, u.is_demo, COALESCE((SELECT zone FROM user_zones z WHERE z.user_id = u.id"
        " AND since <= %(now)s ORDER BY since DESC LIMIT 1), 'UTC') AS zone FROM users u WHERE u.id = ANY(%(users)s))"
        " SELECT p.id, p.is_demo, p.zone, (%(now)s AT TIME ZONE p.zone)::date, (SELECT count(DISTINCT opportunity_id)"
        "   FROM interventions i WHERE i.user_id = p.id AND i.snooze_of IS NULL AND i.type <> 'MANUAL_JAIL'"
        "   AND i.triggered_at >= date_trunc('day', %(now)s AT TIME ZONE p.zone) AT TIME ZONE p.zone) FROM person p",
        {"users": list(user_ids), "now": now},
    )
    return {user: (is_demo, zone, day, count) for user, is_demo, zone, day, count in rows}


def fill_effects(connection: Connection, now_us: int) -> int:
    """Fill focus_score_after_5min (and the effectiveness, 0.5 = no change) where five minutes have passed; commits.

    The score is that of the last prediction in the 30 s before; where there is none, nothing is filled.
    """
    with connection.transaction():
        cursor = connection.execute(
            "UPDATE interventions i SET focus_score_after_5min = found.score,"
            " effectiveness_score = LEAST(1, GREATEST(0, 0.5 + (found.score - i.focus_score_before) / 200))"
            " FROM (SELECT due.id, later.focus_score AS score FROM interventions due CROSS JOIN LATERAL ("
            f"   SELECT focus_score FROM model_predictions p WHERE p.user_id = due.user_id AND {SERVED}"
            "    AND p.snapshot_time <= due.triggered_at + make_interval(secs => %(after)s)"
            "    AND p.snapshot_time > due.triggered_at + make_interval(secs => %(after)s - %(tolerance)s)"
            "    ORDER BY p.snapshot_time DESC LIMIT 1) later"
            "  WHERE due.focus_score_after_5min IS NULL AND due.triggered_at > %(now)s - interval '1 hour'"
            "    AND due.triggered_at <= %(now)s - make_interval(secs => %(after)s + 2)) found WHERE i.id = found.id",
            {"after": AFTER_SECONDS, "tolerance": AFTER_TOLERANCE_SECONDS, "now": moment(now_us)},
        )
    return cursor.rowcount
