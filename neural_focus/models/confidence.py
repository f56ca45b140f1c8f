"""How far a prediction can be trusted at this point: sure of itself, and at home with the input.

``confidence = max(p, 1 − p) · familiarity``. The first ranks the errors of a calibrated probability by definition; the
second falls below 1 as inputs leave the range that training has seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neural_focus.models.inputs import Rows

Floats = npt.NDArray[np.float64]
_TAIL = 0.005
_PATIENCE = 3.0
"""Total excess, in widths of the known range, at which familiarity has fallen to 1/e."""


@dataclass(frozen=True, slots=True)
class Familiarity:
    """The range float32[width] of each input in training, from its 0.5 % to its 99.5 % quantile."""

    low: Rows
    high: Rows

    def of(self, rows: Rows) -> Floats:
        """1 for inputs within the range of training, towards 0 outside; float64[n]."""
        span = np.maximum(self.high - self.low, 1e-3)
        excess = np.maximum(np.maximum(self.low - rows, rows - self.high), 0.0) / span
        total = np.minimum(excess, 3.0).sum(axis=1)
        return np.asarray(np.exp(-total / _PATIENCE), np.float64)

    def to_json(self) -> dict[str, list[float]]:
        """A plain form for the bundle."""
        return {"low": self.low.astype(float).tolist(), "high": self.high.astype(float).tolist()}

    @staticmethod
    def from_json(data: Mapping[str, list[float]]) -> Familiarity:
        """What ``to_json`` wrote."""
        return Familiarity(np.array(data["low"], np.float32), np.array(data["high"], np.float32))


def learn_familiarity(rows: Rows) -> Familiarity:
    """The ranges of training inputs float32[n, width]."""
    low, high = np.quantile(rows, [_TAIL, 1 - _TAIL], axis=0).astype(np.float32)
    return Familiarity(low, high)


def confidence(probability: Floats, familiarity: Floats) -> Floats:
    """0–1, float64[n]; at most 0.5 where the model cannot tell, less on unfamiliar input."""
    sure: Floats = np.maximum(probability, 1 - probability) * familiarity
    return sure
