"""How much a person has typed, moved and clicked, second by second, told back from the engine's sliding counts.

A snapshot has the presses of its last 30 s: c(t) = N(t) − N(t − 30), with N the presses since the begin. So

    N(t) = c(t) + N(t − 30)

gives back N at every second, exactly, from snapshots alone; a missing second counts as c = 0. With N known, any
longer or shorter window is a difference of two values.

So is the tempo of typing, which pauses between bursts would hide: with n(t) = N(t) − N(t − 1) presses in a second, the
sums Σ [n > 0] and Σ n² are carried along; the presses of a second in which there are any have a mean and a spread.

What was put in during the second of a switch counts for the stay that it ended: the click or the keys that bring a
window to the front come before it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neural_focus.features import FEATURE_INDEX
from neural_focus.models.arrays import Arrays
from neural_focus.models.inputs import Rows
from neural_focus.models.running_totals import RunningTotals
from neural_focus.models.timeline import Times

Counts = npt.NDArray[np.int64]
KINDS = ("keystroke", "mouse_move", "mouse_click")
_COLUMNS = [FEATURE_INDEX[f"{kind}_count"] for kind in KINDS]
WINDOWS = (3, 10, 30, 60, 120, 300, 900)
_WINDOWS = np.array(WINDOWS, np.int64)
_SPAN = 30
_GAP = 2 * _SPAN
"""Longer gaps are told as this long: every count is zero in them."""
_KEPT = WINDOWS[-1] + _GAP
_LONG_AGO = 3600

TEMPO_WINDOWS = (10, 30, 60, 120, 300)
_TEMPO = [WINDOWS.index(window) for window in TEMPO_WINDOWS]
_WIDTH = len(KINDS) + 2
_MOST_A_SECOND = 25
"""Nobody types faster; more in one second is what snapshots that were missed have piled up."""

TEMPO_NAMES: tuple[str, ...] = tuple(
    f"typing_{what}_{window}s" for what in ("seconds", "tempo", "tempo_spread") for window in TEMPO_WINDOWS
)
INPUT_NAMES: tuple[str, ...] = (
    *(
        f"{kind}_{what}"
        for what in ("age_log_s", *(f"count_{window}s" for window in WINDOWS), "count_stay", "rate_stay", "quiet")
        for kind in KINDS
    ),
    *TEMPO_NAMES,
)


class InputMemory:
    """N of the three kinds and the two sums over the last quarter of an hour of one stream, an entry a second."""

    def __init__(self) -> None:
        self._past = RunningTotals(_KEPT, _WIDTH)
        self._latest = np.full(len(KINDS), -1, np.int64)
        self._stay = np.zeros(len(KINDS), np.int64)

    def observe(self, second: int, features: Rows, switched: bool) -> None:
        """Take in a snapshot float32[32]; ``switched`` when a new stay begins with it."""
        nothing = np.zeros(len(KINDS), np.int64)
        begins = switched or not len(self._past)
        if len(self._past):
            last = int(self._past.seconds[-1])
            for missing in range(max(last + 1, second - _GAP), second):
                self._append(missing, nothing)
        self._append(second, features[_COLUMNS].astype(np.int64))
        if begins:
            self._stay = self._past.totals[-1, : len(KINDS)].copy()

    def _append(self, second: int, counts: Counts) -> None:
        past, kinds = self._past.totals, len(KINDS)
        total = counts + (past[-_SPAN, :kinds] if len(past) >= _SPAN else 0)
        before = past[-1] if len(past) else np.zeros(_WIDTH, np.int64)
        pressed = min(max(int(total[0] - before[0]), 0), _MOST_A_SECOND) if len(past) else 0
        self._latest[total > before[:kinds]] = second
        sums = before[kinds:] + np.array([pressed > 0, pressed * pressed])
        self._past.append(second, np.concatenate([total, sums]))

    def to_arrays(self) -> Arrays:
        """All of it under names."""
        return {**self._past.to_arrays(), "latest": self._latest.copy(), "stay": self._stay}

    @staticmethod
    def from_arrays(arrays: Arrays) -> InputMemory:
        """What ``to_arrays`` told of."""
        memory = InputMemory()
        memory._past = RunningTotals.from_arrays(arrays, _KEPT)
        memory._latest, memory._stay = arrays["latest"], arrays["stay"]
        return memory

    def lookup(self) -> tuple[Counts, Counts, Counts, Times]:
        """What ``input_columns`` needs for the last second, n = 1."""
        seconds, totals = self._past.seconds, self._past.totals
        now = seconds[-1]
        ages = np.where(self._latest >= 0, now - self._latest, _LONG_AGO)
        return totals[-1:], _at(seconds, totals, now - _WINDOWS)[None], self._stay[None], ages[None]


def _at(seconds: Times, totals: Counts, when: Times) -> Counts:
    """N at or before each second of ``when``, int64[..., 3]; zero before the first."""
    place = np.searchsorted(seconds, when, side="right")
    return np.asarray(np.where(place[..., None] > 0, totals[np.maximum(place - 1, 0)], 0))


def input_table(seconds: Times, features: Rows, chosen: Times, since: Times) -> tuple[Counts, Counts, Counts, Times]:
    """What ``input_columns`` needs at the ``chosen`` snapshots, whose stays began at the seconds ``since``."""
    place: Times = np.cumsum(np.minimum(np.diff(seconds, prepend=seconds[0]), _GAP + 1))
    length = -(-(int(place[-1]) + 1) // _SPAN) * _SPAN
    sliding = np.zeros((length, len(KINDS)), np.int64)
    sliding[place] = features[:, _COLUMNS]
    totals: Counts = np.cumsum(sliding.reshape(-1, _SPAN, len(KINDS)), axis=0).reshape(length, len(KINDS))[
        : place[-1] + 1
    ]
    pressed = np.clip(np.diff(totals[:, 0], prepend=totals[0, 0]), 0, _MOST_A_SECOND)
    sums = np.cumsum(np.stack([pressed > 0, pressed * pressed], axis=1), axis=0)
    index = np.arange(len(totals))
    # what lies between two snapshots is told as the seconds right before the later one
    later = np.searchsorted(place, index)
    clock: Times = seconds[later] - (place[later] - index)
    grown = np.diff(totals, axis=0, prepend=0) > 0
    latest = np.maximum.accumulate(np.where(grown, index[:, None], -1), axis=0)[place[chosen]]
    now = seconds[chosen]
    age = np.where(latest >= 0, now[:, None] - clock[np.maximum(latest, 0)], _LONG_AGO)
    both = np.concatenate([totals, sums], axis=1)
    windows = _at(clock, both, np.asarray(now[:, None] - _WINDOWS, np.int64))
    return both[place[chosen]], windows, _at(clock, totals, since), age


def input_columns(total: Counts, windows: Counts, stay: Counts, age: Times, stay_s: Times) -> Rows:
    """Columns float32[n, len(INPUT_NAMES)]: sums now [n, 5], at the windows' begins [n, 7, 5], N at the stay's [n, 3].

    ``age`` int64[n, 3]: seconds since the last input of each kind. Quiet: how many inputs of the kind the pause would
    have held at the stay's own rate.
    """
    kinds = len(KINDS)
    inside = np.maximum(total[:, None] - windows, 0)
    counts = inside[:, :, :kinds]
    in_stay = np.maximum(total[:, :kinds] - stay, 0)
    pause = np.minimum(age, _LONG_AGO)
    length = np.maximum(stay_s, 0)[:, None]
    rate = np.log((in_stay + 0.5) / (length + 5.0))
    quiet = np.log((pause + 1.0) * (in_stay + 0.5) / (length + 5.0))
    blocks = [np.log1p(pause), *(np.log1p(counts[:, i]) for i in range(len(WINDOWS))), np.log1p(in_stay), rate, quiet]
    return np.concatenate([*blocks, *_tempo(inside[:, _TEMPO])], axis=1).astype(np.float32)


def _tempo(inside: Counts) -> tuple[npt.NDArray[np.float64], ...]:
    """log1p of the seconds with presses, mean and standard deviation of the presses in one; float64[n, 5] each."""
    pressed, seconds, squares = inside[:, :, 0], inside[:, :, -2], inside[:, :, -1]
    some = np.maximum(seconds, 1)
    mean = pressed / some
    return np.log1p(seconds), mean, np.sqrt(np.maximum(squares / some - mean * mean, 0.0))
