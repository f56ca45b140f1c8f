"""One simulated person, second by second: hidden state, app, what the hands do, answers to interventions.

The history and the live demo person step the same worker. A tick is, in this order: hidden state, switch of the
app (its hazard looks at the dwell's age), hands. A switch takes a hand: its second is POINTING.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from neural_focus.experiments.assignment import DEMO_ARMS, Arm
from neural_focus.simulation.desk import APPS, APPS_OF_KIND
from neural_focus.simulation.parameters import (
    AGE_CAP_S,
    BREAK_S,
    BREATHER_S,
    SHIELD_S,
    STRAINS,
    AppKind,
    Mode,
    PersonParameters,
    State,
)

SETTLED_S = 60
PACKING = {"state": (0, 3), "mode": (3, 2), "app": (5, 4), "switched": (9, 1), "strain": (10, 4), "shielded": (14, 1),
           "document": (15, 16)}  # fmt: skip
"""Field of a packed second → (first bit, bits). ``strain`` is an index into ``STRAINS``."""
OPPORTUNITY_GAP_S = 1_200
"""At least this long between two opportunities to intervene."""
_KIND = [int(app.kind) for app in APPS]


@dataclass(slots=True)
class Trial:
    """One randomised opportunity and what the person answered. Times in ticks since the day's start."""

    tick: int
    arm: Arm
    probability: float
    risk: float
    state: int
    strain: int
    response: str | None
    """ACCEPTED, REJECTED, SNOOZED, TIMEOUT; None for NO_OP, which nobody sees, and PLACEBO, which asks nothing."""
    response_ms: int | None
    pause_s: int = 0
    """Ticks of the pause that was taken, this one included; in the last one they are back."""


