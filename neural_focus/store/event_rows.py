"""Records into and out of PostgreSQL's binary COPY format, without a Python call a column.

in    a fixed part a row (time, seq, process, window, data), built by NumPy
      + a tail that many rows share (type, app, title, person, machine, prediction), encoded once each
out   rows of one width, read by NumPy as one array
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from psycopg.pq import ExecStatus

from neural_focus.batches import TITLE_CHARACTERS
from neural_focus.errors import ContractError, StoreError
from neural_focus.events import APP_NAME_BYTES, EVENT_DTYPE, EventType, decode_app_name
from neural_focus.store.database import Connection

POSTGRES_EPOCH_US = 946_684_800_000_000
"""PostgreSQL counts from 2000-01-01."""
HEADER_BYTES = 19
TRAILER_BYTES = 2

COPY_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = struct.pack(">h", -1)
NULL = struct.pack(">i", -1)

FIXED_COLUMNS = ("time", "seq", "process_id", "window_handle", "data")
TAIL_COLUMNS = (
    *("event_type", "app_name", "window_title", "user_id", "machine_id", "boot_id"),
    *("session_id", "features", "focus_score", "distraction_risk"),
)
COPY_IN = f"COPY events ({', '.join(FIXED_COLUMNS + TAIL_COLUMNS)}) FROM STDIN (FORMAT BINARY)"

_FIXED_DTYPE = np.dtype(
    [
        ("columns", ">i2"),
        *(("time_length", ">i4"), ("time", ">i8")),
        *(("seq_length", ">i4"), ("seq", ">i8")),
        *(("process_id_length", ">i4"), ("process_id", ">i8")),
        *(("window_handle_length", ">i4"), ("window_handle", ">i8")),
        *(("data_length", ">i4"), ("data", "<u4", (3,))),
    ]
)


@dataclass(frozen=True, slots=True)
class SharedColumns:
    """What all rows of a batch have in common. ``features`` is JSON text and goes onto the first one alone: it is ten
    times as long as all else of a row."""

    user_id: int
    machine_id: UUID
    boot_id: UUID
    session_id: int | None = None
    features: str | None = None
    focus_score: float | None = None
    distraction_risk: float | None = None

    def encode(self, *, with_features: bool = False) -> bytes:
        """The columns after ``window_title``, as COPY takes them."""
        parts = [struct.pack(">ii", 4, self.user_id)]
        parts += [struct.pack(">i", 16) + key.bytes for key in (self.machine_id, self.boot_id)]
        parts.append(NULL if self.session_id is None else struct.pack(">iq", 8, self.session_id))
        features = self.features if with_features else None
        parts.append(NULL if features is None else _text("\x01" + features))  # jsonb's version byte
        for value in (self.focus_score, self.distraction_risk):
            parts.append(NULL if value is None else struct.pack(">id", 8, value))
        return b"".join(parts)


def encode_records(
    records: NDArray[np.void], first_seq: int, titles: Mapping[int, str], shared: SharedColumns
) -> bytes:
    """A whole binary COPY stream for ``COPY_IN``: EVENT_DTYPE[n] numbered from ``first_seq``."""
    fixed = _fixed_parts(records, first_seq)
    tails: dict[tuple[int, bytes, int], bytes] = {}
    first, end = shared.encode(with_features=True), shared.encode()
    title_ids = np.where(records["event_type"] == EventType.WINDOW_TITLE_CHANGE, records["data"][:, 0], 0)
    keys = zip(records["event_type"].tolist(), records["app_name"].tolist(), title_ids.tolist(), strict=True)
    parts: list[bytes] = [COPY_SIGNATURE]
    for part, key in zip(fixed, keys, strict=True):
        tail = tails.get(key)
        if tail is None:
            tail = tails[key] = _tail(*key, titles) + end
        parts += (part, tail)
    if len(parts) > 1:
        parts[2] = parts[2].removesuffix(end) + first
    parts.append(COPY_END)
    return b"".join(parts)


def _fixed_parts(records: NDArray[np.void], first_seq: int) -> Sequence[bytes]:
    rows = np.zeros(len(records), _FIXED_DTYPE)
    rows["columns"] = len(FIXED_COLUMNS) + len(TAIL_COLUMNS)
    for name in FIXED_COLUMNS:
        rows[f"{name}_length"] = 12 if name == "data" else 8
    rows["time"] = records["timestamp_us"].astype(np.int64) - POSTGRES_EPOCH_US
    rows["seq"] = np.arange(first_seq, first_seq + len(records))
    for name in ("process_id", "window_handle", "data"):
        rows[name] = records[name]
    raw, width = rows.tobytes(), _FIXED_DTYPE.itemsize
    return [raw[start : start + width] for start in range(0, len(raw), width)]


def _tail(kind: int, app: bytes, title_id: int, titles: Mapping[int, str]) -> bytes:
    title = titles.get(title_id) if kind == EventType.WINDOW_TITLE_CHANGE else None
    shown = NULL if title is None else _text(title.replace("\0", "")[:TITLE_CHARACTERS])
    return _text(EventType(kind).name) + _text(decode_app_name(app)) + shown


def _text(value: str) -> bytes:
    raw = value.encode("utf-8", "replace")
    return struct.pack(">i", len(raw)) + raw


_KINDS = sorted(EventType, key=lambda kind: (kind is not EventType.MOUSE_MOVE, kind))
_KIND_NUMBER = " ".join(f"WHEN '{kind.name}' THEN {kind.value}" for kind in _KINDS)
RECORD_QUERY = sql.SQL(
    f"""COPY (
    SELECT e.time, (CASE e.event_type {_KIND_NUMBER} END)::int4, e.process_id, e.window_handle,
        substring(convert_to(COALESCE(e.app_name, ''), 'UTF8') || decode(repeat('00', {APP_NAME_BYTES}), 'hex')
                  FROM 1 FOR {APP_NAME_BYTES}),
        e.data, e.seq, p.boot_number
    FROM events e JOIN shipper_positions p ON p.machine_id = e.machine_id AND p.boot_id = e.boot_id
    WHERE e.user_id = {{user}} AND e.machine_id = {{machine}} AND e.time >= {{first}} AND e.time < {{last}}
        AND {{chosen}}
) TO STDOUT (FORMAT BINARY)"""
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


def copy_out(connection: Connection, statement: sql.Composable) -> bytes:
    """The whole answer to a COPY … TO STDOUT, by libpq itself: psycopg's own loop costs ten times as much a row.

    Raises:
        StoreError: the database refuses.
    """
    libpq = connection.pgconn
    started = libpq.exec_(statement.as_bytes(connection))
    parts = []
    if started.status == ExecStatus.COPY_OUT:
        while True:
            length, part = libpq.get_copy_data(0)
            if length < 0:
                break
            parts.append(bytes(part))
    results = [started]
    while (result := libpq.get_result()) is not None:
        results.append(result)
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise StoreError("the database refused to read", why=result.get_error_message().splitlines()[0])
    return b"".join(parts)


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
