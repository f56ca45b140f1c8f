"""Figures of merit of probabilities, and alerts under a budget. All take label int8[n] in {0, 1}, score float64[n]."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
_BINS = 15


def auc(label: Labels, score: Floats) -> float:
    """Area under the ROC curve (Mann–Whitney, ties count half); nan with one class only."""
    positives = int(label.sum())
    negatives = len(label) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2
    ranks = mean_rank[place][label == 1].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(label: Labels, score: Floats) -> float:
    """Area under the precision–recall steps; nan without positives. Ties are one step."""
    positives = int(label.sum())
    if not positives:
        return float("nan")
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(label[order], dtype=np.float64)
    last = np.append(np.diff(score[order]) != 0, True)
    precision, recall = (hits / np.arange(1, len(hits) + 1))[last], (hits / positives)[last]
    return float(np.sum(np.diff(np.append(0.0, recall)) * precision))


def brier(label: Labels, probability: Floats) -> float:
    """Mean squared error of the probability."""
    return float(np.mean((probability - label) ** 2))


def log_loss(label: Labels, probability: Floats) -> float:
    """Mean negative log-likelihood, nats; probabilities are kept 1e-6 off 0 and 1."""
    safe = np.clip(probability, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(label == 1, np.log(safe), np.log1p(-safe))))


def ece(label: Labels, probability: Floats, bins: int = _BINS) -> float:
    """Expected calibration error over bins of equal counts (Nixon et al. 2019)."""
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [abs(float(probability[p].mean() - label[p].mean())) * len(p) for p in parts if len(p)]
    return sum(gaps) / len(order)


def bootstrap_interval(
    measure: Callable[[npt.NDArray[np.int64]], float],
    group: npt.NDArray[np.int64],
    *,
    rounds: int = 200,
    seed: int = 7,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of ``measure(row numbers)`` with whole groups (people, or days of one) drawn again."""
    rng = np.random.default_rng(seed)
    order = np.argsort(group, kind="stable")
    _, starts = np.unique(group[order], return_index=True)
    members = np.split(order, starts[1:])
    drawn = [
        measure(np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]))
        for _ in range(rounds)
    ]
    found = np.array([value for value in drawn if np.isfinite(value)])
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
