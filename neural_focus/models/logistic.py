"""Logistic regression with a ridge, by Newton's method that cannot run away."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


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
    probabilities are near 0 or 1 it never comes back. Sums are in the precision of ``x``.
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
