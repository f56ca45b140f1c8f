"""What the labels of a stream's UTC day are like: figures that the gates look at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from flows.gates.event_profile import Numbers, Profile
from flows.gates.feature_profile import Rows
from neural_focus.labelling.labels import NO_LABEL, Outcome, Source
from neural_focus.prediction import HORIZON_SECONDS
from neural_focus.time import SECOND_US
from neural_focus.timeline import Times

ALLOWED = {
    "switch": (NO_LABEL, 0, 1),
    "settled_break": (NO_LABEL, 0, 1),
    "outcome": (NO_LABEL, *Outcome),
    "outcome_source": tuple(Source),
}
FEWEST_OF_EACH = 60
"""Moments with and without a switch, from which on how well one input alone tells them apart says something."""
MOST_OF_EACH = 400
"""More of either are not asked: how well an input tells them apart does not hang on how many there are."""


def label_profile(
    times_us: Numbers,
    labels: Mapping[str, npt.NDArray[np.generic]],
    covered: Times,
    snapshot_us: Numbers,
    features: Rows,
    names: tuple[str, ...],
) -> Profile:
    """Figures of labelled moments int64[n] with their columns by name (``flows.label_files.SCHEMA``).

    ``covered``: when capture ran, int64[k, 2] µs, merged. The snapshots int64[m] have with ``features``
    float32[m, len(names)] all inputs that a model may get at them: none may know the label.
    """
    switch = np.asarray(labels["switch"], np.int64)
    known = switch != NO_LABEL
    soon = np.asarray(labels["lead_s"], np.float64) <= HORIZON_SECONDS
    strange = np.logical_or.reduce([~np.isin(labels[name], values) for name, values in ALLOWED.items()])
    strange |= (np.asarray(labels["recency_s"], np.float64) < 0) | (np.asarray(labels["switches_5min"]) < 0)
    _, mine, theirs = np.intersect1d(times_us, snapshot_us, return_indices=True)
    use = known[mine]
    told, best = best_alone(features[theirs[use]], switch[mine[use]] == 1, names)
    return {
        "moments": len(times_us),
        "known": int(known.sum()),
        "switched": int((switch == 1).sum()),
        "duplicates": len(times_us) - len(np.unique(times_us)),
        "strange": int(strange.sum()),
        "mismatched": int((known & ((switch == 1) != soon)).sum()),
        "uncovered": int((known & ~_whole(times_us, covered)).sum()),
        "without_snapshot": int((~np.isin(times_us, snapshot_us)).sum()),
        "best_alone": best,
        "best_alone_what": told,
    }


def best_alone(inputs: Rows, positive: npt.NDArray[np.bool_], names: tuple[str, ...]) -> tuple[str, float | None]:
    """The input float32[n, k] that alone tells bool[n] apart best, and the area under its ROC curve, of either sign."""
    with_it, without = _spread(np.flatnonzero(positive)), _spread(np.flatnonzero(~positive))
    ones, zeros = len(with_it), len(without)
    if min(ones, zeros) < FEWEST_OF_EACH:
        return "", None
    ranks = rankdata(np.nan_to_num(inputs[np.r_[with_it, without]]), axis=0)
    area = (ranks[:ones].sum(axis=0) - ones * (ones + 1) / 2) / (ones * zeros)
    either = np.maximum(area, 1 - area)
    best = int(np.argmax(either))
    return names[best], float(either[best])


def _spread(places: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """At most so many of the places, spread over all."""
    return places[:: max(1, -(-len(places) // MOST_OF_EACH))]


def _whole(times_us: Numbers, covered: Times) -> npt.NDArray[np.bool_]:
    """Whether capture ran from each time until its label was known."""
    if not len(covered):
        return np.zeros(len(times_us), np.bool_)
    place = np.searchsorted(covered[:, 0], times_us, side="right") - 1
    end_us = times_us + HORIZON_SECONDS * SECOND_US
    return np.asarray((place >= 0) & (end_us <= covered[np.maximum(place, 0), 1]))
