"""Running totals of a stream, second by second: any window's count is the difference of two of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neural_focus.models.arrays import Arrays
from neural_focus.models.timeline import Times


class RunningTotals:
    """The latest entries, ``kept`` of them at least: the older half is let go when twice as many are there."""

    def __init__(self, kept: int, width: int) -> None:
        self._kept, self._length = kept, 0
        self._seconds = np.zeros(2 * kept, np.int64)
        self._totals = np.zeros((2 * kept, width), np.int64)

    def __len__(self) -> int:
        return self._length

    @property
    def seconds(self) -> Times:
        """When each was true, int64[n] ascending."""
        return self._seconds[: self._length]

    @property
    def totals(self) -> npt.NDArray[np.int64]:
        """The totals then, int64[n, width]."""
        return self._totals[: self._length]

    def append(self, second: int, totals: npt.NDArray[np.int64]) -> None:
        """Add the totals int64[width] of a later second."""
        if self._length == len(self._seconds):
            for whole in (self._seconds, self._totals):
                whole[: self._kept] = whole[self._kept :].copy()
            self._length = self._kept
        self._seconds[self._length], self._totals[self._length] = second, totals
        self._length += 1

    def to_arrays(self) -> Arrays:
        """All of it under names."""
        return {"seconds": self.seconds.copy(), "totals": self.totals.copy()}

    @staticmethod
    def from_arrays(arrays: Arrays, kept: int) -> RunningTotals:
        """What ``to_arrays`` told of."""
        told = RunningTotals(kept, arrays["totals"].shape[1])
        told._length = length = len(arrays["seconds"])
        told._seconds[:length], told._totals[:length] = arrays["seconds"], arrays["totals"]
        return told
