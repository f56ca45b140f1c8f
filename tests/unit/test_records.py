"""Records in a buffer: a view, and precise words where it cannot be one."""

from __future__ import annotations

import mmap

import numpy as np
import pytest

from neural_focus._native import Engine, validate
from neural_focus.errors import FormatError
from neural_focus.events import EVENT_DTYPE, MAX_TIMESTAMP_US, MIN_TIMESTAMP_US
from neural_focus.records import view_records
from neural_focus.time import zone_table


def good_records(count: int) -> np.ndarray:
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = 1_700_000_000_000_000 + np.arange(count) * 50_000
    records["event_type"] = 1 + np.arange(count) % 15
    records["app_name"] = "éditeur".encode()
    return records


def test_a_view_shares_the_buffer():
    buffer = bytearray(good_records(3).tobytes())
    records = view_records(buffer)
    buffer[8] = 7
    assert records["event_type"].tolist() == [7, 2, 3]
    assert records["app_name"][0].decode() == "éditeur"


def test_a_view_of_mapped_memory_and_of_an_odd_address():
    raw = good_records(2).tobytes()
    with mmap.mmap(-1, len(raw)) as mapped:
        mapped[:] = raw
        records = view_records(mapped)
        assert len(records) == 2
        del records
    shifted = view_records(memoryview(b"x" + raw)[1:])
    engine = Engine(*zone_table("UTC"))
    engine.push(shifted)
    assert engine.counters()["events"] == 2


@pytest.mark.parametrize("length", [1, 63, 65, 127])
def test_a_length_that_is_no_multiple_of_64(length):
    with pytest.raises(FormatError, match=rf"{length} bytes: .*multiple of 64"):
        view_records(bytes(length))
    with pytest.raises(FormatError, match=rf"{length} bytes: .*multiple of 64"):
        Engine(*zone_table("UTC")).push(bytes(length))
    with pytest.raises(FormatError, match="multiple of 64"):
        validate(bytes(length))


def test_foreign_byte_order():
    with pytest.raises(FormatError, match="big-endian: expected little-endian"):
        view_records(bytes(64), byteorder="big")


@pytest.mark.parametrize("take", [view_records, validate, lambda data: Engine(*zone_table("UTC")).push(data)])
def test_big_endian_records_that_nobody_announced(take):
    swapped = good_records(3).astype(EVENT_DTYPE.newbyteorder(">"))
    with pytest.raises(FormatError, match="big-endian: expected little-endian"):
        take(swapped.tobytes())
    one_bad = good_records(3)
    one_bad["event_type"][0] = 3 << 24  # a malformed record is no other byte order
    take(one_bad.tobytes())


def test_an_array_that_declares_another_byte_order():
    array = np.zeros(2, EVENT_DTYPE.newbyteorder(">"))
    with pytest.raises(FormatError, match="big-endian: expected little-endian"):
        Engine(*zone_table("UTC")).push(array)


def test_arrays_of_another_layout():
    engine = Engine(*zone_table("UTC"))
    with pytest.raises(FormatError, match="items of 8 bytes"):
        engine.push(np.zeros(8))
    with pytest.raises(FormatError, match="not contiguous"):
        engine.push(good_records(4)[::2])
    with pytest.raises(FormatError, match="control array has items of 64"):
        engine.push(good_records(1), good_records(1))


def test_validate_names_the_first_reason_and_keeps_the_neighbours():
    records = good_records(12)
    records["event_type"][1], records["event_type"][2] = 0, 16
    records["timestamp_us"][3], records["timestamp_us"][4] = MIN_TIMESTAMP_US - 1, MAX_TIMESTAMP_US
    records["app_name"][5], records["app_name"][6] = b"\xc0\xaf", b"\xed\xa0\x80"
    records["app_name"][7] = b"ok\0\xff\xff"
    records["app_name"][8] = b"x" * 31 + b"\xc3"
    records["event_type"][9], records["app_name"][9] = 99, b"\xff"
    mask, reasons = validate(records)
    assert np.flatnonzero(~mask).tolist() == [1, 2, 3, 4, 9]
    assert reasons == {"unknown_type": 3, "timestamp_out_of_range": 2}
    engine = Engine(*zone_table("UTC"))
    engine.push(records)
    counted = engine.counters()
    assert {reason: counted[reason] for reason in reasons} == reasons
    assert counted["events"] == 7


def test_random_records_are_judged_as_python_would():
    rng = np.random.default_rng(4)
    raw = rng.integers(0, 256, (300_000, 64), np.uint8)
    raw[:, 8] = rng.integers(0, 18, len(raw))
    raw[:, 9:12] = 0
    records = raw.reshape(-1).view(EVENT_DTYPE)
    records["timestamp_us"][::2] = 1_700_000_000_000_000 + np.arange(150_000)
    texts = ["ok", "é", "\U0001f600", "日本"]
    for index in rng.integers(0, len(records), 50_000):
        records["app_name"][index] = texts[index % 4].encode() + (b"" if index % 3 else b"\xe2\x82")
    mask, reasons = validate(records)
    assert mask.sum() + sum(reasons.values()) == len(records)
    for index in rng.integers(0, len(records), 20_000):
        row = records[index]
        known = 1 <= row["event_type"] <= 15 and MIN_TIMESTAMP_US <= row["timestamp_us"] < MAX_TIMESTAMP_US
        assert mask[index] == known
    engine = Engine(*zone_table("UTC"))
    engine.push(records)
    assert engine.counters()["events"] == mask.sum()
