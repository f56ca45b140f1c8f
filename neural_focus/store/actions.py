"""What is done for people, row by row of ``interventions``: ordered, reported as done or refused, ended.

::

    ordered_at, ends_at ─┬─► applied_at, applied_where ─► undone_at, undone_reason (rested_at)
                         └─► refused_reason

The service decides the first two, and may move ``ends_at`` forward (``undo_reason`` says why). All the others are what
the desktop or a browser reported, the first report of each kind: a report that comes again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import class_row

from neural_focus.messages import InterventionApplied, InterventionType, InterventionUndone, SiteBlock, UndoneReason
from neural_focus.store.database import Connection, in_us
from neural_focus.time import moment

HELP_WAIT_SECONDS = 5
JAIL_WAIT_SECONDS = 60
"""How long "I need it" takes on a blocked page."""
BLOCK = "BLOCK_"
"""What browsers do; all other actions are a desktop's."""
LOOK_BACK_US = 24 * 3_600_000_000
"""How long an end that nobody reported is asked for again when its desktop comes back."""
CLOCK_SLACK_US = 5_000_000
"""So far the clock of a desktop may be ahead of ours."""
_COLUMNS = (
    "id, user_id, machine_id::text, session_id, type, action, target, COALESCE(contributing_factors->>0, '') AS why,"
    f" {in_us('ordered_at')} AS ordered_us, {in_us('ends_at')} AS ends_us, undo_reason,"
    f" {in_us('applied_at')} AS applied_us, applied_where AS where, refused_reason, {in_us('undone_at')} AS undone_us"
)


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One ordered row. Times µs UTC; ``undo_reason``: why its end was moved forward, None where it was not."""

    id: int
    user_id: int
    machine_id: str | None
    session_id: int | None
    type: InterventionType
    action: str
    target: str | None
    why: str
    ordered_us: int
    ends_us: int
    undo_reason: UndoneReason | None
    applied_us: int | None
    where: str | None
    refused_reason: str | None
    undone_us: int | None

    def wanted(self, now_us: int) -> bool:
        """Whether it is to be carried out: not ended by anybody (whatever a clock that was set back says), nor over."""
        return self.undo_reason is None and self.undone_us is None and self.ends_us > now_us

    @property
    def in_browser(self) -> bool:
        """Whether browsers do it."""
        return self.action.startswith(BLOCK)

    @property
    def jail(self) -> bool:
        """Whether a session ordered it."""
        return self.type == "MANUAL_JAIL"


def order_rows(connection: Connection, ids: Sequence[int], now_us: int, ends_us: int) -> None:
    """From now on the rows are to be carried out, until ``ends_us``. An order that stands is left as it is."""
    connection.execute(
        "UPDATE interventions SET ordered_at = %s, ends_at = %s WHERE id = ANY(%s) AND ordered_at IS NULL",
        (moment(now_us), moment(ends_us), list(ids)),
    )


def end_rows(connection: Connection, ids: Sequence[int], now_us: int, reason: UndoneReason) -> None:
    """The rows are to end now, because of ``reason``; what is over or ended already is left as it is."""
    connection.execute(
        "UPDATE interventions SET ends_at = GREATEST(ordered_at, %(now)s), undo_reason = %(reason)s"
        " WHERE id = ANY(%(ids)s) AND ordered_at IS NOT NULL AND undone_at IS NULL AND undo_reason IS NULL"
        " AND ends_at > %(now)s",
        {"now": moment(now_us), "reason": reason, "ids": list(ids)},
    )


def read_action(connection: Connection, user_id: int, intervention_id: int, *, lock: bool = False) -> ActionRow | None:
    """One ordered row of the person, None if they have no such row or nobody ordered it."""
    found = _rows(
        connection,
        "id = %(id)s AND user_id = %(user)s" + (" FOR UPDATE" if lock else ""),
        {"id": intervention_id, "user": user_id},
    )
    return found[0] if found else None


def running_actions(connection: Connection, user_id: int, now_us: int) -> list[ActionRow]:
    """What is ordered for the person now and not known to be over: refused rows, too, until their time is up."""
    return _rows(
        connection,
        "user_id = %(user)s AND ends_at > %(now)s AND undo_reason IS NULL AND undone_at IS NULL ORDER BY id",
        {"user": user_id, "now": moment(now_us)},
    )


def site_blocks(connection: Connection, user_id: int, now_us: int) -> list[SiteBlock]:
    """All sites that are to be blocked for the person now, for their browsers.

    A row that one browser refused stays: another one may do it.
    """
    return [
        SiteBlock(
            intervention_id=row.id,
            site=row.target,
            until_us=row.ends_us,
            why=row.why,
            wait_seconds=JAIL_WAIT_SECONDS if row.jail else HELP_WAIT_SECONDS,
            jail=row.jail,
        )
        for row in running_actions(connection, user_id, now_us)
        if row.in_browser and row.target
    ]


def unreported_actions(connection: Connection, user_id: int | None, now_us: int, since_us: int) -> list[ActionRow]:
    """Rows of desktops on which a word is missing: wanted and neither applied nor refused; or over for a while (ended
    after ``since_us``) and neither refused nor reported as undone: its reports may have come while the database was
    away. Of one person, or of everybody."""
    return _rows(
        connection,
        f"action NOT LIKE '{BLOCK}%%' AND undone_at IS NULL AND refused_reason IS NULL AND ordered_at > %(far)s"
        " AND (%(user)s::int IS NULL OR user_id = %(user)s) AND ("
        "   (ends_at > %(now)s AND undo_reason IS NULL AND applied_at IS NULL)"
        "   OR (ends_at > %(since)s AND (undo_reason IS NOT NULL OR ends_at <= %(now)s)))"
        " ORDER BY id",
        {"user": user_id, "now": moment(now_us), "since": moment(since_us), "far": moment(now_us - LOOK_BACK_US)},
    )


def store_applied(connection: Connection, row: ActionRow, report: InterventionApplied, now_us: int) -> bool:
    """Store what was done or refused; whether that is news. What one browser refused another one may still do."""
    last_us = now_us + CLOCK_SLACK_US if row.undone_us is None else row.undone_us
    if report.refused_reason:
        cursor = connection.execute(
            "UPDATE interventions SET refused_reason = %s WHERE id = %s AND applied_at IS NULL"
            " AND refused_reason IS NULL AND undone_at IS NULL",
            (report.refused_reason[:255], row.id),
        )
    else:
        cursor = connection.execute(
            "UPDATE interventions SET applied_at = %s, applied_where = %s, refused_reason = NULL"
            " WHERE id = %s AND applied_at IS NULL",
            (moment(_between(row.ordered_us, report.t_us, last_us)), report.where[:50], row.id),
        )
    return cursor.rowcount > 0


def store_undone(connection: Connection, row: ActionRow, report: InterventionUndone, now_us: int) -> bool:
    """Store the end of what was done; whether that is news. Where the service ended it, its reason is the one."""
    began, last_us = row.applied_us or row.ordered_us, now_us + CLOCK_SLACK_US
    reason = row.undo_reason if row.undo_reason and report.reason in ("undone", "ended") else report.reason
    rested = None if report.rested_us is None else moment(_between(began, report.rested_us, last_us))
    cursor = connection.execute(
        "UPDATE interventions SET undone_at = %s, undone_reason = %s, rested_at = %s"
        " WHERE id = %s AND undone_at IS NULL AND refused_reason IS NULL",
        (moment(_between(began, report.t_us, last_us)), reason, rested, row.id),
    )
    return cursor.rowcount > 0


def _between(first_us: int, t_us: int, last_us: int) -> int:
    """A reported time within what is possible: clocks are set, and reports come late."""
    return max(first_us, min(t_us, last_us))


def _rows(connection: Connection, where: str, values: dict[str, Any]) -> list[ActionRow]:
    asked = f"SELECT {_COLUMNS} FROM interventions WHERE ordered_at IS NOT NULL AND {where}"
    return connection.cursor(row_factory=class_row(ActionRow)).execute(asked, values).fetchall()
