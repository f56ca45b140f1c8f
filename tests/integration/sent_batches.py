"""Batches as a desktop sends them, for tests of the service."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np

from neural_focus.batches import BatchHeader, pack
from neural_focus.events import EVENT_DTYPE

ENCODED = {"Content-Encoding": "zstd"}


def recent_records(count: int, first: int = 0) -> np.ndarray:
    """Mouse moves a millisecond apart, the last one a second ago; ``first`` tells those of one test apart."""
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = time.time_ns() // 1000 - 1_000_000 - np.arange(count)[::-1] * 1000
    records["event_type"] = 3
    records["data"][:, 0] = np.arange(first, first + count)
    return records


@dataclass
class Sender:
    """One boot of one machine, sending through ``client``."""

    client: httpx.Client
    machine_id: UUID = field(default_factory=uuid4)
    boot_id: UUID = field(default_factory=uuid4)

    def body(self, records: np.ndarray, first_seq: int, **told: Any) -> bytes:
        return pack(BatchHeader(self.machine_id, self.boot_id, first_seq, len(records), **told), records)

    def send(self, records: np.ndarray, first_seq: int, **told: Any) -> httpx.Response:
        return self.post(self.body(records, first_seq, **told))

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        return self.client.post("/api/v1/ingest", content=body, headers=ENCODED | headers)
