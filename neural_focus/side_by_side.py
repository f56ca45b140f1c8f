"""Independent steps of a training on several cores: threads that share the moments, since XGBoost and NumPy let go of
the interpreter while they count.

Within a step everything has one order, however many steps there are at once: so the results have the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

T = TypeVar("T")
MOST_AT_ONCE = 2
"""Each step has a copy of what it reads: of twelve people's four weeks some hundred megabytes."""


def side_by_side(tasks: Sequence[Callable[[], T]], at_once: int) -> list[T]:
    """What the tasks return, in their order, after so many of them at a time have run, with one thread each.

    Whoever is interrupted, or meets a task's error, waits here for no other: tasks that have not begun never do, those
    that have go on to their end, for which Python waits before it ends.
    """
    if at_once == 1:
        return [task() for task in tasks]
    pool = ThreadPoolExecutor(at_once, "training")
    try:
        with threadpool_limits(1):  # with another number of threads the libraries' sums have another order
            futures = [pool.submit(task) for task in tasks]
            return [one.result() for one in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def usable_cores() -> int:
    """On how many cores steps go side by side: those that this process has, up to ``MOST_AT_ONCE``."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_AT_ONCE)
