"""Records in a buffer, read in place: parsing is a view, whatever the length."""

from __future__ import annotations

import mmap
import struct
import sys

import numpy as np
from numpy.typing import NDArray

from neural_focus.errors import FormatError
from neural_focus.events import EVENT_DTYPE, MAX_TIMESTAMP_US, MIN_TIMESTAMP_US, RECORD_BYTES, EventType


def view_records(buffer: bytes | bytearray | memoryview | mmap.mmap, *, byteorder: str = "little") -> NDArray[np.void]:
    """The records of ``buffer`` as EVENT_DTYPE[n], without a copy; read-only where the buffer is.

    ``byteorder`` is what the container's header says; where it has none, the first record shows it.

    Raises:
        FormatError: a length that is no multiple of 64, another byte order, or a machine that is not little-endian.
    """
    length = memoryview(buffer).nbytes
    if byteorder == "little" and length >= RECORD_BYTES and _is_big_endian(buffer):
        byteorder = "big"
    if byteorder != "little":
        raise FormatError(
            f"Records are {byteorder}-endian",
            why="expected little-endian",
            hint="Write them again on a little-endian machine",
        )
    if sys.byteorder != "little":
        raise FormatError(f"This machine is {sys.byteorder}-endian", why="records are little-endian in memory")
    if length % RECORD_BYTES:
        raise FormatError(
            f"A buffer of records has {length} bytes",
            why=f"its length must be a multiple of {RECORD_BYTES}; {length % RECORD_BYTES} are left over",
            hint="Cut off the incomplete record at the end",
        )
    return np.frombuffer(buffer, EVENT_DTYPE)


def _is_big_endian(buffer: bytes | bytearray | memoryview | mmap.mmap) -> bool:
    """Whether the first record is a good one but for its byte order."""
    kind = struct.unpack_from("<I", buffer, 8)[0]
    swapped_us, swapped_kind = struct.unpack_from(">QI", buffer)
    known = range(1, max(EventType) + 1)
    return kind not in known and swapped_kind in known and MIN_TIMESTAMP_US <= int(swapped_us) < MAX_TIMESTAMP_US
