"""What the simulated interventions truly do: expected focus in the next 5 min under each arm, without drawing.

    effect(arm) = mean over the opportunities held of  E[share on task | arm] − E[share on task | NO_OP]

given the hidden state at the opportunity. Strain stays as it was, save that a pause taken takes it off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neural_focus.experiments.assignment import Arm
from neural_focus.simulation.parameters import BREATHER_S, ON_TASK, STATES, STRAINS, PersonParameters, State
from neural_focus.simulation.person import EFFECT_WINDOW_S, SimulatedPerson, SimulatedTrial
from neural_focus.simulation.timeline import SimulatedTimeline
from neural_focus.simulation.worker import Trial

Floats = NDArray[np.float64]


def true_effects(people: list[SimulatedPerson]) -> dict[Arm, float]:
    """Difference in the share (−1 to 1) of the next 5 min on task, against NO_OP, by arm."""
    return true_effects_of([(person.parameters, person.timeline, person.trials) for person in people])


def true_effects_of(
    lives: Sequence[tuple[PersonParameters, SimulatedTimeline, list[SimulatedTrial]]],
) -> dict[Arm, float]:
    """``true_effects`` of people who need no records: parameters, seconds, and the trials held."""
    gains: dict[Arm, list[float]] = {Arm.SUGGEST_BREAK: [], Arm.BLOCK_SITES: [], Arm.PLACEBO: []}
    for person, timeline, trials in lives:
        tables, pauses = _tables(person), _pause_values(person)
        for simulated, there in zip(trials, _seconds_there(timeline, trials), strict=True):
            untreated = float(tables[False][simulated.trial.strain, there, simulated.trial.state])
            for arm, values in gains.items():
                values.append(_expected(person, tables, pauses, simulated.trial, there, arm) - untreated)
    return {arm: float(np.mean(values)) if values else float("nan") for arm, values in gains.items()}


def _seconds_there(timeline: SimulatedTimeline, trials: list[SimulatedTrial]) -> list[int]:
    """How much of the window each person is at the desk: who leaves is off task from then on."""
    ends = np.append(np.flatnonzero(timeline.first)[1:], len(timeline.start_us))
    ticks = np.searchsorted(timeline.start_us, [simulated.at_us for simulated in trials])
    left = ends[np.searchsorted(ends, ticks, side="right")] - ticks
    return [int(seconds) for seconds in np.minimum(left, EFFECT_WINDOW_S)]


def _expected(
    person: PersonParameters, tables: dict[bool, Floats], pauses: Floats, trial: Trial, there: int, arm: Arm
) -> float:
    untreated = float(tables[False][trial.strain, there, trial.state])
    if arm is Arm.PLACEBO:
        return untreated
    accept, reject, snooze = person.answers[arm]
    if arm is Arm.BLOCK_SITES:
        treated = 1.0 - reject - snooze  # a timeout blocks as well
        return treated * float(tables[True][trial.strain, there, trial.state]) + (1.0 - treated) * untreated
    rested = person.strain_level(trial.tick / 3_600, 0.0)
    return accept * float(pauses[rested, there]) + (1.0 - accept) * untreated


def _pause_values(person: PersonParameters) -> Floats:
    """[12 strains, 301 seconds there] expected share of 5 min on task that begin with a pause of 25 to 50 s."""
    back = np.zeros(STATES)
    back[State.FOCUSED], back[State.SHALLOW] = person.recovery, 1.0 - person.recovery
    lengths = np.arange(BREATHER_S[0], BREATHER_S[1] + 1)
    rest = np.arange(EFFECT_WINDOW_S + 1)[:, None] - lengths
    # the pause's last second is the first one back
    came_back = np.where(rest >= 0, back @ ON_TASK, 0.0)
    values = [
        (came_back + (_running_sums(person.transition(float(strain))) @ back)[np.maximum(rest, 0)]).mean(axis=1)
        for strain in STRAINS
    ]
    return np.asarray(values) / EFFECT_WINDOW_S


def _tables(person: PersonParameters) -> dict[bool, Floats]:
    """Without and with a block: [12 strains, 301 seconds there, 5 states] expected share of the window on task."""
    return {
        shield: np.array([_running_sums(person.transition(float(strain), shield)) for strain in STRAINS])
        / EFFECT_WINDOW_S
        for shield in (False, True)
    }


def _running_sums(move: Floats) -> Floats:
    """[seconds, 5]: expected seconds on task in the first k seconds, from each state."""
    sums = np.zeros((EFFECT_WINDOW_S + 1, STATES))
    on_task = ON_TASK.astype(np.float64)
    for second in range(1, EFFECT_WINDOW_S + 1):
        sums[second] = move @ (on_task + sums[second - 1])
    return sums
