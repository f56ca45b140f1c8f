"""Figures of merit of probabilities, and alerts under a budget. All take label int8[n] in {0, 1}, score float64[n].

SciPy and scikit-learn are imported where they are used: the service, which measures nothing, starts without them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neural_focus.time import SECOND_US
from neural_focus.timeline import Times

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
_BINS = 15


def auc(label: Labels, score: Floats) -> float:
    """Area under the ROC curve (Mann–Whitney, ties count half); nan with one class only.

    Scikit-learn's says the same and takes several times as long (``bench.models``): bootstraps ask hundreds of times.
    """
    from scipy.stats import rankdata

    positives = int(label.sum())
    negatives = len(label) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(score)[label == 1].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(label: Labels, score: Floats) -> float:
    """Area under the precision–recall steps; nan without positives."""
    from sklearn import metrics

    return float(metrics.average_precision_score(label, score)) if label.any() else float("nan")


def brier(label: Labels, probability: Floats) -> float:
    """Mean squared error of the probability."""
    from sklearn import metrics

    return float(metrics.brier_score_loss(label, probability, pos_label=1))


def log_loss(label: Labels, probability: Floats) -> float:
    """Mean negative log-likelihood, nats; probabilities are kept 1e-6 off 0 and 1."""
    from sklearn import metrics

    return float(metrics.log_loss(label, np.clip(probability, 1e-6, 1 - 1e-6), labels=[0, 1]))


def ece(label: Labels, probability: Floats, bins: int = _BINS) -> float:
    """Expected calibration error over bins of equal counts (Nixon et al. 2019)."""
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [abs(float(probability[p].mean() - label[p].mean())) * len(p) for p in parts if len(p)]
    return sum(gaps) / len(order)


def auc_interval(
    label: Labels,
    score: Floats,
    group: npt.NDArray[np.int64],
    *,
    rounds: int = 200,
    seed: int = 7,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of the AUC with whole groups (people, or days of one) drawn again; nan where no draw has both
    classes.

    The moments are ranked once. A draw is how often each group counts, and its AUC the one of the rows so repeated, to
    the last bit: all sums are of whole numbers.
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(score, kind="stable")
    _, number = np.unique(group, return_inverse=True)
    number, positive = number[order], label[order] == 1
    begins = np.flatnonzero(np.r_[True, np.diff(score[order]) > 0])  # of each run of ties
    count = int(number.max()) + 1
    drawn = []
    for _ in range(rounds):
        times = np.bincount(rng.integers(count, size=count), minlength=count)[number]
        positives = np.add.reduceat(np.where(positive, times, 0), begins)
        negatives = np.add.reduceat(np.where(positive, 0, times), begins)
        pairs = positives.sum() * negatives.sum()
        if pairs:
            doubled = (positives * (2 * negatives.cumsum() - negatives)).sum()
            drawn.append(doubled / 2 / pairs)
    if not drawn:
        return float("nan"), float("nan")
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


ALERT_GAP_SECONDS = 300
BUDGETS = (1, 2, 4)
"""Alerts an hour of activity."""


def figures(label: Labels, score: Floats, *, calibrated: bool = True) -> dict[str, float | int]:
    """n, base rate, AUC and average precision; of probabilities also Brier, log-loss and ECE."""
    found: dict[str, float | int] = {
        "n": len(label),
        "base_rate": float(label.mean()),
        "auc": auc(label, score),
        "average_precision": average_precision(label, score),
    }
    if calibrated:
        found["brier"] = brier(label, score)
        found["log_loss"] = log_loss(label, score)
        found["ece"] = ece(label, score)
    return found


def alerts(times_us: Times, score: Floats, group: Times, threshold: float) -> npt.NDArray[np.int64]:
    """Row numbers at which an alert fires: the score reaches the threshold, at most one per 5 min and group."""
    fired: list[int] = []
    last: dict[int, int] = {}
    for row in np.flatnonzero(score >= threshold):
        key, now = int(group[row]), int(times_us[row])
        if now - last.get(key, -ALERT_GAP_SECONDS * SECOND_US) >= ALERT_GAP_SECONDS * SECOND_US:
            fired.append(int(row))
            last[key] = now
    return np.array(fired, np.int64)


def alerts_on_budget(times_us: Times, score: Floats, group: Times, budget: int) -> npt.NDArray[np.int64]:
    """The alerts of the lowest threshold that fires at most ``budget`` times in all."""
    candidates = np.unique(score)[::-1]
    low, high = 0, len(candidates) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if len(alerts(times_us, score, group, float(candidates[middle]))) <= budget:
            low = middle
        else:
            high = middle - 1
    return alerts(times_us, score, group, float(candidates[low]))[:budget]


def alert_figures(
    label: Labels, score: Floats, times_us: Times, group: Times, lead_s: Floats, hours: float
) -> dict[str, float]:
    """precision_k and recall_k at k alerts an hour of activity, and the median lead of true ones at 2 an hour, s.

    Alerts fire as they would live: in time order, when the score reaches a fixed threshold.
    """
    found: dict[str, float] = {}
    for rate in BUDGETS:
        fired = alerts_on_budget(times_us, score, group, max(1, round(rate * hours)))
        true = label[fired] == 1
        found[f"precision_{rate}"] = float(true.mean()) if len(fired) else float("nan")
        found[f"recall_{rate}"] = float(true.sum() / max(int(label.sum()), 1))
        if rate == 2:
            found["lead_s"] = float(np.median(lead_s[fired][true])) if true.any() else float("nan")
    return found
