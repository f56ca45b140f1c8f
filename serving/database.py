"""The service's connections: a small pool, used from worker threads and never from the event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.concurrency import run_in_threadpool

from neural_focus.errors import StoreError
from neural_focus.store.database import Connection, plain_url

T = TypeVar("T")
WAIT_SECONDS = 5.0


class Database:
    """A pool of connections in UTC. A connection that the server dropped is replaced before it is lent."""

    def __init__(self, url: str, size: int = 4) -> None:
        self._pool: ConnectionPool[psycopg.Connection[tuple[Any, ...]]] = ConnectionPool(
            plain_url(url),
            min_size=1,
            max_size=size,
            open=False,
            timeout=WAIT_SECONDS,
            check=ConnectionPool.check_connection,
            kwargs={"options": "-c timezone=UTC", "connect_timeout": 5, "application_name": "neural-focus-service"},
        )

    def open(self) -> None:
        """Connect.

        Raises:
            StoreError: the server is unreachable or refuses.
        """
        self._pool.open()
        with self.connection() as connection:
            connection.execute("SELECT 1")

    def close(self) -> None:
        """Give the connections back to the server."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One connection, committed at the end, rolled back on an error.

        Raises:
            StoreError: the server is unreachable, or refuses what was asked.
        """
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.Error, PoolTimeout) as error:
            raise StoreError(
                "The database refuses",
                why=(str(error).strip().splitlines() or [type(error).__name__])[0],
                hint="See whether it runs: neural-focus doctor",
            ) from error

    async def run(self, work: Callable[[Connection], T]) -> T:
        """``work`` with a connection, in a worker thread."""

        def call() -> T:
            with self.connection() as connection:
                return work(connection)

        return await run_in_threadpool(call)
