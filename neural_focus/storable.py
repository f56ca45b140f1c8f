"""Which records a service stores: the desktop leaves the others out, the service refuses a batch that has one.

       OLDEST_US                                MOST_AHEAD_US + set back
───────────┼──────────────────────────────┼─────────────┼───────────► a record's time
  too old  │           stored            now            │  in the future
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_focus._native import validate
from neural_focus.batches import Records
from neural_focus.forgetting import blank
from neural_focus.time import DAY_US, SECOND_US

SPOOL_DAYS = 14
"""So long a spool keeps what it could not send."""
OLDEST_US = (SPOOL_DAYS + 7) * DAY_US
"""What a spool kept, and a week in which the clocks of two machines may differ."""
MOST_AHEAD_US = 60 * SECOND_US
"""So far the clocks of two machines may differ the other way, as for snapshots."""


def find_unstorable(records: Records, now_us: int, set_back_us: int) -> dict[str, NDArray[np.bool_]]:
    """{reason: bool[n]} of the records, EVENT_DTYPE[n], that are not stored, each under one reason; {}: all are.

    ``now_us``: the wall clock. ``set_back_us``: what it was set back by since, so far records may lie ahead.
    The reasons: ``forgotten``, of which a spool kept zeros; ``invalid``, of unknown type or before 2000 or after 2100;
    ``too_old``; ``in_the_future``.
    """
    good, _ = validate(records)
    forgotten = blank(records)
    times = records["timestamp_us"].astype(np.int64)
    found = {
        "forgotten": forgotten,
        "invalid": ~good & ~forgotten,
        "too_old": good & (times < now_us - OLDEST_US),
        "in_the_future": good & (times > now_us + MOST_AHEAD_US + set_back_us),
    }
    return {reason: bad for reason, bad in found.items() if bad.any()}
