"""The draw can be repeated, its frequencies are its probabilities, and alerts keep to their budget."""

from __future__ import annotations

import numpy as np
import pytest

from neural_focus.errors import ConfigurationError
from neural_focus.experiments.assignment import (
    TRIAL_ARMS,
    WARM_START_ARMS,
    Arm,
    OpportunityWatch,
    Policy,
    Trigger,
    budget_threshold,
    draw_arm,
    uniform,
)


def test_the_same_opportunity_always_gets_the_same_arm() -> None:
    first = draw_arm("seed", 7, "machine:123")
    assert first == draw_arm("seed", 7, "machine:123")
    assert first.probability == TRIAL_ARMS[first.arm]


def test_a_known_draw_stays_what_it_is_across_versions() -> None:
    # Auditing old rows needs the same numbers for ever: SHA-256("mrt-1\n1\nm:1").
    assert uniform("mrt-1", 1, "m:1") == pytest.approx(0.606957396005339, abs=0)


def test_seed_person_and_opportunity_each_change_the_draw() -> None:
    base = uniform("a", 1, "x")
    assert len({base, uniform("b", 1, "x"), uniform("a", 2, "x"), uniform("a", 1, "y")}) == 4


@pytest.mark.parametrize("arms", [TRIAL_ARMS, {Arm.NO_OP: 0.2, Arm.SUGGEST_BREAK: 0.7, Arm.BLOCK_SITES: 0.1}])
def test_frequencies_match_the_probabilities(arms: dict[Arm, float]) -> None:
    n = 20_000
    drawn = [draw_arm("seed", index % 12, f"m:{index}", arms).arm for index in range(n)]
    for arm, share in arms.items():
        error = (share * (1 - share) / n) ** 0.5
        assert abs(drawn.count(arm) / n - share) < 4 * error


def test_consecutive_opportunities_are_uncorrelated() -> None:
    numbers = np.array([uniform("seed", 1, f"m:{index}") for index in range(5000)])
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 4 / 5000**0.5


def test_the_warm_start_never_draws_no_op() -> None:
    arms = {draw_arm("seed", 1, f"m:{index}", WARM_START_ARMS).arm for index in range(500)}
    assert arms == {Arm.SUGGEST_BREAK, Arm.BLOCK_SITES}


@pytest.mark.parametrize("arms", [{Arm.NO_OP: 0.5}, {Arm.NO_OP: 1.5, Arm.SUGGEST_BREAK: -0.5}])
def test_probabilities_that_do_not_add_up_are_refused(arms: dict[Arm, float]) -> None:
    with pytest.raises(ConfigurationError, match="add up"):
        draw_arm("seed", 1, "m:1", arms)


def test_the_threshold_spends_the_budget_and_no_more() -> None:
    generator = np.random.default_rng(3)
    times = np.arange(8 * 3600, dtype=np.float64)
    risks = np.clip(np.repeat(generator.beta(1, 20, 480), 60) + generator.normal(0, 0.01, len(times)), 0, 1)
    for per_hour in (1.0, 2.0, 4.0):
        threshold = budget_threshold(times, risks, 8.0, per_hour=per_hour, gap_s=300)
        alerts, silent_until = 0, -1.0
        for t, risk in zip(times, risks, strict=True):
            if risk >= threshold and t >= silent_until:
                alerts, silent_until = alerts + 1, t + 300
        assert 0.5 * per_hour * 8 <= alerts <= per_hour * 8


def test_a_watch_adapts_to_the_person_and_keeps_five_minutes_apart() -> None:
    generator = np.random.default_rng(5)
    watch = OpportunityWatch(Policy(alerts_per_hour=2.0))
    held: list[float] = []
    for second in range(10 * 3600):
        risk = None if second % 97 < 20 else float(generator.beta(2, 60))  # never near the prior threshold
        if watch.consider(float(second), risk) is Trigger.BUDGET:
            held.append(float(second))
    assert watch.threshold < Policy().prior_threshold
    assert 10 <= len(held) <= 30
    assert min(np.diff(held)) >= 300
    assert max(sum(1 for other in held if 0 <= other - t < 3600) for t in held) <= 3


def test_unsettled_moments_and_low_risks_are_no_opportunities() -> None:
    watch = OpportunityWatch(Policy())
    assert watch.consider(0.0, None) is None
    assert watch.consider(1.0, 0.01) is None
    assert watch.consider(2.0, 0.9) is Trigger.BUDGET
    assert watch.consider(3.0, 0.9) is None


