"""What the person has forgotten goes out of the spool: its records become zeros, its titles spaces.

    segment   [header][batch][batch]…         native/src/core/spool_format.hpp has the layout
    batch     [32 bytes, its CRC in the last 4][records × 64][titles: (id, bytes, UTF-8)*]

Everything keeps its place and its sequence number, so that whoever reads the spool meanwhile goes on where it is. A
segment is written anew beside itself and renamed: a kill leaves the old one or the new one.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neural_focus._native import crc32c, read_segment, spool_segments
from neural_focus.atomic_write import atomic_write
from neural_focus.events import EVENT_DTYPE, RECORD_BYTES, EventType
from neural_focus.forgetting import ForgottenTime

_SEGMENT_HEADER, _BATCH_HEADER = 64, 32
_COUNTS = struct.Struct("<4xI8xII")
_TITLE = struct.Struct("<II")
_CRC_AT = 28


def forget_records(spool: Path, what: ForgottenTime) -> int:
    """Takes the records out of every segment, and deletes what recovery once cut off, which nobody can read; returns
    how many records that were. The segment that is being written must have none of them.

    Raises:
        FormatError, InputError: a segment cannot be read.
        OSError: the disk does not take it; segments are as they were, or done.
    """
    aside = spool.glob(".*.segment.*")  # a kill left it
    for path in (*(spool / "quarantine").glob("*"), *aside):
        path.unlink(missing_ok=True)
    return sum(_forget(path, what) for path in spool_segments(spool))


def count_records(spool: Path, what: ForgottenTime) -> int:
    """How many of them the spool has. Raises as ``forget_records``."""
    found = [read for path in spool_segments(spool) if (read := read_segment(path)) is not None]
    return sum(int(what.mask(records).sum()) for _, _, _, records, *_ in found)


def _forget(path: Path, what: ForgottenTime) -> int:
    read = read_segment(path)
    if read is None or not what.mask(read[3]).any():
        return 0
    raw, whole, gone = bytearray(path.read_bytes()), read[5], 0
    start = _SEGMENT_HEADER
    while start < whole:
        records, title_bytes, titles = _COUNTS.unpack_from(raw, start)
        end = start + _BATCH_HEADER + records * RECORD_BYTES + title_bytes
        batch = memoryview(raw)[start:end]
        gone += _forget_in_batch(batch, records, titles, what)
        start = end
    atomic_write(path, bytes(raw))
    return gone


def _forget_in_batch(batch: memoryview, count: int, titles: int, what: ForgottenTime) -> int:
    end = _BATCH_HEADER + count * RECORD_BYTES
    records = np.frombuffer(batch[_BATCH_HEADER:end], EVENT_DTYPE)
    mine = what.mask(records)
    if not mine.any():
        return 0
    _blank_titles(batch, end, titles, _titles(records[mine]) - _titles(records[~mine]))
    for place in np.flatnonzero(mine).tolist():
        first = _BATCH_HEADER + place * RECORD_BYTES
        batch[first : first + RECORD_BYTES] = bytes(RECORD_BYTES)
    sum_of = crc32c(bytes(batch[:_CRC_AT]) + bytes(batch[_BATCH_HEADER:]))
    struct.pack_into("<I", batch, _CRC_AT, sum_of)
    return int(mine.sum())


def _blank_titles(batch: memoryview, at: int, titles: int, ids: set[int]) -> None:
    for _ in range(titles):
        number, length = _TITLE.unpack_from(batch, at)
        at += _TITLE.size
        if number in ids:
            batch[at : at + length] = b" " * length
        at += length


def _titles(records: NDArray[np.void]) -> set[int]:
    changes = records["event_type"] == EventType.WINDOW_TITLE_CHANGE
    return set(records["data"][changes, 0].tolist())
