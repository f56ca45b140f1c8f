"""Whether the records of a batch can be stored, each of them and all together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_focus._native import validate
from neural_focus.batches import MAX_SPAN_US, Records, SentBatch
from neural_focus.errors import InputError
from neural_focus.storable import OLDEST_US, find_unstorable
from neural_focus.time import DAY_US, iso
from neural_focus.unusable_events import looks_like


def check_batch(batch: SentBatch, now_us: int) -> None:
    """Raises InputError: a record that is none, one too old or from the future, or times further apart than one batch
    may have.

    ``now_us``: the service's clock. What the clock of the desktop was set back by since may lie ahead.
    """
    records = batch.records
    if not len(records):
        return
    unstorable = find_unstorable(records, now_us, batch.header.set_back_us)
    if "invalid" in unstorable:
        raise _invalid(records, unstorable["invalid"], batch.header.first_seq)
    first_us, last_us = int(records["timestamp_us"].min()), int(records["timestamp_us"].max())
    if "in_the_future" in unstorable:
        raise InputError(
            "Records lie in the future", why=f"{iso(last_us)} is after {iso(now_us)}", hint="Set the clocks of both"
        )
    if "too_old" in unstorable:
        raise InputError(
            f"Records are older than {OLDEST_US // DAY_US} days",
            why=f"{iso(first_us)} is long before {iso(now_us)}",
            hint="Set the clocks of both",
        )
    if last_us - first_us > MAX_SPAN_US:
        raise InputError(
            f"The records of a batch are {(last_us - first_us) / DAY_US:.1f} days apart",
            hint=f"Send at most {MAX_SPAN_US // DAY_US} days at once",
        )


def _invalid(records: Records, invalid: NDArray[np.bool_], first_seq: int) -> InputError:
    bad = int(np.flatnonzero(invalid)[0])
    kind, stamp = int(records["event_type"][bad]), int(records["timestamp_us"][bad])
    _, faults = validate(records[invalid])
    reasons = ", ".join(sorted(faults))
    return InputError(
        f"{invalid.sum()} records cannot be stored",
        why=f"{reasons}; record {first_seq + bad} has type {kind} and time {stamp}{looks_like(stamp)}",
    )
