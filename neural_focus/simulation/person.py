"""A simulated knowledge worker: records as capture would have written them, and the truth behind them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_focus.experiments.assignment import Arm
from neural_focus.simulation.emission import Tempo, emit
from neural_focus.simulation.parameters import ON_TASK, SHIELD_S, PersonParameters, State, draw_person
from neural_focus.simulation.timeline import (
    SimulatedTimeline,
    focus_share,
    live_through,
    state_share,
    workdays,
)
from neural_focus.simulation.worker import Trial
from neural_focus.time import DAY_US, SECOND_US

EFFECT_WINDOW_S = 300
"""The proximal outcome: share of the next 5 min on task."""
CARD_S = 30
"""How long a placebo's card is shown."""
GIVE_UP_S = 240
"""A timed session ends when nothing was done for it for as long."""


@dataclass(frozen=True, slots=True)
class SimulatedSession:
    """A session that the person started: µs since the epoch; ``completed`` if the timer ran out."""

    start_us: int
    end_us: int
    session_type: str
    completed: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What the person said, by hotkey, of the 5 min before ``at_us``."""

    at_us: int
    outcome: str


@dataclass(frozen=True, slots=True)
class SimulatedTrial:
    """A randomised opportunity: focus is the share (0–1) of 5 min on task, before and after."""

    at_us: int
    trial: Trial
    focus_before: float
    focus_after: float

    @property
    def answered_us(self) -> int:
        """When it was answered; the moment itself where it was not."""
        return self.at_us + (self.trial.response_ms or 0) * 1_000

    @property
    def done_us(self) -> tuple[int, int] | None:
        """From when until when it was done: the pause that was taken, the block, the card; None where nothing was."""
        if self.trial.arm is Arm.PLACEBO:
            return self.at_us, self.at_us + CARD_S * SECOND_US
        if self.trial.pause_s:
            return self.answered_us, max(self.answered_us, self.at_us + (self.trial.pause_s - 1) * SECOND_US)
        if self.trial.arm is Arm.BLOCK_SITES and self.trial.response in ("ACCEPTED", "TIMEOUT"):
            return self.answered_us, self.at_us + SHIELD_S * SECOND_US
        return None


@dataclass(frozen=True, slots=True)
class SimulatedPerson:
    """One person's weeks. ``keys`` and ``pointer`` are per tick of ``timeline`` what the filter may see."""

    number: int
    parameters: PersonParameters
    records: NDArray[np.void]
    timeline: SimulatedTimeline
    keys: Tempo
    pointer: Tempo
    sessions: list[SimulatedSession]
    marks: list[Mark]
    trials: list[SimulatedTrial]

    @property
    def machine_id(self) -> str:
        """Id of the machine; the same seed, the same machine."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"neural-focus:demo:{self.parameters.seed}:machine"))

    @property
    def boot_id(self) -> str:
        """The machine was never switched off."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"neural-focus:demo:{self.parameters.seed}:boot"))


def simulate_person(
    seed: int, days: int = 28, *, last_day: dt.date | None = None, number: int = 1, trials: bool = True
) -> SimulatedPerson:
    """A person's workdays among the ``days`` calendar days that end with ``last_day`` (UTC).

    Person ``number`` of the group ``seed``; the same arguments give the same bytes. About 20,000 records a workday.
    Without ``trials`` nobody intervenes.
    """
    return live(draw_person(seed * 1_000 + number), days, last_day=last_day, number=number, trials=trials)


