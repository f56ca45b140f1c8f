"""What is usual for a person, and how far from it they are now: tempo, pointer and pace against their own.

People differ more from each other than from themselves: one's hurried typing is another's calm. So some columns are
told once more, as deviations from the person's own running mean,

    z = (log(1 + x) − mean) / √(variance + 0.001)

Every tenth second with any activity adds to the mean and the variance, which fade by half in four hours of activity:
sums that decay (S ← λS + x), so that live and over arrays the same additions give the same bits. A tempo of zero is no
tempo: where nothing was typed or moved, nothing is learned, and z is 0. A moment never counts for its own usual.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from neural_focus.features import FEATURE_INDEX
from neural_focus.models.arrays import Arrays
from neural_focus.models.inputs import Rows
from neural_focus.models.timeline import Times

Floats = npt.NDArray[np.float64]
STEP_S = 10
_HALF_LIFE_S = 4 * 3600
_FADE = 0.5 ** (STEP_S / _HALF_LIFE_S)
_FEWEST = 30.0
"""Steps, after fading, before which nothing is called usual."""
_VARIANCE = 1e-3

_ENGINE = (
    "keystroke_interval_mean",
    "keystroke_interval_std",
    "mouse_speed_mean",
    "mouse_speed_std",
    "keystroke_count",
    "mouse_move_count",
    "mouse_click_count",
    "mouse_distance_pixels",
    "context_switches_30s",
    "context_switches_5min",
    "idle_time_30s",
)
_HISTORY = (
    "typing_tempo_30s",
    "typing_tempo_120s",
    "typing_tempo_300s",
    "typing_tempo_spread_30s",
    "typing_tempo_spread_120s",
    "typing_tempo_spread_300s",
    "typing_seconds_60s",
    "mouse_path_60s",
    "mouse_path_300s",
)
COMPARED = (*_ENGINE, *_HISTORY)
USUAL_NAMES: tuple[str, ...] = tuple(f"{name}_unusual" for name in COMPARED)
_ENGINE_AT = [FEATURE_INDEX[name] for name in _ENGINE]
_NEEDS_SOME = np.array([name.startswith(("keystroke_interval", "mouse_speed", "typing_tempo")) for name in COMPARED])
_ACTIVITY = [
    FEATURE_INDEX[name] for name in ("keystroke_count", "mouse_move_count", "mouse_click_count", "context_switches_30s")
]


def is_active(features: Rows) -> npt.NDArray[np.bool_]:
    """Whether anything was typed, pointed or switched in the 30 s up to each snapshot float32[n, 32]; bool[n]."""
    return np.asarray((features[:, _ACTIVITY] > 0).any(axis=1))


def counts_for_usual(seconds: Times, features: Rows) -> npt.NDArray[np.bool_]:
    """Which snapshots add to what is usual, bool[n]."""
    return np.asarray((seconds % STEP_S == 0) & is_active(features))


def compared(features: Rows, history: Rows, names: tuple[str, ...]) -> Floats:
    """log1p of the compared columns float64[n, 20], from snapshots and history columns called ``names``."""
    there = [names.index(name) for name in _HISTORY]
    values = np.concatenate([features[:, _ENGINE_AT], history[:, there]], axis=1).astype(np.float64)
    return np.asarray(np.log1p(np.maximum(np.nan_to_num(values), 0.0)))


class UsualMemory:
    """The usual of one stream as of its last counted second but one: the last waits until time has passed it."""

    def __init__(self) -> None:
        self._sums = np.zeros((3, len(COMPARED)))
        self._waiting: Floats | None = None

    def observe(self, values: Floats | None) -> None:
        """Pass to a later second; ``values`` float64[20] where it counts (``counts_for_usual``)."""
        if self._waiting is not None:
            told = _told(self._waiting)
            terms = np.stack([told.astype(np.float64), self._waiting, self._waiting * self._waiting])
            self._sums = np.where(told, self._sums * _FADE + terms, self._sums)
        self._waiting = values

    def to_arrays(self) -> Arrays:
        """All of it under names; ``waiting`` has no row where nothing waits."""
        waiting = np.empty((0, len(COMPARED))) if self._waiting is None else self._waiting[None]
        return {"sums": self._sums, "waiting": waiting}

    @staticmethod
    def from_arrays(arrays: Arrays) -> UsualMemory:
        """What ``to_arrays`` told of."""
        memory = UsualMemory()
        memory._sums = arrays["sums"]
        memory._waiting = arrays["waiting"][0] if len(arrays["waiting"]) else None
        return memory

    def columns(self, values: Floats) -> Rows:
        """Deviations float32[1, 20] of the last second's ``values`` float64[20]."""
        return _deviations(self._sums[None], values[None])


def usual_table(counted: Floats, counted_s: Times, chosen: Floats, chosen_s: Times) -> Rows:
    """Deviations float32[n, 20] of ``chosen`` values at seconds int64[n] from the usual of ``counted`` ones before."""
    sums = np.zeros((len(counted) + 1, 3, len(COMPARED)))
    for column, told in enumerate(_told(counted).T):
        values = counted[told, column]
        if not len(values):
            continue
        place = np.cumsum(told) - 1
        for which, terms in enumerate((np.ones(len(values)), values, values * values)):
            faded = lfilter([1.0], [1.0, -_FADE], terms)
            sums[1:, which, column] = np.where(place >= 0, faded[np.maximum(place, 0)], 0.0)
    return _deviations(sums[np.searchsorted(counted_s, chosen_s, side="left")], chosen)


def _told(values: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray((values > 0) | ~_NEEDS_SOME)


def _deviations(sums: Floats, values: Floats) -> Rows:
    weight = np.maximum(sums[:, 0], 1.0)
    mean = sums[:, 1] / weight
    variance = np.maximum(sums[:, 2] / weight - mean * mean, 0.0)
    known = (sums[:, 0] >= _FEWEST) & _told(values)
    return np.where(known, (values - mean) / np.sqrt(variance + _VARIANCE), 0.0).astype(np.float32)
