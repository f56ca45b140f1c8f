"""Records for the spool's tests, and what a reader sees of them on disk."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np

from neural_focus._native import read_segment, spool_segments
from neural_focus.events import EVENT_DTYPE

MACHINE = uuid.UUID(int=1).bytes
BOOT = uuid.UUID(int=2).bytes


def records_of(first: int, count: int) -> np.ndarray:
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = np.arange(first, first + count)
    records["event_type"] = 3
    return records


def spooled(folder: Path) -> dict[Path, list[int]]:
    """Timestamps by segment, as a reader sees them."""
    found = {path: read_segment(path) for path in spool_segments(folder)}
    return {path: list(read[3]["timestamp_us"]) for path, read in found.items() if read is not None}
