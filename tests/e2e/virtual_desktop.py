"""A real X server of its own for a test, with somebody at its keyboard."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from infra.virtual_display import start_virtual_display, stop_virtual_display
from neural_focus._x11 import Capture, boot_clock_us
from neural_focus.events import EVENT_DTYPE, EventType


@contextmanager
def virtual_desktop() -> Iterator[str]:
    """The name of a fresh Xvfb, which this process and its children may use."""
    before = {name: os.environ.get(name) for name in ("DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")}
    display = start_virtual_display((1280, 800))
    os.environ.update(display.environment)
    os.environ.pop("WAYLAND_DISPLAY", None)
    os.environ.pop("XDG_SESSION_TYPE", None)
    try:
        yield display.display
    finally:
        stop_virtual_display(display)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def wait_for(condition: Callable[[], object], seconds: float = 120.0, every: float = 0.01) -> None:
    """Returns as soon as ``condition`` holds; ``seconds`` only end what hangs, on a machine however busy."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(every)


class Recorder:
    """A capture and all it has seen. ``idle_after_ms`` is long, so that only tests of idle see idle."""

    def __init__(self, display: str, *, idle_after_ms: int = 60_000, own_pid: int = 0, floor_us: int = 0) -> None:
        self.offset_us = time.time_ns() // 1000 - boot_clock_us()
        self.capture = Capture(
            display, offset_us=self.offset_us, floor_us=floor_us, idle_after_ms=idle_after_ms, own_pid=own_pid
        )
        self.capture.start()
        self.records = np.zeros(0, EVENT_DTYPE)
        self.texts: dict[int, str] = {}

    def drain(self) -> np.ndarray:
        """All records so far."""
        records, texts = self.capture.drain(1 << 15)
        self.texts.update({len(self.records) + index: text for index, text in texts})
        self.records = np.concatenate((self.records, records))
        return self.records

    def of(self, kind: EventType) -> np.ndarray:
        """Records of one type so far."""
        records = self.drain()
        return records[records["event_type"] == kind]

    def wait(self, kind: EventType, count: int = 1) -> np.ndarray:
        """Records of one type, once there are ``count``."""
        wait_for(lambda: len(self.of(kind)) >= count)
        return self.of(kind)
