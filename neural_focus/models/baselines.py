"""What one number can do: the baselines that every model stands beside, each as a calibrated probability."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

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


def baseline_probabilities(seen: Moments, known: Labels, moments: Moments, target: str) -> dict[str, Floats]:
    """Each baseline as a probability: its one number, calibrated on the training side by its empirical rate."""
    numbers = one_numbers(moments, target)
    rates = {name: _rate_by(x, known, numbers[name]) for name, x in one_numbers(seen, target).items()}
    return {"base_rate": np.full(len(moments), float(known.mean())), **rates}


def _rate_by(seen: Floats, known: Labels, asked: Floats) -> Floats:
    """Rising rate by one number (isotonic), with the number itself breaking ties by at most 1e-6."""
    rate = IsotonicRegression(out_of_bounds="clip").fit(seen, known).predict(asked)
    order = np.unique(asked, return_inverse=True)[1]
    return np.asarray(np.clip(rate, 1e-4, 1 - 1e-4) + 1e-6 * order / max(int(order.max()), 1), np.float64)
