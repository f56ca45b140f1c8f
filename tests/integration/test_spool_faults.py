"""The spool under faults: against its model, killed under load, on a full disk."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from spool_records import BOOT, MACHINE, records_of, spooled

from collector.spool import Batch, SpoolReader
from neural_focus._native import SpoolWriter
from neural_focus.errors import ConfigurationError


class SpoolMachine(RuleBasedStateMachine):
    """The spool against a list of batches by segment, with everything that happens to real disks and agents.

    ``stored`` plays the database: as there, the position of each boot lies beside the rows, so that what is read again
    adds nothing. In the end every acknowledged record is in it once and in order, or was in a part that a rule
    destroyed and that is counted.
    """

    @initialize()
    def start(self) -> None:
        self.temporary = Path(tempfile.mkdtemp())
        self.folder = self.temporary / "spool"
        self.model: dict[Path, list[tuple[int, list[int]]]] = {}  # segment → (end offset, values) of each batch
        self.counter = 0
        self.quarantined = 0
        self.acknowledged: list[int] = []
        self.lost: set[int] = set()
        self.stored: list[int] = []
        self.positions: dict[str, int] = {}
        self.open()

    def open(self) -> None:
        self.writer = SpoolWriter(self.folder, MACHINE, uuid.uuid4().bytes, segment_bytes=2000, sync_seconds=0.001)
        self.reader = SpoolReader(self.folder)

    def crash(self) -> None:
        del self.writer  # the destructor writes nothing: what append acknowledged is already in the file

    def open_after_damage(self, segment: Path, sound_bytes: int, file_bytes: int) -> None:
        """Only the batches that end in the first ``sound_bytes`` are left; recovery cuts off and counts the rest."""
        before = self.quarantined
        kept = [batch for batch in self.model[segment] if batch[0] <= sound_bytes] if sound_bytes >= 64 else []
        cut = file_bytes - (kept[-1][0] if kept else 0)
        bare_header = not kept and file_bytes == 64 <= sound_bytes
        self.quarantined += 0 if bare_header else cut
        self.lose(value for batch in self.model[segment][len(kept) :] for value in batch[1])
        if kept:
            self.model[segment] = kept
        else:
            del self.model[segment]
        self.open()
        assert self.writer.counters()["quarantined_bytes"] == self.quarantined - before

    def lose(self, values: Iterable[int]) -> None:
        self.lost |= set(values) - set(self.stored)

    def store(self, batch: Batch) -> None:
        known = self.positions.get(batch.boot_id, 0)
        new = batch.records["timestamp_us"][max(0, known - batch.first_seq) :].tolist()
        self.positions[batch.boot_id] = max(known, batch.first_seq + len(batch.records))
        assert new == sorted(new) and (not new or not self.stored or new[0] > self.stored[-1]), "once and in order"
        self.stored += new

    @rule(count=st.integers(1, 12), titled=st.booleans())
    def append(self, count: int, titled: bool) -> None:
        values = list(range(self.counter, self.counter + count))
        assert self.writer.append(records_of(self.counter, count), {1: "x" * count} if titled else {})
        self.counter += count
        self.acknowledged += values
        segment = self.writer.current
        self.model.setdefault(segment, []).append((segment.stat().st_size, values))

    @rule(count=st.integers(1, 12), room=st.floats(0, 0.99))
    def append_to_a_full_disk(self, count: int, room: float) -> None:
        current = self.writer.current
        size = current.stat().st_size if current.is_file() else 0
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        allowed = min(size, 0 if size + 32 + 64 * count > 2000 else size) + int(room * 64)
        resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, limit[1]))
        try:
            assert not self.writer.append(records_of(10**9, count))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert self.writer.counters()["refused"] >= count
        assert not current.is_file() or current.stat().st_size == size

    @rule()
    def seal(self) -> None:
        self.writer.seal()

    @rule()
    def sync(self) -> None:
        self.writer.sync()
        assert self.writer.counters()["failed_syncs"] == 0

    @rule(most=st.integers(1, 4), answered=st.booleans())
    def ship(self, most: int, answered: bool) -> None:
        """The shipper reads; the database stores; the answer may get lost, then the same batch comes again."""
        for _ in range(most):
            batch = self.reader.peek()
            if batch is None:
                break
            self.store(batch)
            if not answered:
                assert self.reader.peek() is batch
                break
            self.reader.advance()
        for segment in [path for path in self.model if not path.exists()]:
            values = {value for _, values in self.model.pop(segment) for value in values}
            assert values <= set(self.stored), "only what is stored is deleted"

    @rule()
    def second_agent(self) -> None:
        with pytest.raises(ConfigurationError, match="another agent"):
            SpoolWriter(self.folder, MACHINE, uuid.uuid4().bytes)

    @rule(count=st.integers(1, 12), batches=st.integers(0, 9))
    def kill_9(self, count: int, batches: int) -> None:
        """Another process takes over as the agent and is killed after so many batches."""
        self.crash()
        before = set(self.model)
        assert killed_agent(self.folder, self.counter, count, batches) == batches
        found = {path: values for path, values in spooled(self.folder).items() if path not in before and values}
        written = [value for values in found.values() for value in values]
        assert written == list(range(self.counter, self.counter + batches * count))
        for path, values in found.items():
            parts = [values[at : at + count] for at in range(0, len(values), count)]
            self.model[path] = [(64 + (32 + 64 * count) * (number + 1), part) for number, part in enumerate(parts)]
        self.counter += len(written)
        self.acknowledged += written
        self.open()
        assert self.writer.counters()["quarantined_bytes"] == 0

    @rule()
    def crash_and_restart(self) -> None:
        self.crash()
        self.open()
        assert self.writer.counters()["quarantined_bytes"] == 0

    @precondition(lambda self: self.model)
    @rule(cut=st.integers(1, 400))
    def torn_tail(self, cut: int) -> None:
        self.crash()
        segment = max(self.model)
        size = max(0, segment.stat().st_size - cut)
        os.truncate(segment, size)
        self.open_after_damage(segment, size, size)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def bit_flip(self, data: st.DataObject) -> None:
        self.crash()
        segment = data.draw(st.sampled_from(sorted(self.model)))
        content = bytearray(segment.read_bytes())
        bit = data.draw(st.integers(0, len(content) * 8 - 1))
        content[bit // 8] ^= 1 << bit % 8
        segment.write_bytes(content)
        self.open_after_damage(segment, bit // 8, len(content))

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def missing_segment(self, data: st.DataObject) -> None:
        self.crash()
        segment = data.draw(st.sampled_from(sorted(self.model)))
        segment.unlink()
        self.lose(value for _, values in self.model.pop(segment) for value in values)
        self.open()

    @invariant()
    def the_reader_sees_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        expected = {path: [value for _, values in batches for value in values] for path, batches in self.model.items()}
        assert {path: values for path, values in spooled(self.folder).items() if values} == expected

    def teardown(self) -> None:
        if not hasattr(self, "writer"):
            return
        try:
            while (batch := self.reader.peek()) is not None:
                self.store(batch)
                self.reader.advance()
            assert self.stored == [value for value in self.acknowledged if value not in self.lost]
            kept = sum(path.stat().st_size for path in self.folder.glob("quarantine/*"))
            assert kept == self.quarantined, "what recovery cut off is kept"
            assert self.reader.counters["segments_quarantined"] == 0
        finally:
            del self.writer
            shutil.rmtree(self.temporary, ignore_errors=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def killed_agent(folder: Path, first: int, count: int, batches: int, seconds: float = 0.0) -> int:
    """Batches that a process of its own acknowledged before it was killed, ``seconds`` after it had told of them all.

    It appends as fast as it can, from the value ``first`` on.
    """
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of other threads: the child calls nothing of theirs
        child = os.fork()
    if child == 0:
        try:
            writer = SpoolWriter(folder, MACHINE, uuid.uuid4().bytes, segment_bytes=2000, sync_seconds=0.001)
            for number in range(batches):
                writer.append(records_of(first + number * count, count))
                os.write(write_end, b".")
            time.sleep(60)
        finally:
            os._exit(1)
    os.close(write_end)
    with os.fdopen(read_end, "rb", buffering=0) as told:
        heard = 0 if seconds else sum(len(told.read(1)) for _ in range(batches))
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return heard + len(told.read())


def test_an_agent_killed_at_a_random_moment_under_load(folder: Path) -> None:
    rounds, draw = int(os.environ.get("NEURAL_FOCUS_SPOOL_KILLS", "25")), random.Random(3)
    first = acknowledged = 0
    for _ in range(rounds):
        told = killed_agent(folder, first, 3, 100_000, draw.uniform(0.002, 0.03))
        writer = SpoolWriter(folder, MACHINE, BOOT)
        values = [value for part in spooled(folder).values() for value in part]
        assert values == list(range(len(values))), "nothing is missing, twice or out of order"
        assert first + 3 * told <= len(values) <= first + 3 * (told + 1), "at most one batch was not yet told"
        first, acknowledged = len(values), acknowledged + 3 * told
        del writer
    assert acknowledged > rounds, "it was killed at its work"
    print(f"spool: {rounds} kills, {acknowledged:,} acknowledged records read once and in order")  # noqa: T201


TestSpoolModel = SpoolMachine.TestCase
TestSpoolModel.settings = settings(
    max_examples=int(os.environ.get("NEURAL_FOCUS_SPOOL_EXAMPLES", "20")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


FILL_A_DISK = """
full=ENOSPC
[ "$4" = alone ] && mount -t tmpfs -o size=256k none "$1" 2>/dev/null || { full=EFBIG; ulimit -f 24; }
exec "$2" -c "$3" "$1" $full
"""

MEET_A_FULL_DISK = """
import errno, json, os, sys, time
from pathlib import Path
import numpy as np
from collector.spool import SpoolReader
from neural_focus._native import SpoolWriter
from neural_focus.events import EVENT_DTYPE

