"""The forward filter with the true parameters: what the best possible model would say, second by second.

    belief_t(z') ∝ Σ_z belief_{t-1}(z) · T(z → z') · P(what is seen in second t | z')

A second shows: a switch or none (given the dwell's age), the kind of the new app, what the hands do, the intervals of
keys and the speeds of the pointer. The risks are expectations of the belief over tables that solve the chain backward.
(Rabiner 1989; hazards that depend on the observed age keep it exact.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.experiments.assignment import Arm
from neural_focus.prediction import BREAK_HORIZON_SECONDS, HORIZON_SECONDS
from neural_focus.simulation.break_table import break_table
from neural_focus.simulation.desk import APPS
from neural_focus.simulation.emission import Tempo
from neural_focus.simulation.parameters import (
    AGE_CAP_S,
    BREATHER_S,
    ON_TASK,
    STATES,
    STRAINS,
    AppKind,
    Mode,
    PersonParameters,
    State,
)
from neural_focus.simulation.person import SimulatedPerson
from neural_focus.simulation.timeline import SimulatedTimeline
from neural_focus.time import SECOND_US

Floats = NDArray[np.float64]
SETTLED_S = 60
IDLE_S = 5
STAY_AWAY_S = 10
_PRIOR = np.array([0.6, 0.0, 0.4, 0.0, 0.0])
_KIND = np.array([int(app.kind) for app in APPS])


@dataclass(frozen=True, slots=True)
class FilterForecast:
    """Per tick of the timeline, [n]. ``break_risk`` is nan where focus is not settled in a work app."""

    time_us: NDArray[np.int64]
    """End of the second: all that the belief has seen is earlier."""
    focused: Floats
    """P(on task)."""
    switch_risk: Floats
    """P(at least one switch in the next 30 s)."""
    break_risk: Floats
    """P(a break begins in the next 60 s)."""


def forecast(person: SimulatedPerson) -> FilterForecast:
    """The filter over one person's weeks, about 4 s for a month."""
    timeline, parameters = person.timeline, person.parameters
    belief = _beliefs(person)
    kind, age = _KIND[timeline.app], np.minimum(timeline.age_s, AGE_CAP_S)
    calm = no_switch_table(parameters)[timeline.strain, kind, age]
    breaks = np.array([break_table(parameters, float(strain)) for strain in STRAINS])[timeline.strain, age]
    return FilterForecast(
        time_us=timeline.start_us + SECOND_US,
        focused=belief @ ON_TASK.astype(np.float64),
        switch_risk=1.0 - np.einsum("tz,tz->t", belief, calm),
        break_risk=np.where(settled(timeline), np.einsum("tz,tz->t", belief, breaks), np.nan),
    )


def no_switch_table(person: PersonParameters, horizon_s: int = HORIZON_SECONDS) -> Floats:
    """[12 strains, 3 kinds, 1801 ages, 5 states] P(no switch within ``horizon_s``)."""
    older = np.minimum(np.arange(AGE_CAP_S + 1) + 1, AGE_CAP_S)
    stay = 1.0 - person.switch_rate.transpose(1, 2, 0)
    table = np.empty((len(STRAINS), len(AppKind), AGE_CAP_S + 1, STATES))
    for level, strain in enumerate(STRAINS):
        move = person.transition(float(strain)).T
        value = np.ones_like(stay)
        for _ in range(horizon_s):
            value = (stay * value[:, older]) @ move
        table[level] = value
    return table


def settled(timeline: SimulatedTimeline) -> NDArray[np.bool_]:
    """Whether a work app has held the focus for 60 s and the last input is less than 5 s old."""
    index = np.arange(len(timeline.mode))
    busy = (timeline.mode != Mode.READING) | timeline.first
    quiet = index - np.maximum.accumulate(np.where(busy, index, 0))
    work = _KIND[timeline.app] == AppKind.WORK
    return np.asarray((timeline.age_s >= SETTLED_S) & work & (quiet < IDLE_S))


def switches_ahead(timeline: SimulatedTimeline) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What came true: a switch in the next 30 s; and whether the person was there for all of them."""
    happened = _ahead(timeline.switched & ~timeline.first, HORIZON_SECONDS) > 0
    return happened, _present(timeline, HORIZON_SECONDS)


def breaks_ahead(timeline: SimulatedTimeline) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What came true: a break that begins in the next 60 s; and whether the person was there to tell."""
    away = _KIND[timeline.app] != AppKind.WORK
    leaves = away & ~np.concatenate([[True], away[:-1]]) & ~timeline.first
    stays = _ahead(~away, STAY_AWAY_S - 1) == 0
    left = _ahead(leaves & stays, BREAK_HORIZON_SECONDS) > 0
    restless = _ahead(timeline.switched & ~timeline.first, BREAK_HORIZON_SECONDS) >= 3
    return left | restless, _present(timeline, BREAK_HORIZON_SECONDS + STAY_AWAY_S)


