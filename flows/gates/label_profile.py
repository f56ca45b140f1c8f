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
STRETCH_US = 900 * SECOND_US
"""Only moments within a quarter of an hour are compared: over a day whatever grows or falls with time (the hour, the
age of a session, a rate) tells a busy stretch from a quiet one, and knows nothing of what comes."""
FEWEST_STRETCHES = 8
FEWEST_OF_EACH = 5
"""Moments with and without a switch, from which on how well an input tells them apart in a stretch says something."""
OF_THE_PAST = (
    *("hour_of_day", "day_of_week", "seconds_since_session_start", "minutes_since_last_break", "time_in_current_app"),
    *("context_switches", "unique_apps", "focus_momentum", "switch", "hazard", "stay", "usual", "app_", "apps_"),
)
"""How names of inputs begin that tell the time, or when and how often apps were switched until now: where somebody
switches by a clock, they rightly tell the next switch."""


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
    told, best = best_alone(times_us[mine[use]], features[theirs[use]], switch[mine[use]] == 1, names)
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


def best_alone(
    times_us: Numbers, inputs: Rows, positive: npt.NDArray[np.bool_], names: tuple[str, ...]
) -> tuple[str, float | None]:
    """The input float32[n, k] at int64[n] that alone tells bool[n] apart best, and the mean area under its ROC curve
    within stretches of time, of either sign; None where too few stretches have moments of both kinds."""
    chosen = [place for place, name in enumerate(names) if not name.startswith(OF_THE_PAST)]
    numbers, stretch = np.nan_to_num(inputs[:, chosen]), times_us // STRETCH_US
    areas = []
    for one in np.unique(stretch):
        here = stretch == one
        mine = positive[here]
        ones, zeros = int(mine.sum()), int((~mine).sum())
        if min(ones, zeros) >= FEWEST_OF_EACH:
            ranks = rankdata(numbers[here], axis=0)
            areas.append((ranks[mine].sum(axis=0) - ones * (ones + 1) / 2) / (ones * zeros))
    if len(areas) < FEWEST_STRETCHES:
        return "", None
    area = np.mean(areas, axis=0)
    either = np.maximum(area, 1 - area)
    best = int(np.argmax(either))
    return names[chosen[best]], float(either[best])


def _whole(times_us: Numbers, covered: Times) -> npt.NDArray[np.bool_]:
    """Whether capture ran from each time until its label was known."""
    if not len(covered):
        return np.zeros(len(times_us), np.bool_)
    place = np.searchsorted(covered[:, 0], times_us, side="right") - 1
    end_us = times_us + HORIZON_SECONDS * SECOND_US
    return np.asarray((place >= 0) & (end_us <= covered[np.maximum(place, 0), 1]))
