"""One day's work of a stream as a task of its own: a row in the run's graph, tried again where it fails.

    key ──► is it what is there made from? ── yes ──► nothing runs
                       │ no
                       └──► task "<stream> <day>" ──► work ──► commit      (fails: rolled back, twice tried again)

The cache key is kept beside what the day's work writes, not in Prefect's store of results: whether a day is up to date
is known before there is a task, nothing is pickled, and what is deleted is made again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

from flows.platform_flow import Platform

R = TypeVar("R")
RETRY_SECONDS = [1.0, 10.0]
"""A connection that was cut is there again at once, a database that starts again some seconds later."""


def run_day(platform: Platform, name: str, key: str, made_from: str | None, work: Callable[[], R]) -> R | None:
    """What ``work`` returns, its writes to the database committed; None where what is there was ``made_from`` the
    ``key``, which names all that the work depends on."""
    if made_from == key:
        return None

    def attempt() -> R:
        platform.reconnect()  # it may be why the last attempt failed
        try:
            found = work()
            platform.connection.commit()
        except BaseException:
            if not platform.connection.closed:
                platform.connection.rollback()
            raise
        return found

    if FlowRunContext.get() is None:
        return attempt()
    as_task = task(
        name="day",
        task_run_name=name,
        retries=len(RETRY_SECONDS),
        retry_delay_seconds=RETRY_SECONDS,
        cache_policy=NO_CACHE,
    )
    return as_task(attempt)()
