"""What a desktop sends of its spool to the service: a batch, compressed by zstd, and the answer to it.

    0     8   "NFBATCH1"
    8     4   length of the header, uint32, little-endian
    12    …   the header: JSON, ``BatchHeader``
    …     …   ``count`` records of 64 bytes each (``neural_focus.events``)

The header has what only the desktop knows. Which session runs and what was last predicted is the service's own.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import msgspec
import numpy as np
import zstandard
from msgspec import Meta
from numpy.typing import NDArray

from neural_focus.errors import FormatError, SizeError
from neural_focus.events import RECORD_BYTES
from neural_focus.messages import TimeUs
from neural_focus.records import view_records
from neural_focus.time import DAY_US
from neural_focus.validation import validate

CONTENT_ENCODING = "zstd"
MAGIC = b"NFBATCH1"
MAX_RECORDS = 32_768
MAX_HEADER_BYTES = 1 << 20
MAX_RAW_BYTES = 12 + MAX_HEADER_BYTES + MAX_RECORDS * RECORD_BYTES
"""About 3 MB: so much memory is taken, whatever a body claims to hold."""
MAX_BODY_BYTES = MAX_RAW_BYTES + (64 << 10)
"""Compressed: what cannot be compressed becomes a little longer."""
MAX_SET_BACK_US = 366 * DAY_US
TITLE_CHARACTERS = 512
MAX_SPAN_US = 31 * DAY_US
"""From a batch's earliest record to its latest."""
LEVEL = 1
_WINDOW_BYTES = 8 << 20

Sequence = Annotated[int, Meta(ge=0, le=2**62)]
Title = tuple[Annotated[int, Meta(ge=0, lt=2**32)], str]
Records = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class ZoneSince:
    """The person's days are in ``zone`` since ``since_us``."""

    zone: Annotated[str, Meta(min_length=1, max_length=64)]
    since_us: TimeUs


@dataclass(frozen=True, slots=True)
class AgreedTo:
    """The words that the person agreed to on this machine (``collector.consent``), and whether titles are kept."""

    version: Annotated[str, Meta(pattern=r"^[0-9a-f]{12}$")]
    titles: bool


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """Consecutive records of one boot, ``count`` of them from ``first_seq`` on; none where only the rest is new.

    ``lost_from``: the records from there to ``first_seq`` never come: the spool gave them up, or they cannot be stored.
    ``titles`` are the string table for WINDOW_TITLE_CHANGE. ``clock_step_us``: how far the clock was moved just before
    the boot. ``set_back_us``: how far the records lie ahead of the desktop's own clock, which was set back since.
    ``zones``: where the person's clock is, oldest first, until the service has stored it; so is ``consent``.
    """

    machine_id: UUID
    boot_id: UUID
    first_seq: Sequence
    count: Annotated[int, Meta(ge=0, le=MAX_RECORDS)]
    lost_from: Sequence | None = None
    titles: tuple[Title, ...] = ()
    clock_step_us: Annotated[int, Meta(ge=-(2**52), le=2**52)] | None = None
    set_back_us: Annotated[int, Meta(ge=0, le=MAX_SET_BACK_US)] = 0
    zones: Annotated[tuple[ZoneSince, ...], Meta(max_length=100)] = ()
    consent: AgreedTo | None = None


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A header and its records, EVENT_DTYPE[count]."""

    header: BatchHeader
    records: Records


@dataclass(frozen=True, slots=True)
class BatchStored:
    """The answer: everything before ``next_seq`` of the boot is stored or was given up. Of this batch ``stored``
    records were new; ``lost`` were given up before it; ``forgotten``: what the person has had forgotten, and so was not
    stored."""

    next_seq: int
    stored: int
    lost: int = field(default=0)
    forgotten: int = field(default=0)


def pack(header: BatchHeader, records: Records) -> bytes:
    """The body of a batch.

    Raises:
        SizeError: its header is too long for a batch; send fewer records.
    """
    told = msgspec.json.encode(header)
    if len(told) > MAX_HEADER_BYTES:
        raise SizeError(f"the header of a batch has {len(told)} bytes", hint=f"Send at most {MAX_HEADER_BYTES}")
    raw = b"".join((MAGIC, struct.pack("<I", len(told)), told, records.tobytes()))
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(raw)


def unpack(body: bytes) -> SentBatch:
    """What a body holds, with everything checked that the body alone can show but the records themselves.

    Raises:
        SizeError: decompressed it is longer than any batch.
        FormatError: no zstd, another magic, lengths that do not fit, records of another byte order.
        InputError: the header does not fit ``BatchHeader``.
    """
    raw = _decompressed(body)
    if raw[: len(MAGIC)] != MAGIC or len(raw) < len(MAGIC) + 4:
        raise FormatError("This is no batch", why=f"it begins with {raw[:8]!r}", hint=f"Begin it with {MAGIC!r}")
    (length,) = struct.unpack_from("<I", raw, len(MAGIC))
    start = len(MAGIC) + 4
    if length > MAX_HEADER_BYTES:
        raise SizeError(f"the header of a batch has {length} bytes", hint=f"Send at most {MAX_HEADER_BYTES}")
    header = validate(BatchHeader, _json(raw[start : start + length]), "header")
    held = len(raw) - start - length
    if held != header.count * RECORD_BYTES:
        raise FormatError(
            f"A batch of {header.count} records has {held} bytes of them",
            why=f"a record has {RECORD_BYTES}",
            hint="Send the batch again, whole",
        )
    return SentBatch(header, view_records(memoryview(raw)[start + length :]))


def _decompressed(body: bytes) -> bytes:
    """Never more than the longest batch and a byte, whatever the frame says."""
    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).stream_reader(body)
    try:
        raw = reader.read(MAX_RAW_BYTES + 1)
    except zstandard.ZstdError as error:
        raise FormatError("The body is no zstd", why=str(error), hint="Compress it as one zstd frame") from None
    if len(raw) > MAX_RAW_BYTES:
        raise SizeError(
            f"Decompressed the body has more than {MAX_RAW_BYTES} bytes", hint=f"Send at most {MAX_RECORDS} records"
        )
    return raw


def _json(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise FormatError("The header is no JSON", why=str(error)) from None