folder, taken, seen = Path(sys.argv[1]) / "spool", [], []
writer, reader = SpoolWriter(folder, bytes(16), bytes(16), segment_bytes=40_000), SpoolReader(folder)

def append(first):
    records = np.zeros(100, EVENT_DTYPE)
    records["timestamp_us"] = np.arange(first, first + 100)
    return writer.append(records) and not taken.extend(range(first, first + 100))

def ship():
    while (batch := reader.peek()) is not None:
        seen.extend(batch.records["timestamp_us"].tolist())
        reader.advance()

number = 0
while append(number * 100):
    number += 1
refused = [writer.counters()["refused"], writer.counters()["last_errno"]]
again = [append(10**6), append(2 * 10**6)]
ship()
writer.seal()
# What was deleted leaves the disk when the thread that syncs lets go of it, which may be a moment later.
waited, deadline = 0, time.monotonic() + 30
while not (went_on := append(number * 100 + 100)) and time.monotonic() < deadline:
    waited += 100
    time.sleep(0.05)
writer.sync()
ship()
code, counters = errno.errorcode[refused[1]], writer.counters()
losses = [counters["refused"] - waited, counters["failed_syncs"]]
print(json.dumps([code == sys.argv[2], refused[0], again, went_on, seen == taken, len(taken), losses]))
"""


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """A file system of 256 KB of the test's own where it may mount one, for itself alone; else the kernel's limit on a
    file's length. The spool takes each for a full disk."""
    script = ["bash", "-c", FILL_A_DISK, "bash", str(tmp_path), sys.executable, MEET_A_FULL_DISK]
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    may_mount = subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0
    words = [*alone, *script, "alone"] if may_mount else [*script, "here"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    as_expected, refused, again, went_on, whole, taken, losses = json.loads(done.stdout)
    assert as_expected, "the disk's own answer is what the agent counts"
    assert refused == 100 and again == [False, False]
    assert went_on, "room again: the next batch is taken"
    assert whole and taken > 200, "what was acknowledged is read once and in order, nothing else"
    assert losses == [300, 0]
