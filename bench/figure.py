"""One measured figure beside what it is measured against."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` and ``peer_value`` share ``unit``; ``ratio`` says how many times better than the peer."""

    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None

    def row(self) -> dict[str, str | float | None]:
        """The figure as one JSON object."""
        return asdict(self)


def beside(name: str, value: float, unit: str, peer: str, peer_value: float, *, less_is_better: bool = False) -> Figure:
    """A figure with its ratio: above 1 is better than the peer."""
    ratio = peer_value / value if less_is_better else value / peer_value
    return Figure(name, value, unit, peer, peer_value, ratio)


def best_seconds(work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.thread_time) -> float:
    """The shortest of some runs; by default CPU time of this thread, which a busy machine disturbs least."""
    best = float("inf")
    for _ in range(repeats):
        start = clock()
        work()
        best = min(best, clock() - start)
    return best
