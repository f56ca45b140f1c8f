"""Whether one judge ranks better than another beyond noise: paired bootstrap on the same moments.

Both are drawn again together, in whole resampling units, so that what is hard for both cancels out. A draw is a weight
per unit; each score is sorted once, and a round costs one pass over the moments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from neural_focus.time import DAY_US, HOUR_US
from neural_focus.timeline import Times

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
ROUNDS = 400
FEWEST_UNITS = 8


@dataclass(frozen=True, slots=True)
class Difference:
    """``ours`` − ``theirs`` on the same moments, with the deviation and 95 % interval of the paired bootstrap."""

    ours: float
    theirs: float
    low: float
    high: float
    deviation: float

    @property
    def gain(self) -> float:
        """How much better ours is."""
        return self.ours - self.theirs

    def clearly_worse(self, comparisons: int = 1) -> bool:
        """Whether ours is worse beyond noise, at 5 % over so many comparisons (Bonferroni, one-sided)."""
        return self.gain + float(norm.ppf(1 - 0.05 / comparisons)) * self.deviation < 0

    def words(self) -> str:
        """For people: the gain with its interval."""
        return f"{self.gain:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def resampling_units(person: Times, times_us: Times) -> npt.NDArray[np.int64]:
    """Unit number of each moment, int64[n]: people, else their days, else their hours: the first with 8 or more."""
    units = person
    for block in (0, DAY_US, HOUR_US):
        labels = person if not block else person * 10_000_000 + times_us // block
        units = np.unique(labels, return_inverse=True)[1]
        if units.max(initial=-1) + 1 >= FEWEST_UNITS:
            break
    return np.asarray(units, np.int64)


def paired_auc(
    label: Labels, ours: Floats, theirs: Floats, units: npt.NDArray[np.int64], *, rounds: int = ROUNDS, seed: int = 7
) -> Difference:
    """The difference of two AUCs; nan where one of the classes is missing."""
    first, second = _Ranked(label, ours), _Ranked(label, theirs)
    gains = np.array([first.auc(weight) - second.auc(weight) for weight in _draw(units, rounds, seed)])
    whole = np.ones(len(label))
    return _difference(first.auc(whole), second.auc(whole), gains)


def paired_brier(
    label: Labels, ours: Floats, theirs: Floats, units: npt.NDArray[np.int64], *, rounds: int = ROUNDS, seed: int = 7
) -> Difference:
    """The difference of two Brier scores with its sign turned, so that more is better here too."""
    first, second = -((ours - label) ** 2), -((theirs - label) ** 2)
    gains = np.array([np.average(first - second, weights=weight) for weight in _draw(units, rounds, seed)])
    return _difference(float(first.mean()), float(second.mean()), gains)


def _difference(ours: float, theirs: float, gains: Floats) -> Difference:
    known = gains[np.isfinite(gains)]
    if not len(known):
        return Difference(ours, theirs, np.nan, np.nan, np.nan)
    low, high = np.quantile(known, [0.025, 0.975])
    return Difference(ours, theirs, float(low), float(high), float(known.std()))


def _draw(units: npt.NDArray[np.int64], rounds: int, seed: int) -> Iterator[Floats]:
    """Weights float64[n] of each round: how often a moment's unit was drawn."""
    count = int(units.max()) + 1
    rng = np.random.default_rng(seed)
    for times in rng.multinomial(count, np.full(count, 1 / count), size=rounds).astype(np.float64):
        yield times[units]


class _Ranked:
    """One score, sorted once, whose weighted AUC costs a pass."""

    def __init__(self, label: Labels, score: Floats) -> None:
        self._order = np.argsort(score, kind="stable")
        self._positive = label[self._order] == 1
        self._tie = np.flatnonzero(np.r_[True, np.diff(score[self._order]) != 0])

    def auc(self, weight: Floats) -> float:
        """Weighted Mann–Whitney, ties half; nan with one class only."""
        sorted_weight = weight[self._order]
        positive = np.add.reduceat(np.where(self._positive, sorted_weight, 0.0), self._tie)
        negative = np.add.reduceat(np.where(self._positive, 0.0, sorted_weight), self._tie)
        pairs = positive.sum() * negative.sum()
        below = np.cumsum(negative) - negative / 2
        return float((positive * below).sum() / pairs) if pairs else float("nan")
