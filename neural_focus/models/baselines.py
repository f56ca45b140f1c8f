"""What one number can do: the baselines that every model stands beside, each as a calibrated probability."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from neural_focus.models.datasets import Moments

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


def baseline_probabilities(seen: Moments, known: Labels, judged: Moments) -> dict[str, Floats]:
    """Each baseline as a probability: its one number, calibrated on the training side by its empirical rate."""
    return {
        "base_rate": np.full(len(judged), float(known.mean())),
        "recency": _rate_by(-np.log1p(seen.recency_s), known, -np.log1p(judged.recency_s)),
        "switches_5min": _rate_by(seen.switches_5min, known, judged.switches_5min),
    }


def _rate_by(seen: Floats, known: Labels, judged: Floats) -> Floats:
    """Rising rate by one number (isotonic), with the number itself breaking ties by at most 1e-6."""
    ordered = np.argsort(seen, kind="stable")
    fitted = isotonic_regression(known[ordered].astype(np.float64)).x
    rate = np.clip(np.interp(judged, seen[ordered], fitted), 1e-4, 1 - 1e-4)
    order = np.unique(judged, return_inverse=True)[1]
    return np.asarray(rate + 1e-6 * order / max(int(order.max()), 1), np.float64)
