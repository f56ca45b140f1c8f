"""What the stored snapshots of a stream's UTC day are like: figures that the gates look at.

Bounds come from the definitions of the features: counts are not negative, a share of 30 s is at most 30, flags are 0
or 1. A snapshot that breaks one was not made by the engine as it is defined.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flows.gates.event_profile import Numbers, Profile, longest_run, minute_bits
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES, FEATURES, Kind
from neural_focus.time import HOUR_US

Rows = npt.NDArray[np.float32]
WEEK_S = 7 * 86_400
_BOUNDS: dict[str, tuple[float, float]] = {
    "hour_of_day": (0, 23),
    "day_of_week": (0, 6),
    "keystroke_count": (0, 3_000),
    "keystroke_rate": (0, 100),
    "keystroke_interval_mean": (0, 30),
    "keystroke_interval_std": (0, 30),
    "keystroke_interval_trend": (-30, 30),
    "mouse_move_count": (0, 60_000),
    "mouse_click_count": (0, 3_000),
    "context_switches_30s": (0, 3_000),
    "context_switches_5min": (0, 30_000),
    "unique_apps_5min": (1, 1_000),
    "idle_time_30s": (0, 30),
    "idle_event_count_5min": (0, 300),
    "longest_active_stretch_5min": (0, 300),
    "window_title_length": (0, 100_000),
    "focus_momentum": (0, 100),
    "productivity_category": (0, 5),
    "time_in_current_app": (0, 10 * WEEK_S),
    "seconds_since_session_start": (0, 10 * WEEK_S),
    "minutes_since_last_break": (0, 10 * WEEK_S // 60),
}
_LARGEST = 1e7
SENSORS = (
    "keystroke_interval_mean",
    "keystroke_interval_std",
    "mouse_distance_pixels",
    "mouse_speed_mean",
    "mouse_speed_std",
)
"""Measured of a person's hands, with fractions: the same value twice in a row is rare, for ten minutes impossible."""
SCALES = ("keystroke_interval_mean", "mouse_distance_pixels", "mouse_speed_mean")
"""Features with a unit, of which a usual size is known."""
ENOUGH = 100
"""Snapshots with a value from which on its median is a usual size."""


def feature_profile(times_us: Numbers, features: Rows, input_us: Numbers, inputs: Rows) -> Profile:
    """Figures of snapshots int64[n], float32[n, 32], and of a model's inputs beside them int64[m], float32[m, k].

    ``usual``: by feature with a unit the median of its values above 0. ``minutes``: those of the day with a snapshot.
    """
    order = np.argsort(times_us, kind="stable")
    times_us, features = times_us[order], features[order]
    outside = _outside(features)
    frozen = {name: _same_value(features[:, FEATURE_INDEX[name]]) for name in SENSORS}
    longest = max(frozen, key=lambda name: frozen[name])
    whole = input_us[np.isfinite(inputs).all(axis=1)]
    return {
        "snapshots": len(times_us),
        "minutes": minute_bits(times_us),
        "duplicates": len(times_us) - len(np.unique(times_us)),
        "outside": int(outside.any(axis=1).sum()),
        "outside_what": _names(outside),
        "disordered": int(
            (_column(features, "context_switches_5min") < _column(features, "context_switches_30s")).sum()
        ),
        "same_rows": longest_run((features[1:] == features[:-1]).all(axis=1)),
        "same_value": frozen[longest],
        "same_value_what": longest,
        "hours_apart": _hours_apart(times_us, _column(features, "hour_of_day")),
        "inputs_missing": int((~np.isin(times_us, whole)).sum()),
        "usual": {name: _usual(_column(features, name)) for name in SCALES},
    }


def _column(features: Rows, name: str) -> Rows:
    return features[:, FEATURE_INDEX[name]]


def _outside(features: Rows) -> npt.NDArray[np.bool_]:
    low, high = np.array([_BOUNDS.get(feature.name, (0.0, _LARGEST)) for feature in FEATURES]).T
    flags = np.array([feature.kind is Kind.BOOL for feature in FEATURES])
    with np.errstate(invalid="ignore"):
        within = (features >= low) & (features <= high)
    is_flag = (features == 0) | (features == 1)
    return np.asarray(~np.where(flags, is_flag, within))  # what is no number is within nothing


def _names(outside: npt.NDArray[np.bool_]) -> str:
    count = outside.sum(axis=0)
    worst = np.argsort(-count, kind="stable")[:3]
    return ", ".join(FEATURE_NAMES[at] for at in worst.tolist() if count[at])


def _same_value(column: Rows) -> int:
    return longest_run((column[1:] == column[:-1]) & (column[1:] > 0))


def _hours_apart(times_us: Numbers, hour: Rows) -> int:
    """How many differences there are between the hour as told and the hour in UTC: one, or two where clocks change or
    the zone is half an hour apart."""
    whole = np.nan_to_num(hour, nan=0, posinf=0, neginf=0).astype(np.int64)
    return len(np.unique((whole - times_us // HOUR_US) % 24))


def _usual(column: Rows) -> float | None:
    known = column[np.isfinite(column) & (column > 0)]
    return float(np.median(known)) if len(known) >= ENOUGH else None
