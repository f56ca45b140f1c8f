"""A pause that the person asked for: kept in a file, so that it outlives the agent and anybody may begin one.

30 minutes     end on the boot clock, which nobody moves; after a reboot only the wall clock's end is left
until 17:00    end on the wall clock, wherever that is moved
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from neural_focus.atomic_write import atomic_write
from neural_focus.errors import InputError
from neural_focus.validation import validate

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LONGEST_SECONDS = 31 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Clocks:
    """Now: Unix time and boot clock, µs, and which boot of the machine this is (empty where nobody says)."""

    now_us: int
    boot_us: int
    boot: str

    @classmethod
    def read(cls) -> Clocks:
        """This machine's."""
        try:
            boot = _BOOT_ID.read_text("ascii").strip()
        except OSError:
            boot = ""
        return cls(time.time_ns() // 1000, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000, boot)


@dataclass(frozen=True, slots=True)
class Pause:
    """``until_us``: Unix time; ``until_boot_us``: the same on ``boot``'s boot clock; None: the wall clock rules."""

    until_us: int
    until_boot_us: int | None = None
    boot: str = ""

    @classmethod
    def lasting(cls, seconds: float, clocks: Clocks) -> Pause:
        """A pause of so long from now on, however the clock is moved."""
        length_us = round(seconds * 1e6)
        return cls(clocks.now_us + length_us, clocks.boot_us + length_us, clocks.boot)

    def left_us(self, clocks: Clocks) -> int:
        """How long it lasts yet; 0 or less: it is over."""
        if self.until_boot_us is not None and self.boot and self.boot == clocks.boot:
            return self.until_boot_us - clocks.boot_us
        return self.until_us - clocks.now_us


def read_pause(path: Path) -> Pause | None:
    """The pause that was asked for, also when it is over; None where none was.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return validate(Pause, json.loads(path.read_text("utf-8")), path.name)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, InputError) as error:
        raise InputError(
            f"{path} cannot be read", why=str(error), hint="Nothing is captured until: neural-focus pause off"
        ) from error


def write_pause(path: Path, pause: Pause | None) -> None:
    """Begins a pause, or ends it (None). Raises OSError."""
    if pause is None:
        path.unlink(missing_ok=True)
    else:
        atomic_write(path, json.dumps(asdict(pause)).encode() + b"\n")
