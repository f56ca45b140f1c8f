"""Whether the records of a batch can be stored: types and times as the engine takes them, and no time far ahead."""

from __future__ import annotations

import numpy as np

from neural_focus._native import validate
from neural_focus.batches import MAX_SPAN_US, SentBatch
from neural_focus.errors import InputError
from neural_focus.time import DAY_US, SECOND_US, iso
from neural_focus.unusable_events import looks_like

MOST_AHEAD_US = 60 * SECOND_US
"""So far the clocks of two machines may differ, as for snapshots."""


def check_batch(batch: SentBatch, now_us: int) -> None:
    """Raises InputError: a record that is none, one from the future, or times further apart than one batch may have.

    ``now_us``: the service's clock. What the clock of the desktop was set back by since may lie ahead.
    """
    records, first_seq = batch.records, batch.header.first_seq
    if not len(records):
        return
    good, faults = validate(records)
    if not good.all():
        bad = int(np.flatnonzero(~good)[0])
        kind, stamp = int(records["event_type"][bad]), int(records["timestamp_us"][bad])
        reasons = ", ".join(sorted(name for name, count in faults.items() if count))
        raise InputError(
            f"{(~good).sum()} records cannot be stored",
            why=f"{reasons}; record {first_seq + bad} has type {kind} and time {stamp}{looks_like(stamp)}",
        )
    first_us, last_us = int(records["timestamp_us"].min()), int(records["timestamp_us"].max())
    if last_us > now_us + MOST_AHEAD_US + batch.header.set_back_us:
        raise InputError(
            "Records lie in the future", why=f"{iso(last_us)} is after {iso(now_us)}", hint="Set the clocks of both"
        )
    if last_us - first_us > MAX_SPAN_US:
        raise InputError(
            f"The records of a batch are {(last_us - first_us) / DAY_US:.1f} days apart",
            hint=f"Send at most {MAX_SPAN_US // DAY_US} days at once",
        )