def untouched(person: SimulatedPerson, seconds: int = 360) -> NDArray[np.bool_]:
    """Ticks that no shown intervention reaches: none from ``seconds`` before to 70 s after."""
    touched = np.zeros(len(person.timeline.start_us), dtype=bool)
    for simulated in person.trials:
        if simulated.trial.arm is not Arm.NO_OP:
            window = [simulated.at_us - 70 * SECOND_US, simulated.at_us + seconds * SECOND_US]
            low, high = np.searchsorted(person.timeline.start_us, window)
            touched[low:high] = True
    return ~touched


def _beliefs(person: SimulatedPerson) -> Floats:
    timeline, parameters = person.timeline, person.parameters
    likelihood = _likelihood(person)
    moves = {
        (level, shield): parameters.transition(float(STRAINS[level]), shield)
        for level in range(len(STRAINS))
        for shield in (False, True)
    }
    restart = {int(tick): _PRIOR for tick in np.flatnonzero(timeline.first)} | _after_pauses(person)
    beliefs = np.empty((len(likelihood), STATES))
    belief = _PRIOR
    keys = zip(timeline.strain.tolist(), timeline.shielded.tolist(), strict=True)
    for tick, key in enumerate(keys):
        belief = (restart.get(tick, belief) @ moves[key]) * likelihood[tick]
        belief = belief / belief.sum()
        beliefs[tick] = belief
    return beliefs


def _after_pauses(person: SimulatedPerson) -> dict[int, Floats]:
    """A suggested pause is over after 50 s at the latest; then focus is back, or not."""
    back = np.zeros(STATES)
    back[State.FOCUSED], back[State.SHALLOW] = person.parameters.recovery, 1.0 - person.parameters.recovery
    return {
        int(np.searchsorted(person.timeline.start_us, simulated.at_us + (BREATHER_S[1] + 1) * SECOND_US)): back
        for simulated in person.trials
        if simulated.trial.arm is Arm.SUGGEST_BREAK and simulated.trial.response == "ACCEPTED"
    }


def _likelihood(person: SimulatedPerson) -> Floats:
    """[n, 5] P(what is seen | state), up to a factor a row."""
    timeline, parameters = person.timeline, person.parameters
    logs = _log_normal(person.keys, parameters.key_log_mean, parameters.key_log_std)
    logs += _log_normal(person.pointer, parameters.pointer_log_mean, parameters.pointer_log_std)
    seen = np.exp(logs - logs.max(axis=1, keepdims=True))
    kind = _KIND[timeline.app]
    before_kind, before_mode = np.roll(kind, 1), np.roll(timeline.mode, 1)
    before_age = np.minimum(np.roll(timeline.age_s, 1), AGE_CAP_S)
    hazard = parameters.switch_rate[:, before_kind, before_age].T
    arrival = parameters.destination[:, kind].T
    hands = parameters.hands[:, before_mode, timeline.mode].T
    step = np.where(timeline.switched[:, None], hazard * arrival, (1.0 - hazard) * hands)
    step[timeline.first] = 1.0
    return np.asarray(np.maximum(seen * step, 1e-30))


def _log_normal(tempo: Tempo, mean: Floats, std: Floats) -> Floats:
    count, total, squares = tempo.count[:, None], tempo.total[:, None], tempo.squares[:, None]
    return np.asarray(-count * np.log(std) - (squares - 2 * mean * total + count * mean**2) / (2 * std**2))


def _ahead(flags: NDArray[np.bool_], horizon: int) -> NDArray[np.int64]:
    """How many of ``flags`` are set in the ``horizon`` ticks after each."""
    total = np.concatenate([[0], np.cumsum(flags)])
    index = np.arange(len(flags))
    return np.asarray(total[np.minimum(index + 1 + horizon, len(flags))] - total[index + 1])


def _present(timeline: SimulatedTimeline, horizon: int) -> NDArray[np.bool_]:
    inside = np.asarray(_ahead(timeline.first, horizon) == 0)
    inside[-horizon:] = False
    return inside
