"""Who is in which experiment: sticky, exclusive within a layer, independent across layers; what a moment can get."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from experiment_files import DAYS, MODELS, OWN, PEOPLE, changed
from scipy import stats

from neural_focus.experiments.assignment import Arm
from neural_focus.experiments.budget import OpportunityWatch, Policy, Trigger
from neural_focus.experiments.declaration import default_experiment, demo_experiment, parse_experiment
from neural_focus.experiments.running import (
    Running,
    assigned_arm,
    changed_policy,
    context_key,
    context_of,
    experiment_of,
    is_eligible,
    place,
    possible_arms,
)

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
PEOPLE_HERE = range(1, 20_001)
TODAY = date(2026, 12, 1)


def running(number: int, text: str = OWN, traffic: tuple[float, float] | None = (0.0, 1.0)) -> Running:
    return Running(number, parse_experiment(text), traffic, NOW)


def test_places_in_a_layer_are_uniform_and_known_for_ever() -> None:
    places = [place("help", user) for user in PEOPLE_HERE]
    assert stats.kstest(places, "uniform").pvalue > 0.001
    assert places == [place("help", user) for user in PEOPLE_HERE]
    assert place("help", 1) == pytest.approx(0.14532963105130592, abs=0), "people must not move in a later version"


def test_places_in_two_layers_are_independent() -> None:
    both = np.zeros((4, 4))
    for user in PEOPLE_HERE:
        both[int(4 * place("help", user)), int(4 * place("how-often", user))] += 1
    assert stats.chi2_contingency(both).pvalue > 0.001


def test_a_person_is_in_one_experiment_of_a_layer_at_most() -> None:
    rest = Running(3, default_experiment(), None, NOW)
    here = [running(1, traffic=(0.0, 0.3)), running(2, changed(OWN, ("breaks", "other")), (0.3, 0.5)), rest]
    counts = {1: 0, 2: 0, 3: 0}
    for user in PEOPLE_HERE:
        found = experiment_of(here, "help", user, NOW)
        assert found is not None and found is experiment_of(here[::-1], "help", user, NOW)
        assert [one.traffic is not None and one.traffic[0] <= place("help", user) < one.traffic[1] for one in here] == [
            one is found and found is not rest for one in here
        ]
        counts[found.id] += 1
    assert stats.chisquare(list(counts.values()), [6_000, 4_000, 10_000]).pvalue > 0.001
    assert experiment_of(here[:2], "help", next(u for u in PEOPLE_HERE if place("help", u) > 0.5), NOW) is None
    assert experiment_of(here, "how-often", 1, NOW) is None


def test_demo_people_have_the_rest_that_is_declared_for_them_and_real_ones_never() -> None:
    mine, real, demo = (
        running(1, traffic=(0.0, 0.3)),
        Running(2, default_experiment(), None, NOW),
        Running(3, demo_experiment(), None, NOW),
    )
    for here in ([mine, real, demo], [demo, real, mine]):
        for user in PEOPLE_HERE[:500]:
            shared = place("help", user) < 0.3
            assert experiment_of(here, "help", user, NOW) is (mine if shared else real)
            assert experiment_of(here, "help", user, NOW, is_demo=True) is (mine if shared else demo)
    user = next(user for user in PEOPLE_HERE if place("help", user) > 0.3)
    assert experiment_of([demo], "help", user, NOW) is None
    assert experiment_of([real], "help", user, NOW, is_demo=True) is real, "stopped: as everybody"


def test_days_of_the_file_begin_and_end_the_draws_and_the_rest_takes_over() -> None:
    text = changed(OWN, ("version = 1", "version = 1\nstart = 2026-12-02\nend = 2026-12-04"))
    mine, rest = running(1, text), Running(2, default_experiment(), None, NOW)
    by_day = [experiment_of([mine, rest], "help", 5, datetime(2026, 12, day, 0, 0, tzinfo=UTC)) for day in (1, 2, 3, 4)]
    assert by_day == [rest, mine, mine, rest]


def test_assigned_arms_are_sticky_as_probable_as_declared_and_independent_of_the_layers_place() -> None:
    spec = parse_experiment(
        changed(PEOPLE, ("probability = 0.5", "probability = 0.7"), ("probability = 0.5", "probability = 0.3"))
    )
    arms = [assigned_arm(spec, user, TODAY).label for user in PEOPLE_HERE]
    assert arms == [assigned_arm(spec, user, TODAY).label for user in PEOPLE_HERE]
    assert stats.binomtest(arms.count("seldom"), len(arms), 0.3).pvalue > 0.001
    both = np.zeros((2, 4))
    for user, arm in zip(PEOPLE_HERE, arms, strict=True):
        both[int(arm == "seldom"), int(4 * place("how-often", user))] += 1
    assert stats.chi2_contingency(both).pvalue > 0.001
    again = replace(spec, version=2)
    assert (
        stats.binomtest(
            sum(assigned_arm(again, user, TODAY).label == arm for user, arm in zip(PEOPLE_HERE, arms, strict=True)),
            len(arms),
            0.7**2 + 0.3**2,
        ).pvalue
        > 0.001
    ), "the next version draws anew"


def test_a_person_keeps_their_arm_and_a_day_draws_anew() -> None:
    week = [TODAY + timedelta(days=day) for day in range(200)]
    person, day = parse_experiment(MODELS), parse_experiment(DAYS)
    assert {assigned_arm(person, 7, one).label for one in week} == {assigned_arm(person, 7, TODAY).label}
    drawn = [assigned_arm(day, 7, one).label for one in week]
    assert drawn == [assigned_arm(day, 7, one).label for one in week]
    assert stats.binomtest(drawn.count("other"), len(week), 0.5).pvalue > 0.001
    assert drawn != [assigned_arm(day, 8, one).label for one in week], "each person's days by themselves"


def test_arms_that_cannot_be_done_or_were_stopped_leave_their_share_to_the_others() -> None:
    own = Running(1, default_experiment(), None, NOW)
    context = context_of(NOW, "Building", 0)
    assert possible_arms(own, context, set(Arm)) == pytest.approx(
        {Arm.NO_OP: 0.4, Arm.SUGGEST_BREAK: 0.3, Arm.BLOCK_SITES: 0.3}
    )
    without = {Arm.NO_OP: 4 / 7, Arm.SUGGEST_BREAK: 3 / 7}
    assert possible_arms(own, context, {Arm.SUGGEST_BREAK}) == pytest.approx(without)
    assert possible_arms(replace(own, stopped=frozenset({"BLOCK_SITES"})), context, set(Arm)) == pytest.approx(without)
    assert possible_arms(own, context, ()) == {}, "with the no-op alone there is nothing to draw"


def test_moved_probabilities_hold_in_their_context_alone_and_only_where_the_file_chose_it() -> None:
    text = changed(OWN, ("[plan]", '[adaptive]\non = true\ncontext = ["part_of_day"]\n[plan]'))
    moved = {"part_of_day=morning": {"NO_OP": 0.2, "SUGGEST_BREAK": 0.8}}
    adaptive = replace(running(1, text), moved=moved)
    morning, evening = (context_of(NOW.replace(hour=hour), "Building", 0) for hour in (9, 20))
    assert possible_arms(adaptive, morning, set(Arm))[Arm.SUGGEST_BREAK] == 0.8
    assert possible_arms(adaptive, evening, set(Arm))[Arm.SUGGEST_BREAK] == 0.5
    assert possible_arms(replace(running(1), moved={"all": moved["part_of_day=morning"]}), morning, set(Arm)) == {
        Arm.NO_OP: 0.5,
        Arm.SUGGEST_BREAK: 0.5,
    }


def test_contexts_are_named_by_what_was_known() -> None:
    context = context_of(NOW, "", 2)
    assert context == {"part_of_day": "morning", "category": "none", "opportunity_of_day": "2-3"}
    assert [context_of(NOW, "", n)["opportunity_of_day"] for n in (0, 1, 2, 3)] == ["1", "2-3", "2-3", "4+"]
    assert context_key(("part_of_day", "category"), context) == "part_of_day=morning category=none"
    assert context_key((), context) == "all"


@pytest.mark.parametrize(
    ("eligibility", "hour", "category", "today", "takes_part"),
    [
        ("first_of_day = 2", 10, "Building", 1, True),
        ("first_of_day = 2", 10, "Building", 2, False),
        ("from_hour = 9\nto_hour = 11", 10, "Building", 0, True),
        ("from_hour = 9\nto_hour = 10", 10, "Building", 0, False),
        ('days = ["tue"]', 10, "Building", 0, True),
        ('days = ["mon", "sun"]', 10, "Building", 0, False),
        ('categories = ["Building"]', 10, "Building", 0, True),
        ('categories = ["Studying"]', 10, "Building", 0, False),
    ],
)
def test_who_is_eligible(eligibility: str, hour: int, category: str, today: int, takes_part: bool) -> None:
    spec = parse_experiment(changed(OWN, ("[plan]", f"[eligibility]\n{eligibility}\n[plan]")))
    local = NOW.replace(hour=hour)
    assert is_eligible(spec, context_of(local, category, today), local, today) is takes_part


def test_a_persons_policy_follows_their_arm() -> None:
    usual, seldom = parse_experiment(PEOPLE).arms
    policy = changed_policy(Policy(), [seldom])
    assert (policy.alerts_per_hour, policy.gap_s) == (1.0, 1800.0)
    assert changed_policy(Policy(), [usual]) == Policy()
    watch = OpportunityWatch(Policy())
    watch.follow(policy)
    watch.spend(Trigger.BUDGET, 0.0, visible=True)
    assert not watch.budget.has_room(600.0, visible=True), "half an hour apart"
    watch.follow(Policy())
    assert watch.budget.has_room(900.0, visible=True)


def test_a_threshold_by_quantile_is_that_of_the_persons_own_risks() -> None:
    watch = OpportunityWatch(Policy(threshold_quantile=0.9))
    risks = np.random.default_rng(1).beta(2, 20, 1_200)
    for second, risk in enumerate(risks):
        watch.remember(float(second), float(risk))
    assert watch.budget.threshold == pytest.approx(np.quantile(risks, 0.9))
