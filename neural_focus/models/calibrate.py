"""From log-odds to probabilities that mean what they say: Platt's line, then a small shift for each person.

The line is fitted on moments later than the training data (Platt 1999). A person's shift is the maximum a posteriori
offset under a normal prior around zero: nobody's data moves it at first, and it gives way to theirs as it comes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_MIN_SLOPE, _MAX_SLOPE = 0.25, 4.0
_EFFECTIVE = 20.0
"""Neighbouring ticks tell nearly the same story: this many count as one independent moment."""


def sigmoid(margin: Floats) -> Floats:
    """1 / (1 + e^−margin), float64[n]."""
    clipped: Floats = 1.0 / (1.0 + np.exp(-np.clip(margin, -40.0, 40.0)))
    return clipped


def logit(probability: Floats) -> Floats:
    """The inverse of ``sigmoid`` on [1e-6, 1 − 1e-6]."""
    safe = np.clip(probability, 1e-6, 1 - 1e-6)
    odds: Floats = np.log(safe / (1 - safe))
    return odds


@dataclass(frozen=True, slots=True)
class Calibration:
    """probability = sigmoid(slope · margin + intercept + shift[person])."""

    slope: float = 1.0
    intercept: float = 0.0
    shift: Mapping[int, float] = field(default_factory=dict)

    def probabilities(self, margin: Floats, person: npt.NDArray[np.int64] | int | None = None) -> Floats:
        """Calibrated probabilities float64[n]; unknown people get the global line."""
        line = self.slope * margin + self.intercept
        if isinstance(person, int):
            line = line + self.shift.get(person, 0.0)
        elif person is not None:
            line = line + np.array([self.shift.get(int(one), 0.0) for one in person])
        return sigmoid(line)

    def to_json(self) -> dict[str, object]:
        """A plain form for the bundle."""
        return {
            "slope": self.slope,
            "intercept": self.intercept,
            "shift": {str(person): shift for person, shift in self.shift.items()},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Calibration:
        """What ``to_json`` wrote."""
        shift = {int(person): float(value) for person, value in data["shift"].items()}
        return Calibration(float(data["slope"]), float(data["intercept"]), shift)


def fit_line(margin: Floats, label: npt.NDArray[np.int8], *, strength: float = 10.0) -> tuple[float, float]:
    """Slope and intercept of Platt's line by Newton's method, drawn towards (1, 0) like ``strength`` moments would."""
    slope, intercept = 1.0, 0.0
    target = label.astype(np.float64)
    for _ in range(30):
        p = sigmoid(slope * margin + intercept)
        weight = p * (1 - p)
        gradient = np.array(
            [((p - target) * margin).sum() + strength * (slope - 1), (p - target).sum() + 0.1 * intercept]
        )
        hessian = np.array(
            [
                [(weight * margin**2).sum() + strength, (weight * margin).sum()],
                [(weight * margin).sum(), weight.sum() + 0.1],
            ]
        )
        step = np.linalg.solve(hessian, gradient)
        slope, intercept = slope - step[0], intercept - step[1]
        if np.abs(step).max() < 1e-8:
            break
    return float(np.clip(slope, _MIN_SLOPE, _MAX_SLOPE)), float(intercept)


def fit_stack(own: Floats, other: Floats, label: npt.NDArray[np.int8], *, strength: float = 2.0) -> tuple[float, float]:
    """Weights of two margins by logistic regression on held-out moments, drawn towards one half, never negative."""
    prior = np.array([0.5, 0.5])
    if len(label) < 50 or label.min() == label.max():
        return 0.5, 0.5
    x = np.stack([own, other, np.ones(len(own))], axis=1)
    centre, ridge = np.append(prior, 0.0), np.array([strength, strength, 0.1])
    weight = centre.copy()
    for _ in range(30):
        p = sigmoid(x @ weight)
        hessian = (x * (p * (1 - p) / _EFFECTIVE)[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(hessian, x.T @ (p - label) / _EFFECTIVE + ridge * (weight - centre))
        weight = weight - step
        if np.abs(step).max() < 1e-8:
            break
    return max(float(weight[0]), 0.0), max(float(weight[1]), 0.0)


def fit_shift(line: Floats, label: npt.NDArray[np.int8], *, prior_std: float = 0.5) -> float:
    """One person's offset to the calibrated log-odds ``line``: MAP under N(0, prior_std²)."""
    shift, target = 0.0, label.astype(np.float64)
    for _ in range(30):
        p = sigmoid(line + shift)
        gradient = (p - target).sum() / _EFFECTIVE + shift / prior_std**2
        step = gradient / ((p * (1 - p)).sum() / _EFFECTIVE + 1 / prior_std**2)
        shift -= float(step)
        if abs(step) < 1e-8:
            break
    return shift


def fit_calibration(
    margin: Floats, label: npt.NDArray[np.int8], person: npt.NDArray[np.int64] | None = None
) -> Calibration:
    """The line over all moments of a later slice and, with ``person``, each one's shift."""
    if len(label) < 50 or label.min() == label.max():
        return Calibration()
    slope, intercept = fit_line(margin, label)
    shift = {}
    if person is not None:
        line = slope * margin + intercept
        shift = {int(one): fit_shift(line[person == one], label[person == one]) for one in np.unique(person)}
    return Calibration(slope, intercept, shift)
