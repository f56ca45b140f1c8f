"""The jail of a timed session as it is stored: its rows of ``interventions``, its emergency exit, its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from psycopg.types.json import Jsonb

from neural_focus.messages import UndoneReason
from neural_focus.store.actions import end_rows
from neural_focus.store.database import Connection
from neural_focus.store.sessions import StoredSession
from neural_focus.time import moment

JAIL = "MANUAL_JAIL"


@dataclass(frozen=True, slots=True)
class JailRow:
    """What a jail does to one target; ``refused_reason`` where it is known beforehand that it cannot be done."""

    action: str
    target: str
    refused_reason: str | None = None


def insert_jail(
    connection: Connection, session: StoredSession, ends_us: int, jail: Sequence[JailRow], risk: float, why: str
) -> None:
    """Order the rows of a session's jail from its start to ``ends_us``. ``risk`` is what was predicted just then."""
    opportunity = str(uuid4())
    start, end = moment(session.start_us), moment(ends_us)
    for row in jail:
        connection.execute(
            "INSERT INTO interventions (user_id, machine_id, session_id, opportunity_id, triggered_at, type, action,"
            " target, predicted_risk, contributing_factors, arm, probability, ordered_at, ends_at, refused_reason)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s, %s)",
            (
                session.user_id,
                session.machine_id,
                session.id,
                opportunity,
                start,
                JAIL,
                row.action,
                row.target,
                risk,
                Jsonb([why]),
                JAIL,
                start,
                end,
                row.refused_reason,
            ),
        )


def lift_jail(connection: Connection, session_id: int, now_us: int, reason: UndoneReason) -> None:
    """Whatever the session's jail does is to end now."""
    rows = connection.execute("SELECT id FROM interventions WHERE session_id = %s AND type = %s", (session_id, JAIL))
    end_rows(connection, [ident for (ident,) in rows], now_us, reason)


def leave_jail(connection: Connection, session_id: int, now_us: int) -> None:
    """The emergency exit opens now: it did not before, whatever a clock that was set back says."""
    with connection.transaction():
        connection.execute(
            "UPDATE sessions SET jail_leaving_at = LEAST(jail_leaving_at, %s) WHERE id = %s",
            (moment(now_us), session_id),
        )
        lift_jail(connection, session_id, now_us, "emergency")


def ask_to_leave(connection: Connection, session_id: int, lifts_us: int, reason: str) -> None:
    """Store when the emergency exit lifts the jail, and why; the first time that it is asked for counts."""
    connection.execute(
        "UPDATE sessions SET jail_leaving_at = %s, jail_left_reason = %s WHERE id = %s AND jail_leaving_at IS NULL",
        (moment(lifts_us), reason, session_id),
    )
