"""Splits that do not leak: whole days or whole people, purged and embargoed around every border.

::

    fit ───────────────┤ 330 s ├─── test
        labels look 30–300 s ahead, inputs up to 300 s back: nothing on one side may touch the other
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from neural_focus.models.timeline import US, Times
from neural_focus.time import DAY_US

EMBARGO_SECONDS = 330


def day_border(times_us: Times, fraction: float) -> int:
    """When the last ``1 − fraction`` of activity begins, µs: the midnight (UTC) nearest to that share of the ticks.

    Days are weighed by their ticks, so a week off or an hour on a Sunday moves nothing. Within one day the border is
    the tick itself. ``times_us`` in any order: two machines of a person work on the same days.
    """
    times_us = np.sort(times_us)
    begins = np.unique(times_us // DAY_US)[1:] * DAY_US
    if not len(begins):
        return int(times_us[int(len(times_us) * fraction)])
    before = np.searchsorted(times_us, begins) / len(times_us)
    return int(begins[np.argmin(np.abs(before - fraction))])


def slices_by_days(times_us: Times, group: Times, fractions: Sequence[float]) -> npt.NDArray[np.int8]:
    """Slice number of each moment, int8[n]: 0 before the first border of its group, and so on; -1 within an embargo.

    Borders are set for each ``group`` (a person) apart, on its own active days.
    """
    out = np.full(len(times_us), -1, np.int8)
    for one in np.unique(group):
        mine = np.flatnonzero(group == one)
        borders = [day_border(times_us[mine], fraction) for fraction in fractions]
        number = np.searchsorted(borders, times_us[mine], side="right")
        until = np.append(borders, np.iinfo(np.int64).max)[number]
        purged = times_us[mine] >= until - EMBARGO_SECONDS * US
        out[mine] = np.where(purged, -1, number)
    return out


def folds_by_person(person: Times, folds: int, seed: int) -> npt.NDArray[np.int8]:
    """Fold number of each moment, int8[n]; every person is in one fold, people in a random but fixed order."""
    people = np.unique(person)
    order = np.random.default_rng(seed).permutation(len(people))
    fold = np.empty(len(people), np.int8)
    fold[order] = np.arange(len(people)) % folds
    return np.asarray(fold[np.searchsorted(people, person)])
