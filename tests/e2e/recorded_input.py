"""Input devices of the kernel as recorded bytes: FIFOs in a folder that stands in for /dev/input."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path

import numpy as np

from neural_focus._wayland import Capture, boot_clock_us
from neural_focus.events import EVENT_DTYPE, EventType

EV_SYN, EV_KEY, EV_REL, EV_ABS, EV_MSC = range(5)
REL_X, REL_Y, REL_HWHEEL, REL_WHEEL, REL_WHEEL_HI_RES = 0, 1, 6, 8, 11
MSC_SCAN, SYN_DROPPED = 4, 3
KEYS = {name: code for code, name in enumerate("1234567890", 2)}
KEYS |= {name: code for code, name in enumerate("qwertyuiop", 16)}
KEYS |= {name: code for code, name in enumerate("asdfghjkl", 30)}
KEYS |= {name: code for code, name in enumerate("zxcvbnm", 44)}
BACKSPACE, TAB, ENTER, LEFT_CTRL, LEFT_SHIFT, SPACE, F1, UP = 14, 15, 28, 29, 42, 57, 59, 103
BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_TOUCH, BTN_TOOL_FINGER, BTN_TOOL_DOUBLETAP = (
    0x110, 0x111, 0x112, 0x113, 0x14A, 0x145, 0x14D,
)  # fmt: skip


def packed(t_us: int, kind: int, code: int, value: int) -> bytes:
    """One ``struct input_event``."""
    return struct.pack("@qqHHi", t_us // 1_000_000, t_us % 1_000_000, kind, code, value)


class Device:
    """A FIFO to which a test writes frames as the kernel does."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        plugged = folder / f"plugging-{name}"
        os.mkfifo(plugged)
        self._file = os.open(plugged, os.O_RDWR)  # both ends, so that opening does not wait for a reader
        plugged.rename(self.path)

    def frame(self, *events: tuple[int, int, int], at_us: int | None = None) -> int:
        """Writes (type, code, value) … and their end; returns the stamp."""
        stamp = boot_clock_us() if at_us is None else at_us
        ends = ((EV_SYN, 0, 0),)
        os.write(self._file, b"".join(packed(stamp, *event) for event in (*events, *ends)))
        return stamp

    def key(self, code: int, value: int) -> int:
        """A key, with the scan code that a keyboard sends first."""
        return self.frame((EV_MSC, MSC_SCAN, 0x70000 + code), (EV_KEY, code, value))

    def tap(self, code: int) -> None:
        """Press and release."""
        self.key(code, 1)
        self.key(code, 0)

    def raw(self, content: bytes) -> None:
        """Bytes as they are."""
        os.write(self._file, content)

    def unplug(self) -> None:
        """The device goes away."""
        self.path.unlink()
        os.close(self._file)


class Recorder:
    """A capture and all it has seen."""

    def __init__(
        self, folder: Path | str = "", socket: str = "", *, idle_after_ms: int = 60_000, **options: str
    ) -> None:
        self.offset_us = time.time_ns() // 1000 - boot_clock_us()
        self.capture = Capture(
            input_folder=str(folder), socket=socket, offset_us=self.offset_us, idle_after_ms=idle_after_ms, **options
        )
        self.records = np.zeros(0, EVENT_DTYPE)
        self.texts: list[str] = []

    def __enter__(self) -> Recorder:
        self.capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.capture.stop()

    def drain(self) -> np.ndarray:
        """All records so far."""
        records, texts = self.capture.drain(1 << 15)
        self.texts += [text for _, text in texts]
        self.records = np.concatenate((self.records, records))
        return self.records

    def of(self, *kinds: EventType) -> np.ndarray:
        """Records of some types so far."""
        records = self.drain()
        return records[np.isin(records["event_type"], kinds)]
