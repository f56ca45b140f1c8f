"""Converted logs into the database: each piece of a day with the time it covers, all or nothing.

    log ran    ├──────────────────────────────────────┤   ├──────────┤
    taken            ├─ an agent captured ─┤                     ├─ imported before ─…
    pieces     ├─────┤                     ├───┊──────┤   ├──────┤          ┊ midnight UTC

A piece is a boot of the import's stream: nothing is labelled across its end. Its records, its position and the time it
covers are one transaction, so a kill loses nothing but the piece at work, and what is covered is never written again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import psycopg

from neural_focus.errors import BusyError, StoreError
from neural_focus.events import EventType
from neural_focus.imports.records import Converted, Intervals
from neural_focus.imports.rows import SourceLog
from neural_focus.store.database import Connection
from neural_focus.store.events import Records, append_events
from neural_focus.store.forgotten import forgotten_of
from neural_focus.store.imports import IMPORT_LOCK, captured_times, imported_machine, read_imports, write_import
from neural_focus.time import DAY_US, day_start, iso
from neural_focus.timeline import inside, merge_intervals

RECORDS_AT_ONCE = 20_000
CAPTURED = "of times that an agent captured"
BEFORE = "imported before"
ELSEWHERE = "of times that another import covers"
Progress = Callable[[int, int], None]


@dataclass
class Written:
    """What came of one log: its rows, those left out by reason, the records that were stored, by type."""

    log: SourceLog
    stored: Counter[str] = field(default_factory=Counter)
    first_us: int = 0
    last_us: int = 0
    cut: int = 0
    kept_off: int = 0
    """Records that lie in times that are taken."""
    forgotten: int = 0
    """Records that the person had forgotten before they came."""

    @property
    def used(self) -> int:
        """Rows of the source that are not left out."""
        return self.log.total - self.log.left_out.total()


@dataclass(frozen=True, slots=True)
class _Taken:
    """Times, [first, end) µs, into which nothing is imported, by reason; and their union."""

    by_reason: dict[str, Intervals]
    union: Intervals


def write_log(
    connection: Connection, user: tuple[int, str], log: SourceLog, found: Converted, now_us: int, progress: Progress
) -> Written:
    """Stores what is new of a log of ``user`` (id, name); ``progress`` gets (records done, of how many).

    Raises:
        BusyError: another import of the person is at work.
        StoreError: the database refuses; what was stored before stays, and the same import goes on from there.
    """
    user_id, username = user
    connection.commit()
    locked = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (IMPORT_LOCK % 2**31, user_id)).fetchone()
    connection.commit()
    if not locked or not locked[0]:
        raise BusyError("another import of this person is at work", 60.0, why="one at a time")
    try:
        return _write(
            connection, user_id, imported_machine(username, log.source, log.machine), log, found, now_us, progress
        )
    except psycopg.Error as error:
        raise StoreError("the database refused events", why=str(error).strip().splitlines()[0]) from error
    finally:
        if not connection.closed:
            connection.rollback()
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", (IMPORT_LOCK % 2**31, user_id))
            connection.commit()


def _write(
    connection: Connection,
    user_id: int,
    machine_id: str,
    log: SourceLog,
    found: Converted,
    now_us: int,
    progress: Progress,
) -> Written:
    taken = _taken(connection, user_id, machine_id)
    _leave_out_taken(log, taken)
    written = Written(log, cut=found.cut)
    stamps = found.records["timestamp_us"].astype(np.int64)
    written.kept_off = int(inside(taken.union, stamps).sum()) if log.records is None else 0
    entry = _entry(connection, user_id, machine_id, log, now_us)
    pieces, done = list(_pieces(_free(found.runs, taken.union))), 0
    connection.commit()
    for batch in _batches(pieces, stamps):
        with connection.transaction():
            for (first_us, end_us), (low, high) in batch:
                if high > low:
                    boot = str(uuid5(UUID(machine_id), str(first_us)))
                    entry["events"] += _append(connection, user_id, machine_id, boot, found, low, high, written)
                entry["covered"].append([first_us, end_us])
                done += high - low
            entry["covered"] = merge_intervals(np.array(entry["covered"], np.int64)).tolist()
            write_import(connection, user_id, machine_id, entry)
        progress(done, len(stamps))
    return written


def _append(
    connection: Connection,
    user_id: int,
    machine_id: str,
    boot: str,
    found: Converted,
    low: int,
    high: int,
    written: Written,
) -> int:
    """Stores the records of a piece, all of them new, and counts them in ``written``; returns how many were stored."""
    records = found.records[low:high]
    stored = append_events(
        connection,
        user_id=user_id,
        machine_id=machine_id,
        boot_id=boot,
        first_seq=0,
        records=records,
        titles=found.titles,
    )
    if stored < len(records):  # whoever stores keeps others from asking to forget until the transaction's end
        written.forgotten += len(records) - stored
        records = records[~forgotten_of(connection, user_id, records)]
    if stored:
        _count(written, records)
    return stored


def _count(written: Written, records: Records) -> None:
    kinds, counts = np.unique(records["event_type"], return_counts=True)
    written.stored.update(
        {EventType(kind).name: count for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)}
    )
    first, last = (int(records["timestamp_us"][place]) for place in (0, -1))
    written.first_us = min(written.first_us or first, first)
    written.last_us = max(written.last_us, last)


def _entry(connection: Connection, user_id: int, machine_id: str, log: SourceLog, now_us: int) -> dict[str, Any]:
    """What is kept of the import, with what was there before."""
    known = read_imports(connection, user_id).get(machine_id, {"covered": [], "events": 0})
    named = {"source": log.source, "machine": log.machine, "switches": log.sees_switches, "at": iso(now_us)}
    return {**known, **named}


def _taken(connection: Connection, user_id: int, machine_id: str) -> _Taken:
    imports = read_imports(connection, user_id)
    others = [pair for machine, one in imports.items() if machine != machine_id for pair in one["covered"]]
    own = imports.get(machine_id, {"covered": []})["covered"]
    by_reason = {
        BEFORE: _intervals(own),
        CAPTURED: captured_times(connection, user_id),
        ELSEWHERE: merge_intervals(_intervals(others)),
    }
    return _Taken(by_reason, merge_intervals(np.concatenate(list(by_reason.values()))))


def _leave_out_taken(log: SourceLog, taken: _Taken) -> None:
    """Rows that lie wholly in times that are taken."""
    if log.records is not None:
        stamps = log.records["timestamp_us"].astype(np.int64)
        bounds = np.stack([stamps, stamps], axis=1)
    else:
        bounds = np.array([(row.start_us, row.end_us) for row in log.rows], np.int64).reshape(-1, 2)
    whole = _within(taken.union, bounds)
    for reason, intervals in taken.by_reason.items():
        mine = whole & inside(intervals, bounds[:, 0])
        log.leave_out(reason, int(mine.sum()))
        whole &= ~mine


def _within(intervals: Intervals, bounds: Intervals) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each [first, last] lies in one of the intervals [first, end)."""
    if not len(intervals):
        return np.zeros(len(bounds), bool)
    place = np.searchsorted(intervals[:, 0], bounds[:, 0], side="right") - 1
    found: np.ndarray[Any, np.dtype[np.bool_]] = (place >= 0) & (bounds[:, 1] < intervals[np.maximum(place, 0), 1])
    return found


def _free(runs: Intervals, taken: Intervals) -> Iterator[tuple[int, int]]:
    """What of the runs ([first, last]) is not taken, as [first, end)."""
    for first, last in runs.tolist():
        at, near = first, taken[(taken[:, 1] > first) & (taken[:, 0] <= last)] if len(taken) else taken
        for begin, end in near.tolist():
            if begin > at:
                yield at, begin
            at = max(at, end)
        if at <= last:
            yield at, last + 1


def _pieces(free: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same, cut at midnight UTC."""
    for first, end in free:
        while first < end:
            until = min(day_start(first) + DAY_US, end)
            yield first, until
            first = until


def _batches(
    pieces: list[tuple[int, int]], stamps: Intervals
) -> Iterator[list[tuple[tuple[int, int], tuple[int, int]]]]:
    """Pieces with the places of their records, some at a time."""
    batch, size = [], 0
    for piece in pieces:
        low, high = np.searchsorted(stamps, piece).tolist()
        batch.append((piece, (low, high)))
        size += high - low
        if size >= RECORDS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _intervals(pairs: list[list[int]]) -> Intervals:
    return np.array(pairs, np.int64).reshape(-1, 2)
