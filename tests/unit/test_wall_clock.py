"""The clock of the stamps on an injected wall clock, and the order of boots that a moved one leaves behind."""

from __future__ import annotations

import numpy as np
import pytest

from collector.wall_clock import WallClock
from neural_focus.store.boots import Boot, order_boots, replay_order

SECOND, HOUR = 1_000_000, 3_600_000_000


@pytest.mark.parametrize("step_us", [61 * SECOND, -HOUR, 2 * SECOND + 1])
def test_a_step_is_taken_once(step_us: int) -> None:
    offset = [1_000 * HOUR]
    clock = WallClock(lambda: offset[0])
    before = clock.now_us()
    offset[0] += step_us
    assert abs(clock.now_us() - before) < SECOND, "the stamps go on until it is taken"
    assert clock.take_step() == step_us
    assert abs(clock.now_us() - before - step_us) < SECOND
    assert clock.take_step() == 0
    assert (clock.steps, clock.last_step_us) == (1, step_us)


def test_small_corrections_are_no_step_until_they_add_up() -> None:
    offset = [0]
    clock = WallClock(lambda: offset[0])
    found = []
    for _ in range(5):
        offset[0] -= SECOND
        found.append(clock.take_step())
    assert found == [0, 0, -3 * SECOND, 0, 0]


def test_boots_in_order_are_replayed_whole() -> None:
    rows = [(1, 10, 20), (2, 20, 30), (5, 31, 40)]
    assert order_boots(rows) == [Boot(number, first, last, last, False) for number, first, last in rows]
    assert order_boots([]) == []


def test_after_a_step_back_the_later_boot_counts() -> None:
    boots = order_boots([(1, 0, 50), (2, 60, 100), (3, 40, 80)])
    assert boots == [Boot(1, 0, 50, 40, False), Boot(3, 40, 80, 80, True), Boot(2, 60, 100, 40, True)]
    number = np.array([1, 1, 1, 2, 2, 3, 3])
    stamps, seq = np.array([0, 40, 50, 60, 100, 40, 80]), np.array([0, 1, 2, 0, 1, 0, 1])
    shuffled = np.array([6, 3, 0, 5, 2, 4, 1])
    order = replay_order(boots, stamps[shuffled], seq[shuffled], number[shuffled])
    found = list(zip(number[shuffled][order].tolist(), stamps[shuffled][order].tolist(), strict=True))
    assert found == [(1, 0), (1, 40), (3, 40), (3, 80)]


def test_what_was_recorded_in_the_future_stays_until_the_time_is_there() -> None:
    """A boot a week ahead: the ones after it were set back, and take its place when they reach it."""
    assert [(boot.number, boot.anew, boot.until_us) for boot in order_boots([(1, 700, 710), (2, 0, 50)])] == [
        (2, True, 50),
        (1, True, 710),
    ]
    assert order_boots([(1, 700, 710), (2, 0, 705)])[1] == Boot(1, 700, 710, 0, True)
