"""What the simulated interventions truly do: expected focus in the next 5 min under each arm, without drawing.

    effect(arm) = mean over the opportunities held of  E[share on task | arm] − E[share on task | NO_OP]

given the hidden state at the opportunity. Strain stays as it was, save that a pause taken takes it off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_focus.experiments.assignment import Arm
from neural_focus.simulation.parameters import BREATHER_S, ON_TASK, STATES, STRAINS, PersonParameters, State
from neural_focus.simulation.person import EFFECT_WINDOW_S, SimulatedPerson
from neural_focus.simulation.worker import Trial

Floats = NDArray[np.float64]


def true_effects(people: list[SimulatedPerson]) -> dict[Arm, float]:
    """Difference in the share (−1 to 1) of the next 5 min on task, against NO_OP, by arm."""
    gains: dict[Arm, list[float]] = {Arm.SUGGEST_BREAK: [], Arm.BLOCK_SITES: []}
    for person in people:
        tables, pauses = _tables(person.parameters), _pause_values(person.parameters)
        for simulated in person.trials:
            untreated = float(tables[False][simulated.trial.strain, simulated.trial.state])
            for arm, values in gains.items():
                values.append(_expected(person.parameters, tables, pauses, simulated.trial, arm) - untreated)
    return {arm: float(np.mean(values)) if values else float("nan") for arm, values in gains.items()}


def _expected(person: PersonParameters, tables: dict[bool, Floats], pauses: Floats, trial: Trial, arm: Arm) -> float:
    accept, reject, snooze = person.answers[arm]
    untreated = float(tables[False][trial.strain, trial.state])
    if arm is Arm.BLOCK_SITES:
        treated = 1.0 - reject - snooze  # a timeout blocks as well
        return treated * float(tables[True][trial.strain, trial.state]) + (1.0 - treated) * untreated
    rested = person.strain_level(trial.tick / 3_600, 0.0)
    return accept * float(pauses[rested]) + (1.0 - accept) * untreated


def _pause_values(person: PersonParameters) -> Floats:
    """[12 strains] expected share of 5 min on task that begin with a pause of 25 to 50 s."""
    back = np.zeros(STATES)
    back[State.FOCUSED], back[State.SHALLOW] = person.recovery, 1.0 - person.recovery
    shortest, longest = BREATHER_S
    rest = EFFECT_WINDOW_S - np.arange(shortest, longest + 1)
    sums = np.array([_running_sums(person.transition(float(strain)))[rest] for strain in STRAINS])
    # the pause's last second is the first one back
    return np.asarray((back @ ON_TASK + (sums @ back).mean(axis=1)) / EFFECT_WINDOW_S)


def _tables(person: PersonParameters) -> dict[bool, Floats]:
    """Without and with a block: [12 strains, 5 states] expected share of the window on task."""
    return {
        shield: np.array(
            [_running_sums(person.transition(float(strain), shield))[EFFECT_WINDOW_S] for strain in STRAINS]
        )
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
