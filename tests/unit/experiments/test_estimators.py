"""Each estimator against data whose effect is known: right on average, wrong about as often as it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats

from neural_focus.experiments.centered_least_squares import centered_effects
from neural_focus.experiments.complier_effect import complier_effects
from neural_focus.experiments.confidence_sequence import effect_sequence
from neural_focus.experiments.multiplicity import holm
from neural_focus.experiments.person_level import person_level_effect
from neural_focus.experiments.randomization import randomization_effect
from neural_focus.experiments.sample_ratio import sample_ratio, weighted_sample_ratio

DESIGN = {"NO_OP": 0.4, "A": 0.3, "B": 0.3}
Trial = tuple[NDArray[np.float64], NDArray[Any], NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]


def draw_trial(rng: np.random.Generator, people: int = 12, moments: int = 60, effect: float = 0.0) -> Trial:
    """People differ, neighbouring moments resemble each other: outcome, arm, probability, person, before."""
    person = np.repeat(np.arange(people), moments)
    level = rng.normal(60, 12, people)[person]
    drift = np.concatenate([np.convolve(rng.normal(0, 8, moments), [1, 0.8, 0.6], "same") for _ in range(people)])
    before = level + drift + rng.normal(0, 6, len(person))
    arm = rng.choice(list(DESIGN), p=list(DESIGN.values()), size=len(person))
    outcome = level + drift + rng.normal(0, 8, len(person)) + effect * (arm == "A")
    return outcome, arm, np.array([DESIGN[name] for name in arm]), person, before


def test_centered_least_squares_finds_the_effect_and_covers_it() -> None:
    rng = np.random.default_rng(1)
    found, covered, false_alarms = [], 0, 0
    for _ in range(200):
        outcome, arm, probability, person, before = draw_trial(rng, effect=4.0)
        effects = centered_effects(
            outcome, arm.tolist(), probability, person.tolist(), before[:, None], baseline="NO_OP", design=DESIGN
        )
        found.append(effects["A"].estimate)
        covered += effects["A"].low <= 4.0 <= effects["A"].high
        false_alarms += effects["B"].p_value < 0.05
    assert np.mean(found) == pytest.approx(4.0, abs=0.25)
    assert 0.90 <= covered / 200 <= 0.99
    assert false_alarms / 200 <= 0.10


def test_weights_make_up_for_probabilities_that_depend_on_the_moment() -> None:
    rng = np.random.default_rng(2)
    count, person = 6_000, np.repeat(np.arange(24), 250)
    halves, nothing = {"NO_OP": 0.5, "A": 0.5}, np.empty((6_000, 0))
    low = rng.random(count) < 0.5  # the effect is 10 there, else 0, and there A is drawn seldom
    chance = np.where(low, 0.2, 0.8)
    treated = rng.random(count) < chance
    outcome = rng.normal(0, 1, count) + 10.0 * (low & treated)
    arm = np.where(treated, "A", "NO_OP").tolist()
    probability = np.where(treated, chance, 1 - chance)
    effects = centered_effects(
        outcome,
        arm,
        probability,
        person.tolist(),
        nothing,
        baseline="NO_OP",
        design=halves,
    )
    assert effects["A"].estimate == pytest.approx(5.0, abs=0.3)
    with pytest.raises(ValueError, match="clusters"):
        centered_effects(
            outcome[:9],
            arm[:9],
            probability[:9],
            [1] * 9,
            nothing[:9],
            baseline="NO_OP",
            design=halves,
        )


def test_randomization_covers_and_is_wrong_five_times_in_a_hundred() -> None:
    rng = np.random.default_rng(3)
    covered, false_alarms, found = 0, 0, []
    for run in range(200):
        outcome, arm, _, person, before = draw_trial(rng, people=3, moments=40, effect=5.0)
        for name in ("A", "B"):
            two = (arm == name) | (arm == "NO_OP")
            effect = randomization_effect(
                outcome[two], arm[two] == name, np.full(two.sum(), 0.3 / 0.7), person[two].tolist(), before[two],
                draws=300, seed=run,
            )  # fmt: skip
            if name == "A":
                covered += effect.low <= 5.0 <= effect.high
                found.append(effect.estimate)
            else:
                false_alarms += effect.p_value < 0.05
    assert np.mean(found) == pytest.approx(5.0, abs=0.5)
    assert 0.90 <= covered / 200 <= 0.99
    assert 0.015 <= false_alarms / 200 <= 0.09


def test_randomization_needs_both_sides() -> None:
    three = np.zeros(3)
    with pytest.raises(ValueError, match="both sides"):
        randomization_effect(three, np.ones(3, bool), np.full(3, 0.5), [1, 1, 1], three)
    with pytest.raises(ValueError, match="no person has both"):
        randomization_effect(three, np.array([True, False, False]), np.full(3, 0.5), [1, 2, 2], three)


def test_sample_ratio_sees_a_broken_lottery_and_no_other() -> None:
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(400):
        drawn = rng.choice(list(DESIGN), p=list(DESIGN.values()), size=300).tolist()
        alarms += sample_ratio({arm: drawn.count(arm) for arm in DESIGN}, DESIGN).p_value < 0.05
    assert 0.02 <= alarms / 400 <= 0.08
    assert sample_ratio({"NO_OP": 500, "A": 300, "B": 200}, DESIGN).mismatch
    assert not sample_ratio({"NO_OP": 401, "A": 299, "B": 300}, DESIGN).mismatch
    assert sample_ratio({}, DESIGN).p_value == 1.0
    with pytest.raises(ValueError, match="not in the design"):
        sample_ratio({"C": 1}, DESIGN)


def test_peeking_at_the_confidence_sequence_is_safe() -> None:
    rng = np.random.default_rng(6)
    wrong = 0
    for _ in range(200):
        outcome, arm, probability, _, before = draw_trial(rng, people=10, moments=60)
        _, low, high = effect_sequence(outcome, arm == "B", arm == "NO_OP", probability, before)
        wrong += bool(np.any((low > 0) | (high < 0)))
    assert wrong / 200 <= 0.05
    outcome, arm, probability, _, before = draw_trial(rng, people=40, moments=100, effect=6.0)
    estimate, low, high = effect_sequence(outcome, arm == "A", arm == "NO_OP", probability, before)
    assert low[-1] <= 6.0 <= high[-1]
    assert low[-1] > 0
    assert estimate[-1] == pytest.approx(6.0, abs=2.5)


def test_small_ratios_are_exact() -> None:
    """Two arms: the binomial test of scipy, which counts outcomes as likely as the one seen, too."""
    for seen, total, share in ((3, 9, 0.5), (0, 6, 0.3), (11, 40, 0.4)):
        want = stats.binomtest(seen, total, share).pvalue
        found = sample_ratio({"A": seen, "NO_OP": total - seen}, {"NO_OP": 1 - share, "A": share})
        assert found.p_value == pytest.approx(want, rel=1e-9) and found.method == "exact"
    rng, alarms = np.random.default_rng(7), 0
    for _ in range(600):
        drawn = rng.choice(list(DESIGN), p=list(DESIGN.values()), size=12).tolist()
        alarms += sample_ratio({arm: drawn.count(arm) for arm in DESIGN}, DESIGN).p_value < 0.05
    assert 0.01 <= alarms / 600 <= 0.06, "exact tests are wrong at most as often as they say"
    assert sample_ratio({"NO_OP": 4_000, "A": 3_000, "B": 3_000}, DESIGN).method == "chi-square"


def test_ratios_of_changing_probabilities_are_weighed() -> None:
    rng, alarms = np.random.default_rng(8), 0

    def draw(honest: bool) -> float:
        chance = rng.uniform(0.2, 0.8, 400)
        treated = rng.random(400) < (chance if honest else 0.5 * chance)
        arm = np.where(treated, "A", "NO_OP").tolist()
        return weighted_sample_ratio(arm, np.where(treated, chance, 1 - chance).tolist(), ["NO_OP", "A"]).p_value

    alarms = sum(draw(True) < 0.05 for _ in range(400))
    assert 0.01 <= alarms / 400 <= 0.08
    assert draw(False) < 0.001


def test_the_effect_of_what_was_applied_is_found_where_who_got_it_differs_anyhow() -> None:
    """The distracted accept, so those who got the help score lower; the offer alone does nothing."""
    rng, found, naive, covered, by_lot = np.random.default_rng(9), [], [], 0, 0
    for run in range(100):
        outcome, arm, probability, person, before = draw_trial(rng, people=12, moments=60)
        got = (arm == "A") & (outcome + rng.normal(0, 8, len(arm)) < 60)
        outcome = outcome + 6.0 * got
        known = before[:, None]
        by = complier_effects(
            outcome, arm.tolist(), got, probability, person.tolist(), known, baseline="NO_OP", design=DESIGN
        )
        found.append(by["A"].estimate)
        covered += by["A"].low <= 6.0 <= by["A"].high
        assert "B" not in by, "nobody got it"
        naive.append(outcome[got].mean() - outcome[arm == "NO_OP"].mean())
        two = (arm == "A") | (arm == "NO_OP")
        lot = randomization_effect(
            outcome[two], arm[two] == "A", np.full(two.sum(), 0.3 / 0.7), person[two].tolist(), before[two],
            received=got[two], draws=300, seed=run,
        )  # fmt: skip
        by_lot += lot.low <= 6.0 <= lot.high
    assert np.mean(found) == pytest.approx(6.0, abs=0.6)
    assert np.mean(naive) < 2.0
    assert covered >= 90 and by_lot >= 88


def test_two_stages_are_those_of_the_textbook() -> None:
    """One instrument, equal weights, no other arm: statsmodels' ordinary two regressions give the same coefficient."""
    rng = np.random.default_rng(10)
    outcome, arm, _, person, before = draw_trial(rng, people=20, moments=30, effect=3.0)
    drawn = np.where(arm == "A", "A", "NO_OP").tolist()
    got = (arm == "A") & (rng.random(len(arm)) < 0.6)
    outcome = outcome + 2.0 * got
    by = complier_effects(
        outcome, drawn, got, np.where(arm == "A", 0.3, 0.7), person.tolist(), before[:, None], baseline="NO_OP",
        design={"NO_OP": 0.7, "A": 0.3},
    )  # fmt: skip
    table = np.column_stack([np.ones(len(arm)), before, arm == "A"]).astype(float)
    first = sm.OLS(got.astype(float), table).fit().fittedvalues
    second = sm.OLS(outcome, np.column_stack([table[:, :2], first])).fit()
    assert by["A"].estimate == pytest.approx(float(second.params[2]), rel=1e-9)


