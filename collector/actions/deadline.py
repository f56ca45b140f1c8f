"""The end of an action, which neither a clock that is set back nor a sleep of the machine can put off.

wall clock   ──────────┤ set back 1 h     the order's end by the wall clock lies an hour further now
boot clock   ────────────────────►┤       the time that was left at the order has run out: it ends here
asleep       ─────zzzzzzzzzzzzzzzz┤       both clocks go on meanwhile: it ends at the first turn after
"""

from __future__ import annotations

from dataclasses import dataclass

from neural_focus.help_settings import LONGEST_MINUTES
from neural_focus.messages import UndoneReason

LONGEST_US = LONGEST_MINUTES * 60_000_000


@dataclass(frozen=True, slots=True)
class Deadline:
    """``until_us``: Unix time; ``until_boot_us``: the same moment on the boot clock, as it was when it was ordered."""

    until_us: int
    until_boot_us: int

    @classmethod
    def of(cls, until_us: int, *, now_us: int, boot_us: int) -> Deadline:
        """The end that was asked for, four hours ahead at most."""
        left_us = min(until_us - now_us, LONGEST_US)
        return cls(now_us + left_us, boot_us + left_us)

    def over(self, *, now_us: int, boot_us: int) -> UndoneReason | None:
        """Why it is over; None while it is not."""
        if now_us >= self.until_us:
            return "ended"
        return "clock" if boot_us >= self.until_boot_us else None
