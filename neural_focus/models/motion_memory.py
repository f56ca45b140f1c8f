"""How far the pointer went, second by second, told back from the engine's distance over the last 30 s.

The engine's distance d(t) sums the ways between moves that both lie in (t − 30, t]. What a second added is what d(t)
has beyond the additions that are still in it:

    added(t) = max(0, ⌊d(t)⌋ − Σ added in (t − 30, t − 1])

A way leaves the window with its earlier end, before the second that it was added to: where d says that more has left,
the oldest go first. So no error outlives half a minute. Whole pixels: live and over arrays, the same numbers.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from neural_focus.features import FEATURE_INDEX
from neural_focus.models.arrays import Arrays
from neural_focus.models.inputs import Rows
from neural_focus.models.running_totals import RunningTotals
from neural_focus.models.timeline import Times

DISTANCE = FEATURE_INDEX["mouse_distance_pixels"]
MOTION_WINDOWS = (1, 3, 10, 30, 60, 120, 300, 900)
_WINDOWS = np.array(MOTION_WINDOWS, np.int64)
_IN_WINDOW = 30
_KEPT = MOTION_WINDOWS[-1] + 1
MOTION_NAMES: tuple[str, ...] = tuple(f"mouse_path_{window}s" for window in MOTION_WINDOWS)


class Path:
    """The length of the pointer's whole way so far, in pixels."""

    def __init__(self) -> None:
        self._added: deque[list[int]] = deque()
        self._inside = 0
        self._total = 0

    def advance(self, second: int, distance: float) -> int:
        """The way up to ``second``, given the engine's distance then."""
        added = self._added
        while added and added[0][0] <= second - _IN_WINDOW:
            self._inside -= added.popleft()[1]
        more = int(distance) - self._inside
        while more < 0 and added:
            left = min(added[0][1], -more)
            added[0][1] -= left
            self._inside -= left
            more += left
            if not added[0][1]:
                added.popleft()
        if more > 0:
            added.append([second, more])
            self._inside += more
            self._total += more
        return self._total

    def to_arrays(self) -> Arrays:
        """All of it under names."""
        return {"added": np.array(self._added, np.int64).reshape(-1, 2), "total": np.array(self._total)}

    @staticmethod
    def from_arrays(arrays: Arrays) -> Path:
        """What ``to_arrays`` told of."""
        path = Path()
        path._added, path._total = deque(arrays["added"].tolist()), int(arrays["total"])
        path._inside = sum(way for _, way in path._added)
        return path


class MotionMemory:
    """The way of one stream over the last quarter of an hour, at one entry a snapshot."""

    def __init__(self) -> None:
        self._path, self._past = Path(), RunningTotals(_KEPT, 1)

    def observe(self, second: int, features: Rows) -> None:
        """Take in a snapshot float32[32]."""
        self._past.append(second, np.array([self._path.advance(second, float(features[DISTANCE]))]))

    def to_arrays(self) -> Arrays:
        """All of it under names."""
        return {**self._past.to_arrays(), **self._path.to_arrays()}

    @staticmethod
    def from_arrays(arrays: Arrays) -> MotionMemory:
        """What ``to_arrays`` told of."""
        memory = MotionMemory()
        memory._path, memory._past = Path.from_arrays(arrays), RunningTotals.from_arrays(arrays, _KEPT)
        return memory

    def columns(self) -> Rows:
        """Columns float32[1, len(MOTION_NAMES)] of the last second."""
        seconds = self._past.seconds
        return _columns(seconds, self._past.totals[:, 0], seconds[-1:])


def motion_table(seconds: Times, features: Rows, chosen: Times) -> Rows:
    """Columns float32[n, len(MOTION_NAMES)] at the ``chosen`` row numbers of a stream's snapshots float32[m, 32]."""
    path = Path()
    pairs = zip(seconds.tolist(), features[:, DISTANCE].tolist(), strict=True)
    totals = np.array([path.advance(second, distance) for second, distance in pairs], np.int64)
    return _columns(seconds, totals, seconds[chosen])


def _columns(seconds: Times, totals: npt.NDArray[np.int64], now: Times) -> Rows:
    """log1p of the way within each window before ``now``; the way before the first snapshot is none."""
    ends = np.searchsorted(seconds, now, side="right") - 1
    begins = np.searchsorted(seconds, now[:, None] - _WINDOWS, side="right")
    before = np.where(begins > 0, totals[np.maximum(begins - 1, 0)], 0)
    return np.log1p(totals[ends][:, None] - before).astype(np.float32)
