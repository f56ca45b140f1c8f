"""One day's work as a task of its own: a row in the run's graph, tried again where it fails.

Its cache key is kept in the file that it writes (``label_files.made_from``), not in Prefect's store of results: whether
a day is up to date is known before there is a task, and nothing is pickled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

from neural_focus.store.database import Connection

R = TypeVar("R")
RETRIES = 2


def run_day(connection: Connection, name: str, work: Callable[[], R]) -> R:
    """What ``work`` returns. What it had written to the database before it failed is undone before the next try."""

    def attempt() -> R:
        with connection.transaction():
            return work()

    if FlowRunContext.get() is None:
        return attempt()
    as_task = task(name="day", task_run_name=name, retries=RETRIES, retry_delay_seconds=1, cache_policy=NO_CACHE)
    return as_task(attempt)()
