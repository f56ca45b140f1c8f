"""Whether somebody really rests: no input for most of a break, or for five minutes on end."""

from __future__ import annotations

from collections.abc import Callable

QUIET_SHARE = 0.8
LONG_REST_US = 300_000_000
"""As long as what counts as a break without any screen (``minutes_since_last_break``)."""


class RestMeter:
    """``clock``: the boot clock, µs. ``newest_input``: when the newest input came on it; None: that is not known."""

    def __init__(self, planned_us: int, clock: Callable[[], int], newest_input: Callable[[], int | None]) -> None:
        self._planned_us, self._clock, self._newest_input = planned_us, clock, newest_input
        self._looked_us = self._still_since_us = clock()
        self._quiet_us = self._longest_us = 0

    def look(self) -> None:
        """Takes what happened since the last look: of that time, what lies after its newest input was quiet."""
        now_us, input_us = self._clock(), self._newest_input()
        if input_us is None:
            self._still_since_us = now_us
        else:
            self._still_since_us = max(self._still_since_us, input_us)
            self._quiet_us += max(0, now_us - max(self._looked_us, input_us))
        self._longest_us = max(self._longest_us, now_us - self._still_since_us)
        self._looked_us = now_us

    @property
    def rested(self) -> bool:
        """Whether it was a break so far."""
        return self._quiet_us >= QUIET_SHARE * self._planned_us or self._longest_us >= LONG_REST_US
