"""Every order of the last day, on the disk before anything is done: what a start after a crash goes by.

ordered ──► applied ──► ended       ordered: stored, perhaps begun; ``touched`` is stored before it is changed
   └──────► refused                 a start finds ordered and applied ones and takes them back
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from collector.actions.action import Touched
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import InputError
from neural_focus.messages import ApplyAction, InterventionApplied, InterventionUndone, UndoneReason
from neural_focus.validation import validate

KEEP_US = 24 * 3600 * 1_000_000
"""A row is not carried out again within this time, however often it is ordered."""


Report = InterventionApplied | InterventionUndone


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One order and what came of it; times are µs of Unix time. ``told_*``: the service has it."""

    id: int
    action: str
    target: str | None
    until_us: int
    ordered_us: int
    state: Literal["ordered", "applied", "refused", "ended"] = "ordered"
    touched: tuple[Touched, ...] = ()
    applied_us: int | None = None
    where: str = ""
    refused: str = ""
    undone_us: int | None = None
    reason: UndoneReason | None = None
    rested_us: int | None = None
    told_applied: bool = False
    told_undone: bool = False

    @classmethod
    def of(cls, order: ApplyAction, now_us: int) -> JournalEntry:
        """An order as it came."""
        return cls(order.intervention_id, order.action, order.target, order.until_us, now_us)

    @property
    def running(self) -> bool:
        """Whether it may have done something that is not taken back yet."""
        return self.state in ("ordered", "applied")

    @property
    def words(self) -> str:
        """What it is, for the person's terminal."""
        match self.action.partition("_")[0]:
            case "MINIMIZE":
                return f"{self.target} is kept away"
            case "KILL":
                return f"{self.target} is ended"
            case "SUGGEST":
                return "a break"
            case "PLACEBO":
                return "a card with the time in the app"
            case _:
                return self.action or f"intervention {self.id}"

    def reports(self) -> list[Report]:
        """What the service is to know, oldest first; without what it has."""
        found: list[Report] = []
        if self.state == "refused" and not self.told_applied:
            found.append(InterventionApplied(self.id, self.ordered_us, "", None, self.refused))
        elif self.applied_us is not None and not self.told_applied:
            found.append(InterventionApplied(self.id, self.applied_us, self.where, self.until_us))
        if self.undone_us is not None and self.reason is not None and not self.told_undone:
            found.append(InterventionUndone(self.id, self.undone_us, self.reason, self.rested_us))
        return found

    def told(self, report: Report) -> JournalEntry:
        """The service has this report."""
        if isinstance(report, InterventionApplied):
            return replace(self, told_applied=True)
        return replace(self, told_undone=True)

    def to_be_told_again(self) -> JournalEntry:
        """The service asked again: it has nothing."""
        return replace(self, told_applied=False, told_undone=False)


class Journal:
    """The entries by id, and their file. A file that cannot be read is put aside, and said in ``problem``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[int, JournalEntry] = {}
        self.problem = ""
        if path.exists():
            self._read()

    def get(self, number: int) -> JournalEntry | None:
        """The entry of a row."""
        return self._entries.get(number)

    def entries(self) -> list[JournalEntry]:
        """All of them, oldest first."""
        return list(self._entries.values())

    def put(self, entry: JournalEntry) -> None:
        """Keeps an entry, on the disk when this returns.

        Raises:
            OSError: the disk does not take it; it is remembered, and written with the next one.
        """
        self._entries[entry.id] = entry
        fresh = [one for one in self._entries.values() if one.running or entry.ordered_us - one.ordered_us < KEEP_US]
        self._entries = {one.id: one for one in fresh}
        content: dict[str, Any] = {"version": 1, "entries": [msgspec.to_builtins(one) for one in fresh]}
        atomic_write(self._path, json.dumps(content, indent=1).encode())

    def _read(self) -> None:
        try:
            content = json.loads(self._path.read_bytes())
            self._entries = {one.id: one for one in (validate(JournalEntry, found) for found in content["entries"])}
        except (ValueError, KeyError, TypeError, InputError) as error:
            aside = self._path.with_name(self._path.name + ".unreadable")
            self._path.replace(aside)
            self.problem = f"what help had done cannot be read and lies in {aside.name}: {error}"
