"""Linear estimating equations Σ w·z·(y − x'β) = 0 with errors clustered by person, honest for few of them.

With z = x it is weighted least squares, with other z two-stage least squares of as many instruments as coefficients.
The small-sample correction frees each cluster's residuals of their own leverage (Mancl and DeRouen 2001, "A covariance
estimator for GEE with improved small-sample properties", Biometrics 57); quantiles are Student's with clusters minus
coefficients degrees of freedom (Liao, Klasnja, Tewari and Murphy 2016, Statistics in Medicine 35).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate with its interval and p-value, in the unit of the outcome."""

    estimate: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Solution:
    """coefficients: [k]; covariance: [k, k]; free: degrees of freedom of Student's t."""

    coefficients: Floats
    covariance: Floats
    free: int

    def effect(self, combination: Floats, level: float = 0.95) -> Effect:
        """The linear combination ``combination``: [k] of the coefficients."""
        value = float(combination @ self.coefficients)
        error = max(float(combination @ self.covariance @ combination), 0.0) ** 0.5
        margin = float(stats.t.ppf(0.5 + level / 2, self.free)) * error
        p_value = float(2 * stats.t.sf(abs(value) / error, self.free)) if error > 0 else 1.0
        return Effect(value, value - margin, value + margin, p_value)


def group_numbers(keys: Sequence[object]) -> NDArray[np.intp]:
    """[n] 0, 1, … by the order in which the keys first come."""
    seen: dict[object, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.intp)


def solve_clustered(
    instruments: Floats, regressors: Floats, weight: Floats, outcome: Floats, groups: NDArray[np.intp]
) -> Solution:
    """instruments, regressors: [n, k]; weight, outcome: [n]; groups: [n] cluster numbers from 0.

    Raises:
        ValueError: no more clusters than coefficients.
        numpy.linalg.LinAlgError: a coefficient cannot be told from the others.
    """
    free = int(groups.max()) + 1 - regressors.shape[1]
    if free < 1:
        raise ValueError(
            f"{groups.max() + 1} clusters for {regressors.shape[1]} coefficients: more people or days are needed"
        )
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(int(groups.max()) + 1))
    left = (instruments * weight[:, None])[order]
    right, target = regressors[order], outcome[order]
    products = np.add.reduceat(left[:, :, None] * right[:, None, :], starts)  # [clusters, k, k]
    bread = np.linalg.inv(products.sum(axis=0))
    solution = bread @ (left.T @ target)
    scores = np.add.reduceat(left * (target - right @ solution)[:, None], starts)
    # z'w (I − H)⁻¹ r of a cluster, with H = x·bread·z'w, is (I − z'w x·bread)⁻¹ z'w r: k × k instead of n × n
    freed = np.linalg.solve(np.eye(len(bread)) - products @ bread, scores[:, :, None])[:, :, 0]
    return Solution(solution, bread @ (freed.T @ freed) @ bread.T, free)
