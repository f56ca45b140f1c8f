"""The main thread's rest: a turn just behind every second's close, and at once when there is news."""

import threading
import time

import pytest

import collector.waker
from collector.live import CLOSE_AFTER_US
from collector.waker import Waker, seconds_to_turn


@pytest.mark.parametrize("now_us", [0, 1, 101_999, 102_000, 102_001, 600_000, 1_700_000_000_123_456])
def test_a_turn_follows_each_close_within_150_ms(now_us: int) -> None:
    turn_us = now_us + round(seconds_to_turn(now_us) * 1e6)
    assert 0 < turn_us - now_us <= 1_000_000
    assert turn_us % 1_000_000 == 102_000
    over_us = now_us // 1_000_000 * 1_000_000 + 1_000_000  # this second's end
    while turn_us < over_us + CLOSE_AFTER_US:
        turn_us += round(seconds_to_turn(turn_us) * 1e6)
    assert turn_us - over_us < 150_000


def test_news_ends_the_rest_and_also_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector.waker, "seconds_to_turn", lambda now_us: 3600.0)
    rest, began = Waker(), time.monotonic()
    threading.Timer(0.05, rest.end).start()
    rest.until_turn(102_000, at_most=300)
    rest.end()  # while nobody rests
    rest.until_turn(102_000, at_most=300)
    assert time.monotonic() - began < 200
    rest.until_turn(102_000, at_most=0.01)
    rest.close()
    rest.end()
