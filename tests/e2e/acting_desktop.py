"""A real X desktop with a window manager, real capture and the runner of actions, as the agent puts them together."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stopping import stopped
from virtual_desktop import virtual_desktop, wait_for

from collector.actions import x11_windows
from collector.actions.hands import boot_clock_us, make_hands
from collector.actions.journal import Report
from collector.actions.runner import ActionRunner
from collector.capture import DesktopCapture, X11Source
from collector.wall_clock import WallClock
from collector.wayland import WaylandSource
from neural_focus._x11 import Injector, Minimizer
from neural_focus.categories import Rules
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.messages import ApplyAction, InterventionApplied, InterventionType, InterventionUndone


@contextmanager
def managed_desktop() -> Iterator[str]:
    """A fresh Xvfb with openbox."""
    with virtual_desktop() as display:
        manager = subprocess.Popen(["openbox", "--sm-disable"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with stopped(manager):
            windows = Minimizer(display)
            wait_for(windows.manager)
            hands = Injector(display)
            first = hands.open_window("first", "first")  # openbox looks at what came while it started at the next event
            wait_for(lambda: hands.activate(first) or windows.windows(), every=0.1)
            hands.close_window(first)
            wait_for(lambda: not windows.windows())
            yield display


class Desk:
    """Capture and actions of one person. ``moved_us``: how far the wall clock was moved."""

    def __init__(self, source: X11Source | WaylandSource, folder: Path, presence: object = None) -> None:
        self.capture = DesktopCapture(
            source, Rules.load(folder / "none.toml"), clock=WallClock(), floor_us=0, titles=False
        )
        self.moved_us = 0
        self.rests: list[int] = []
        self.said: list[str] = []
        self.records = np.zeros(0, EVENT_DTYPE)
        self.runner = ActionRunner(
            folder / "actions.json",
            replace(make_hands(source, presence, self.capture), warn_seconds=1.0),
            now_us=self.now_us,
            rested=self._rested,
            echo=self.said.append,
            boot_us=boot_clock_us,
        )
        self.reports: list[Report] = []

    def now_us(self) -> int:
        """Unix time, as far as anybody knows."""
        return self.capture.now_us() + self.moved_us

    def order(self, number: int, action: str, target: str | None, seconds: float, kind: InterventionType) -> None:
        """What the service sends."""
        until_us = self.now_us() + round(seconds * 1e6)
        self.runner.order(ApplyAction(number, kind, action, target, until_us, "Your focus breaks"))
        self.reports += self.runner.reports(0)

    def turn(self) -> None:
        """A turn of the agent."""
        self.runner.turn()
        self.reports += self.runner.reports(0)

    def turns(self, seconds: float) -> None:
        """Turns for so long, ten times a second."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.turn()
            time.sleep(0.1)

    def until_over(self, number: int) -> InterventionUndone:
        """Turns until an action is taken back; the report."""

        def over() -> bool:
            self.turn()
            return bool(self.undone(number))

        wait_for(over, 60, 0.1)
        return self.undone(number)[0]

    def applied(self, number: int) -> list[InterventionApplied]:
        """What was told of a row."""
        return [one for one in self.reports if isinstance(one, InterventionApplied) and one.intervention_id == number]

    def undone(self, number: int) -> list[InterventionUndone]:
        """What was told of a row's end."""
        return [one for one in self.reports if isinstance(one, InterventionUndone) and one.intervention_id == number]

    def of(self, kind: EventType) -> list[str]:
        """The apps of all records of a kind so far."""
        self.records = np.concatenate((self.records, self.capture.drain().records))
        return [name.decode() for name in self.records[self.records["event_type"] == kind]["app_name"]]

    def forget(self) -> None:
        """What was recorded so far is of no matter."""
        self.records = self.records[:0]

    def close(self) -> None:
        """The agent is quit."""
        self.runner.finish()
        self.reports += self.runner.reports(0)
        self.capture.stop()

    def _rested(self, t_us: int) -> int:
        self.rests.append(t_us)
        return t_us


@contextmanager
def desk_of(source: X11Source | WaylandSource, folder: Path, presence: object = None) -> Iterator[Desk]:
    """A desk that is left at the end."""
    desk = Desk(source, folder, presence)
    try:
        yield desk
    finally:
        desk.close()


@pytest.fixture(autouse=True)
def patient_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test waits for the window manager however busy the machine is; an agent asks again after half a second."""
    monkeypatch.setattr(x11_windows, "SETTLE_SECONDS", 60)
    monkeypatch.setattr(x11_windows, "OUR_DOING_MS", 60_000)
    monkeypatch.setattr(x11_windows, "AFTERWARDS_MS", 1_000)


def settle(display: str, hands: Injector) -> None:
    """The window manager has done what it was asked before: it does one thing after the other."""
    asked = hands.open_window("asked", "asked")
    wait_for(lambda: "asked" in away(display))
    hands.close_window(asked)
    wait_for(lambda: "asked" not in away(display))


def away(display: str) -> dict[str, list[bool]]:
    """App → whether each of its windows is minimised, as the window manager says."""
    found: dict[str, list[bool]] = {}
    for _, app, minimised in Minimizer(display).windows():
        found.setdefault(app, []).append(minimised)
    return found
