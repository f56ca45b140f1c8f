"""How often a target comes true by the time since the last switch: what serves a person of whom nothing else is known.

The curve falls with that time (isotonic regression, Barlow et al. 1972) and starts from other people's, which weighs as
much as ``STRENGTH`` moments of the person's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
BINS, LONGEST_S = 60, 4 * 3600.0
STRENGTH = 400.0
_EDGES = np.linspace(0.0, np.log1p(LONGEST_S), BINS)
_CENTRES = _EDGES - _EDGES[1] / 2
_STEADY = 0.5
"""Moments at the mean rate in each bin, so that an empty one has a rate."""
_RULES = {"switch": 0.65, "break": 0.2, "outcome": 0.5}


@dataclass(frozen=True)
class Hazard:
    """Moments and how many of them came true in each bin of ln(1 + seconds since the switch), float64[BINS] each."""

    moments: Floats
    true: Floats

    @staticmethod
    @cache
    def by_rule(target: str) -> Hazard:
        """Where there are no other people: the rule of thumb that the engine starts its hazards from, as counts."""
        seconds = np.expm1(np.maximum(_CENTRES, 0.0))
        rate = _RULES[target] / (1.0 + (seconds / 40.0) ** 0.8)
        moments = np.full(BINS, STRENGTH / BINS)
        return Hazard(moments, moments * rate)

    @staticmethod
    def of_groups(groups: Sequence[tuple[Floats, Labels]], target: str) -> Hazard:
        """The mean curve of groups of people, each as (seconds float64[n], labels int8[n]), with ``STRENGTH``."""
        counted = [_count(seconds, label) for seconds, label in groups if len(label)]
        if not counted:
            return Hazard.by_rule(target)
        shares = [np.stack([one.moments, one.true]) / one.moments.sum() for one in counted]
        moments, true = STRENGTH * np.mean(shares, axis=0)
        return Hazard(moments, true)

    def with_own(self, recency_s: Floats, label: Labels) -> Hazard:
        """This curve with a person's own moments added."""
        own = _count(recency_s, label)
        return Hazard(self.moments + own.moments, self.true + own.true)

    def probabilities(self, recency_s: Floats) -> Floats:
        """float64[n] within [0.001, 0.999]."""
        return np.clip(np.interp(np.log1p(recency_s), _CENTRES, self._curve), 1e-3, 1 - 1e-3)

    @cached_property
    def _curve(self) -> Floats:
        from scipy.optimize import isotonic_regression  # only here: whoever starts the service needs no SciPy

        mean = self.true.sum() / self.moments.sum()
        weight = self.moments + _STEADY
        fitted = isotonic_regression((self.true + _STEADY * mean) / weight, weights=weight, increasing=False)
        return np.asarray(fitted.x, np.float64)

    def to_json(self) -> dict[str, list[float]]:
        """A plain form to keep."""
        return {"moments": self.moments.tolist(), "true": self.true.tolist()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Hazard:
        """What ``to_json`` wrote."""
        return Hazard(np.array(data["moments"], np.float64), np.array(data["true"], np.float64))


def _count(recency_s: Floats, label: Labels) -> Hazard:
    place = np.minimum(np.searchsorted(_EDGES, np.log1p(recency_s)), BINS - 1)
    moments = np.asarray(np.bincount(place, minlength=BINS), np.float64)
    true = np.asarray(np.bincount(place, weights=label, minlength=BINS), np.float64)
    return Hazard(moments, true)
