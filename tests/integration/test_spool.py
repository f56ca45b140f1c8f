"""The spool as files: what is written comes back, what is broken is named, kept and counted."""

from __future__ import annotations

import os
import struct
import uuid
from pathlib import Path

import numpy as np
import pytest
from spool_records import BOOT, MACHINE, records_of, spooled

from collector.spool import SpoolReader, open_writer
from neural_focus._native import SpoolWriter, crc32c, read_segment, spool_segments
from neural_focus.errors import ConfigurationError, FormatError, InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_crc32c_is_castagnoli() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720, appendix B.4
    assert crc32c(bytes(32)) == 0x8A9136AA
    noise = np.random.default_rng(1).bytes(1021)
    assert [crc32c(noise[:n], True) for n in range(1021)] == [crc32c(noise[:n]) for n in range(1021)]


def test_records_and_titles_come_back(folder: Path) -> None:
    writer = SpoolWriter(folder, MACHINE, BOOT)
    assert writer.append(records_of(10, 3), {7: "a title — ü", 9: ""})
    assert writer.append(records_of(13, 2))
    machine, boot, first, records, titles, *_, at_end = read_segment(writer.current)
    assert (machine, boot, first, at_end) == (MACHINE, BOOT, 0, True)
    assert records.tobytes() == records_of(10, 5).tobytes()
    assert titles == {7: "a title — ü", 9: ""}
    assert writer.next_sequence == 5


def test_a_second_agent_is_refused(folder: Path) -> None:
    writer = SpoolWriter(folder, MACHINE, BOOT)
    with pytest.raises(ConfigurationError, match="another agent already writes"):
        SpoolWriter(folder, MACHINE, BOOT)
    del writer
    SpoolWriter(folder, MACHINE, BOOT)


def test_segments_roll_and_the_oldest_go_over_the_limit(folder: Path) -> None:
    writer = SpoolWriter(folder, MACHINE, BOOT, segment_bytes=1000, total_bytes=3000)
    for step in range(20):
        assert writer.append(records_of(step * 10, 10))
    counters = writer.counters()
    kept = [value for values in spooled(folder).values() for value in values]
    assert 0 < len(kept) < 200
    assert kept == list(range(200 - len(kept), 200))
    assert counters["dropped_over_limit"] == 200 - len(kept)


def test_old_segments_go_by_age(folder: Path) -> None:
    writer = SpoolWriter(folder, MACHINE, BOOT)
    writer.append(records_of(0, 4))
    old = writer.current
    del writer
    os.utime(old, (0, 0))
    writer = SpoolWriter(folder, MACHINE, BOOT, total_hours=1)
    assert spool_segments(folder) == []
    assert writer.counters()["dropped_over_limit"] == 4


def foreign_header(order: str, mark: int, version: int) -> bytes:
    head = struct.pack(f"{order}8sII16s16sQI", b"NFSPOOL\n", mark, version, MACHINE, BOOT, 0, 0)
    return head + struct.pack(f"{order}I", crc32c(head))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (foreign_header("<", 0x0A0B0C0D, 2), "format version 2; version 1 is expected"),
        (foreign_header(">", 0x0A0B0C0D, 1), "big-endian; little-endian is expected"),
    ],
)
def test_a_foreign_format_is_named_and_left_alone(folder: Path, header: bytes, said: str) -> None:
    folder.mkdir()
    segment = folder / "000000000001.segment"
    segment.write_bytes(header)
    with pytest.raises(FormatError, match=said):
        SpoolWriter(folder, MACHINE, BOOT)
    assert segment.read_bytes() == header


def test_a_missing_file_is_one_clear_error(folder: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_segment(folder / "none.segment")


def test_the_reader_follows_across_boots_and_segments(folder: Path) -> None:
    machine, boots = str(uuid.uuid4()), [str(uuid.uuid4()), str(uuid.uuid4())]
    writer = open_writer(folder, machine, boots[0])
    reader = SpoolReader(folder)
    assert reader.peek() is None
    writer.append(records_of(0, 5), {1: "one"})
    first = reader.peek()
    assert first is not None and (first.machine_id, first.boot_id, first.first_seq) == (machine, boots[0], 0)
    assert reader.peek() is first and first.titles == {1: "one"}
    reader.advance()
    assert reader.peek() is None
    writer.append(records_of(5, 2))
    assert (again := reader.peek()) is not None and again.first_seq == 5
    reader.advance()
    kept = [writer.current]
    for number in (7, 8):  # two more agents on this desktop
        del writer
        writer = open_writer(folder, machine, boots[1])
        writer.append(records_of(number, 1))
        kept.append(writer.current)
        assert (last := reader.peek()) is not None and (last.boot_id, last.first_seq) == (boots[1], 0)
        reader.advance()
    assert [path.exists() for path in kept] == [False, True, True]


def test_what_is_in_quarantine_is_never_written_over(folder: Path) -> None:
    """The same segment number is given again where recovery left nothing of it."""
    for number in range(3):
        writer = SpoolWriter(folder, MACHINE, BOOT)
        writer.append(records_of(number, 1))
        broken = writer.current
        del writer
        broken.write_bytes(bytes([number]) * 160)
    writer = SpoolWriter(folder, MACHINE, BOOT)
    kept = sorted(path.read_bytes() for path in (folder / "quarantine").iterdir())
    assert kept == [bytes([number]) * 160 for number in range(3)]
    reader = SpoolReader(folder)
    writer.append(records_of(9, 1))
    broken = writer.current
    writer.seal()
    writer.append(records_of(10, 1))
    broken.write_bytes(b"x" * 160)
    (folder / "quarantine" / broken.name).write_bytes(b"before")
    assert (batch := reader.peek()) is not None and batch.records["timestamp_us"].tolist() == [10]
    assert len(list((folder / "quarantine").iterdir())) == 5


def test_the_reader_quarantines_what_broke_since(folder: Path) -> None:
    writer = SpoolWriter(folder, MACHINE, BOOT)
    writer.append(records_of(0, 2))
    broken = writer.current
    writer.append(records_of(2, 2))
    writer.seal()
    writer.append(records_of(4, 1))
    data = bytearray(broken.read_bytes())
    data[-1] ^= 1
    broken.write_bytes(data)
    reader, seen = SpoolReader(folder), []
    while (batch := reader.peek()) is not None:
        seen += list(batch.records["timestamp_us"])
        reader.advance()
    assert seen == [0, 1, 4]
    assert reader.counters["segments_quarantined"] == 1
    assert (folder / "quarantine" / broken.name).exists()
