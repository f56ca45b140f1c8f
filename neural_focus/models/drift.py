"""Whether the world has moved away from what a model was trained on: its inputs, and what its probabilities mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.models.inputs import Rows

Floats = npt.NDArray[np.float64]
BINS = 10
FILE = "reference.json"
"""Deciles of the training inputs, kept with the model."""
LARGE_SHIFT = 0.25
"""A population stability index from which retraining is due, by long custom of credit scoring (Siddiqi 2006)."""
LARGE_SHARE = 0.2
"""Share of the inputs that have to have shifted so.

Some always have: of ten simulated people's two, three and five days against the three, five or eight before, whatever
the time of day, up to 0.15 of the inputs; of another kind of person's days 0.67 and more.
"""
CALENDAR = ("hour_of_day", "day_of_week")
MEMORIES = ("app_stays", "previous_app_stays", "pair_stays", "usual_log_s")
_DAYS_LONG = ("_86400s", "_604800s")
LARGE_ECE = 0.08
FEWEST_MOMENTS = 3_000
"""Between one working day and two: a single day of the same people moved up to 0.25 of the inputs."""


def reference_edges(rows: Rows) -> Rows:
    """Inner decile edges float32[width, 9] of training inputs, kept with the model."""
    return np.asarray(np.quantile(rows, np.linspace(0, 1, BINS + 1)[1:-1], axis=0).T, np.float32)


def stability_index(edges: Rows, expected: Floats, values: Rows) -> float:
    """Population stability index of one column: Σ (p − q) · ln(p / q) over the reference's bins."""
    p, q = np.maximum(_shares(edges, values), 1e-3), np.maximum(expected, 1e-3)
    return float(np.sum((p - q) * np.log(p / q)))


def _shares(edges: Rows, values: Rows) -> Floats:
    found: Floats = np.bincount(np.searchsorted(edges, values, side="right"), minlength=BINS) / len(values)
    return found


def reference_of(names: Sequence[str], rows: Rows) -> dict[str, Any]:
    """What is kept with a model of its training inputs float32[n, width]: each column's deciles and their shares."""
    edges = reference_edges(rows)
    return {
        name: {
            "edges": edges[column].astype(float).tolist(),
            "shares": _shares(edges[column], rows[:, column]).tolist(),
        }
        for column, name in enumerate(names)
    }


def input_drift(reference: Mapping[str, Any], names: Sequence[str], recent: Rows) -> Mapping[str, float]:
    """Stability index of each recent input column float32[n, width] against a model's ``reference_of`` its training.

    The most moved first; nothing with fewer than 3,000 rows, or for columns that the reference does not know.
    """
    if len(recent) < FEWEST_MOMENTS:
        return {}
    moved = {
        name: stability_index(
            np.array(reference[name]["edges"], np.float32), np.array(reference[name]["shares"]), recent[:, column]
        )
        for column, name in enumerate(names[: recent.shape[1]])
        if name in reference
    }
    return dict(sorted(moved.items(), key=lambda item: -item[1]))


def counts(name: str) -> bool:
    """Whether an input that has moved says something.

    A week is no sample of the calendar, and what remembers days (stays in an app, rates over a week) grows and wanders
    with the past of people who go on as ever.
    """
    return name not in CALENDAR and name not in MEMORIES and not name.endswith(_DAYS_LONG)
