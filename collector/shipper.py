"""From the spool to the service, exactly once.

The service stores a batch and the position after it in one transaction; a batch whose answer was lost is recognised by
that position. So this side only has to try again, and may forget where it was.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from collector.consent import Consent
from collector.desktop import Desktop
from collector.spool import Batch, SpoolReader
from neural_focus.batches import (
    MAX_RECORDS,
    MAX_SET_BACK_US,
    MAX_SPAN_US,
    TITLE_CHARACTERS,
    AgreedTo,
    BatchHeader,
    BatchStored,
    Records,
    ZoneSince,
    pack,
)
from neural_focus.client.generated import ServiceApi
from neural_focus.errors import BusyError, GapError, InputError, RefusalError, ServiceError, SizeError
from neural_focus.events import EVENT_DTYPE, MAX_TIMESTAMP_US, MIN_TIMESTAMP_US, EventType
from neural_focus.storable import OLDEST_US, find_unstorable
from neural_focus.time import wall_clock_us

SHIP_SECONDS = 2.0
"""A request costs the service the same for one record as for a hundred."""
RETRY_SECONDS = (0.5, 30.0)
MAX_ZONES = 100
NO_RECORDS = np.zeros(0, EVENT_DTYPE)


class Shipper(threading.Thread):
    """A thread that follows the spool."""

    def __init__(
        self,
        client: ServiceApi,
        desktop: Desktop,
        *,
        zone: str,
        boots: Sequence[str],
        clock_steps: Mapping[str, int],
        consent: Consent,
    ) -> None:
        """``boots``: those of this run; it grows when a pause ends. What is of others was captured before.
        ``clock_steps``: how far the clock was moved before some of them, µs by id."""
        super().__init__(name="shipper", daemon=True)
        self._client, self._desktop = client, desktop
        self._boots, self._clock_steps = boots, clock_steps
        self._zones = deque([ZoneSince(zone, wall_clock_us())], MAX_ZONES)
        self._agreed: AgreedTo | None = AgreedTo(consent.version, consent.titles)
        self._reader = SpoolReader(desktop.spool)
        self._positions: dict[str, int] = {}
        self._stop_at: float | None = None
        self._wake = threading.Event()
        self._left_out: dict[str, tuple[int, int]] = {}
        """(first, end) of the last records of a boot that were left out."""
        self.counters: Counter[str] = Counter(shipped=0, shipped_earlier=0, lost=0, forgotten=0, retries=0)
        self.unstorable: Counter[str] = Counter()
        """Records that were left out, by the reason why no service would store them (``neural_focus.storable``)."""
        self.problem = ""
        """Why nothing is shipped at the moment; empty while all is well."""

    def move(self, t_us: int, zone: str) -> None:
        """The person is in another zone from ``t_us`` on; the service learns it before what was captured then."""
        self._zones.append(ZoneSince(zone, t_us))

    def finish(self, seconds: float) -> None:
        """Ships what is left for at most ``seconds``, then ends the thread."""
        self._stop_at = time.monotonic() + seconds
        self._wake.set()
        if self.is_alive():
            self.join(seconds + 5)

    def run(self) -> None:
        """Ships until it is told to finish; a service that is away is tried again with growing pauses."""
        pause = RETRY_SECONDS[0]
        while True:
            finishing = self._stop_at is not None
            try:
                self._ship_all()
                self.problem, pause = "", RETRY_SECONDS[0]
                if finishing:
                    break
                self._wake.wait(SHIP_SECONDS)
            except (ServiceError, InputError) as error:
                failed_before, self.problem = bool(self.problem), _why(error)
                self.counters["retries"] += 1
                if finishing and (failed_before or time.monotonic() >= (self._stop_at or 0.0)):
                    break  # it waits in the spool for the next start
                asked = error.seconds if isinstance(error, BusyError) else 0.0
                if finishing:
                    time.sleep(RETRY_SECONDS[0])
                else:
                    self._wake.wait(max(asked, pause * random.uniform(0.5, 1.5)))  # noqa: S311 - jitter
                pause = min(pause * 2, RETRY_SECONDS[1])
        self._client.close()

    def _ship_all(self) -> None:
        while (batch := self._reader.peek()) is not None:
            unstorable = find_unstorable(batch.records, wall_clock_us(), MAX_SET_BACK_US)
            good = ~np.logical_or.reduce([np.zeros(len(batch.records), np.bool_), *unstorable.values()])
            for first, last in _runs(good):
                if not good[first]:
                    self._leave_out(batch, first, last, unstorable)
                    continue
                for start, end in _parts(batch.records["timestamp_us"][first:last]):
                    self._ship(batch, first + start, first + end)
                    if self._stop_at is not None and time.monotonic() >= self._stop_at:
                        return
            self._reader.advance()
        if self._zones or self._agreed is not None:
            header = BatchHeader(UUID(self._desktop.machine_id()), UUID(self._boots[-1]), 0, 0)
            self._send(header, NO_RECORDS)

    def _leave_out(self, batch: Batch, start: int, end: int, unstorable: Mapping[str, NDArray[np.bool_]]) -> None:
        """Counts records that no service would store, once, however often the batch is tried."""
        before, counted = self._left_out.get(batch.boot_id, (0, 0))
        first, last = batch.first_seq + start, batch.first_seq + end
        if last > counted:
            self._left_out[batch.boot_id] = before if first == counted else first, last
            self.unstorable.update({reason: int(bad[start:end].sum()) for reason, bad in unstorable.items()})

    def _ship(self, batch: Batch, start: int, end: int) -> None:
        """Sends the records from ``start`` to ``end`` of a batch, in halves where their titles are too long for one."""
        records, first_seq = batch.records[start:end], batch.first_seq + start
        left_from, left_until = self._left_out.get(batch.boot_id, (0, 0))
        left_out = first_seq - left_from if first_seq == left_until else 0
        header = BatchHeader(
            UUID(batch.machine_id),
            UUID(batch.boot_id),
            first_seq,
            len(records),
            titles=_titles(records, batch.titles),
            lost_from=first_seq - left_out if left_out else None,
            clock_step_us=self._clock_steps.get(batch.boot_id) if first_seq == left_out else None,
            set_back_us=_set_back_us(records),
        )
        try:
            stored = self._send(header, records)
        except SizeError:
            if len(records) < 2:
                raise
            middle = (start + end) // 2
            self._ship(batch, start, middle)
            self._ship(batch, middle, end)
            return
        except GapError as gap:  # the spool has nothing older than this, or the reader would have given it before
            stored = self._send(replace(header, lost_from=gap.next_seq), records)
        self._count(batch.boot_id, stored, left_out)

    def _count(self, boot_id: str, stored: BatchStored, left_out: int) -> None:
        """Of this run's boots each record once, also where an answer was lost; of others what was new there.

        ``left_out``: so many just before the batch have a count of their own."""
        self.counters["lost"] += max(0, stored.lost - left_out)
        self.counters["forgotten"] += stored.forgotten
        if boot_id in self._boots:
            sent = stored.next_seq - self._positions.get(boot_id, 0)
            self.counters["shipped"] += sent - stored.lost - stored.forgotten
            self._positions[boot_id] = stored.next_seq
        else:
            self.counters["shipped_earlier"] += stored.stored

    def _send(self, header: BatchHeader, records: Records) -> BatchStored:
        """With what else is new; once the service has that, it is not told again. What the clock said then may be any
        time: nothing is stored from before the oldest records, nor does a zone hold there."""
        oldest_us = max(wall_clock_us() - OLDEST_US, MIN_TIMESTAMP_US)
        zones = tuple(replace(one, since_us=min(max(one.since_us, oldest_us), MAX_TIMESTAMP_US)) for one in self._zones)
        agreed = self._agreed
        stored = self._client.ingest(pack(replace(header, zones=zones, consent=agreed), records))
        for _ in zones:
            self._zones.popleft()
        self._agreed = None
        return stored


def _runs(good: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """(first, end) of neighbours that are all good or all bad."""
    edges = np.flatnonzero(good[1:] != good[:-1]) + 1
    return pairwise((0, *edges.tolist(), len(good)))


def _parts(stamps: np.ndarray[Any, np.dtype[np.uint64]]) -> Iterator[tuple[int, int]]:
    """(first, end) of parts that are short enough for a batch each, in records and in days."""
    start, times = 0, stamps.astype(np.int64)
    while start < len(times):
        end = min(start + MAX_RECORDS, len(times))
        part = times[start:end]
        within = np.maximum.accumulate(part) - np.minimum.accumulate(part) <= MAX_SPAN_US
        if not within.all():
            end = start + int(np.argmin(within))
        yield start, end
        start = end


def _set_back_us(records: Records) -> int:
    """How far the clock was set back since: all of this was captured before now, whatever its time says."""
    return min(MAX_SET_BACK_US, max(0, int(records["timestamp_us"].max()) - wall_clock_us()))


def _titles(records: Records, titles: Mapping[int, str]) -> tuple[tuple[int, str], ...]:
    """The titles that these records name."""
    changes = records["event_type"] == EventType.WINDOW_TITLE_CHANGE
    used = np.unique(records["data"][changes, 0]).tolist() if titles else []
    return tuple((number, titles[number][:TITLE_CHARACTERS]) for number in used if number in titles)


def _why(error: Exception) -> str:
    refused = f"the service refuses ({error.status}): " if isinstance(error, RefusalError) else ""
    return f"{refused}{error}"


def describe(shipper: Shipper | None) -> dict[str, Any]:
    """Counters and the present problem, for agent.json."""
    if shipper is None:
        return {"shipped": 0, "shipping": "off"}
    counted = {**shipper.counters, "unstorable": dict(shipper.unstorable)}
    return counted | {"shipping": shipper.problem or "well"}
