"""Whether the world has moved away from what a model was trained on: its inputs, and what its probabilities mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from neural_focus.models.inputs import Rows
from neural_focus.models.measures import ece

Floats = npt.NDArray[np.float64]
BINS = 10
LARGE_SHIFT = 0.25
"""A population stability index from which retraining is due, by long custom of credit scoring (Siddiqi 2006)."""
LARGE_ECE = 0.08
_FEWEST = 200


def reference_edges(rows: Rows) -> Rows:
    """Inner decile edges float32[width, 9] of training inputs, kept with the model."""
    return np.asarray(np.quantile(rows, np.linspace(0, 1, BINS + 1)[1:-1], axis=0).T, np.float32)


def stability_index(edges: Rows, expected: Floats, values: Rows) -> float:
    """Population stability index of one column: Σ (p − q) · ln(p / q) over the reference's bins."""
    found = np.bincount(np.searchsorted(edges, values, side="right"), minlength=BINS) / len(values)
    p, q = np.maximum(found, 1e-3), np.maximum(expected, 1e-3)
    return float(np.sum((p - q) * np.log(p / q)))


def input_drift(names: Sequence[str], reference: Rows, recent: Rows) -> Mapping[str, float]:
    """Stability index of each input column, the most moved first; nothing with fewer than 200 recent rows."""
    if len(recent) < _FEWEST:
        return {}
    edges = reference_edges(reference)
    moved = {}
    for column, name in enumerate(names):
        places = np.searchsorted(edges[column], reference[:, column], side="right")
        expected = np.bincount(places, minlength=BINS) / len(reference)
        moved[name] = stability_index(edges[column], expected, recent[:, column])
    return dict(sorted(moved.items(), key=lambda item: -item[1]))


def calibration_drifted(label: npt.NDArray[np.int8], probability: Floats) -> bool:
    """Whether probabilities that were served no longer mean what they say, by at least 200 that came true or not."""
    return len(label) >= _FEWEST and ece(label, probability, bins=5) > LARGE_ECE
