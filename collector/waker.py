"""The main thread's rest between two turns: until the next second may be closed, or until somebody has news.

    seconds of the stamps' clock    |─────────────────────────|─────────────────────────|
    turns                             ▲ +102 ms                 ▲ +102 ms                 ▲

A second is over 100 ms after its end (``collector.live``), so a turn just behind that moment makes the freshest
snapshot. Each turn more costs half a thousandth of a core, and the ring has room for minutes of typing and pointing.
"""

from __future__ import annotations

import os
import select

from collector.live import CLOSE_AFTER_US

TURN_US = 1_000_000
AFTER_CLOSE_US = 2_000


class Waker:
    """One thread rests; any thread, also of C++ (``descriptor`` is an eventfd), ends the rest."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self.descriptor, select.POLLIN)

    def end(self) -> None:
        """There is news: the rest is over now, or the next one at once. Harmless after ``close``."""
        if self.descriptor >= 0:
            os.eventfd_write(self.descriptor, 1)

    def until_turn(self, now_us: int, *, at_most: float = 1.0) -> None:
        """Sleeps until the next turn is due, seen from ``now_us`` on the clock of the stamps."""
        if self._poll.poll(min(seconds_to_turn(now_us), at_most) * 1000):
            os.eventfd_read(self.descriptor)

    def close(self) -> None:
        """Gives the descriptor back."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def seconds_to_turn(now_us: int) -> float:
    """Seconds from ``now_us`` to the turn after it."""
    return (TURN_US - (now_us - CLOSE_AFTER_US - AFTER_CLOSE_US) % TURN_US) / 1e6
