"""A short form of ``python -m bench.trials interventions``: no effect is found where there is none."""

from __future__ import annotations

from bench.trials.interventions import no_effect, simulated_trial
from neural_focus.experiments.assignment import Arm


def test_false_alarms_are_as_rare_as_said_among_people_who_reject_everything() -> None:
    found = {figure.name.split(":")[0]: figure.value for figure in no_effect(1, 15)}
    assert found["within the person"] <= 0.2
    assert found["weighted and centred"] <= 0.2
    assert found["any time"] <= 0.07


def test_people_who_reject_everything_have_no_effect() -> None:
    _, truth = simulated_trial(3, indifferent=True)
    assert set(truth) == {Arm.SUGGEST_BREAK, Arm.BLOCK_SITES, Arm.PLACEBO}
    assert all(abs(effect) < 1e-9 for effect in truth.values())
