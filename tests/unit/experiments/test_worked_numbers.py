"""The estimators print what published software prints for the same data.

R's MRTAnalysis 0.3.1 (CRAN, GPL-3) documents ``wcls`` on its data set ``data_mimicHeartSteps``. The package's data are
not copied here: they are 37 people with 210 decision points made from seed 123 by a model fitted to HeartSteps, and are
made again from that seed. The figures are those of the vignette "mrt-proximal-causal-effect" and of the package's test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from r_random import RRandom

from neural_focus.experiments.centered_least_squares import ExcursionEffects, excursion_effects
from neural_focus.experiments.clustered_equations import Effect

Floats = NDArray[np.float64]
PEOPLE, POINTS = 37, 210
BASE, PRE, LAG, DAY, HOME = 1.755916, 0.403241, 0.063676, -0.009488, 0.119917
SENT, SENT_DAY, SENT_HOME = 0.442889, -0.017908, 0.101423


@dataclass(frozen=True)
class HeartSteps:
    """[7770] each; steps are logarithms of counts in half an hour."""

    user: NDArray[np.intp]
    after: Floats
    after_before: Floats
    before: Floats
    home: Floats
    sent: Floats
    available: Floats


@pytest.fixture(scope="module")
def data() -> HeartSteps:
    r, count = RRandom(123), PEOPLE * POINTS
    before = np.minimum(np.log(np.maximum(20 + 50 * r.rnorm(count), 0) + 0.5), 8.5)
    home, available = r.rbinom1(count, 0.3624668), r.rbinom1(count, 0.8038462)
    sent = r.rbinom1(count, 0.6) * available
    after, last, day = np.zeros(count), np.zeros(count), np.tile(np.arange(POINTS) // 5, PEOPLE)
    for point in range(POINTS):
        at = np.arange(point, count, POINTS)
        last[at] = after[at - 1] if point else 0.0
        mean = BASE + PRE * before[at] + LAG * last[at] + DAY * day[at] + HOME * home[at]
        mean += (sent[at] - 0.6) * (SENT + SENT_DAY * day[at] + SENT_HOME * home[at])
        after[at] = np.clip(mean + 2.716 * r.rnorm(PEOPLE), np.log(0.5), 8.5)
    return HeartSteps(np.repeat(np.arange(PEOPLE), POINTS), after, last, before, home, sent, available)


def fit(data: HeartSteps, controls: list[Floats], moderators: list[Floats], design: float) -> ExcursionEffects:
    """Moments at which nobody could be sent anything are not analysed, as in the package."""
    on = data.available == 1
    return excursion_effects(
        data.after[on],
        ["SENT" if sent else "NOT" for sent in data.sent[on]],
        np.where(data.sent[on] == 1, 0.6, 0.4),
        data.user[on].tolist(),
        np.column_stack([column[on] for column in controls]),
        baseline="NOT",
        design={"NOT": 1 - design, "SENT": design},
        moderators=np.column_stack([column[on] for column in moderators]) if moderators else None,
    )


def printed(effect: Effect) -> list[float]:
    return [float(f"{value:.3g}") for value in (effect.estimate, effect.low, effect.high, effect.p_value)]


def test_the_data_are_those_of_the_package(data: HeartSteps) -> None:
    """``head(data_mimicHeartSteps)``."""
    assert data.after[:4].round(4).tolist() == [2.3902, -0.6931, 2.4647, 0.1207]
    assert data.before[:4].round(3).tolist() == [-0.693, 2.196, 4.589, 3.179]
    assert data.home[:6].tolist() == [1, 1, 1, 1, 0, 1]
    assert data.sent[:4].tolist() == [0, 0, 1, 1] and data.available[:4].tolist() == [0, 1, 1, 1]


def test_the_marginal_effect_is_that_of_the_package(data: HeartSteps) -> None:
    own = fit(data, [data.before], [], 0.6)
    assert own.solution.coefficients == pytest.approx([2.0115176, 0.3395683, 0.1574444], rel=1e-6)  # its test
    found = fit(data, [data.before], [], 0.5)  # the vignette leaves the weights' numerator at one half
    assert printed(found.at("SENT")) == [0.157, 0.031, 0.284, 0.0162]
    assert float(np.sqrt(found.solution.covariance[2, 2])) == pytest.approx(0.0622, abs=5e-5)
    assert found.solution.free == 34


def test_more_controls_make_it_less_noisy_by_as_much(data: HeartSteps) -> None:
    found = fit(data, [data.before, data.after_before, data.home], [], 0.5)
    assert printed(found.at("SENT")) == [0.159, 0.0351, 0.283, 0.0135]
    assert found.solution.coefficients[:4] == pytest.approx([1.8373, 0.3400, 0.0399, 0.1355], abs=5e-5)
    assert np.sqrt(np.diag(found.solution.covariance)) == pytest.approx(
        [0.0565, 0.0198, 0.0107, 0.0536, 0.0607], abs=5e-5
    )


def test_the_moderated_effect_is_that_of_the_package(data: HeartSteps) -> None:
    found = fit(data, [data.before, data.after_before, data.home], [data.home], 0.5)
    assert printed(found.at("SENT", [0.0])) == [0.109, -0.0288, 0.247, 0.117]
    assert printed(found.slope("SENT")) == [0.135, -0.166, 0.436, 0.368]
    there = found.at("SENT", [1.0])
    assert there.estimate == pytest.approx(0.244, abs=5e-4)
    # the package tests a sum of two coefficients with two numerator degrees of freedom: its standard error is printed
    # as 0.126 and its statistic as 3.753
    error = float(np.sqrt(np.ones(2) @ found.solution.covariance[-2:, -2:] @ np.ones(2)))
    assert error == pytest.approx(0.1260, abs=5e-5) and (there.estimate / error) ** 2 == pytest.approx(3.753, abs=5e-4)
