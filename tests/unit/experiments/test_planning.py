"""What a plan says of an experiment's length is what the analysis of simulated ones of that length finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from experiment_files import DAYS, OWN, PEOPLE, changed
from scipy import stats

from neural_focus.experiments.declaration import Experiment, default_experiment, parse_experiment
from neural_focus.experiments.person_level import person_level_effect
from neural_focus.experiments.planning import assumptions, level, plan, power_after, weeks_needed
from neural_focus.experiments.randomization import randomization_effect

TRIALS = 300


def simulated_power(experiment: Experiment, weeks: int) -> float:
    """How often the first arm's planned effect passes the level that it has to pass."""
    asked, rng = experiment.plan, np.random.default_rng(7)
    each = round(7 * weeks * asked.opportunities_a_day * asked.available)
    people = np.repeat(np.arange(asked.people), each)
    shares, found = [arm.probability for arm in experiment.arms], 0
    for _ in range(TRIALS):
        drawn = rng.choice(len(shares), p=shares, size=len(people))
        before = rng.normal(60, 10, len(people)) + 3.0 * people
        done = (drawn == 1) & (rng.random(len(people)) < asked.carried_out)
        after = before + rng.normal(0, asked.sd, len(people)) + asked.effect / asked.carried_out * done
        two = drawn <= 1
        chance = np.full(two.sum(), shares[1] / (shares[0] + shares[1]))
        effect = randomization_effect(after[two], drawn[two] == 1, chance, people[two].tolist(), before[two], draws=400)
        found += effect.p_value < level(experiment)
    return found / TRIALS


OWN_ARMS = default_experiment()
DAILY = ("people = 10", "people = 2\nopportunities_a_day = 8.0\navailable = 0.75")


@pytest.mark.parametrize(
    "experiment",
    [
        parse_experiment(
            changed(OWN, ("people = 10", "people = 30\nopportunities_a_day = 2.0"), ("effect = 4.0", "effect = 2.0"))
        ),
        parse_experiment(changed(OWN, DAILY)),
        parse_experiment(changed(OWN, DAILY, ("sd = 15.0", "sd = 8.0\ncarried_out = 0.3"))),
        replace(OWN_ARMS, plan=replace(OWN_ARMS.plan, effect=8.0, carried_out=0.5)),
    ],
    ids=["thirty people", "two people", "seldom carried out", "three arms and one person"],
)
def test_the_planned_weeks_have_the_planned_power(experiment: Experiment) -> None:
    weeks = weeks_needed(plan(experiment))
    assert weeks is not None and weeks > 1
    planned = power_after(experiment, experiment.arms[1], weeks)
    assert planned >= 0.8 > power_after(experiment, experiment.arms[1], weeks - 1)
    assert simulated_power(experiment, weeks) == pytest.approx(planned, abs=0.07)


def test_a_plan_asks_for_more_where_arms_are_seldom_carried_out_and_where_there_are_more_of_them() -> None:
    def weeks(experiment: Experiment) -> int:
        return weeks_needed(plan(experiment)) or 0

    assert weeks(parse_experiment(OWN)) < weeks(parse_experiment(changed(OWN, ("[plan]", "[plan]\ncarried_out = 0.1"))))
    assert level(OWN_ARMS) == OWN_ARMS.plan.alpha / 2 and level(parse_experiment(OWN)) == 0.05


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
    points = 34 * 42 * 5 * 0.5
    assert power_after(experiment, experiment.arms[1], 6) == pytest.approx(
        f_test_power((points - 34) * 0.4 * 0.6 * 0.1**2, points - 34 - 2, 0.05), abs=1e-9
    )


def test_of_several_arms_two_are_compared_in_the_opportunities_that_drew_one_of_them() -> None:
    own = default_experiment()
    experiment = replace(own, plan=replace(own.plan, people=30, opportunities_a_day=2.0, available=1.0))
    effect = experiment.plan.effect / experiment.plan.sd
    counted, chance = 30 * 14 * 2 * (0.3 + 0.4) - 30, 0.3 / (0.3 + 0.4)
    noncentrality = counted * chance * (1 - chance) * effect**2
    assert power_after(experiment, experiment.arms[1], 2) == pytest.approx(
        f_test_power(noncentrality, counted - 2, 0.025), abs=1e-9
    )


def f_test_power(noncentrality: float, free: float, alpha: float) -> float:
    return float(stats.ncf.sf(stats.f.ppf(1 - alpha, 1, free), 1, free, noncentrality))


def test_the_plan_says_what_it_assumes() -> None:
    told = " ".join(assumptions(parse_experiment(changed(OWN, ("[plan]", "[adaptive]\non = true\n[plan]")))))
    assert "10 people take part" in told and "Liao" in told and "Probabilities stay as declared" in told
    assert "CUPED" in " ".join(assumptions(parse_experiment(PEOPLE)))
    assert "Each of their days counts" in " ".join(assumptions(parse_experiment(DAYS)))


def test_days_are_planned_as_one_draw_each() -> None:
    experiment = parse_experiment(changed(DAYS, ("people = 200", "people = 10")))
    effect, counted = 20.0 / 60.0, 10 * 7 * 4 - 10
    assert power_after(experiment, experiment.arms[1], 4) == pytest.approx(
        f_test_power(counted * 0.25 * effect**2, counted - 2, 0.05), abs=1e-9
    )
