"""What one number can do: the baselines that every model stands beside, each as a calibrated probability."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from neural_focus.models.datasets import Moments

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
_FALLING = ("outcome",)
"""Targets that say focus: it rises with the time since the last switch, where a switch and a break grow rarer."""


def one_numbers(moments: Moments, target: str) -> dict[str, Floats]:
    """The number behind each baseline, float64[n], in the sense in which the target's rate rises with it."""
    sense = -1.0 if target in _FALLING else 1.0
    return {
        "recency": -sense * np.log1p(moments.recency_s),
        "switches_5min": sense * moments.switches_5min,
    }


def baseline_probabilities(seen: Moments, known: Labels, judged: Moments, target: str) -> dict[str, Floats]:
    """Each baseline as a probability: its one number, calibrated on the training side by its empirical rate."""
    numbers = one_numbers(judged, target)
    rates = {name: _rate_by(x, known, numbers[name]) for name, x in one_numbers(seen, target).items()}
    return {"base_rate": np.full(len(judged), float(known.mean())), **rates}


def _rate_by(seen: Floats, known: Labels, judged: Floats) -> Floats:
    """Rising rate by one number (isotonic), with the number itself breaking ties by at most 1e-6.

    Moments of the same number are one point with their mean (Barlow et al. 1972): their order says nothing.
    """
    value, place, count = np.unique(seen, return_inverse=True, return_counts=True)
    mean = np.bincount(place, weights=known) / count
    fitted = isotonic_regression(mean, weights=count.astype(np.float64)).x
    rate = np.clip(np.interp(judged, value, fitted), 1e-4, 1 - 1e-4)
    order = np.unique(judged, return_inverse=True)[1]
    return np.asarray(rate + 1e-6 * order / max(int(order.max()), 1), np.float64)
