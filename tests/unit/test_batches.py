"""A batch as a body: what is packed comes back, and whatever else comes is refused without ado."""

from __future__ import annotations

import json
import struct
import time
import tracemalloc
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_focus.batches import (
    MAGIC,
    MAX_HEADER_BYTES,
    MAX_RECORDS,
    MAX_SET_BACK_US,
    MAX_SPAN_US,
    AgreedTo,
    BatchHeader,
    SentBatch,
    ZoneSince,
    pack,
    unpack,
)
from neural_focus.errors import FormatError, InputError, SizeError
from neural_focus.events import EVENT_DTYPE
from neural_focus.storable import MOST_AHEAD_US, OLDEST_US
from neural_focus.time import DAY_US
from serving.batch_checks import check_batch

T = 1_790_000_000_000_000
HEADER = BatchHeader(UUID(int=1), UUID(int=2), 7, 3)


def records_at(*stamps: int, kind: int = 3) -> np.ndarray:
    records = np.zeros(len(stamps), EVENT_DTYPE)
    records["timestamp_us"], records["event_type"] = stamps, kind
    return records


RECORDS = records_at(T, T + 1, T + 2)
TOLD = {"machine_id": str(UUID(int=1)), "boot_id": str(UUID(int=2)), "first_seq": 7, "count": 3}


def body_of(told: object = TOLD, records: bytes = RECORDS.tobytes(), magic: bytes = MAGIC) -> bytes:
    header = told if isinstance(told, bytes) else json.dumps(told).encode()
    return zstandard.compress(magic + struct.pack("<I", len(header)) + header + records)


def test_what_is_packed_comes_back() -> None:
    header = replace(
        HEADER,
        lost_from=2,
        titles=((4, "a title — ü"), (5, "")),
        clock_step_us=-61_000_000,
        set_back_us=5,
        zones=(ZoneSince("Europe/Berlin", T - 1), ZoneSince("Asia/Kathmandu", T)),
        consent=AgreedTo("0123456789ab", titles=True),
    )
    found = unpack(pack(header, RECORDS))
    assert found.header == header and found.records.tobytes() == RECORDS.tobytes()
    assert unpack(body_of()).header == HEADER, "what may be left out may be left out"


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"", FormatError, "no batch"),
        (b"no zstd at all", FormatError, "no zstd"),
        (body_of()[:-9], FormatError, "."),
        (body_of(magic=b"NFBATCH2"), FormatError, "begins with b'NFBATCH2'"),
        (body_of(records=RECORDS.tobytes()[:-1]), FormatError, "3 records has 191 bytes"),
        (body_of(records=b""), FormatError, "3 records has 0 bytes"),
        (body_of(records=RECORDS.byteswap().tobytes()), FormatError, "big-endian"),
        (body_of(b"{"), FormatError, "no JSON"),
        (body_of(b"[" * 100_000), FormatError, "no JSON"),
        (body_of({}), InputError, "lacks a field: 'machine_id'"),
        (body_of(TOLD | {"machine_id": "mine"}), InputError, "machine_id is 'mine'"),
        (body_of(TOLD | {"first_seq": -1}), InputError, "first_seq is -1"),
        (body_of(TOLD | {"first_seq": 2**64}), InputError, "first_seq is 18446744073709551616"),
        (body_of(TOLD | {"count": MAX_RECORDS + 1}), InputError, "count is"),
        (body_of(TOLD | {"user_id": 1}), InputError, "unknown field: 'user_id'"),
        (body_of(TOLD | {"titles": [["1", "x"]]}), InputError, "titles"),
        (body_of(TOLD | {"zones": [{"zone": "", "since_us": T}]}), InputError, "zone"),
        (body_of(TOLD | {"zones": [{"zone": "UTC", "since_us": T}] * 101}), InputError, "zones"),
        (body_of(TOLD | {"consent": {"version": "x", "titles": True}}), InputError, "version is 'x'"),
        (body_of(b" " * (MAX_HEADER_BYTES + 1)), SizeError, "header of a batch has"),
    ],
    ids=range(20),
)
def test_what_is_no_batch_is_refused(body: bytes, kind: type[InputError], said: str) -> None:
    with pytest.raises(kind, match=said):
        unpack(body)


def test_a_bomb_is_refused_in_bounded_memory() -> None:
    compressor = zstandard.ZstdCompressor().compressobj()
    bomb = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(200)) + compressor.flush()
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(SizeError, match="Decompressed"):
        unpack(bomb)
    assert time.process_time() - began < 5
    assert tracemalloc.get_traced_memory()[1] < 32 << 20
    tracemalloc.stop()


def test_a_window_of_gigabytes_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    wide = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(FormatError, match="no zstd"):
        unpack(wide.compress(bytes(1 << 20)) + wide.flush())


def test_a_header_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(SizeError, match="header"):
        pack(replace(HEADER, titles=tuple((number, "x" * 512) for number in range(3000))), RECORDS)


def sent(records: np.ndarray, **told: Any) -> SentBatch:
    return SentBatch(replace(HEADER, count=len(records), **told), records)


def test_records_of_now_and_before_are_stored() -> None:
    check_batch(sent(RECORDS), T)
    check_batch(sent(records_at()), T)
    check_batch(sent(records_at(T + MOST_AHEAD_US)), T)
    check_batch(sent(records_at(T - OLDEST_US)), T)
    check_batch(sent(records_at(T + MOST_AHEAD_US + DAY_US), set_back_us=DAY_US), T)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (records_at(T, T + MOST_AHEAD_US + 1), "lie in the future"),
        (records_at(T, T - OLDEST_US - 1), "older than 21 days: 2026-0"),
        (records_at(T, kind=0), "unknown_type; record 7 has type 0"),
        (records_at(T, T // 1_000_000), "timestamp_out_of_range; record 8 .* which looks like seconds"),
    ],
)
def test_other_records_are_not(records: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_batch(sent(records), T)


def test_records_that_are_too_far_apart_are_not() -> None:
    with pytest.raises(InputError, match="days apart"):
        check_batch(sent(records_at(T, T + MAX_SPAN_US + 1), set_back_us=MAX_SET_BACK_US), T)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.builds(body_of, st.binary(max_size=200), st.binary(max_size=200)),
        st.builds(
            body_of,
            st.fixed_dictionaries(
                {name: st.just(value) | st.integers() | st.text(max_size=40) for name, value in TOLD.items()},
                optional={
                    "titles": st.lists(st.tuples(st.integers(), st.text(max_size=5)) | st.none(), max_size=3),
                    "zones": st.lists(
                        st.fixed_dictionaries({"zone": st.text(max_size=70), "since_us": st.integers()}), max_size=3
                    ),
                    "lost_from": st.integers() | st.floats(),
                },
            ),
            st.binary(min_size=192, max_size=192) | st.binary(max_size=300),
        ),
    ),
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=4),
)
def test_whatever_comes_is_a_batch_or_refused_as_input(body: bytes, flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(body)
    for place, value in flips:
        if place < len(damaged):
            damaged[place] = value
    try:
        check_batch(unpack(bytes(damaged)), T)
    except InputError:
        return
