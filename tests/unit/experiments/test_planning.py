"""What a plan says of an experiment's length is what the analysis of simulated ones of that length finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from experiment_files import OWN, PEOPLE, changed
from scipy import stats

from neural_focus.experiments.centered_least_squares import centered_effects
from neural_focus.experiments.declaration import Experiment, default_experiment, parse_experiment
from neural_focus.experiments.person_level import person_level_effect
from neural_focus.experiments.planning import assumptions, plan, power_after, weeks_needed

TRIALS = 300


def simulated_power(experiment: Experiment, weeks: int, by_day: bool) -> float:
    """How often the analysis finds the first arm's planned effect."""
    asked, rng = experiment.plan, np.random.default_rng(7)
    days, a_day = 7 * weeks, round(asked.opportunities_a_day * asked.available)
    people = np.repeat(np.arange(asked.people), days * a_day)
    clusters = list(zip(people, np.tile(np.repeat(np.arange(days), a_day), asked.people), strict=True))
    labels = [arm.label for arm in experiment.arms]
    shares = np.array([arm.probability for arm in experiment.arms])
    found = 0
    for _ in range(TRIALS):
        drawn = rng.choice(len(labels), p=shares, size=len(people))
        before = rng.normal(60, 10, len(people))
        after = before + rng.normal(0, asked.sd, len(people)) + asked.effect * (drawn == 1)
        effects = centered_effects(
            after,
            [labels[one] for one in drawn],
            shares[drawn],
            clusters if by_day else people,
            before[:, None],
            baseline=labels[0],
            design=dict(zip(labels, shares.tolist(), strict=True)),
        )
        found += effects[labels[1]].p_value < asked.alpha
    return found / TRIALS


@pytest.mark.parametrize(
    ("text", "by_day"),
    [
        (
            changed(OWN, ("people = 10", "people = 30\nopportunities_a_day = 2.0"), ("effect = 4.0", "effect = 2.0")),
            False,
        ),
        (changed(OWN, ("people = 10", "people = 2\nopportunities_a_day = 8.0\navailable = 0.75")), True),
    ],
    ids=["thirty people", "two people"],
)
def test_the_planned_weeks_have_the_planned_power(text: str, by_day: bool) -> None:
    experiment = parse_experiment(text)
    weeks = weeks_needed(plan(experiment))
    assert weeks is not None and weeks > 1
    planned = power_after(experiment, experiment.arms[1], weeks)
    assert planned >= 0.8 > power_after(experiment, experiment.arms[1], weeks - 1)
    assert simulated_power(experiment, weeks, by_day) == pytest.approx(planned, abs=0.07)


def test_an_unequal_arm_takes_longer_and_the_slowest_counts() -> None:
    equal = parse_experiment(changed(OWN, ("people = 10", "people = 2")))
    unequal = parse_experiment(
        changed(OWN, ("people = 10", "people = 2"), ("probability = 0.5", "probability = 0.8"), ("= 0.5", "= 0.2"))
    )
    assert weeks_needed(plan(equal)) < weeks_needed(plan(unequal))  # type: ignore[operator]
    own = plan(default_experiment())
    assert [one.arm for one in own] == ["SUGGEST_BREAK", "BLOCK_SITES"]
    assert weeks_needed(own) == max(one.weeks or 0 for one in own)


def test_what_can_never_be_found_is_said_so() -> None:
    [arm] = plan(parse_experiment(changed(OWN, ("effect = 4.0", "effect = 0.01"))))
    assert arm.weeks is None and arm.power < 0.8
    assert weeks_needed([arm]) is None


def test_people_are_compared_by_their_means() -> None:
    experiment = parse_experiment(PEOPLE)
    asked, rng = experiment.plan, np.random.default_rng(3)
    weeks = weeks_needed(plan(experiment))
    assert weeks == 1
    planned = power_after(experiment, experiment.arms[1], weeks)
    half = asked.people // 2
    means = rng.normal(200, asked.sd_people, (TRIALS, asked.people, 1))
    means[:, half:] += asked.effect
    days = means + rng.normal(0, asked.sd, (TRIALS, asked.people, 7 * weeks))
    told = days.mean(axis=2)
    p_values = stats.ttest_ind(told[:, half:], told[:, :half], axis=1, equal_var=False).pvalue
    users = np.repeat(np.arange(asked.people), 7 * weeks)
    for trial in range(20):  # the analysis itself takes 45 ms
        effect = person_level_effect(days[trial].ravel(), users.tolist(), (users >= half).tolist())
        assert effect.p_value == pytest.approx(p_values[trial], rel=1e-6)
    assert np.mean(p_values < asked.alpha) == pytest.approx(planned, abs=0.07)
    more_weeks = [power_after(experiment, experiment.arms[1], one) for one in (1, 4, 16)]
    assert more_weeks == sorted(more_weeks) and more_weeks[-1] < 1, "more weeks do not replace more people"


def test_two_arms_have_the_papers_noncentrality() -> None:
    """34 people, 42 days of 5 decision points, ρ = 0.4, τ = 0.5, a constant standardised effect of 0.1."""
    text = changed(OWN, ("probability = 0.5", "probability = 0.6"), ("probability = 0.5", "probability = 0.4"))
    text = changed(text, ("effect = 4.0", "effect = 0.1"), ("sd = 15.0", "sd = 1.0"))
    text = changed(text, ("people = 10", "people = 34\nopportunities_a_day = 5.0\navailable = 0.5"))
    experiment = parse_experiment(text)
    assert power_after(experiment, experiment.arms[1], 6) == pytest.approx(
        f_test_power(34 * 42 * 5 * 0.5 * 0.4 * 0.6 * 0.1**2, 34), abs=1e-9
    )


def test_of_several_arms_two_are_compared_in_the_opportunities_that_drew_one_of_them() -> None:
    own = default_experiment()
    experiment = replace(own, plan=replace(own.plan, people=30, opportunities_a_day=2.0, available=1.0))
    effect = experiment.plan.effect / experiment.plan.sd
    drew_one_of_them, chance = 30 * 14 * 2 * (0.3 + 0.4), 0.3 / (0.3 + 0.4)
    noncentrality = drew_one_of_them * chance * (1 - chance) * effect**2
    assert power_after(experiment, experiment.arms[1], 2) == pytest.approx(f_test_power(noncentrality, 30), abs=1e-9)


def f_test_power(noncentrality: float, clusters: int) -> float:
    free = clusters - 3
    return float(stats.ncf.sf(stats.f.ppf(0.95, 1, free), 1, free, noncentrality))


def test_the_plan_says_what_it_assumes() -> None:
    told = " ".join(assumptions(parse_experiment(changed(OWN, ("[plan]", "[adaptive]\non = true\n[plan]")))))
    assert "10 people take part" in told and "Liao" in told and "Probabilities stay as declared" in told
    assert "CUPED" in " ".join(assumptions(parse_experiment(PEOPLE)))