def test_a_restart_remembers_what_was_held() -> None:
    watch = OpportunityWatch(Policy())
    watch.take_up(np.empty(0), np.empty(0), [100.0])
    assert watch.consider(200.0, 0.9) is None
    assert watch.consider(401.0, 0.9) is Trigger.BUDGET


def test_the_budget_has_room_five_minutes_after_and_three_times_an_hour() -> None:
    policy = Policy()
    assert policy.has_room([], 5_000.0) and policy.has_room([4_700.0], 5_000.0)
    assert not policy.has_room([4_700.1], 5_000.0)
    assert not policy.has_room([5_010.0, 100.0], 5_000.0), "another machine's clock is ahead"
    assert not policy.has_room([1_400.1, 2_000.0, 3_000.0], 5_000.0)
    assert policy.has_room([1_400.0, 2_000.0, 3_000.0], 5_000.0)


def test_a_second_counts_once_whichever_machines_had_it() -> None:
    once, twice = OpportunityWatch(Policy()), OpportunityWatch(Policy())
    risks = np.random.default_rng(2).beta(2, 60, 5_000).tolist()
    for second, risk in enumerate(risks):
        once.remember(float(second), risk)
        twice.remember(float(second), risk)
        twice.remember(float(second), 0.9)
        twice.remember(float(second) - 3, 0.9)
    assert once.threshold == twice.threshold < Policy().prior_threshold


def test_the_warm_start_comes_once_and_on_time_even_unsettled() -> None:
    watch = OpportunityWatch(Policy(warm_start_s=20.0))
    triggers = [watch.consider(float(second), None) for second in range(60)]
    assert triggers[20] is Trigger.WARM_START
    assert sum(trigger is not None for trigger in triggers) == 1


def test_a_warm_start_without_an_answer_comes_again_and_a_real_person_has_none() -> None:
    watch = OpportunityWatch(Policy(warm_start_s=0.0))
    assert watch.consider(0.0, None, only_warm_start=True) is Trigger.WARM_START
    assert watch.consider(1.0, 0.9, only_warm_start=True) is None
    watch.warm_again()
    assert watch.consider(2.0, None) is Trigger.WARM_START
    real = OpportunityWatch(Policy())
    real.warm_again()
    assert real.consider(0.0, None) is None


def test_what_cannot_be_done_is_not_drawn_and_the_rest_shares_its_probability() -> None:
    eligible = frozenset({Arm.NO_OP, Arm.BLOCK_SITES})
    drawn = [draw_arm("seed", 1, f"m:{index}", TRIAL_ARMS, eligible) for index in range(2_000)]
    assert {draw.arm: draw.probability for draw in drawn} == pytest.approx({Arm.NO_OP: 4 / 7, Arm.BLOCK_SITES: 3 / 7})
    assert np.mean([draw.arm is Arm.NO_OP for draw in drawn]) == pytest.approx(4 / 7, abs=0.04)
    alone = draw_arm("seed", 1, "m:1", WARM_START_ARMS, frozenset({Arm.NO_OP}))
    assert (alone.arm, alone.probability) == (Arm.NO_OP, 1.0)


def test_a_moment_that_nobody_could_see_spends_nothing_and_is_counted_as_one_would_have_been() -> None:
    watch = OpportunityWatch(Policy())
    missed = [t for t in range(1_000) if watch.consider(float(t), 0.9, available=False)]
    assert missed == [0, 300, 600], "five minutes apart, three an hour"
    assert watch.consider(1_000.0, 0.9) is Trigger.BUDGET
    assert watch.consider(1_300.0, 0.9, available=False) is None, "the hour's three would have been held"
    assert watch.consider(1_301.0, 0.9) is Trigger.BUDGET, "in truth one was"


def test_a_warm_start_waits_until_something_can_be_shown_and_somebody_can_see_it() -> None:
    watch = OpportunityWatch(Policy(warm_start_s=1.0))
    assert [watch.consider(float(t), None, warm_start=False) for t in range(5)] == [None] * 5
    assert [watch.consider(float(t), None, available=False) for t in (5, 6)] == [Trigger.WARM_START, None]
    assert [watch.consider(float(t), None) for t in (7, 8)] == [Trigger.WARM_START, None]
