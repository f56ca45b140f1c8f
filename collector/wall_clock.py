"""The clock of the stamps: the boot clock, which nobody moves, plus an offset that is taken anew when wall time moves.

    boot clock   ──────────────────────────────────────────►  goes on while the machine sleeps
    wall time    ─────────┬ +61 s ─────────┬ −1 h ─────────►  NTP, another system, a person
    boots        [ first  ][ second        ][ third         )  a step ends a boot (``collector.spool``)

Within a boot the offset is fixed, so stamps never go back. A step begins another boot, whose stamps are right at once:
clamped to the last stamp, or ahead of the clock, an hour of records would be worthless, and the service refuses them.
After a step forward there is a gap, as after a pause. After a step back the new boot lies in time before the end of the
one before: engine and replay begin anew there (``ControlKind.SET_BACK``), and what the old boot has after the new one's
start is not replayed (``neural_focus.store.boots``).
"""

from __future__ import annotations

from collections.abc import Callable

from neural_focus.time import STEP_US, wall_clock_us


def unix_offset_us() -> int:
    """Unix time minus boot clock now, µs."""
    from neural_focus._x11 import boot_clock_us

    return wall_clock_us() - boot_clock_us()


class WallClock:
    """Unix time on the boot clock. ``read_offset``: Unix time minus boot clock now, µs."""

    def __init__(self, read_offset: Callable[[], int] = unix_offset_us) -> None:
        self._read_offset = read_offset
        self.offset_us = read_offset()
        """Unix time minus boot clock, since the last step."""
        self.steps = 0
        self.last_step_us = 0
        """How far the last step went."""

    def now_us(self) -> int:
        """Unix time on the clock of the stamps, µs."""
        from neural_focus._x11 import boot_clock_us

        return boot_clock_us() + self.offset_us

    def take_step(self) -> int:
        """How far wall time was moved since the offset was taken, µs, with the new offset taken; 0 for no step."""
        offset_us = self._read_offset()
        step_us = offset_us - self.offset_us
        if abs(step_us) <= STEP_US:
            return 0
        self.offset_us = offset_us
        self.note(step_us)
        return step_us

    def note(self, step_us: int) -> None:
        """A step was found otherwise: what was recorded earlier lies that far in the future."""
        self.steps += 1
        self.last_step_us = step_us
