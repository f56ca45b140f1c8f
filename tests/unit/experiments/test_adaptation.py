"""Probabilities move toward what helps, never beyond their bounds, and inference by their weights stays right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from experiment_files import OWN, changed
from scipy import stats

from neural_focus.experiments.adaptation import best_arm, clip_to_bounds, moved_probabilities
from neural_focus.experiments.centered_least_squares import Effect, centered_effects
from neural_focus.experiments.declaration import Adaptive, Experiment, default_experiment, parse_experiment
from neural_focus.experiments.effect import Moment

ADAPTIVE = parse_experiment(changed(OWN, ("[plan]", "[adaptive]\non = true\n[plan]")))
THREE = replace(default_experiment(), adaptive=Adaptive(on=True))
BEGIN = datetime(2026, 12, 1, 9, tzinfo=UTC)


def moments(
    experiment: Experiment,
    effects: dict[str, float],
    shares: dict[str, float],
    n: int,
    rng: np.random.Generator,
    people: int = 12,
) -> list[Moment]:
    labels = [arm.label for arm in experiment.arms]
    drawn = rng.choice(labels, p=[shares[label] for label in labels], size=n)
    made = []
    for index, arm in enumerate(map(str, drawn)):
        before, user = float(rng.normal(60, 10)), index % people
        after = before + float(rng.normal(0, 12)) + effects.get(arm, 0.0)
        at = BEGIN + timedelta(minutes=10 * index)
        made.append(Moment(user, str(user), False, experiment.seed, at, arm, shares[arm], None, None, before, after))
    return made


def declared(experiment: Experiment) -> dict[str, float]:
    return {arm.label: arm.probability for arm in experiment.arms}


@pytest.mark.parametrize(("effect", "low", "high"), [(9.0, 0.79, 0.8), (-9.0, 0.2, 0.21), (0.0, 0.2, 0.8)])
def test_an_arm_moves_to_the_probability_that_it_helps(effect: float, low: float, high: float) -> None:
    rng = np.random.default_rng(1)
    data = moments(ADAPTIVE, {"SUGGEST_BREAK": effect}, declared(ADAPTIVE), 600, rng)
    moved = moved_probabilities(ADAPTIVE, data)
    assert moved is not None and sum(moved.values()) == pytest.approx(1)
    assert low - 1e-9 <= moved["SUGGEST_BREAK"] <= high + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_no_probability_ever_leaves_its_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    effects = {arm: float(rng.normal(0, 8)) for arm in ("SUGGEST_BREAK", "BLOCK_SITES")}
    shares = declared(THREE)
    for _ in range(6):
        moved = moved_probabilities(THREE, moments(THREE, effects, shares, 300, rng))
        assert moved is not None and sum(moved.values()) == pytest.approx(1)
        assert all(0.2 - 1e-9 <= share <= 0.8 + 1e-9 for share in moved.values()), moved
        shares = moved


def test_with_too_little_nothing_moves() -> None:
    rng = np.random.default_rng(2)
    data = moments(ADAPTIVE, {"SUGGEST_BREAK": 30.0}, declared(ADAPTIVE), 600, rng)
    few = [one for one in data if one.arm == "NO_OP"] + [one for one in data if one.arm != "NO_OP"][:7]
    assert moved_probabilities(ADAPTIVE, few) is None
    impossible = [replace(one, chances={"NO_OP": 1.0}) for one in data]
    assert moved_probabilities(ADAPTIVE, impossible) is None, "the arm could not be drawn there"
    assert moved_probabilities(ADAPTIVE, [replace(one, after=None) for one in data]) is None


def test_a_stopped_arm_keeps_its_share_and_the_others_move_in_what_is_left() -> None:
    rng = np.random.default_rng(4)
    data = moments(THREE, {"SUGGEST_BREAK": 12.0}, declared(THREE), 900, rng)
    moved = moved_probabilities(THREE, data, frozenset({"BLOCK_SITES"}))
    assert moved is not None and moved["BLOCK_SITES"] == 0.3
    assert moved["SUGGEST_BREAK"] / (moved["SUGGEST_BREAK"] + moved["NO_OP"]) == pytest.approx(0.8, abs=0.01)


def test_the_best_arm_is_as_likely_as_draws_say() -> None:
    effects = [Effect(1.0, 1.0 - 1.96 * 2, 1.0 + 1.96 * 2, 0.6), Effect(0.5, 0.5 - 1.96, 0.5 + 1.96, 0.6)]
    draws = np.random.default_rng(0).normal([1.0, 0.5], [2.0, 1.0], (400_000, 2))
    best = np.argmax(np.column_stack([np.zeros(len(draws)), draws]), axis=1)
    assert best_arm(effects) == pytest.approx([np.mean(best == arm) for arm in range(3)], abs=0.004)
    assert sum(best_arm(effects)) == pytest.approx(1, abs=1e-3)
    one = best_arm([Effect(1.0, 1.0 - 1.96, 1.0 + 1.96, 0.3)])
    assert one[1] == pytest.approx(stats.norm.cdf(1.0), abs=1e-3), "with one arm: that it helps"


def test_clipped_shares_sum_to_one_within_the_bounds() -> None:
    rng = np.random.default_rng(9)
    for size in (2, 3, 4, 5):
        for _ in range(50):
            clipped = clip_to_bounds(rng.dirichlet(np.full(size, 0.2)), 0.2, 0.8)
            assert clipped.sum() == pytest.approx(1)
            assert clipped.min() >= 0.2 - 1e-9 and clipped.max() <= 0.8 + 1e-9
    assert clip_to_bounds(np.array([0.3, 0.7]), 0.2, 0.8) == pytest.approx([0.3, 0.7])


def test_weighted_inference_stays_right_while_probabilities_move() -> None:
    """Effects that change over time together with probabilities that follow them: the trap of adaptive designs."""
    covered, estimates, truth, trials = 0, [], 3.0, 150
    for trial in range(trials):
        rng, shares, data = np.random.default_rng(1_000 + trial), declared(ADAPTIVE), list[Moment]()
        for night in range(5):
            drift = 4.0 * night  # everything gets better with time, whatever is drawn
            new = moments(ADAPTIVE, {"SUGGEST_BREAK": truth}, shares, 120, rng)
            data += [replace(one, after=(one.after or 0) + drift) for one in new]
            shares = moved_probabilities(ADAPTIVE, data) or shares
        effect = centered_effects(
            np.array([one.after for one in data], np.float64),
            [one.arm for one in data],
            np.array([one.probability for one in data]),
            [one.user_id for one in data],
            np.array([[one.before] for one in data], np.float64),
            baseline="NO_OP",
            design=declared(ADAPTIVE),
        )["SUGGEST_BREAK"]
        covered += effect.low <= truth <= effect.high
        estimates.append(effect.estimate)
    assert stats.binomtest(covered, trials, 0.95).pvalue > 0.001, covered / trials
    error = np.std(estimates) / np.sqrt(trials)
    assert abs(np.mean(estimates) - truth) < 4 * error + 0.15
