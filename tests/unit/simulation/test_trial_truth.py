"""The effect that the simulator claims is the one its people show."""

from __future__ import annotations

import datetime as dt

import numpy as np

from neural_focus.experiments.assignment import DEMO_ARMS, Arm
from neural_focus.simulation.person import simulate_person
from neural_focus.simulation.trial_truth import true_effects


def test_claimed_effects_are_those_of_the_people() -> None:
    people = [simulate_person(2, 14, last_day=dt.date(2025, 3, 28), number=n) for n in range(1, 7)]
    trials = [trial for person in people for trial in person.trials]
    outcome = {arm: np.array([t.focus_after for t in trials if t.trial.arm is arm]) for arm in Arm}
    for arm, effect in true_effects(people).items():
        seen = outcome[arm].mean() - outcome[Arm.NO_OP].mean()
        noise = np.sqrt(outcome[arm].var() / len(outcome[arm]) + outcome[Arm.NO_OP].var() / len(outcome[Arm.NO_OP]))
        assert abs(seen - effect) < 3.5 * noise
    effects = true_effects(people)
    assert effects[Arm.BLOCK_SITES] > 0.05 and effects[Arm.PLACEBO] == 0
    shares = {arm: len(values) / len(trials) for arm, values in outcome.items()}
    assert all(abs(shares[arm] - DEMO_ARMS[arm]) < 0.09 for arm in Arm)
    assert all((t.trial.response is None) == (t.trial.arm in (Arm.NO_OP, Arm.PLACEBO)) for t in trials)