def test_a_randomisation_interval_follows_the_probability_of_each_draw() -> None:
    """The effect is 10 in half of the moments, where the arm is drawn seldom: the mean effect is 5, not 2 or 8."""
    rng, found, covered = np.random.default_rng(11), [], 0
    for run in range(60):
        count, person = 1_200, np.repeat(np.arange(6), 200)
        low = rng.random(count) < 0.5
        chance = np.where(low, 0.2, 0.8)
        treated = rng.random(count) < chance
        outcome = rng.normal(0, 3, count) + 10.0 * (low & treated)
        effect = randomization_effect(outcome, treated, chance, person.tolist(), np.zeros(count), draws=300, seed=run)
        found.append(effect.estimate)
        covered += effect.low <= 10 * low.mean() <= effect.high
    assert np.mean(found) == pytest.approx(5.0, abs=0.3)
    assert covered >= 54


def test_whole_people_are_compared_by_their_means() -> None:
    rng, rows, means = np.random.default_rng(5), 0, 0
    for run in range(60):
        person = np.repeat(np.arange(20), 30)
        level = rng.normal(0, 5, 20)[person]
        values, before, first = level + rng.normal(0, 5, 600), level + rng.normal(0, 1, 600), person < 10
        plain = person_level_effect(values, person.tolist(), first.tolist())
        rows += stats.ttest_ind(values[first], values[~first]).pvalue < 0.05
        means += plain.p_value < 0.05
        if run:
            continue
        each = np.bincount(person, values) / 30
        assert plain.p_value == pytest.approx(stats.ttest_ind(each[:10], each[10:], equal_var=False).pvalue, rel=1e-9)
        narrower = person_level_effect(values, person.tolist(), first.tolist(), before)
        assert narrower.high - narrower.low < 0.5 * (plain.high - plain.low)
    assert means <= 9 < 20 < rows
    with pytest.raises(ValueError, match="both sides"):
        person_level_effect(np.zeros(4), [1, 1, 2, 2], [True, False, True, False])
    with pytest.raises(ValueError, match="two people"):
        person_level_effect(np.zeros(3), [1, 2, 2], [True, False, False])


def test_a_family_is_adjusted_by_holm() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({}) == {}
