"""A connection to the database that is cut in the middle of work: the fault that a day's task is tried again after."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from neural_focus.store.database import connect

LOOK_SECONDS = 0.05


@contextmanager
def cut_who_waits(database_url: str, lock: sql.SQL | sql.Composed) -> Iterator[threading.Event]:
    """Takes a lock inside: the first session that waits for it is ended by the database, and then the lock goes.

    ``lock``: the statement that takes it. The event is set once a session was ended.
    """
    done, leaving = threading.Event(), threading.Event()
    with connect(database_url) as holder, connect(database_url) as watcher:
        watcher.autocommit = True
        holder.execute(lock)

        def watch() -> None:
            asked = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))
                ORDER BY query_start LIMIT 1"""
            while not leaving.is_set() and not watcher.execute(asked, (holder.info.backend_pid,)).fetchall():
                time.sleep(LOOK_SECONDS)
            if not leaving.is_set():
                done.set()
            holder.rollback()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield done
        finally:
            leaving.set()
            thread.join()
