"""The demo person at work on a display: the simulated worker's seconds acted out through the X server (XTest).

Everything goes the way a real person's input goes: keys, pointer and windows of the X server, seen by the same
capture. ``brisk`` begins by squeezing what takes half an hour into 100 s, for a first run that must show it all.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neural_focus._x11 import Injector
from neural_focus.simulation.desk import APPS, title_of
from neural_focus.simulation.emission import MOVES_A_SECOND
from neural_focus.simulation.parameters import Kind, Mode, PersonParameters, State, draw_person
from neural_focus.simulation.worker import Worker

LETTERS = "etaoinshrdlucmfwypvbgk"
BRISK_CYCLE_S = 100
# Seconds of a brisk cycle: the state until then.
BRISK_SCRIPT = ((14, State.SHALLOW), (62, State.FOCUSED), (86, State.WAVERING), (BRISK_CYCLE_S, State.DISTRACTED))
BRISK_DWELL_S = 3.5
BRISK_CYCLES = 2
"""After as many cycles the person lives on at everyone's pace."""

Act = Callable[[], object]


@dataclass(slots=True)
class DemoCounts:
    """What was done on the display."""

    seconds: int = 0
    keys: int = 0
    moves: int = 0
    clicks: int = 0
    switches: int = 0


class BriskWorker(Worker):
    """A worker on a script at first: hops between apps, settles in one for 72 s without a pause, wavers, leaves."""

    def step(self, tick: int, hour: float) -> int:
        """See ``Worker.step``; ``tick`` counts seconds since the start."""
        if tick >= BRISK_CYCLES * BRISK_CYCLE_S:
            return Worker.step(self, tick, hour)
        phase = tick % BRISK_CYCLE_S
        self.state = int(next(state for until, state in BRISK_SCRIPT if phase < until))
        restless = self.state in (State.SHALLOW, State.DISTRACTED)
        self.switched = restless and (phase in (0, 86) or self.age >= BRISK_DWELL_S)
        settles = phase == BRISK_SCRIPT[0][0]
        if self.switched or settles:
            kind = Kind.WORK if settles else (Kind.LEISURE if self.state == State.DISTRACTED else Kind.SHALLOW)
            self.switched, self.age = True, 0
            self.app = self._pick(Kind.WORK if phase % 2 else kind, self.app) if not settles else 0
            self.mode = int(Mode.POINTING)
        else:
            self.age += 1
            # hands never rest for long: settled focus is focus without idle
            self.mode = int(Mode.POINTING if tick % 5 == 4 else Mode.TYPING)
        return 0


class DemoPerson:
    """Acts a worker's seconds out on ``display``; each is planned first, then done in real time."""

    def __init__(self, display: str, *, seed: int = 1, brisk: bool = False) -> None:
        """Open the display and the demo windows.

        Raises:
            CaptureError: the display cannot be opened.
        """
        self._parameters: PersonParameters = draw_person(seed * 1_000)
        self._rng = np.random.default_rng(None if not brisk else seed)
        self._worker = (BriskWorker if brisk else Worker)(self._parameters, self._rng, trials=False)
        self._injector = Injector(display)
        self._windows = [
            self._injector.open_window(app.name, app.titles[0], 20 + 12 * number, 20 + 12 * number, 900, 600)
            for number, app in enumerate(APPS)
        ]
        self._size = self._injector.screen_size()
        self._next_key = 0.0
        self._angle = 0.0
        self._document = -1
        self.counts = DemoCounts()
        self._injector.activate(self._windows[self._worker.app])

    def work(self, stop: threading.Event, seconds: float | None = None) -> DemoCounts:
        """Work until ``stop`` is set or ``seconds`` are over; then close the windows."""
        begin = time.monotonic()
        tick = 0
        while not stop.is_set() and (seconds is None or tick < seconds):
            now = dt.datetime.now(dt.UTC)
            self._worker.step(tick, now.hour + now.minute / 60)
            for offset, act in sorted(self._plan(), key=lambda entry: entry[0]):
                if stop.wait(max(0.0, begin + tick + offset - time.monotonic())):
                    break
                act()
            tick += 1
            self.counts.seconds = tick
            stop.wait(max(0.0, begin + tick - time.monotonic()))
            late = time.monotonic() - begin - tick
            begin += max(0.0, late)  # after a pause of the machine life goes on, nothing is hurried after
        for window in self._windows:
            self._injector.close_window(window)
        return self.counts

    def _plan(self) -> list[tuple[float, Act]]:
        """(second 0–1, what to do) for the worker's current second."""
        worker = self._worker
        if worker.mode == Mode.TYPING:
            acts = self._keys()
        else:
            self._next_key = 0.0
            acts = self._pointing() if worker.mode == Mode.POINTING else []
        if worker.switched:
            acts += [(0.85, self._click), (0.90, self._switch)]
        elif worker.document != self._document:
            self._document = worker.document
            title = title_of(worker.app, worker.document)
            acts.append((0.93, lambda: self._injector.set_title(self._windows[worker.app], title)))
        return acts

    def _keys(self) -> list[tuple[float, Act]]:
        state, acts = self._worker.state, list[tuple[float, Act]]()
        self._next_key = self._next_key or float(self._rng.uniform(0.0, 0.15))
        while self._next_key < 1.0:
            acts.append((self._next_key, self._tap))
            mean, std = self._parameters.key_log_mean[state], self._parameters.key_log_std[state]
            self._next_key += max(0.03, float(self._rng.lognormal(mean, std)))
        self._next_key -= 1.0
        return acts

    def _pointing(self) -> list[tuple[float, Act]]:
        acts: list[tuple[float, Act]] = [(0.84 * slot / MOVES_A_SECOND, self._move) for slot in range(MOVES_A_SECOND)]
        if self._rng.random() < 0.10 and not self._worker.switched:
            acts.append((0.82, self._click))
        if self._rng.random() < 0.12:
            acts += [(0.60, lambda: self._injector.wheel(-1)), (0.65, lambda: self._injector.wheel(-1))]
        return acts

    def _tap(self) -> None:
        draw = self._rng.random()
        letter = LETTERS[int(self._rng.integers(len(LETTERS)))]
        self._injector.tap("BackSpace" if draw < 0.09 else "Return" if draw < 0.11 else letter)
        self.counts.keys += 1

    def _move(self) -> None:
        state = self._worker.state
        speed = self._rng.lognormal(self._parameters.pointer_log_mean[state], self._parameters.pointer_log_std[state])
        self._angle += self._rng.normal(0.0, 0.9)
        x, y = self._injector.pointer()
        step = speed / MOVES_A_SECOND
        target = (x + step * np.cos(self._angle), y + step * np.sin(self._angle))
        clipped = [int(np.clip(value, 2, size - 3)) for value, size in zip(target, self._size, strict=True)]
        if clipped != [int(value) for value in target]:
            self._angle += np.pi / 2  # at the border: turn
        self._injector.move(clipped[0], clipped[1])
        self.counts.moves += 1

    def _click(self) -> None:
        self._injector.click(1)
        self.counts.clicks += 1

    def _switch(self) -> None:
        self._injector.activate(self._windows[self._worker.app])
        self.counts.switches += 1
