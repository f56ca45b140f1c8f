"""The spool from Python: one writer, and a reader that follows it (``native/src/core/spool.hpp`` has the format)."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neural_focus._native import SpoolWriter, read_segment, spool_segments
from neural_focus.storable import SPOOL_DAYS

SEGMENT_BYTES = 4 << 20
SEGMENT_SECONDS = 60.0
TOTAL_BYTES = 1 << 30
TOTAL_HOURS = SPOOL_DAYS * 24.0
SYNC_SECONDS = 1.0
_SUMMED = ("appended", "refused", "dropped_over_limit", "quarantined_bytes", "syncs", "failed_syncs")


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one boot: EVENT_DTYPE[n], sequence numbers from ``first_seq``, titles by their id."""

    machine_id: str
    boot_id: str
    first_seq: int
    records: np.ndarray[Any, np.dtype[np.void]]
    titles: dict[int, str]


def open_writer(folder: Path, machine_id: str, boot_id: str) -> SpoolWriter:
    """The writer of ``folder``, recovered and locked.

    Raises:
        ConfigurationError: another agent writes there.
        FormatError: a segment of another version or byte order lies there.
        InputError: the folder cannot be used.
    """
    return SpoolWriter(
        folder,
        uuid.UUID(machine_id).bytes,
        uuid.UUID(boot_id).bytes,
        segment_bytes=SEGMENT_BYTES,
        segment_seconds=SEGMENT_SECONDS,
        total_bytes=TOTAL_BYTES,
        total_hours=TOTAL_HOURS,
        sync_seconds=SYNC_SECONDS,
    )


class BootWriter:
    """The one writer, boot after boot. What capture covered is from a boot's first record to its last, so a pause
    ends a boot: nothing in it counts as covered."""

    def __init__(self, folder: Path, machine_id: str) -> None:
        """Raises what ``open_writer`` raises."""
        self._folder, self._machine_id = folder, machine_id
        self._past: Counter[str] = Counter()
        self.boots = [str(uuid.uuid4())]
        """Ids of the boots so far, the present one last."""
        self._writer = open_writer(folder, machine_id, self.boots[-1])

    def new_boot(self) -> None:
        """Ends the boot and begins another one. Raises what ``open_writer`` raises."""
        self._writer.sync()
        self._past.update({name: self._writer.counters()[name] for name in _SUMMED})
        del self._writer  # it holds the folder's lock
        boot_id = str(uuid.uuid4())
        self._writer = open_writer(self._folder, self._machine_id, boot_id)
        self.boots.append(boot_id)

    def append(self, records: np.ndarray[Any, np.dtype[np.void]], titles: dict[int, str]) -> bool:
        """Whether the disk took them."""
        return self._writer.append(records, titles)

    def sync(self) -> None:
        """Waits until the disk has it all."""
        self._writer.sync()

    def counters(self) -> dict[str, int]:
        """The writer's own counts, over all boots."""
        now = self._writer.counters()
        return now | {name: now[name] + self._past[name] for name in _SUMMED}


class SpoolReader:
    """Follows the spool from its oldest segment, also while it is written.

    ``peek`` gives the same batch until ``advance`` says that it is safe elsewhere. A sealed segment that was read to
    its end is deleted when the one after it is, so that an engine that was saved a minute ago finds what it missed.
    What is broken inside a sealed segment is moved to quarantine and counted.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segment: Path | None = None
        self._read: Path | None = None
        self._offset = self._sequence = 0
        self._machine_id = self._boot_id = ""
        self._peeked: tuple[Batch, int, int] | None = None
        self.counters: Counter[str] = Counter(segments_deleted=0, segments_quarantined=0)

    def peek(self) -> Batch | None:
        """The oldest batch that was not advanced over; None when there is nothing (yet).

        Raises:
            FormatError, InputError: a segment cannot be read.
        """
        while True:
            if self._peeked is not None:
                return self._peeked[0]
            paths = spool_segments(self._folder)
            if self._segment is None or self._segment not in paths:
                unread = [path for path in paths if self._read is None or path > self._read]
                if not unread:
                    return None
                self._segment, self._offset = unread[0], 0
            sealed = self._segment != paths[-1]  # asked before reading: what comes later is in a later segment
            found = read_segment(self._segment, self._offset, self._sequence)
            if found is not None and self._accept(found):
                continue
            if not sealed:
                return None
            self._retire(self._segment, whole=found is not None and found[7])

    def advance(self) -> None:
        """The peeked batch is safe: never give it again."""
        if self._peeked is not None:
            _, self._offset, self._sequence = self._peeked
            self._peeked = None

    def _accept(self, found: tuple[Any, ...]) -> bool:
        machine, boot, first_seq, records, titles, offset, sequence, _ = found
        if self._offset == 0:
            self._machine_id, self._boot_id = str(uuid.UUID(bytes=machine)), str(uuid.UUID(bytes=boot))
        if not len(records):
            return False
        batch = Batch(self._machine_id, self._boot_id, first_seq, records, titles)
        self._peeked = (batch, offset, sequence)
        return True

    def _retire(self, segment: Path, *, whole: bool) -> None:
        if whole:
            if self._read is not None:
                self._read.unlink(missing_ok=True)
                self.counters["segments_deleted"] += 1
            self._read = segment
        else:
            quarantine = self._folder / "quarantine"
            quarantine.mkdir(exist_ok=True)
            kept, number = quarantine / segment.name, 1
            while kept.exists():  # what lies there already stays
                kept, number = quarantine / f"{segment.name}.{number}", number + 1
            segment.rename(kept)
            self.counters["segments_quarantined"] += 1
        self._segment, self._offset = None, 0
