"""The demo person at work on a display: the simulated worker's seconds acted out through the X server (XTest).

Everything goes the way a real person's input goes: keys, pointer and windows of the X server, seen by the same
capture. What helps them is what was really done on their desktop, as the agent's file says: while the break screen is
there they rest, or leave it by its key; while apps are put away or sites blocked, those do not draw them.
``brisk`` looks in at a lively moment of the person's day, for a first run that must show something soon.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neural_focus._x11 import Injector
from neural_focus.simulation.acting import Act, InputPlanner, lively_worker
from neural_focus.simulation.desk import APPS, title_of
from neural_focus.simulation.parameters import AppKind, PersonParameters, draw_person
from neural_focus.simulation.worker import Worker, kind_of
from neural_focus.time import parse_iso

LETTERS = "etaoinshrdlucmfwypvbgk"
RESTS = 0.85
"""How often the demo person rests through a break that they accepted."""


@dataclass(frozen=True, slots=True)
class DemoAction:
    """Something that is applied on the desktop now, until ``until_s`` (Unix time)."""

    id: int
    action: str
    until_s: float

    @property
    def keeps_away(self) -> bool:
        """Whether it keeps something that distracts away."""
        return self.action.startswith(("BLOCK_", "MINIMIZE_"))


def read_actions(agent_file: Path) -> list[DemoAction]:
    """What the agent has applied at the moment, as its file says; none where it says nothing."""
    try:
        listed = json.loads(agent_file.read_text())["actions"]
        return [
            DemoAction(int(one["id"]), str(one["action"]), parse_iso(one["until"]) / 1e6)
            for one in listed
            if one["state"] == "applied"
        ]
    except (OSError, ValueError, KeyError, TypeError):  # not there yet, or just being replaced
        return []


@dataclass(slots=True)
class DemoCounts:
    """What was done on the display."""

    seconds: int = 0
    keys: int = 0
    moves: int = 0
    clicks: int = 0
    switches: int = 0
    breaks: int = 0
    visits: int = 0
    stopped: int = 0


class DemoPerson:
    """Acts a worker's seconds out on ``display``; each is planned first, then done in real time."""

    def __init__(
        self,
        display: str,
        *,
        seed: int = 1,
        brisk: bool = False,
        person: PersonParameters | None = None,
        hour: float | None = None,
        life: int | None = None,
        actions: Callable[[], Sequence[DemoAction]] = tuple,
        visit: Callable[[], bool] | None = None,
        rests: float = RESTS,
    ) -> None:
        """Open the display and the demo windows. ``person``: by default number 0 of the group ``seed``.

        ``actions``: what is done on this desktop at the moment. ``visit``: what they do in a real browser when
        something draws them away, and whether the site opened; where it did not they turn back to their work.
        ``rests``: how often they rest through a break; else they leave its screen.
        ``hour`` (0–24): a life that is the same whenever it is lived; by default each is another, at the hour it is.
        ``life``: one of many such lives of the same person.

        Raises:
            CaptureError: the display cannot be opened.
        """
        person = person or draw_person(seed * 1_000)
        self._hour = hour
        self._rng = np.random.default_rng(None if hour is None and not brisk else seed)
        own = self._rng if life is None else np.random.default_rng((seed, life))
        self._worker = lively_worker(person, _hour()) if brisk else Worker(person, own, trials=False)
        self._hands = InputPlanner(person, self._rng)
        self._injector = Injector(display)
        self._windows = [
            self._injector.open_window(app.name, app.titles[0], 20 + 12 * number, 20 + 12 * number, 900, 600)
            for number, app in enumerate(APPS)
        ]
        self._size = self._injector.screen_size()
        self._angle = 0.0
        self._actions, self._visit, self._rests, self._break_seen = actions, visit, rests, 0
        self.counts = DemoCounts()
        self._acts: dict[Act, Callable[[float], object]] = {
            Act.KEY: self._tap,
            Act.MOVE: self._move,
            Act.CLICK: self._click,
            Act.WHEEL: lambda _: self._injector.wheel(-1),
            Act.SWITCH: self._switch,
            Act.TITLE: self._retitle,
        }
        self._injector.activate(self._windows[self._worker.app])

    def work(self, stop: threading.Event, seconds: float | None = None) -> DemoCounts:
        """Work until ``stop`` is set or ``seconds`` are over; then close the windows."""
        begin = time.monotonic()
        tick = 0
        while not stop.is_set() and (seconds is None or tick < seconds):
            self._be_helped()
            self._worker.step(tick, _hour() if self._hour is None else self._hour)
            for offset, act, amount in () if self._worker.pause_s else self._hands.plan(self._worker):
                if stop.wait(max(0.0, begin + tick + offset - time.monotonic())):
                    break
                self._acts[act](amount)
            tick += 1
            self.counts.seconds = tick
            stop.wait(max(0.0, begin + tick - time.monotonic()))
            late = time.monotonic() - begin - tick
            begin += max(0.0, late)  # after a pause of the machine life goes on, nothing is hurried after
        for window in self._windows:
            self._injector.close_window(window)
        return self.counts

    def _be_helped(self) -> None:
        """Does what a person does while an action is applied; nothing that is only ordered helps."""
        now_s, done = time.time(), self._actions()
        kept_away = [one for one in done if one.keeps_away]
        self._worker.shield(max((math.ceil(one.until_s - now_s) for one in kept_away), default=0))
        shown = next((one for one in done if one.action == "SUGGEST_BREAK"), None)
        if shown is None:
            if self._break_seen:
                self._worker.rest(min(self._worker.pause_s, 1))  # the screen has gone: back to work
            self._break_seen = 0
        elif shown.id != self._break_seen:
            self._break_seen = shown.id
            if self._rng.random() < self._rests:
                self._worker.rest(max(1, math.ceil(shown.until_s - now_s)))
                self.counts.breaks += 1
            else:
                self._injector.tap("Escape")

    def _tap(self, _: float) -> None:
        draw = self._rng.random()
        letter = LETTERS[int(self._rng.integers(len(LETTERS)))]
        self._injector.tap("BackSpace" if draw < 0.09 else "Return" if draw < 0.11 else letter)
        self.counts.keys += 1

    def _move(self, pixels: float) -> None:
        self._angle += self._rng.normal(0.0, 0.9)
        x, y = self._injector.pointer()
        target = (x + pixels * np.cos(self._angle), y + pixels * np.sin(self._angle))
        clipped = [int(np.clip(value, 2, size - 3)) for value, size in zip(target, self._size, strict=True)]
        if clipped != [int(value) for value in target]:
            self._angle += np.pi / 2  # at the border: turn
        self._injector.move(clipped[0], clipped[1])
        self.counts.moves += 1

    def _click(self, _: float) -> None:
        self._injector.click(1)
        self.counts.clicks += 1

    def _switch(self, _: float) -> None:
        worker = self._worker
        self._injector.activate(self._windows[worker.app])
        self.counts.switches += 1
        if self._visit is not None and kind_of(worker.app) is AppKind.LEISURE:
            self.counts.visits += 1
            if not self._visit():
                self.counts.stopped += 1
                worker.turn_back()
                self._injector.activate(self._windows[worker.app])

    def _retitle(self, _: float) -> None:
        worker = self._worker
        self._injector.set_title(self._windows[worker.app], title_of(worker.app, worker.document))


def _hour() -> float:
    now = dt.datetime.now(dt.UTC)
    return now.hour + now.minute / 60
