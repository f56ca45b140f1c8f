"""How much of something a sender may bring at once, and how much more a second: a token bucket for each sender."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

MOST_SENDERS = 10_000


class RateLimit:
    """``burst`` at once, ``a_second`` from then on."""

    def __init__(self, *, burst: float, a_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._a_second, self._clock = burst, a_second, clock
        self._left: dict[Hashable, tuple[float, float]] = {}
        """What a sender may still bring, and when that was."""

    def wait(self, sender: Hashable) -> float:
        """Seconds until the sender may bring anything; 0: now."""
        return max(0.0, -self._now(sender)) / self._a_second

    def spend(self, sender: Hashable, amount: float) -> None:
        """The sender brought so much. It may be more than was left: they wait for it afterwards."""
        left = self._now(sender) - amount
        if len(self._left) >= MOST_SENDERS and sender not in self._left:
            self._forget()
        self._left[sender] = left, self._clock()

    def _now(self, sender: Hashable) -> float:
        left, since = self._left.get(sender, (self._burst, 0.0))
        return min(self._burst, left + (self._clock() - since) * self._a_second)

    def _forget(self) -> None:
        """Whoever has waited long enough is as new; else the one who is nearest to that."""
        fullest = max(self._left, key=self._now)
        whole = [sender for sender in self._left if self._now(sender) >= self._burst]
        for sender in whole or [fullest]:
            del self._left[sender]
