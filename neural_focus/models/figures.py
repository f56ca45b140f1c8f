"""The row of figures that every model and baseline is judged with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neural_focus.models import measures
from neural_focus.models.timeline import US, Times

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
ALERT_GAP_SECONDS = 300
BUDGETS = (1, 2, 4)
"""Alerts an hour of activity."""


def figures(label: Labels, score: Floats, *, calibrated: bool = True) -> dict[str, float | int]:
    """n, base rate, AUC and average precision; of probabilities also Brier, log-loss and ECE."""
    found: dict[str, float | int] = {
        "n": len(label),
        "base_rate": float(label.mean()),
        "auc": measures.auc(label, score),
        "average_precision": measures.average_precision(label, score),
    }
    if calibrated:
        found["brier"] = measures.brier(label, score)
        found["log_loss"] = measures.log_loss(label, score)
        found["ece"] = measures.ece(label, score)
    return found


def alerts(times_us: Times, score: Floats, group: Times, threshold: float) -> npt.NDArray[np.int64]:
    """Row numbers at which an alert fires: the score reaches the threshold, at most one per 5 min and group."""
    fired: list[int] = []
    last: dict[int, int] = {}
    for row in np.flatnonzero(score >= threshold):
        key, now = int(group[row]), int(times_us[row])
        if now - last.get(key, -ALERT_GAP_SECONDS * US) >= ALERT_GAP_SECONDS * US:
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
