"""Records into ``events`` exactly once, and back out of it bit by bit.

A record is named by (machine, boot, seq). The shipper's position and its rows are stored in one transaction, so
sending a batch again adds nothing, and a batch that begins behind the position is a gap that is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from neural_focus.errors import ContractError, GapError, StoreError
from neural_focus.events import EventType
from neural_focus.store.boots import read_boots, replay_order
from neural_focus.store.database import Connection
from neural_focus.store.event_rows import (
    COPY_END,
    COPY_IN,
    COPY_SIGNATURE,
    RECORD_QUERY,
    SharedColumns,
    copy_out,
    decode_records,
    encode_records,
)
from neural_focus.store.forgotten import refuse_forgotten
from neural_focus.store.partitions import days_of, ensure_partitions
from neural_focus.store.row_scope import everyones_rows
from neural_focus.time import moment

Records = NDArray[np.void]
ROWS_AT_ONCE = 20_000
"""Rows encoded in memory at a time, about 4 MB."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The records of one person on one machine. Times are µs UTC of the first and last one."""

    user_id: int
    machine_id: str
    is_demo: bool
    zone: str
    first_us: int
    last_us: int

    @property
    def stream_id(self) -> str:
        """The key of the feature store."""
        return f"{self.user_id}:{self.machine_id}"


def write_events(
    connection: Connection,
    *,
    user_id: int,
    machine_id: str,
    boot_id: str,
    first_seq: int,
    records: Records,
    titles: Mapping[int, str] | None = None,
    session_id: int | None = None,
    focus_score: float | None = None,
    distraction_risk: float | None = None,
    features: Mapping[str, float] | None = None,
) -> int:
    """``append_events`` in a transaction of its own, which is committed; returns how many records were new.

    Raises:
        GapError: the records leave a gap after the last stored one.
        ContractError: the boot is another person's.
        StoreError: the database refuses; nothing of the batch is stored.
    """
    try:
        with connection.transaction():
            return append_events(
                connection,
                user_id=user_id,
                machine_id=machine_id,
                boot_id=boot_id,
                first_seq=first_seq,
                records=records,
                titles=titles,
                session_id=session_id,
                focus_score=focus_score,
                distraction_risk=distraction_risk,
                features=features,
            )
    except psycopg.Error as error:
        raise StoreError("the database refused events", why=str(error).strip().splitlines()[0]) from error
    finally:
        _end_implicit_transaction(connection)


def append_events(
    connection: Connection,
    *,
    user_id: int,
    machine_id: str,
    boot_id: str,
    first_seq: int,
    records: Records,
    titles: Mapping[int, str] | None = None,
    session_id: int | None = None,
    focus_score: float | None = None,
    distraction_risk: float | None = None,
    features: Mapping[str, float] | None = None,
) -> int:
    """Stores the records of one boot from ``first_seq`` on in the caller's transaction; returns how many were new.

    Those that the person has had forgotten are not stored: the position moves on behind them.

    ``titles`` is the string table for WINDOW_TITLE_CHANGE (title_id → text). The session and the prediction of
    that moment, where they are known, go onto every row, the prediction's features onto the first.

    Raises:
        GapError: the records leave a gap after the last stored one.
        ContractError: the boot is another person's.
        psycopg.Error: the database refuses.
    """
    known = None if features is None else json.dumps(dict(features), allow_nan=False)
    stamp = (session_id, known, focus_score, distraction_risk)
    shared = SharedColumns(user_id, UUID(machine_id), UUID(boot_id), *stamp)
    position = lock_position(connection, user_id, machine_id, boot_id)
    if first_seq > position:
        raise GapError(
            f"records {position} to {first_seq - 1} of boot {boot_id} are missing",
            position,
            hint=f"Send again from record {position}",
        )
    fresh = records[position - first_seq :]
    if not len(fresh):
        return 0
    kept = ~refuse_forgotten(connection, user_id, machine_id, fresh)
    if kept.any():
        _copy(connection, position, fresh, kept, titles or {}, shared)
    _move_position(connection, machine_id, boot_id, position + len(fresh), fresh[kept])
    return int(kept.sum())


def read_position(connection: Connection, machine_id: str, boot_id: str) -> int:
    """The sequence number that the database expects next of this boot; 0 for an unknown one."""
    asked = "SELECT next_seq FROM shipper_positions WHERE machine_id = %s AND boot_id = %s"
    row = connection.execute(asked, (machine_id, boot_id)).fetchone()
    return int(row[0]) if row else 0


def read_events(
    connection: Connection,
    user_id: int,
    machine_id: str,
    start_us: int,
    end_us: int,
    kinds: Sequence[EventType] | None = None,
) -> tuple[Records, NDArray[np.int64]]:
    """Records with start_us ≤ timestamp < end_us in replay order (``store.boots``), of the ``kinds`` alone if any are
    named: EVENT_DTYPE[n] and their seq int64[n]."""
    records, seq, boot = _stored(connection, user_id, machine_id, start_us, end_us, kinds)
    boots = read_boots(connection, user_id, machine_id)
    order = replay_order(boots, records["timestamp_us"].astype(np.int64), seq, boot)
    return records[order], seq[order]


