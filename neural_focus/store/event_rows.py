"""Stored records out of the database: the server sends rows of one width, NumPy reads them without a loop."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from neural_focus.errors import ContractError
from neural_focus.events import APP_NAME_BYTES, EVENT_DTYPE, EventType

POSTGRES_EPOCH_US = 946_684_800_000_000
"""PostgreSQL counts from 2000-01-01."""
HEADER_BYTES = 19
TRAILER_BYTES = 2

_KINDS = sorted(EventType, key=lambda kind: (kind is not EventType.MOUSE_MOVE, kind))
_KIND_NUMBER = " ".join(f"WHEN '{kind.name}' THEN {kind.value}" for kind in _KINDS)
RECORD_QUERY = sql.SQL(
    f"""COPY (
    SELECT e.time, (CASE e.event_type {_KIND_NUMBER} END)::int4, e.process_id, e.window_handle,
        substring(convert_to(COALESCE(e.app_name, ''), 'UTF8') || decode(repeat('00', {APP_NAME_BYTES}), 'hex')
                  FROM 1 FOR {APP_NAME_BYTES}),
        e.data, e.seq, p.boot_number
    FROM events e JOIN shipper_positions p ON p.machine_id = e.machine_id AND p.boot_id = e.boot_id
    WHERE e.user_id = %(user)s AND e.machine_id = %(machine)s AND e.time >= %(first)s AND e.time < %(last)s
) TO STDOUT (FORMAT BINARY)"""  # noqa: S608 - put together from constants
)

_FIELDS = (
    ("time", ">i8"),
    ("kind", ">i4"),
    ("process_id", ">i8"),
    ("window_handle", ">i8"),
    ("app_name", f"S{APP_NAME_BYTES}"),
    ("data", ("<u4", (3,))),
    ("seq", ">i8"),
    ("boot_number", ">i8"),
)


def _row_dtype() -> np.dtype[np.void]:
    """One COPY row: the number of fields, then each field after its length."""
    fields: list[tuple[Any, ...]] = [("fields", ">i2")]
    for name, kind in _FIELDS:
        fields += [(f"{name}_length", ">i4"), (name, *kind) if isinstance(kind, tuple) else (name, kind)]
    return np.dtype(fields)


ROW_DTYPE = _row_dtype()


def decode_records(raw: bytes) -> tuple[NDArray[np.void], NDArray[np.int64], NDArray[np.int64]]:
    """The answer to ``RECORD_QUERY`` as EVENT_DTYPE[n], seq int64[n] and boot_number int64[n].

    Raises:
        ContractError: a row of another width, that is a column that is NULL or not as long as promised.
    """
    count, rest = divmod(len(raw) - HEADER_BYTES - TRAILER_BYTES, ROW_DTYPE.itemsize)
    rows = np.frombuffer(raw, ROW_DTYPE, count, HEADER_BYTES)
    if rest or (rows["fields"] != len(_FIELDS)).any():
        raise ContractError("stored events cannot be read", why="a row is not as wide as the schema says")
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = rows["time"].astype(np.int64) + POSTGRES_EPOCH_US
    records["event_type"] = rows["kind"]
    for name in ("process_id", "window_handle", "app_name", "data"):
        records[name] = rows[name]
    return records, rows["seq"].astype(np.int64), rows["boot_number"].astype(np.int64)