def live(
    person: PersonParameters,
    days: int = 28,
    *,
    last_day: dt.date | None = None,
    number: int = 1,
    trials: bool = True,
) -> SimulatedPerson:
    """``simulate_person`` for anyone, such as somebody of quite another kind."""
    rng = np.random.default_rng((person.seed, 1))
    dates = workdays(last_day or dt.date(2025, 3, 28), days)
    if not dates:
        raise ValueError("no workday among these days: give at least 3 days")
    timeline, held = live_through(person, dates, rng, trials=trials)
    emission = emit(timeline, person, rng)
    return SimulatedPerson(
        number=number,
        parameters=person,
        records=emission.records,
        timeline=timeline,
        keys=emission.keys,
        pointer=emission.pointer,
        sessions=_timed_sessions(timeline, rng),
        marks=_marks(timeline, rng),
        trials=[
            SimulatedTrial(
                at_us,
                trial,
                focus_share(timeline, at_us, -EFFECT_WINDOW_S),
                focus_share(timeline, at_us, EFFECT_WINDOW_S),
            )
            for at_us, trial in held
        ],
    )


def answer(intervention: Mapping[str, Any], rng: np.random.Generator) -> tuple[str, float]:
    """What the live demo person does with an intervention: ("accept" | "reject" | "snooze", seconds until then).

    It always answers, and never takes longer than two thirds of ``timeout_seconds``.
    """
    blocks = str(intervention.get("action", "")).startswith(("BLOCK", "KILL"))
    chances = (0.75, 0.18, 0.07) if blocks else (0.65, 0.23, 0.12)
    response = str(rng.choice(["accept", "reject", "snooze"], p=chances))
    limit = float(intervention.get("timeout_seconds") or 30.0) * 2 / 3
    return response, float(min(rng.lognormal(0.9, 0.4), limit))


def _timed_sessions(timeline: SimulatedTimeline, rng: np.random.Generator) -> list[SimulatedSession]:
    """Three a day, begun on task in a work app; given up after 4 min of nothing but other things."""
    days = np.unique(timeline.start_us // DAY_US)
    sessions: list[SimulatedSession] = []
    for day in days:
        low, high = np.searchsorted(timeline.start_us, [day * DAY_US, (day + 1) * DAY_US])
        begun_us = 0
        for start in sorted(rng.integers(low, high, 4).tolist()):
            if timeline.start_us[start] < begun_us or not ON_TASK[timeline.state[start]]:
                continue
            kind, minutes = ("deep_work", 90) if rng.random() < 0.15 else ("pomodoro", 25)
            session = _run_session(timeline, start, kind, minutes)
            if session.end_us > session.start_us:
                sessions.append(session)
                begun_us = session.end_us + 60 * SECOND_US
    return sessions


def _run_session(timeline: SimulatedTimeline, start: int, kind: str, minutes: int) -> SimulatedSession:
    planned = start + minutes * 60
    absent = np.flatnonzero(timeline.first[start + 1 : planned])
    stop = start + 1 + int(absent[0]) if len(absent) else min(planned, len(timeline.state))
    off = np.cumsum(~ON_TASK[timeline.state[start:stop]])
    lost = np.flatnonzero(off[GIVE_UP_S:] - off[:-GIVE_UP_S] >= GIVE_UP_S)
    if len(lost):
        stop = start + GIVE_UP_S + int(lost[0])
    begin_us = int(timeline.start_us[start])
    completed = stop == planned
    return SimulatedSession(begin_us, begin_us + (stop - start) * SECOND_US, kind, completed)


def _marks(timeline: SimulatedTimeline, rng: np.random.Generator) -> list[Mark]:
    """Six a day where the last 5 min were clear; one in twenty is wrong."""
    days = len(np.unique(timeline.start_us // DAY_US))
    marks = []
    for tick in sorted(rng.choice(len(timeline.state), 6 * days, replace=False).tolist()):
        at_us = int(timeline.start_us[tick])
        begin_us = at_us - EFFECT_WINDOW_S * SECOND_US
        focused = focus_share(timeline, at_us, -EFFECT_WINDOW_S) >= 0.7
        distracted = state_share(timeline, begin_us, at_us, State.DISTRACTED) >= 0.5
        if focused or distracted:
            wrong = rng.random() < 0.05
            marks.append(Mark(at_us, "FOCUSED" if focused != wrong else "DISTRACTED"))
    return marks