class Worker:
    """State of one person at work. ``step`` advances by one second."""

    def __init__(self, person: PersonParameters, rng: np.random.Generator, *, trials: bool = True) -> None:
        self.person, self._rng, self._trials_on = person, rng, trials
        self._uniform = _uniforms(rng)
        self._moves = {
            (level, shield): _cumulative(person.transition(float(STRAINS[level]), shield))
            for level in range(len(STRAINS))
            for shield in (False, True)
        }
        self._switch = person.switch_rate.tolist()
        self._destination = _cumulative(person.destination)
        self._hands = [_cumulative(rows) for rows in person.hands]
        self._favourites = [_favourites(APPS_OF_KIND[kind], person.seed) for kind in AppKind]
        self.trials: list[Trial] = []
        self.begin()

    def begin(self) -> None:
        """Sit down at the desk: a fresh stretch, on task, in a work app."""
        self.state = int(State.FOCUSED if next(self._uniform) < 0.6 else State.SHALLOW)
        self.app = self._pick(AppKind.WORK, -1)
        self.before = -1
        self.mode, self.age, self.document, self.switched = int(Mode.POINTING), 0, 0, False
        self.idle_s = self.rest_s = 0
        self.shield_s = self.pause_s = 0
        self.quiet_s = OPPORTUNITY_GAP_S // 2
        self.since_break_s, self.strain = 0, -1

    def step(self, tick: int, hour: float) -> int:
        """The next second, packed as ``PACKING`` says; its parts are attributes too.

        ``tick`` counts seconds of the day, ``hour`` is the hour of day (for the strain).
        """
        if tick % 60 == 0 or self.strain < 0:
            self.strain = self.person.strain_level(hour, self.since_break_s / 60.0)
        self.quiet_s += 1
        if self.quiet_s > OPPORTUNITY_GAP_S and self._trials_on:
            self._consider(tick)
        shielded = self.shield_s > 0
        if self.pause_s:
            self._pause()
        else:
            self.state = bisect(self._moves[self.strain, shielded][self.state], next(self._uniform))
        self._maybe_switch()
        self._keep_time()
        return (
            self.state | self.mode << 3 | self.app << 5 | self.switched << 9 | self.strain << 10
            | shielded << 14 | self.document << 15
        )  # fmt: skip

    def treat(self, arm: Arm, accepted: bool) -> None:
        """What an accepted intervention does to the hidden state from the next second on. A placebo does nothing."""
        if accepted and arm is Arm.BLOCK_SITES:
            self.shield(SHIELD_S)
        elif accepted and arm is Arm.SUGGEST_BREAK:
            self.rest(int(self._rng.integers(*BREATHER_S, endpoint=True)))

    def shield(self, seconds: int) -> None:
        """What distracts is kept away for so long from now on; 0: no more."""
        self.shield_s = seconds

    def rest(self, seconds: int) -> None:
        """Be away for so long from now on; 0: come back."""
        self.pause_s = seconds

    def turn_back(self) -> None:
        """What drew them away did not open: they are at work again."""
        self.state, self.before, self.app = int(State.SHALLOW), self.app, self._pick(AppKind.WORK, self.app)
        self.age, self.mode = 0, 2

    def _pause(self) -> None:
        self.pause_s -= 1
        self.state = int(State.AWAY)
        if self.pause_s == 0:
            back = next(self._uniform) < self.person.recovery
            self.state = int(State.FOCUSED if back else State.SHALLOW)
            self.since_break_s = 0

    def _maybe_switch(self) -> None:
        uniform = self._uniform
        age = self.age
        hazard = self._switch[self.state][_KIND[self.app]][age if age < AGE_CAP_S else AGE_CAP_S]
        self.switched = next(uniform) < hazard
        if self.switched:
            kind = bisect(self._destination[self.state], next(uniform))
            back = self.before >= 0 and _KIND[self.before] == kind and next(uniform) < self.person.returns
            self.before, self.app = self.app, self.before if back else self._pick(kind, self.app)
            self.age, self.mode = 0, 2
            return
        self.age = age + 1
        self.mode = bisect(self._hands[self.state][self.mode], next(uniform))
        if self.mode and next(uniform) < 0.008:
            self.document += 1

    def _keep_time(self) -> None:
        if self.shield_s:
            self.shield_s -= 1
        self.since_break_s += 1
        if self.mode == 0:
            self.idle_s += 1
        else:
            if self.idle_s >= BREAK_S:
                self.since_break_s = 0
            self.idle_s = 0

    def _consider(self, tick: int) -> None:
        """A policy with some skill: at settled moments, more often when focus wavers."""
        settled = self.age >= SETTLED_S and _KIND[self.app] == 0 and self.idle_s < 5
        if not settled:
            return
        wavering = self.state == State.WAVERING
        if next(self._uniform) >= (0.05 if wavering else 0.006):
            return
        arms = list(DEMO_ARMS)
        arm = arms[bisect(list(accumulate(DEMO_ARMS.values())), next(self._uniform) * 0.999999)]
        response, delay_ms = self._answer(arm)
        risk = float(np.clip((0.55 if wavering else 0.30) + self._rng.normal(0, 0.12), 0.05, 0.95))
        self.trials.append(Trial(tick, arm, DEMO_ARMS[arm], risk, self.state, self.strain, response, delay_ms))
        self.quiet_s = 0
        # in the simulated world a block also comes without an answer; nobody takes a pause then
        self.treat(arm, response == "ACCEPTED" or (arm is Arm.BLOCK_SITES and response == "TIMEOUT"))
        self.trials[-1].pause_s = self.pause_s

    def _answer(self, arm: Arm) -> tuple[str | None, int | None]:
        if arm in (Arm.NO_OP, Arm.PLACEBO):
            return None, None
        draw = next(self._uniform)
        names = ("ACCEPTED", "REJECTED", "SNOOZED", "TIMEOUT")
        response = names[bisect(list(accumulate(self.person.answers[arm])), draw)]
        return response, None if response == "TIMEOUT" else int(1_000 * self._rng.lognormal(1.1, 0.5))

    def _pick(self, kind: int, current: int) -> int:
        apps, cumulative = self._favourites[kind]
        while True:
            app = apps[bisect(cumulative, next(self._uniform))]
            if app != current:
                return app


def kind_of(app: int) -> AppKind:
    """The kind of app number ``app``."""
    return APPS[app].kind


def _uniforms(rng: np.random.Generator) -> Iterator[float]:
    """Uniform numbers one by one, drawn in blocks: 60 ns each instead of 600."""
    while True:
        yield from rng.random(8_192).tolist()


def _cumulative(rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[list[float]]:
    totals = np.cumsum(rows, axis=-1)
    return [list(row[:-1]) for row in totals.tolist()]


def _favourites(apps: list[int], seed: int) -> tuple[list[int], list[float]]:
    """A kind's apps in the order in which this person uses them, and how often: Zipf's law."""
    order = np.random.default_rng((seed, 11, apps[0])).permutation(apps).tolist()
    weights = 1.0 / np.arange(1, len(apps) + 1)
    return order, (np.cumsum(weights) / weights.sum())[:-1].tolist()
