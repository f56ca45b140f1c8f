"""Reports of what was done, sent until the service has them: over hang-ups and over starts of the agent.

A report counts as told when the connection that took it still stands a while later; a row that is ordered again is told
of again, since the service has nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable

from collector.actions.journal import Journal, JournalEntry, Report

HAS_IT_US = 10_000_000
"""On a connection that still stands after so long, a report has arrived."""


class Outbox:
    """``keep`` stores an entry; ``boot_us`` is the boot clock."""

    def __init__(self, journal: Journal, keep: Callable[[JournalEntry], bool], boot_us: Callable[[], int]) -> None:
        self._journal, self._keep, self._boot_us = journal, keep, boot_us
        self._sent: dict[tuple[int, str], tuple[int, int]] = {}

    def due(self, connection: int | None) -> list[Report]:
        """What is to be sent now on this connection, a number of its own; None: there is none."""
        found: list[Report] = []
        for entry in self._journal.entries() if connection is not None else ():
            for report in entry.reports():
                sent_on, sent_us = self._sent.get((entry.id, report.TYPE), (None, 0))
                if sent_on != connection:
                    self._sent[entry.id, report.TYPE] = connection or 0, self._boot_us()
                    found.append(report)
                elif self._boot_us() - sent_us >= HAS_IT_US:
                    self._keep((self._journal.get(entry.id) or entry).told(report))
        return found

    def again(self, entry: JournalEntry) -> None:
        """The service asks for it again."""
        self._sent = {key: sent for key, sent in self._sent.items() if key[0] != entry.id}
        if entry.told_applied or entry.told_undone:
            self._keep(entry.to_be_told_again())
