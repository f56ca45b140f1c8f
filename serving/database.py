"""The service's connections: a small pool, used from worker threads and never from the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.concurrency import run_in_threadpool

from neural_focus.errors import StoreError
from neural_focus.store.database import Connection, plain_url
from neural_focus.store.row_scope import see_everyone, see_person, see_to_forget

T = TypeVar("T")
WAIT_SECONDS = 5.0


class Database:
    """A pool of connections in UTC. A connection that the server dropped is replaced before it is lent.

    ``run_for`` and ``run_for_all`` say whose rows the work is about; each is one transaction, committed at its end and
    rolled back on an error.
    """

    def __init__(self, url: str, size: int = 4) -> None:
        self._pool: ConnectionPool[psycopg.Connection[tuple[Any, ...]]] = ConnectionPool(
            plain_url(url),
            min_size=1,
            max_size=size,
            open=False,
            timeout=WAIT_SECONDS,
            check=ConnectionPool.check_connection,
            kwargs={
                "options": "-c timezone=UTC",
                "connect_timeout": 5,
                "application_name": "neural-focus-service",
                "autocommit": True,  # a transaction begins with whose rows it is about
            },
        )

    def open(self) -> None:
        """Connect.

        Raises:
            StoreError: the server is unreachable or refuses.
        """
        self._pool.open()
        with self._lent() as connection:
            connection.execute("SELECT 1")

    def close(self) -> None:
        """Give the connections back to the server."""
        self._pool.close()

    async def run_for(self, user_id: int, work: Callable[[Connection], T]) -> T:
        """``work`` on the rows of one person, in a worker thread: every other person's are as good as none.

        Raises:
            StoreError: the server is unreachable, or refuses what was asked.
        """
        return await run_in_threadpool(self._run, partial(see_person, user_id=user_id), work)

    async def run_for_all(self, work: Callable[[Connection], T]) -> T:
        """``work`` on everybody's rows, or where it is not known yet whose they are. Otherwise as ``run_for``."""
        return await run_in_threadpool(self._run, see_everyone, work)

    def work_to_forget(self, work: Callable[[Connection], T]) -> T:
        """``work`` that counts and deletes what a person has us forget, in the caller's own thread. As ``run_for``."""
        return self._run(see_to_forget, work)

    def _run(self, begin: Callable[[Connection], None], work: Callable[[Connection], T]) -> T:
        with self._lent() as connection:
            begin(connection)
            return work(connection)

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.Error, PoolTimeout) as error:
            raise StoreError(
                "The database refuses",
                why=(str(error).strip().splitlines() or [type(error).__name__])[0],
                hint="See whether it runs: neural-focus doctor",
            ) from error