def read_stored(
    connection: Connection, user_id: int, machine_id: str, start_us: int, end_us: int
) -> tuple[Records, NDArray[np.int64], NDArray[np.int64]]:
    """All that is stored of start_us ≤ timestamp < end_us, what is not replayed too, as it was recorded: EVENT_DTYPE[n]
    in the order of its boot's number int64[n], then of its seq int64[n]. Returns records, seq, boot number."""
    records, seq, boot = _stored(connection, user_id, machine_id, start_us, end_us, None)
    order = np.lexsort((seq, boot))
    return records[order], seq[order], boot[order]


def _stored(
    connection: Connection,
    user_id: int,
    machine_id: str,
    start_us: int,
    end_us: int,
    kinds: Sequence[EventType] | None,
) -> tuple[Records, NDArray[np.int64], NDArray[np.int64]]:
    first, last = (moment(value) for value in (start_us, end_us))
    query = RECORD_QUERY.format(
        user=sql.Literal(user_id),
        machine=sql.Literal(UUID(machine_id)),
        first=sql.Literal(first),
        last=sql.Literal(last),
        chosen=sql.SQL("true") if kinds is None else _one_of(kinds),
    )
    return decode_records(copy_out(connection, query))


def _one_of(kinds: Sequence[EventType]) -> sql.Composed:
    return sql.SQL("e.event_type IN ({})").format(sql.SQL(", ").join(sql.Literal(kind.name) for kind in kinds))


def list_streams(connection: Connection, demo: bool | None = None) -> list[Stream]:
    """Streams that have records: of all people, or only of demo (real) ones."""
    rows = connection.execute(
        """SELECT p.user_id, p.machine_id, u.is_demo,
            COALESCE((SELECT zone FROM user_zones z WHERE z.user_id = u.id AND since <= now()
                      ORDER BY since DESC LIMIT 1), 'UTC'),
            (EXTRACT(epoch FROM min(p.first_time)) * 1000000)::bigint,
            (EXTRACT(epoch FROM max(p.last_time)) * 1000000)::bigint
        FROM shipper_positions p JOIN users u ON u.id = p.user_id
        WHERE p.first_time IS NOT NULL AND (%(demo)s::boolean IS NULL OR u.is_demo = %(demo)s::boolean)
        GROUP BY p.user_id, p.machine_id, u.id, u.is_demo ORDER BY p.user_id, p.machine_id""",
        {"demo": demo},
    )
    return [Stream(int(u), str(m), bool(d), str(z), int(first), int(last)) for u, m, d, z, first, last in rows]


def count_events(connection: Connection, user_id: int, machine_id: str) -> int:
    """How many records of a stream are stored."""
    asked = "SELECT count(*) FROM events WHERE user_id = %s AND machine_id = %s"
    row = connection.execute(asked, (user_id, machine_id)).fetchone()
    return int(row[0]) if row else 0


def lock_position(connection: Connection, user_id: int, machine_id: str, boot_id: str) -> int:
    """The sequence number that is expected next of this boot, locked until the caller's transaction ends.

    Raises:
        ContractError: the boot is another person's.
    """
    connection.execute(
        "INSERT INTO shipper_positions (machine_id, boot_id, user_id, next_seq) VALUES (%s, %s, %s, 0)"
        " ON CONFLICT DO NOTHING",
        (machine_id, boot_id, user_id),
    )
    row = connection.execute(
        "SELECT next_seq, user_id FROM shipper_positions WHERE machine_id = %s AND boot_id = %s FOR UPDATE",
        (machine_id, boot_id),
    ).fetchone()
    if row is None:
        raise StoreError(f"the position of boot {boot_id} vanished", why="its user is being erased")
    if row[1] != user_id:
        raise ContractError(f"machine {machine_id} belongs to user {row[1]}", why=f"user {user_id} sent its records")
    return int(row[0])


def _move_position(connection: Connection, machine_id: str, boot_id: str, next_seq: int, fresh: Records) -> None:
    stamps = fresh["timestamp_us"]
    first, last = (moment(value) for value in (stamps.min(), stamps.max())) if len(fresh) else (None, None)
    connection.execute(
        "UPDATE shipper_positions SET next_seq = %s, updated_at = now(), first_time = LEAST(first_time, %s),"
        " last_time = GREATEST(last_time, %s) WHERE machine_id = %s AND boot_id = %s",
        (next_seq, first, last, machine_id, boot_id),
    )


def _copy(
    connection: Connection,
    position: int,
    fresh: Records,
    kept: NDArray[np.bool_],
    titles: Mapping[int, str],
    shared: SharedColumns,
) -> None:
    """The ``kept`` ones of ``fresh``, bool[n], under the numbers that they have in it from ``position`` on."""
    ensure_partitions(connection, "events", days_of(fresh["timestamp_us"][kept]))
    edges = np.flatnonzero(np.diff(np.r_[False, kept, False].astype(np.int8))).reshape(-1, 2)
    with everyones_rows(connection), connection.cursor().copy(COPY_IN) as copy:
        copy.write(COPY_SIGNATURE)
        for first, end in edges.tolist():
            for start in range(first, end, ROWS_AT_ONCE):
                block = encode_records(fresh[start : min(start + ROWS_AT_ONCE, end)], position + start, titles, shared)
                shared = replace(shared, features=None)
                copy.write(block[len(COPY_SIGNATURE) : len(block) - len(COPY_END)])
        copy.write(COPY_END)


def _end_implicit_transaction(connection: Connection) -> None:
    """Our ``transaction()`` is a savepoint where the caller had already begun; commit as promised."""
    if connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
        connection.commit()
    elif connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
        connection.rollback()
