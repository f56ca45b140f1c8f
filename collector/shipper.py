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
from typing import Any
from uuid import UUID

import numpy as np

from collector.consent import Consent
from collector.desktop import Desktop
from collector.service_client import ServiceClient
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
from neural_focus.errors import BusyError, GapError, InputError, ServiceError, SizeError
from neural_focus.events import EVENT_DTYPE, EventType
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
        client: ServiceClient,
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
        self.counters: Counter[str] = Counter(shipped=0, shipped_earlier=0, lost=0, retries=0)
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
                failed_before, self.problem = bool(self.problem), str(error)
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
            for start, end in _parts(batch.records["timestamp_us"]):
                self._ship(batch, start, end)
                if self._stop_at is not None and time.monotonic() >= self._stop_at:
                    return
            self._reader.advance()
        if self._zones or self._agreed is not None:
            header = BatchHeader(UUID(self._desktop.machine_id()), UUID(self._boots[-1]), 0, 0)
            self._send(header, NO_RECORDS)

    def _ship(self, batch: Batch, start: int, end: int) -> None:
        """Sends the records from ``start`` to ``end`` of a batch, in halves where their titles are too long for one."""
        records, first_seq = batch.records[start:end], batch.first_seq + start
        header = BatchHeader(
            UUID(batch.machine_id),
            UUID(batch.boot_id),
            first_seq,
            len(records),
            titles=_titles(records, batch.titles),
            clock_step_us=self._clock_steps.get(batch.boot_id) if first_seq == 0 else None,
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
        self._count(batch.boot_id, stored)

    def _count(self, boot_id: str, stored: BatchStored) -> None:
        """Of this run's boots each record once, also where an answer was lost; of others what was new there."""
        self.counters["lost"] += stored.lost
        if boot_id in self._boots:
            self.counters["shipped"] += stored.next_seq - self._positions.get(boot_id, 0) - stored.lost
            self._positions[boot_id] = stored.next_seq
        else:
            self.counters["shipped_earlier"] += stored.stored

    def _send(self, header: BatchHeader, records: Records) -> BatchStored:
        """With what else is new; once the service has that, it is not told again."""
        zones, agreed = tuple(self._zones), self._agreed
        stored = self._client.send_batch(pack(replace(header, zones=zones, consent=agreed), records))
        for _ in zones:
            self._zones.popleft()
        self._agreed = None
        return stored


def _parts(stamps: np.ndarray[Any, np.dtype[np.uint64]]) -> Iterator[tuple[int, int]]:
    """(first, end) of parts that are short enough for a batch each, in records and in days."""
    start, times = 0, stamps.astype(np.int64)
    while start < len(times):
        end = min(start + MAX_RECORDS, len(times))
        within = times[start:end] - times[start] <= MAX_SPAN_US
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


def describe(shipper: Shipper | None) -> dict[str, Any]:
    """Counters and the present problem, for agent.json."""
    if shipper is None:
        return {"shipped": 0, "shipping": "off"}
    return dict(shipper.counters) | {"shipping": shipper.problem or "well"}
