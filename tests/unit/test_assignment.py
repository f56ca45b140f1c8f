"""The draw can be repeated, and its frequencies are its probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from neural_focus.errors import ConfigurationError
from neural_focus.experiments.assignment import (
    TRIAL_ARMS,
    WARM_START_ARMS,
    Arm,
    among,
    draw_arm,
    uniform,
)


def test_the_same_opportunity_always_gets_the_same_arm() -> None:
    first = draw_arm(uniform("seed", 7, "machine:123"), TRIAL_ARMS)
    assert first == draw_arm(uniform("seed", 7, "machine:123"), TRIAL_ARMS)
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
    drawn = [draw_arm(uniform("seed", index % 12, f"m:{index}"), arms).arm for index in range(n)]
    for arm, share in arms.items():
        error = (share * (1 - share) / n) ** 0.5
        assert abs(drawn.count(arm) / n - share) < 4 * error


def test_consecutive_opportunities_are_uncorrelated() -> None:
    numbers = np.array([uniform("seed", 1, f"m:{index}") for index in range(5000)])
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 4 / 5000**0.5


def test_the_warm_start_never_draws_no_op() -> None:
    arms = {draw_arm(uniform("seed", 1, f"m:{index}"), WARM_START_ARMS).arm for index in range(500)}
    assert arms == {Arm.SUGGEST_BREAK, Arm.BLOCK_SITES}


@pytest.mark.parametrize("arms", [{Arm.NO_OP: 0.5}, {Arm.NO_OP: 1.5, Arm.SUGGEST_BREAK: -0.5}])
def test_probabilities_that_do_not_add_up_are_refused(arms: dict[Arm, float]) -> None:
    with pytest.raises(ConfigurationError, match="add up"):
        draw_arm(0.5, arms)


def test_what_cannot_be_done_is_not_drawn_and_the_rest_shares_its_probability() -> None:
    eligible = frozenset({Arm.NO_OP, Arm.BLOCK_SITES})
    drawn = [draw_arm(uniform("seed", 1, f"m:{index}"), among(TRIAL_ARMS, eligible)) for index in range(2_000)]
    assert {draw.arm: draw.probability for draw in drawn} == pytest.approx({Arm.NO_OP: 4 / 7, Arm.BLOCK_SITES: 3 / 7})
    assert np.mean([draw.arm is Arm.NO_OP for draw in drawn]) == pytest.approx(4 / 7, abs=0.04)
    alone = draw_arm(0.5, among(WARM_START_ARMS, frozenset({Arm.NO_OP})))
    assert (alone.arm, alone.probability) == (Arm.NO_OP, 1.0)
