"""The threshold spends a person's budget of alerts and no more, and is fitted to their own past."""

from __future__ import annotations

import numpy as np

from neural_focus.experiments.budget import OpportunityWatch, Policy, budget_threshold


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


def test_the_budget_has_room_five_minutes_after_and_three_times_an_hour() -> None:
    policy = Policy()
    assert policy.has_room([], 5_000.0) and policy.has_room([4_700.0], 5_000.0)
    assert not policy.has_room([4_700.1], 5_000.0)
    assert not policy.has_room([5_010.0, 100.0], 5_000.0), "another machine's clock is ahead"
    assert not policy.has_room([1_400.1, 2_000.0, 3_000.0], 5_000.0)
    assert policy.has_room([1_400.0, 2_000.0, 3_000.0], 5_000.0)


def test_a_restart_remembers_what_was_held() -> None:
    watch = OpportunityWatch(Policy())
    watch.restore(np.empty(0), np.empty(0), [100.0])
    assert not watch.budget.has_room(200.0, visible=True)
    assert watch.budget.has_room(401.0, visible=True)


def test_a_second_counts_once_whichever_machines_had_it() -> None:
    once, twice = OpportunityWatch(Policy()), OpportunityWatch(Policy())
    risks = np.random.default_rng(2).beta(2, 60, 5_000).tolist()
    for second, risk in enumerate(risks):
        once.remember(float(second), risk)
        twice.remember(float(second), risk)
        twice.remember(float(second), 0.9)
        twice.remember(float(second) - 3, 0.9)
    assert once.budget.threshold == twice.budget.threshold < Policy().prior_threshold
