"""A partition a day on plain PostgreSQL. On TimescaleDB chunks make themselves and there is nothing to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
from numpy.typing import ArrayLike

from neural_focus.store.database import Connection, has_hypertables
from neural_focus.time import DAY_US, utc_date

PARTITION_LOCK = 7_306_520_002


def ensure_partitions(connection: Connection, table: str, days: Iterable[date]) -> None:
    """Makes the missing partitions of ``table`` for ``days`` (UTC), in the caller's transaction, as the table's owner
    (``infra/database_roles.py``).

    Call it before writing in that transaction: it needs the whole table for a moment.
    """
    if has_hypertables(connection):
        return
    names = {f"{table}_part_{day:%Y%m%d}": day for day in days}
    missing = set(names) - _existing(connection, names)
    if not missing:
        return
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (PARTITION_LOCK,))
    for name in sorted(missing - _existing(connection, names)):
        connection.execute("SELECT make_day_partition(%s, %s)", (table, names[name]))


def days_of(times_us: ArrayLike) -> list[date]:
    """The UTC days in which the times (µs) lie, and no day between them."""
    days = np.unique(np.asarray(times_us, np.int64) // DAY_US)
    return [utc_date(day * DAY_US) for day in days.tolist()]


def _existing(connection: Connection, names: Iterable[str]) -> set[str]:
    asked = "SELECT relname FROM pg_class WHERE relname = ANY(%s)"
    return {str(name) for (name,) in connection.execute(asked, (list(names),))}
