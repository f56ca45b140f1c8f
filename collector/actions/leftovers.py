"""What a run that was killed left over: taken back as soon as the desktop can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from collector.actions.hands import Hands
from collector.actions.journal import JournalEntry
from neural_focus.errors import CaptureError

NOT_DONE = "The desktop program stopped before anything was done."


class Leftovers:
    """Entries of the journal that may have done something which nobody took back."""

    def __init__(self, entries: Iterable[JournalEntry], hands: Hands) -> None:
        self._hands = hands
        self._left = [entry for entry in entries if entry.running]

    def take_back(self, now_us: Callable[[], int]) -> list[JournalEntry]:
        """Takes back what it can; those entries as they are to be kept. The rest waits for the next call."""
        left, self._left, done = self._left, list[JournalEntry](), list[JournalEntry]()
        for entry in left:
            try:
                found = self._hands.clean_up(entry.action, entry.touched)
            except (CaptureError, OSError):
                self._left.append(entry)
                continue
            done.append(self._over(entry, now_us()) if entry.state == "applied" or found else self._never_done(entry))
        return done

    def _over(self, entry: JournalEntry, now_us: int) -> JournalEntry:
        where = entry.where or self._hands.where(entry.action)
        began_us = entry.applied_us or entry.ordered_us
        return replace(entry, applied_us=began_us, where=where, state="ended", undone_us=now_us, reason="restarted")

    def _never_done(self, entry: JournalEntry) -> JournalEntry:
        return replace(entry, state="refused", refused=NOT_DONE)
