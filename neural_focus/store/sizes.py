"""How large the tables are on disk, and what a year of such days will take."""

from __future__ import annotations

from dataclasses import dataclass

from neural_focus.store.database import Connection
from neural_focus.store.retention import KEEP_DAYS

YEAR_DAYS = 365
KEPT_DAYS = {"events": KEEP_DAYS, "model_predictions": YEAR_DAYS}
"""For how many days of a year the tables that have a part for each day keep them."""


@dataclass(frozen=True, slots=True)
class TableSize:
    """Bytes of a table with all its parts, indexes and long values; ``days``: how many of its parts have rows."""

    bytes: int
    days: int


def table_sizes(connection: Connection) -> dict[str, TableSize]:
    """The size of each table, by its name."""
    rows = connection.execute(
        "WITH RECURSIVE part AS ("
        "  SELECT oid, relname::text AS name FROM pg_class"
        "  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
        "  UNION ALL SELECT i.inhrelid, part.name FROM pg_inherits i JOIN part ON i.inhparent = part.oid)"
        " SELECT name, sum(pg_total_relation_size(oid))::bigint, count(*) FILTER (WHERE pg_relation_size(oid) > 0)"
        " FROM part GROUP BY name"
    )
    return {str(name): TableSize(int(size), int(parts)) for name, size, parts in rows}


def year_bytes(sizes: dict[str, TableSize]) -> float | None:
    """What the tables will take after a year in which each day is like those that are there; None before the first.

    The tables that have no part for each day hold a row an hour or less often, and are left out.
    """
    known = {name: sizes[name] for name in KEPT_DAYS if name in sizes and sizes[name].days}
    if not known:
        return None
    return sum(size.bytes / size.days * KEPT_DAYS[name] for name, size in known.items())
