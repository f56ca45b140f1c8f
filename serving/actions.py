"""What people accepted is ordered, told again until it is reported, and ended when they want it.

::

    answer ─► rows ordered ─┬─ APPLY_ACTION ─► desktop ──┐
                            └─ SITE_BLOCKS ──► browsers ─┴─► INTERVENTION_APPLIED | _UNDONE ─► columns ─► pages

The service does nothing by itself and says nothing by itself: the columns hold what was reported, and all orders are in
the database before anybody hears of them.
"""

from __future__ import annotations

import logging

from neural_focus.errors import StoreError
from neural_focus.messages import ApplyAction, InterventionApplied, InterventionUndone, UndoAction
from neural_focus.store import actions as rows
from neural_focus.store.actions import ActionRow
from neural_focus.store.database import Connection
from neural_focus.time import iso, wall_clock_us
from serving.browsers import Browsers
from serving.database import Database
from serving.hub import Hub
from serving.problems import ProblemError
from serving.responses import ActionNow, UndoAsked

REPEAT_SECONDS = 25.0
"""How often the orders that nobody reported on are told again."""
GRACE_US = 10_000_000
"""Whoever does something ends it by themselves; so long after its end they are asked whether they did."""
RECENT_US = 600_000_000
"""An end that nobody reported is asked for so long; after that only when its desktop connects anew."""
_LOG = logging.getLogger("neural_focus.serving")


class Actions:
    """Orders and reports of everybody's actions. Lives on the event loop."""

    def __init__(self, database: Database, hub: Hub, browsers: Browsers) -> None:
        self._database, self._hub, self.browsers = database, hub, browsers

    async def publish(self, user_id: int) -> None:
        """Tell the person's desktops and browsers what they have to begin or to end. To be called after each change.

        What changed is stored: where the database refuses now, the next round tells it.
        """
        try:
            self._send(await self._unreported(user_id, RECENT_US))
            self.browsers.publish(user_id)
        except StoreError as error:
            _LOG.warning("orders of user %d wait: %s", user_id, error)

    async def connected(self, user_id: int, machine_id: str) -> None:
        """A desktop is (again) there: what it has not reported on it is told."""
        found = await self._unreported(user_id, rows.LOOK_BACK_US)
        self._send([row for row in found if row.machine_id == machine_id])

    async def tick(self) -> None:
        """Tell everybody's desktops again what they have not reported on."""
        self._send(await self._unreported(None, RECENT_US))

    async def applied(self, user_id: int, report: InterventionApplied) -> None:
        """Whoever had to do a row did it, or could not. The first report counts; pages hear of it.

        Raises:
            ProblemError: 404, nothing like it was ordered for this person.
        """

        def work(connection: Connection) -> bool:
            row = _own(connection, user_id, report.intervention_id)
            return rows.store_applied(connection, row, report, wall_clock_us())

        if await self._database.run_for(user_id, work):
            self._hub.publish(user_id, report, pages_only=True)

    async def undone(self, user_id: int, report: InterventionUndone) -> None:
        """What was done for a row is over. The first report counts; pages hear of it.

        Raises:
            ProblemError: 404, nothing like it was ordered for this person.
        """

        def work(connection: Connection) -> bool:
            row = _own(connection, user_id, report.intervention_id)
            return rows.store_undone(connection, row, report, wall_clock_us())

        if await self._database.run_for(user_id, work):
            self._hub.publish(user_id, report, pages_only=True)

    async def undo(self, user_id: int, intervention_id: int) -> UndoAsked:
        """The person wants a row ended now. Asking again changes nothing.

        Raises:
            ProblemError: 404, nothing like it was ordered for this person; 409, a jail ordered it.
        """

        def work(connection: Connection) -> tuple[ActionRow, bool]:
            row, now_us = _own(connection, user_id, intervention_id), wall_clock_us()
            runs = row.wanted(now_us)
            if runs and row.jail:
                raise ProblemError(
                    409,
                    "It is part of a jail",
                    why=f"session {row.session_id} runs until {iso(row.ends_us)}",
                    hint="Use the jail's emergency exit: it takes a minute and a reason",
                )
            rows.end_rows(connection, [row.id], now_us, "undone")
            return row, runs

        row, fresh = await self._database.run_for(user_id, work)
        if fresh:
            await self.publish(user_id)
        return UndoAsked(row.id, repeated=not fresh)

    async def now(self, user_id: int) -> tuple[ActionNow, ...]:
        """What is ordered for the person now, and what became of it as far as it was reported."""
        found = await self._database.run_for(
            user_id, lambda connection: rows.running_actions(connection, user_id, wall_clock_us())
        )
        return tuple(described(row) for row in found)

    async def _unreported(self, user_id: int | None, back_us: int) -> list[ActionRow]:
        now_us = wall_clock_us()

        def work(connection: Connection) -> list[ActionRow]:
            return rows.unreported_actions(connection, user_id, now_us, now_us - back_us)

        if user_id is None:
            return await self._database.run_for_all(work)
        return await self._database.run_for(user_id, work)

    def _send(self, found: list[ActionRow]) -> None:
        now_us = wall_clock_us()
        for row in found:
            if row.machine_id is None:
                continue
            if row.wanted(now_us):
                order = ApplyAction(row.id, row.type, row.action, row.target, row.ends_us, row.why)
                self._hub.publish_to_desktop(row.user_id, row.machine_id, order)
            elif row.undo_reason or row.ends_us < now_us - GRACE_US:
                end = UndoAction(row.id, row.undo_reason or "ended")
                self._hub.publish_to_desktop(row.user_id, row.machine_id, end)


def described(row: ActionRow) -> ActionNow:
    """A running row in the words of the API."""
    return ActionNow(
        intervention_id=row.id,
        type=row.type,
        action=row.action,
        target=row.target,
        state="applied" if row.applied_us else "refused" if row.refused_reason else "ordered",
        where=row.where,
        ends_at=iso(row.ends_us),
        refused_reason=row.refused_reason,
        jail=row.jail,
    )


def _own(connection: Connection, user_id: int, intervention_id: int) -> ActionRow:
    row = rows.read_action(connection, user_id, intervention_id, lock=True)
    if row is None:
        raise ProblemError(
            404, f"Nothing was ordered as intervention {intervention_id}", hint="See /api/v1/actions for what is"
        )
    return row
