"""Platt's line stays at the optimum when the margins start far from the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from neural_focus.models.calibration import fit_calibration, fit_line, fit_shift, sigmoid
from neural_focus.models.linear import fit_linear


def cost(line: np.ndarray, margin: np.ndarray, label: np.ndarray) -> float:
    z = line[0] * margin + line[1]
    return float((np.logaddexp(0, z) - label * z).sum() + 5 * (line[0] - 1) ** 2 + 0.05 * line[1] ** 2)


@pytest.mark.parametrize("offset", [-12.0, -3.0, 0.0, 3.0, 12.0])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_the_line_is_the_optimum_wherever_the_margins_lie(offset: float, share: float) -> None:
    rng = np.random.default_rng(3)
    label = (rng.random(4000) < share).astype(np.int8)
    margin = 2.0 * label + rng.normal(size=4000) + offset
    slope, intercept = fit_line(margin, label)
    best = minimize(cost, [1.0, -offset], (margin, label), method="BFGS")
    assert cost(np.array([slope, intercept]), margin, label) <= best.fun + 1e-3


def test_margins_that_tell_nothing_give_the_base_rate() -> None:
    rng = np.random.default_rng(4)
    label = (rng.random(3000) < 0.89).astype(np.int8)
    margin = rng.normal(size=3000) * 6 - 9 * label  # upside down, as on days unlike the training days
    calibrated = fit_calibration(margin, label, np.zeros(3000, np.int64))
    probability = calibrated.probabilities(margin, 0)
    assert abs(calibrated.intercept) < 20
    assert abs(float(probability.mean()) - 0.89) < 0.1
    assert float(np.ptp(probability)) > 0.05


def test_a_persons_shift_never_runs_away() -> None:
    label = np.ones(5000, np.int8)
    assert 0 < fit_shift(np.full(5000, -30.0), label) < 40
    assert fit_shift(np.full(5000, 4.0), label) < 1.0


@pytest.mark.parametrize("rows", [300, 3000])
def test_a_linear_model_of_rare_separable_labels_stays_finite(rows: int) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        base = rng.normal(size=(rows, 20))
        inputs = np.hstack([base, base @ rng.normal(size=(20, 92)) * 0.2 + rng.normal(size=(rows, 92)) * 0.05])
        label = np.ones(rows, np.int8)
        label[50:70] = 0
        inputs[50:70] += rng.normal(size=112) * 1.5
        fitted = fit_linear(inputs.astype(np.float32), label)
        assert float(np.abs(fitted.margins(inputs.astype(np.float32))).max()) < 40


def test_a_few_people_who_happen_to_be_calm_do_not_move_everybody_else() -> None:
    """Right margins, three people off by −0.4 of their own: a line for others hardly follows, one for them does."""
    rng = np.random.default_rng(4)
    margin, person = rng.normal(-1.0, 1.0, 30_000), np.repeat([1, 2, 3], 10_000)
    label = (rng.random(30_000) < sigmoid(margin - 0.4)).astype(np.int8)
    for_them = fit_calibration(margin, label, person)
    for_others = fit_calibration(margin, label, person, strangers=True)
    moved = [(line.slope - 1) * margin.mean() + line.intercept for line in (for_them, for_others)]
    assert moved[0] == pytest.approx(-0.4, abs=0.05)
    assert -0.15 < moved[1] < 0.0
