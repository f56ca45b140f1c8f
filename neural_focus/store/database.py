"""Connections: psycopg for rows in bulk, SQLAlchemy for the rest. Both speak UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from neural_focus.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Engine

CONNECT_SECONDS = 10
DRIVERS = ("postgresql+psycopg://", "postgres://", "postgresql+asyncpg://")
Connection = psycopg.Connection[tuple[Any, ...]]


def plain_url(url: str) -> str:
    """``url`` without a driver's name, as psycopg and psql take it.

    Raises:
        ConfigurationError: no URL of a PostgreSQL database. What was given is not repeated: it may hold a password.
    """
    for driver in DRIVERS:
        if url.startswith(driver):
            return "postgresql://" + url.removeprefix(driver)
    if not url.startswith("postgresql://"):
        raise ConfigurationError(
            "DATABASE_URL names no PostgreSQL database", hint="Give postgresql://user:password@host:port/database"
        )
    return url


def connect(url: str) -> Connection:
    """A connection in UTC, without autocommit.

    Raises:
        StoreError: the server is unreachable or refuses.
    """
    try:
        return psycopg.connect(
            plain_url(url), connect_timeout=CONNECT_SECONDS, options="-c timezone=UTC", application_name="neural-focus"
        )
    except psycopg.Error as error:
        raise _refused(error) from error


def sqlalchemy_engine(url: str, **options: Any) -> Engine:
    """A SQLAlchemy engine on the same server, in UTC. ``options`` go to ``create_engine``."""
    from sqlalchemy import create_engine

    arguments = {"options": "-c timezone=UTC", "connect_timeout": CONNECT_SECONDS}
    target = plain_url(url).replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(target, connect_args=arguments, **options)


def in_us(column: str) -> str:
    """SQL for a ``timestamptz`` as µs since the Unix epoch, exact."""
    return f"(EXTRACT(epoch FROM {column}) * 1000000)::bigint"


def has_hypertables(connection: Connection) -> bool:
    """True on TimescaleDB; on plain PostgreSQL the same tables have a partition a day."""
    row = connection.execute("SELECT relkind = 'r' FROM pg_class WHERE oid = to_regclass('events')").fetchone()
    if row is None:
        raise StoreError("the database has no tables yet", hint="Run: neural-focus database migrate")
    return bool(row[0])


def _refused(error: psycopg.Error) -> StoreError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return StoreError(
        "the database refuses the connection",
        why=lines[0] if lines else type(error).__name__,
        hint="Start it with: neural-focus database start, or check DATABASE_URL",
    )
