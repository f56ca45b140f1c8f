"""What is forgotten goes out of the spool on a real disk, under a reader's eyes and under kill -9."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spool_records import BOOT, MACHINE

from collector import forgetting
from collector.forgetting import count_records, forget_records
from collector.live import LiveEngine
from collector.spool import SpoolReader
from neural_focus._native import SpoolWriter, read_segment, spool_segments
from neural_focus.events import EVENT_DTYPE, EventType, encode_app_name
from neural_focus.forgetting import ForgottenTime, app_key
from neural_focus.storable import find_unstorable

CANARY = "zebrafish"
T = 1_760_000_000_000_000


def a_spool(folder: Path, batches: int = 20) -> None:
    """Batches of ten records a second apart, the fifth and sixth of an app and with a title that are to go."""
    writer = SpoolWriter(folder, MACHINE, BOOT, segment_bytes=4096)
    for number in range(batches):
        records = np.zeros(10, EVENT_DTYPE)
        records["timestamp_us"] = T + (number * 10 + np.arange(10)) * 1_000_000
        records["event_type"] = EventType.MOUSE_MOVE
        records["app_name"] = encode_app_name("code")
        records["app_name"][4:6] = encode_app_name(CANARY)
        records["event_type"][[4, 8]] = EventType.WINDOW_TITLE_CHANGE
        records["data"][4, 0], records["data"][8, 0] = 1, 2
        assert writer.append(records, {1: f"a {CANARY} title", 2: "another title"})
    writer.sync()


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_an_app_goes_with_its_titles_and_all_else_stays_where_it_is(tmp_path: Path) -> None:
    a_spool(tmp_path)
    (tmp_path / "quarantine").mkdir()
    (tmp_path / "quarantine" / "000000000001.segment").write_bytes(f"cut off: {CANARY}".encode())
    before, sizes = list(read_all(tmp_path)), [path.stat().st_size for path in spool_segments(tmp_path)]
    what = ForgottenTime(T, T + 10**12, app_key(CANARY))
    assert count_records(tmp_path, what) == 40 and CANARY.encode() in on_disk(tmp_path)
    assert forget_records(tmp_path, what) == 40
    assert count_records(tmp_path, what) == 0 and CANARY.encode() not in on_disk(tmp_path)
    assert b"another title" in on_disk(tmp_path)
    assert [path.stat().st_size for path in spool_segments(tmp_path)] == sizes
    for old, new in zip(before, read_all(tmp_path), strict=True):
        gone = np.isin(np.arange(10), (4, 5)).repeat(1)
        places = (new["timestamp_us"] == 0).nonzero()[0] % 10
        assert set(places.tolist()) == set(np.flatnonzero(gone).tolist())
        assert (new[new["timestamp_us"] > 0] == old[new["timestamp_us"] > 0]).all()
    assert forget_records(tmp_path, what) == 0, "again: nothing is left of it"


def read_all(folder: Path) -> list[np.ndarray]:
    found = [read_segment(path) for path in spool_segments(folder)]
    assert all(read is not None and read[7] for read in found), "every segment is whole"
    return [read[3] for read in found if read is not None]


def test_a_reader_goes_on_and_what_is_left_is_counted_as_forgotten(tmp_path: Path) -> None:
    a_spool(tmp_path)
    reader = SpoolReader(tmp_path)
    assert reader.peek() is not None
    reader.advance()
    forget_records(tmp_path, ForgottenTime(T + 100_000_000, T + 150_000_000))
    seen, forgotten = 0, 0
    while (batch := reader.peek()) is not None:
        found = find_unstorable(batch.records, T + 200_000_000, 0)
        assert set(found) <= {"forgotten"}
        forgotten += int(found["forgotten"].sum()) if found else 0
        seen += len(batch.records)
        reader.advance()
    assert forgotten == 50 and seen > 50 and reader.counters["segments_quarantined"] == 0


def test_the_engine_that_starts_on_such_a_spool_sees_none_of_it(tmp_path: Path) -> None:
    a_spool(tmp_path / "spool")
    forget_records(tmp_path / "spool", ForgottenTime(T, T + 50_000_000))
    live = LiveEngine.restore(tmp_path / "engine.state", tmp_path / "spool", str(uuid.UUID(int=3)), "UTC")
    assert live.last_us == T + 199_000_000 and live.counters()["unknown_type"] == 0


def test_a_disk_that_does_not_take_it_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_spool(tmp_path)
    before = on_disk(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(forgetting, "atomic_write", full)
    with pytest.raises(OSError, match="No space"):
        forget_records(tmp_path, ForgottenTime(T, T + 50_000_000))
    assert on_disk(tmp_path) == before


def forget_and_die(folder: Path, what: ForgottenTime, step: int) -> None:
    """Killed -9 the ``step``-th time, from 0, that a file of the spool is made or moved."""
    left = itertools.count(step, -1)

    def watch(event: str, told: tuple[Any, ...]) -> None:
        makes = event == "os.rename" or (event == "open" and told[2] & (os.O_WRONLY | os.O_RDWR))
        if makes and str(told[0]).startswith(str(folder)) and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    forget_records(folder, what)


def test_a_kill_leaves_each_segment_as_it_was_or_done(tmp_path: Path) -> None:
    """Ten kills, each some steps later than the last, while a file is written or between two; the next try ends it."""
    what = ForgottenTime(T, T + 10**12, app_key(CANARY))
    lefts = []
    for number in range(10):
        folder = tmp_path / str(number)
        a_spool(folder, batches=150)
        step = 2 + 4 * number + number % 2
        worker = multiprocessing.get_context("fork").Process(target=forget_and_die, args=(folder, what, step))
        worker.start()
        worker.join()
        assert worker.exitcode == -signal.SIGKILL
        lefts.append(count_records(folder, what))  # asserts nothing of whole segments: read_all does
        assert sum(len(records) for records in read_all(folder)) == 1500
        forget_records(folder, what)
        assert count_records(folder, what) == 0
        assert all(CANARY.encode() not in path.read_bytes() for path in spool_segments(folder))
    assert all(0 < left < 300 for left in lefts) and len(set(lefts)) == 10, "each came while it worked"
