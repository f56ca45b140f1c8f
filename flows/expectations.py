"""What the data must be like before anything learns from it: two suites of Great Expectations.

Bounds come from the definitions of the features: counts are not negative, a share of 30 s is at most 30, flags are 0
or 1. A row that breaks one was not made by the engine as it is defined.
"""

from __future__ import annotations

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation

from neural_focus.features import FEATURES, Feature, Kind
from neural_focus.replay import INPUT_NAMES

SNAPSHOTS, LABELS = "snapshots", "labels"
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
SWITCH_SHARE = (0.005, 0.95)
"""Of the moments with a label. Outside of it something is wrong with the capture, not with the people."""


def snapshot_expectations() -> list[Expectation]:
    """On snapshots: identity, time, the bounds of each feature, and that every input of a model is there."""
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1),
        gxe.ExpectColumnValuesToNotBeNull(column="stream_id"),
        gxe.ExpectColumnValuesToMatchRegex(column="stream_id", regex=r"^[0-9]+:[0-9A-Za-z-]+$"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["stream_id", "event_timestamp"]),
        gxe.ExpectColumnValuesToBeBetween(column="age_s", min_value=0),
        gxe.ExpectColumnValuesToBeInSet(column="inputs_known", value_set=[len(INPUT_NAMES)]),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="context_switches_5min", column_B="context_switches_30s", or_equal=True
        ),
        *(expectation for feature in FEATURES for expectation in _feature_expectations(feature)),
    ]


def label_expectations() -> list[Expectation]:
    """On labels: no duplicates, known values, and a share of switches that people can have."""
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["stream_id", "event_timestamp"]),
        gxe.ExpectColumnValuesToBeInSet(column="switch", value_set=[-1, 0, 1]),
        gxe.ExpectColumnValuesToBeInSet(column="settled_break", value_set=[-1, 0, 1]),
        gxe.ExpectColumnValuesToBeInSet(column="outcome", value_set=[-1, 0, 1, 2]),
        gxe.ExpectColumnValuesToBeInSet(column="outcome_source", value_set=[0, 1, 2, 3, 4]),
        gxe.ExpectColumnMeanToBeBetween(column="switched", min_value=SWITCH_SHARE[0], max_value=SWITCH_SHARE[1]),
        gxe.ExpectColumnValuesToBeBetween(column="recency_s", min_value=0),
        gxe.ExpectColumnValuesToBeBetween(column="switches_5min", min_value=0, max_value=30_000),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="switch", column_B="switch_by_lead", ignore_row_if="either_value_is_missing"
        ),
    ]


def _feature_expectations(feature: Feature) -> list[Expectation]:
    if feature.kind is Kind.BOOL:
        return [gxe.ExpectColumnValuesToBeInSet(column=feature.name, value_set=[0.0, 1.0])]
    low, high = _BOUNDS.get(feature.name, (0.0, 1e7))
    found: list[Expectation] = [
        gxe.ExpectColumnValuesToNotBeNull(column=feature.name),
        gxe.ExpectColumnValuesToBeBetween(column=feature.name, min_value=low, max_value=high),
    ]
    return found
