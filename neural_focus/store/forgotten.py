"""What people had us forget, as the rest of the platform asks: is a record of it, which times does it leave bare.

forget 14:00–14:15            ├────────────────┤                    all machines
forget an app                     ├─┤   ├───┤        ├┤             when it was in front, by machine
covered by capture      ══════╡                ╞═══════════         what labels may look at
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg.types.json import Jsonb

from neural_focus.forgetting import ForgottenTime, Records
from neural_focus.store.database import Connection, in_us
from neural_focus.time import moment
from neural_focus.timeline import merge_intervals

LOCK = 7_306_521
"""Shared by who stores a person's records, alone for who has some forgotten: none slips in between."""
Spans = Sequence[tuple[int, int]]
_COLUMNS = (
    f"id, user_id, {in_us('first_time')}, {in_us('end_time')}, app_key, spans, {in_us('asked_at')}, {in_us('done_at')},"
    " counts, desktops"
)


@dataclass(frozen=True, slots=True)
class ForgetRequest:
    """A row of ``forgotten``. Times µs UTC; ``done_us`` None: something may be left of it."""

    id: int
    user_id: int
    what: ForgottenTime
    spans: Mapping[str, Spans]
    asked_us: int
    done_us: int | None
    counts: Mapping[str, int]
    desktops: Mapping[str, int]

    def on(self, machine_id: str) -> Spans:
        """The times [first, end) that it takes from a machine."""
        if self.what.app_key is None:
            return [(self.what.first_us, self.what.end_us)]
        return [(int(first), int(end)) for first, end in self.spans.get(machine_id, ())]

    def bounds(self) -> tuple[int, int] | None:
        """The times [first, end) between which anything of it lies; None where the app was never in front."""
        if self.what.app_key is None:
            return self.what.first_us, self.what.end_us
        spans = [span for machine in self.spans for span in self.on(machine)]
        return (min(first for first, _ in spans), max(end for _, end in spans)) if spans else None

    def until_us(self, reach_us: int) -> int:
        """Where what looks back so far ends to be of it: what is later than the request is not."""
        return min(self.what.end_us + reach_us, max(self.what.end_us, self.asked_us))


def hold_arrivals(connection: Connection, user_id: int) -> None:
    """Waits for records of the person that are being stored; no others are until the caller's transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK, user_id))


def add_request(
    connection: Connection, user_id: int, what: ForgottenTime, spans: Mapping[str, Spans], counts: Mapping[str, int]
) -> ForgetRequest:
    """Stores a request in the caller's transaction, which began with ``hold_arrivals``: from its commit on late records
    of it are refused."""
    row = connection.execute(
        "INSERT INTO forgotten (user_id, first_time, end_time, app_key, spans, counts) VALUES (%s, %s, %s, %s, %s, %s)"
        f" RETURNING {_COLUMNS}",
        (user_id, moment(what.first_us), moment(what.end_us), what.app_key, Jsonb(dict(spans)), Jsonb(dict(counts))),
    ).fetchone()
    assert row is not None  # noqa: S101 - RETURNING
    return _request(row)


def read_requests(connection: Connection, user_id: int) -> list[ForgetRequest]:
    """All of a person, in the order in which they were asked."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM forgotten WHERE user_id = %s ORDER BY id", (user_id,))
    return [_request(row) for row in rows]


def read_request(connection: Connection, user_id: int, request: int) -> ForgetRequest | None:
    """One of a person."""
    asked = f"SELECT {_COLUMNS} FROM forgotten WHERE user_id = %s AND id = %s"
    row = connection.execute(asked, (user_id, request)).fetchone()
    return None if row is None else _request(row)


def read_pending(connection: Connection) -> list[ForgetRequest]:
    """Everybody's of which something may be left."""
    return [
        _request(row)
        for row in connection.execute(f"SELECT {_COLUMNS} FROM forgotten WHERE done_at IS NULL ORDER BY id")
    ]


def mark_done(connection: Connection, request: int) -> None:
    """Nothing is left of it."""
    connection.execute("UPDATE forgotten SET done_at = now() WHERE id = %s AND done_at IS NULL", (request,))


def mark_desktop(connection: Connection, user_id: int, request: int, machine_id: str, records: int) -> bool:
    """A machine's spool has nothing left of it, and had so many records; whether the person has such a request."""
    found = connection.execute(
        "UPDATE forgotten SET desktops = jsonb_build_object(%s::text, %s::bigint) || desktops"
        " WHERE id = %s AND user_id = %s",
        (machine_id, records, request, user_id),
    )
    return bool(found.rowcount)


def refuse_forgotten(connection: Connection, user_id: int, machine_id: str, records: Records) -> npt.NDArray[np.bool_]:
    """Which of a machine's late records, EVENT_DTYPE[n], are to be forgotten. The times of an app's are kept with its
    request, in the caller's transaction: capture covers them no more than those of the records that had come."""
    gone = np.zeros(len(records), np.bool_)
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (LOCK, user_id))
    if not len(records):
        return gone
    times = records["timestamp_us"].astype(np.int64)
    first, last = moment(int(times.min())), moment(int(times.max()))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM forgotten WHERE user_id = %s AND first_time <= %s AND end_time > %s FOR UPDATE",
        (user_id, last, first),
    ).fetchall()
    for request in map(_request, rows):
        mine = request.what.mask(records)
        gone |= mine
        if mine.any() and request.what.app_key is not None:
            spans = [*request.on(machine_id), *_runs(mine, times)]
            told = dict(request.spans) | {machine_id: sorted(spans)}
            connection.execute("UPDATE forgotten SET spans = %s WHERE id = %s", (Jsonb(told), request.id))
    return gone


def forgotten_of(connection: Connection, user_id: int, records: Records) -> npt.NDArray[np.bool_]:
    """Which records the person had forgotten, bool[n]."""
    gone = np.zeros(len(records), np.bool_)
    for request in read_requests(connection, user_id):
        gone |= request.what.mask(records)
    return gone


def forgotten_on(connection: Connection, user_id: int, machine_id: str) -> npt.NDArray[np.int64]:
    """The times that were taken from a machine, int64[k, 2] µs, [first, end)."""
    spans = [span for request in read_requests(connection, user_id) for span in request.on(machine_id)]
    return np.array(spans, np.int64).reshape(-1, 2)


def without(intervals: Iterable[tuple[int, int]], gone: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """What is left of intervals [first, last], µs in time order, once the times in ``gone`` are taken from them."""
    spans, kept = merge_intervals(gone), []
    for first, last in intervals:
        begin = first
        place = int(np.searchsorted(spans[:, 1], first, side="right"))
        for start, end in spans[place:].tolist():
            if start > last:
                break
            if begin < start:
                kept.append((begin, start - 1))
            begin = max(begin, end)
        if begin <= last:
            kept.append((begin, last))
    return kept


def _runs(mine: npt.NDArray[np.bool_], times: npt.NDArray[np.int64]) -> Spans:
    """[first, end) of neighbouring records that are forgotten: each ends where the next record begins."""
    edges = np.flatnonzero(np.diff(np.r_[False, mine, False].astype(np.int8)))
    ends = np.r_[times, times[-1] + 1]
    return [(int(times[first]), int(max(ends[last], times[last - 1] + 1))) for first, last in edges.reshape(-1, 2)]


def _request(row: Sequence[Any]) -> ForgetRequest:
    number, user_id, first_us, end_us, key, spans, asked_us, done_us, counts, desktops = row
    what = ForgottenTime(int(first_us), int(end_us), key)
    return ForgetRequest(int(number), int(user_id), what, spans, int(asked_us), done_us, counts, desktops)
