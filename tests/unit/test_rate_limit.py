"""A token bucket a sender, and no more senders than there is room for."""

from __future__ import annotations

import pytest

from serving import rate_limit
from serving.rate_limit import RateLimit


def test_a_burst_and_then_so_much_a_second() -> None:
    now = [0.0]
    limit = RateLimit(burst=10, a_second=2, clock=lambda: now[0])
    limit.spend("a", 10)
    assert limit.wait("a") == 0, "it had all of it"
    limit.spend("a", 4)
    assert limit.wait("a") == 2.0 and limit.wait("b") == 0
    now[0] = 1.5
    assert limit.wait("a") == pytest.approx(0.5)
    now[0] = 1000.0
    limit.spend("a", 10)
    assert limit.wait("a") == 0, "what was not used for long is a burst and no more"
    limit.spend("a", 1)
    assert limit.wait("a") == 0.5


def test_senders_are_forgotten_once_they_are_as_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MOST_SENDERS", 3)
    now = [0.0]
    limit = RateLimit(burst=10, a_second=1, clock=lambda: now[0])
    for sender, amount in (("a", 30), ("b", 11), ("c", 20), ("d", 11)):
        limit.spend(sender, amount)
    assert [limit.wait(sender) for sender in "abcd"] == [20, 0, 10, 1], "whoever was nearest to it had to go"
    now[0] = 100.0
    limit.spend("e", 11)
    assert limit._left.keys() == {"e"}
