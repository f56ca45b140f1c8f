"""Orders carried out one by one: stored, applied, looked after, taken back, and told until the service has it.

Whatever ends an action (its time, the person, a quit, a crash, a clock that is set back) goes one way: take it back,
then store that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from collector.actions.action import Action, Applied, Ended, Refused, Touched
from collector.actions.deadline import Deadline
from collector.actions.hands import Hands, boot_clock_us
from collector.actions.journal import Journal, JournalEntry, Report
from collector.actions.leftovers import Leftovers
from collector.actions.outbox import Outbox
from neural_focus.errors import CaptureError
from neural_focus.messages import Ability, ApplyAction, UndoAction, UndoneReason
from neural_focus.time import iso

NOT_DONE = {
    "ended": "There was nothing to do until its time was up.",
    "undone": "It was taken back before anything was done.",
    "quit": "The desktop program was closed before anything was done.",
}


@dataclass(slots=True)
class _Running:
    entry: JournalEntry
    action: Action
    deadline: Deadline
    over: UndoneReason | None = None
    """Why it is to be taken back, where that did not succeed yet."""


class ActionRunner:
    """All actions of one desktop, on the agent's main thread.

    ``now_us``: Unix time of the stamps. ``rested``: tells the engine of a break that was one, and returns the
    microsecond that it used.
    """

    def __init__(
        self,
        journal: Path,
        hands: Hands,
        *,
        now_us: Callable[[], int],
        rested: Callable[[int], int],
        echo: Callable[[str], None],
        boot_us: Callable[[], int] = boot_clock_us,
    ) -> None:
        """Takes back what an earlier run left over. Raises OSError when the journal cannot be read."""
        self._hands, self._now_us, self._rested, self._echo, self._boot_us = hands, now_us, rested, echo, boot_us
        self._journal = Journal(journal)
        self._running: dict[int, _Running] = {}
        self._outbox = Outbox(self._journal, self._keep, boot_us)
        self._disk = ""
        self._leftovers = Leftovers(self._journal.entries(), hands)
        self._recover()

    @property
    def lively(self) -> bool:
        """Whether ``turn`` is wanted ten times a second."""
        return any(one.action.lively for one in self._running.values())

    @property
    def problem(self) -> str:
        """What went wrong with the journal; empty while all is well."""
        return self._disk or self._journal.problem

    def abilities(self) -> tuple[Ability, ...]:
        """What can be done on this desktop now."""
        return self._hands.abilities()

    def order(self, order: ApplyAction) -> None:
        """Carries out a row once, however often it is ordered; what came of it is told again."""
        known = self._journal.get(order.intervention_id)
        if known is not None:
            self._outbox.again(known)
            return
        now_us = self._now_us()
        entry = JournalEntry.of(order, now_us)
        if order.until_us <= now_us:
            self._refuse(entry, "Its time was over before the desktop heard of it.")
            return
        if order.action == "SUGGEST_BREAK" and any(one.entry.action == order.action for one in self._running.values()):
            self._refuse(entry, "A break is on already.")
            return
        action = self._hands.make(order, lambda touched: self._note(entry.id, touched))
        if isinstance(action, str):
            self._refuse(entry, action)
            return
        deadline = Deadline.of(order.until_us, now_us=now_us, boot_us=self._boot_us())
        entry = replace(entry, until_us=deadline.until_us)
        if not self._keep(entry):
            self._refuse(entry, "It cannot be written down, so nothing would end it after a crash: the disk is full.")
            return
        running = self._running[entry.id] = _Running(entry, action, deadline)
        self._attempt(running, lambda: action.apply(deadline.until_us))

    def undo(self, order: UndoAction) -> None:
        """Ends a row's action now."""
        running = self._running.get(order.intervention_id)
        known = self._journal.get(order.intervention_id)
        if running is not None:
            self._end(running, order.reason)
        elif known is None:
            unheard = JournalEntry(order.intervention_id, "", None, 0, self._now_us())
            self._refuse(unheard, "It was over before the desktop heard of it.")
        elif not known.running:
            self._outbox.again(known)

    def turn(self) -> None:
        """Ends what is over, looks after the rest."""
        self._recover()
        self._hands.turn()
        for running in list(self._running.values()):
            over = running.over or running.deadline.over(now_us=self._now_us(), boot_us=self._boot_us())
            if over is None:
                self._attempt(running, running.action.turn)
            else:
                self._end(running, over)

    def reports(self, connection: int | None) -> list[Report]:
        """What is to be sent now on this connection (a number of its own); None: there is none."""
        return self._outbox.due(connection)

    def describe(self) -> list[dict[str, Any]]:
        """For agent.json: what is done at the moment. ``state`` "waiting": nothing yet."""
        return [
            {
                "id": one.entry.id,
                "action": one.entry.action,
                "target": one.entry.target,
                "until": iso(one.entry.until_us),
                "state": "applied" if one.entry.state == "applied" else "waiting",
            }
            for one in self._running.values()
        ]

    def finish(self) -> None:
        """The agent is quit: nothing stays."""
        for running in list(self._running.values()):
            self._end(running, "quit")

    def _attempt(self, running: _Running, step: Callable[[], object]) -> None:
        """A step of an action, and what came of it; a failure ends it."""
        try:
            outcome = step()
        except (CaptureError, OSError) as error:
            outcome = Ended("failed") if running.entry.state == "applied" else Refused(f"It failed: {error}")
        match outcome:
            case Applied() if running.entry.state == "ordered":
                self._store(
                    running, replace(running.entry, state="applied", applied_us=self._now_us(), where=outcome.where)
                )
                self._echo(f"Done until {iso(running.entry.until_us)[11:16]} UTC: {running.entry.words}.")
            case Refused():
                if self._take_back(running, "failed"):
                    self._refuse(running.entry, outcome.reason)
            case Ended():
                self._end(running, outcome.reason)

    def _end(self, running: _Running, reason: UndoneReason) -> None:
        """Takes it back first: what is stored as taken back is."""
        if not self._take_back(running, reason):
            return
        now_us = self._now_us()
        if running.entry.state == "ordered":
            self._refuse(running.entry, NOT_DONE.get(reason, "It ended before anything was done."))
            return
        rested_us = None
        if running.action.rested:
            rested_us = now_us = self._rested(now_us)
        self._keep(replace(running.entry, state="ended", undone_us=now_us, reason=reason, rested_us=rested_us))
        self._echo(f"Over ({reason}): {running.entry.words}.")

    def _take_back(self, running: _Running, reason: UndoneReason) -> bool:
        """False where it did not succeed: it is tried again each turn, and at the next start."""
        try:
            running.action.undo()
        except (CaptureError, OSError) as error:
            if running.over is None:
                self._echo(f"Not taken back yet: {running.entry.words}. {error}")
            running.over = reason
            return False
        self._running.pop(running.entry.id, None)
        return True

    def _refuse(self, entry: JournalEntry, reason: str) -> None:
        self._keep(replace(entry, state="refused", refused=reason[:255]))
        self._echo(f"Not done: {entry.words}. {reason}")

    def _recover(self) -> None:
        for entry in self._leftovers.take_back(self._now_us):
            self._keep(entry)
            over = f"Left over from before and taken back: {entry.words}."
            self._echo(f"Not done: {entry.words}. {entry.refused}" if entry.refused else over)

    def _note(self, number: int, touched: tuple[Touched, ...]) -> None:
        """Stores what is about to be changed. Raises OSError: then it is not changed."""
        running = self._running[number]
        running.entry = replace(running.entry, touched=touched)
        self._journal.put(running.entry)

    def _store(self, running: _Running, entry: JournalEntry) -> None:
        running.entry = entry
        self._keep(entry)

    def _keep(self, entry: JournalEntry) -> bool:
        try:
            self._journal.put(entry)
        except OSError as error:
            self._disk = f"what help did cannot be written down: {error}"
            return False
        self._disk = ""
        if (running := self._running.get(entry.id)) is not None:
            running.entry = entry
        return True
