"""What was imported of a person: kept in ``users.settings`` under ``imports``, a member for each stream.

    {MACHINE_ID: {"source", "machine", "switches", "covered": [[first µs, end µs], …], "rows", "events", "at"}}

``covered`` is the time that is in: a second import adds what lies outside of it, and the same one nothing.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from neural_focus.store.database import Connection, in_us
from neural_focus.timeline import merge_intervals

Intervals = NDArray[np.int64]
_NAMESPACE = UUID("8c0d4b4e-6a3f-5c0e-9b8e-2f6d0c1f7a11")
IMPORT_LOCK = 7_306_520_012


def imported_machine(username: str, source: str, machine: str) -> str:
    """The id of the stream of one source and machine, always the same."""
    return str(uuid5(_NAMESPACE, f"{username}\n{source}\n{machine}"))


def read_imports(connection: Connection, user_id: int) -> dict[str, dict[str, Any]]:
    """Machine id → what was imported."""
    row = connection.execute("SELECT settings -> 'imports' FROM users WHERE id = %s", (user_id,)).fetchone()
    return dict(row[0]) if row and row[0] else {}


def write_import(connection: Connection, user_id: int, machine_id: str, entry: dict[str, Any]) -> None:
    """Keeps what is imported now, in the caller's transaction."""
    connection.execute(
        "UPDATE users SET settings = COALESCE(settings, '{}'::jsonb) || jsonb_build_object('imports',"
        " COALESCE(settings -> 'imports', '{}'::jsonb) || %s) WHERE id = %s",
        (Jsonb({machine_id: entry}), user_id),
    )


def captured_times(connection: Connection, user_id: int) -> Intervals:
    """When agents of the person ran, [first, end) µs, merged: what they captured is no import's."""
    imported = list(read_imports(connection, user_id))
    rows = connection.execute(
        f"SELECT {in_us('first_time')}, {in_us('last_time')} + 1 FROM shipper_positions"
        " WHERE user_id = %s AND first_time IS NOT NULL AND NOT machine_id = ANY(%s::uuid[])",
        (user_id, imported),
    ).fetchall()
    return merge_intervals(np.array(rows, np.int64).reshape(-1, 2))


def blind_machines(connection: Connection) -> set[str]:
    """The streams whose source does not log each switch: nothing can be labelled in them."""
    rows = connection.execute(
        "SELECT one.key FROM users, jsonb_each(settings -> 'imports') AS one"
        " WHERE jsonb_typeof(settings) = 'object' AND NOT (one.value ->> 'switches')::boolean"
    )
    return {str(machine) for (machine,) in rows}
