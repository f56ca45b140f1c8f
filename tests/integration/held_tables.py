"""Requests that are in the middle of their work: a table is held, and they wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from serving_process import query


@contextmanager
def locked(url: str, *tables: str) -> Iterator[psycopg.Connection[Any]]:
    """Nobody else writes to these tables."""
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE MODE")
        yield connection
        connection.rollback()


def waiting(url: str, what: str) -> int:
    """How many connections to the database wait for a lock in a statement that has these words."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    [(count,)] = query(url, f"{asked} AND query LIKE %s", f"%{what}%")
    return int(count)


def end_those_waiting(url: str, what: str) -> None:
    """End the connections of the service that wait for a lock in such a statement."""
    query(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE %s",
        f"%{what}%",
    )
