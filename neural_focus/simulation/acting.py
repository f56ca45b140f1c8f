"""The worker's seconds as acts in real time: what the live demo person's hands do, and a lively moment to begin at.

The same intervals and speeds as in the records of a history (``emission``), drawn second by second.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from neural_focus.simulation.emission import MOVES_A_SECOND
from neural_focus.simulation.parameters import AppKind, Mode, PersonParameters, State
from neural_focus.simulation.worker import SETTLED_S, Worker, kind_of

_HALF_S = 60
"""A lively look: first as many seconds of settled work, then as many of distraction."""
_DAY_S, _TRIES = 14_400, 20
_LONG_PAUSE_S = 1.0


class Act(StrEnum):
    """One thing that hands do."""

    KEY = "key"
    MOVE = "move"
    CLICK = "click"
    WHEEL = "wheel"
    SWITCH = "switch"
    TITLE = "title"


class InputPlanner:
    """Plans a worker's current second; remembers the burst of typing and the pointer between two."""

    def __init__(self, person: PersonParameters, rng: np.random.Generator) -> None:
        self._person, self._rng = person, rng
        self._next_key = 0.0
        self._since_move = np.inf
        self._document = -1

    def plan(self, worker: Worker) -> list[tuple[float, Act, float]]:
        """(second 0–1, what, amount) in order; the amount of a move is its length in pixels, others have 0."""
        if worker.mode == Mode.TYPING:
            acts = self._keys(worker.state)
        else:
            self._next_key = 0.0
            acts = self._pointing(worker) if worker.mode == Mode.POINTING else []
        self._since_move = 1.0 - max((at for at, act, _ in acts if act is Act.MOVE), default=-self._since_move)
        if worker.switched:
            acts += [(0.85, Act.CLICK, 0.0), (0.90, Act.SWITCH, 0.0)]
            self._document = worker.document
        elif worker.document != self._document:
            self._document = worker.document
            acts.append((0.93, Act.TITLE, 0.0))
        return sorted(acts)

    def _keys(self, state: int) -> list[tuple[float, Act, float]]:
        acts: list[tuple[float, Act, float]] = []
        self._next_key = self._next_key or float(self._rng.uniform(0.0, 0.15))
        while self._next_key < 1.0:
            acts.append((self._next_key, Act.KEY, 0.0))
            interval = self._rng.lognormal(self._person.key_log_mean[state], self._person.key_log_std[state])
            self._next_key += max(0.03, float(interval))
        self._next_key -= 1.0
        return acts

    def _pointing(self, worker: Worker) -> list[tuple[float, Act, float]]:
        acts: list[tuple[float, Act, float]] = []
        last = -self._since_move
        for slot in range(MOVES_A_SECOND):
            at = 0.84 * slot / MOVES_A_SECOND
            speed = self._rng.lognormal(
                self._person.pointer_log_mean[worker.state], self._person.pointer_log_std[worker.state]
            )
            gap = at - last if at - last <= _LONG_PAUSE_S else 0.2
            acts.append((at, Act.MOVE, float(speed * gap)))
            last = at
        if self._rng.random() < 0.10 and not worker.switched:
            acts.append((0.82, Act.CLICK, 0.0))
        if self._rng.random() < 0.12:
            acts += [(0.60, Act.WHEEL, 0.0), (0.65, Act.WHEEL, 0.0)]
        return acts


def lively_worker(person: PersonParameters, hour: float) -> Worker:
    """The worker in the middle of an ordinary day, at a moment from which a short look shows something.

    A life like any other of this person; only when to look in is chosen. ``hour`` (0–24) is when it is looked at.
    """
    for seed in range(_TRIES):
        at = _lively_tick(_worker_of(person, seed), hour)
        if at is not None:
            worker = _worker_of(person, seed)
            for tick in range(at):
                worker.step(tick, hour)
            return worker
    return _worker_of(person, 0)


def _worker_of(person: PersonParameters, seed: int) -> Worker:
    return Worker(person, np.random.default_rng((person.seed, seed, 5)), trials=False)


def _lively_tick(worker: Worker, hour: float) -> int | None:
    """The first second from which, within 120 s, someone works settled, types, loses it, and switches four times."""
    told = []
    for tick in range(_DAY_S):
        worker.step(tick, hour)
        settled = worker.age >= SETTLED_S and kind_of(worker.app) is AppKind.WORK and worker.idle_s < 5
        told.append((settled, worker.mode == Mode.TYPING, worker.switched, worker.state == State.DISTRACTED))
    counts = np.concatenate([np.zeros((1, 4), int), np.cumsum(told, axis=0)])
    first, second = counts[_HALF_S:-_HALF_S] - counts[: -2 * _HALF_S], counts[2 * _HALF_S :] - counts[_HALF_S:-_HALF_S]
    lively = (first[:, 0] >= _HALF_S // 3) & (first[:, 1] >= 8) & (second[:, 2] >= 4) & (second[:, 3] >= _HALF_S // 3)
    found = np.flatnonzero(lively)
    return int(found[0]) if len(found) else None
