"""From log-odds to probabilities that mean what they say: Platt's line, then a small shift for each person.

The line is fitted on moments later than the training data (Platt 1999). A person's shift is the maximum a posteriori
offset under a normal prior around zero: nobody's data moves it at first, and it gives way to theirs as it comes in.
All of it stands on a logistic regression with a ridge, by Newton's method that cannot run away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_MIN_SLOPE, _MAX_SLOPE = 0.25, 4.0
PRIOR_STD = 0.5
"""How far people's log-odds lie from everyone's, by prior belief."""
_PERSON_STD, _MODEL_STD = 0.3, 0.1
"""Log-odds: how far people differ from what their inputs say, and how far a fit by log-loss is off on new ones."""
_EFFECTIVE = 20.0
"""Neighbouring ticks tell nearly the same story: this many count as one independent moment."""


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
        line = self.line(margin)
        if isinstance(person, int):
            line = line + self.shift.get(person, 0.0)
        elif person is not None:
            line = line + np.array([self.shift.get(int(one), 0.0) for one in person])
        return sigmoid(line)

    def line(self, margin: Floats) -> Floats:
        """Calibrated log-odds float64[n], without anybody's own offset."""
        return np.asarray(self.slope * margin + self.intercept, np.float64)

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
    """Slope and intercept of Platt's line, drawn towards (1, 0) like ``strength`` moments would."""
    ones = np.ones((len(margin), 1))
    both = np.column_stack([margin, ones])
    slope, intercept = fit_logistic(both, label, centre=np.array([1.0, 0.0]), ridge=np.array([strength, 0.1]))
    kept = float(np.clip(slope, _MIN_SLOPE, _MAX_SLOPE))
    if kept != slope:  # the intercept belongs to its slope
        (intercept,) = fit_logistic(ones, label, centre=np.zeros(1), ridge=np.array([0.1]), offset=kept * margin)
    return kept, float(intercept)


def fit_stack(own: Floats, other: Floats, label: npt.NDArray[np.int8], *, strength: float = 2.0) -> tuple[float, float]:
    """Weights of two margins by logistic regression on held-out moments, drawn towards one half, never negative."""
    if len(label) < 50 or label.min() == label.max():
        return 0.5, 0.5
    x = np.stack([own, other, np.ones(len(own))], axis=1)
    ridge = np.array([strength, strength, 0.1]) * _EFFECTIVE
    weight = fit_logistic(x, label, centre=np.array([0.5, 0.5, 0.0]), ridge=ridge)
    return max(float(weight[0]), 0.0), max(float(weight[1]), 0.0)


def fit_shift(line: Floats, label: npt.NDArray[np.int8], *, prior_std: float = PRIOR_STD) -> float:
    """One person's offset to the calibrated log-odds ``line``: MAP under N(0, prior_std²)."""
    ridge = np.array([_EFFECTIVE / prior_std**2])
    (shift,) = fit_logistic(np.ones((len(line), 1)), label, centre=np.zeros(1), ridge=ridge, offset=line)
    return float(shift)


def fit_calibration(
    margin: Floats,
    label: npt.NDArray[np.int8],
    person: npt.NDArray[np.int64] | None = None,
    *,
    strangers: bool = False,
) -> Calibration:
    """The line over all moments of a later slice and, with ``person``, each one's shift.

    ``strangers``: these few people are not those that the line is for, as when whole people were held out for it.
    """
    if len(label) < 50 or label.min() == label.max():
        return Calibration()
    slope, intercept = fit_line(margin, label)
    shift = {}
    if person is not None:
        line = slope * margin + intercept
        shift = {int(one): fit_shift(line[person == one], label[person == one]) for one in np.unique(person)}
        if strangers:
            moved = (slope - 1) * float(margin.mean()) + intercept
            intercept -= moved * _own_share(len(shift))
    return Calibration(slope, intercept, shift)


def _own_share(people: int) -> float:
    """How much of what some people's mean lies off is theirs alone, and nothing that overfitting has moved."""
    theirs = _PERSON_STD**2 / people
    return theirs / (theirs + _MODEL_STD**2)


def sigmoid(margin: Floats) -> Floats:
    """1 / (1 + e^−margin), float64[n]."""
    clipped: Floats = 1.0 / (1.0 + np.exp(-np.clip(margin, -40.0, 40.0)))
    return clipped


def fit_logistic(
    x: npt.NDArray[np.floating[Any]],
    label: npt.NDArray[np.int8],
    *,
    centre: Floats,
    ridge: Floats,
    offset: Floats | float = 0.0,
    tolerance: float = 1e-8,
) -> Floats:
    """Weights float64[k] of a logistic regression on ``x`` [n, k], drawn towards ``centre`` by ``ridge`` (both [k]).

    Each step is halved until it does not make things worse: from far away a whole step overshoots, and where all
    probabilities are near 0 or 1 it never comes back. Sums are in the precision of ``x``. Scikit-learn's regression
    knows neither a centre nor an offset; SciPy's minimisers take longer for the same answer (``bench.models``).
    """

    def line(weight: Floats) -> Floats:
        return np.asarray(x @ weight.astype(x.dtype) + offset, np.float64)

    def cost(weight: Floats) -> float:
        odds = line(weight)
        return float((np.logaddexp(0.0, odds) - label * odds).sum() + (ridge * (weight - centre) ** 2).sum() / 2)

    weight, before = centre, cost(centre)
    for _ in range(50):
        p = sigmoid(line(weight))
        hessian = (x * (p * (1 - p)).astype(x.dtype)[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(hessian, x.T @ (p - label).astype(x.dtype) + ridge * (weight - centre))
        while (after := cost(weight - step)) > before and np.abs(step).max() > tolerance:
            step = step / 2
        if np.abs(step).max() <= tolerance:
            break
        weight, before = weight - step, after
    return weight
