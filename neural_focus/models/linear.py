"""Logistic regression on standardised inputs: a baseline of its own, and the steady half of the boosted model.

Fitted with a ridge penalty; no randomness. Inputs are clipped to four standard deviations,
so that one wild value cannot carry the answer away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.models.calibration import fit_logistic, logit
from neural_focus.models.inputs import Rows

Floats = npt.NDArray[np.float64]
_CLIP = 4.0
_MOST_ROWS = 30_000
"""A hundred weights need no more."""
_BLOCK = 8_192
"""Rows that are standardised at once, in float64: several copies of all of them would be gigabytes."""


@dataclass(frozen=True, slots=True)
class Linear:
    """margin = intercept + weight · clip((x − mean) / scale); all float64[width]."""

    mean: Floats
    scale: Floats
    weight: Floats
    intercept: float

    def margins(self, rows: Rows) -> Floats:
        """Log-odds float64[n] of rows float32[n, width]."""
        blocks = [self._standard(rows[at : at + _BLOCK]) @ self.weight for at in range(0, max(len(rows), 1), _BLOCK)]
        margins: Floats = np.concatenate(blocks) + self.intercept
        return margins

    def contributions(self, row: Rows, reference: Rows) -> Floats:
        """What each input adds to one row's log-odds, against the reference's; float64[width]. Exact SHAP values."""
        both = self._standard(np.stack([row, reference]))
        shares: Floats = (both[0] - both[1]) * self.weight
        return shares

    def _standard(self, rows: Rows) -> Floats:
        return np.asarray(np.clip((rows - self.mean) / self.scale, -_CLIP, _CLIP))

    def to_json(self) -> dict[str, Any]:
        """A plain form for the bundle."""
        return {
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "weight": self.weight.tolist(),
            "intercept": self.intercept,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Linear:
        """What ``to_json`` wrote."""
        return Linear(
            np.array(data["mean"]), np.array(data["scale"]), np.array(data["weight"]), float(data["intercept"])
        )


def fit_linear(rows: Rows, label: npt.NDArray[np.int8], *, penalty: float = 0.02) -> Linear:
    """Ridge-penalised logistic regression; ``penalty`` is the ridge per row, on standardised inputs."""
    fitted = fitted_rows(len(rows))
    rows, label = rows[fitted], label[fitted]
    mean, scale = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    scale = np.where(scale < 1e-6, 1.0, scale)
    x = np.ones((len(rows), rows.shape[1] + 1), np.float32)
    x[:, :-1] = np.clip((rows - mean) / scale, -_CLIP, _CLIP)
    ridge = np.append(np.full(rows.shape[1], penalty * len(x) / 4), 1e-6)
    centre = np.append(np.zeros(rows.shape[1]), logit(np.array([label.mean()]))[0])
    weight = fit_logistic(x, label, centre=centre, ridge=ridge, tolerance=1e-4)
    return Linear(mean, scale, weight[:-1], float(weight[-1]))


def fitted_rows(count: int) -> slice:
    """Which of so many rows a regression is fitted on: every k-th. Who takes them first need not make the others."""
    return slice(None, None, max(1, -(-count // _MOST_ROWS)))
