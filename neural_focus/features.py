"""The feature list: one home for names, units and orders.

The native engine writes float32 rows in the order of ``FEATURES``; a parity test compares its names with these.
``recent_event_sequence`` is a separate uint8 column block of ten event types. Definitions: ``docs/features.md``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a feature is typed for people and tables; every one is float32 in a model's input."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature's name, kind, unit and how a person would call it."""

    name: str
    kind: Kind
    unit: str
    label: str


FEATURES: tuple[Feature, ...] = (
    Feature("seconds_since_session_start", Kind.INT, "s", "time in this session"),
    Feature("hour_of_day", Kind.INT, "h", "hour of day"),
    Feature("day_of_week", Kind.INT, "", "day of the week"),
    Feature("minutes_since_last_break", Kind.INT, "min", "time since the last break"),
    Feature("keystroke_count", Kind.INT, "keys", "keys in 30 s"),
    Feature("keystroke_rate", Kind.FLOAT, "keys/s", "typing speed"),
    Feature("keystroke_interval_mean", Kind.FLOAT, "s", "time between keys"),
    Feature("keystroke_interval_std", Kind.FLOAT, "s", "unevenness of typing"),
    Feature("keystroke_interval_trend", Kind.FLOAT, "s/key", "slowing of typing"),
    Feature("mouse_move_count", Kind.INT, "moves", "mouse moves in 30 s"),
    Feature("mouse_distance_pixels", Kind.FLOAT, "px", "mouse distance in 30 s"),
    Feature("mouse_speed_mean", Kind.FLOAT, "px/s", "mouse speed"),
    Feature("mouse_speed_std", Kind.FLOAT, "px/s", "mouse jitter"),
    Feature("mouse_acceleration_mean", Kind.FLOAT, "px/s²", "mouse acceleration"),
    Feature("mouse_click_count", Kind.INT, "clicks", "clicks in 30 s"),
    Feature("context_switches_30s", Kind.INT, "switches", "app switches in 30 s"),
    Feature("context_switches_5min", Kind.INT, "switches", "app switches in 5 min"),
    Feature("time_in_current_app", Kind.INT, "s", "time in this app"),
    Feature("unique_apps_5min", Kind.INT, "apps", "apps used in 5 min"),
    Feature("idle_time_30s", Kind.FLOAT, "s", "idle in the last 30 s"),
    Feature("idle_event_count_5min", Kind.INT, "pauses", "pauses in 5 min"),
    Feature("longest_active_stretch_5min", Kind.INT, "s", "longest active stretch in 5 min"),
    Feature("window_title_length", Kind.INT, "characters", "length of the window title"),
    Feature("window_title_changed_30s", Kind.BOOL, "", "the document changed in the last 30 s"),
    Feature("is_browser", Kind.BOOL, "", "in a browser"),
    Feature("is_ide", Kind.BOOL, "", "in an editor or IDE"),
    Feature("is_communication", Kind.BOOL, "", "in a chat or mail app"),
    Feature("is_entertainment", Kind.BOOL, "", "in an entertainment app"),
    Feature("is_productivity", Kind.BOOL, "", "in a productivity app"),
    Feature("focus_momentum", Kind.FLOAT, "points", "recent focus"),
    Feature("productivity_category", Kind.CATEGORY, "", "kind of work"),
    Feature("is_pseudo_productive", Kind.BOOL, "", "on something that only looks like work"),
)
"""Engine output, in column order: float32[n, 32]."""

FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
FEATURE_INDEX: dict[str, int] = {name: index for index, name in enumerate(FEATURE_NAMES)}
SEQUENCE_NAME = "recent_event_sequence"
SEQUENCE_LENGTH = 10

INPUT_V1: tuple[str, ...] = (
    "seconds_since_session_start",
    "hour_of_day",
    "day_of_week",
    "minutes_since_last_break",
    "keystroke_rate",
    "keystroke_interval_mean",
    "keystroke_interval_std",
    "keystroke_interval_trend",
    "mouse_speed_mean",
    "mouse_speed_std",
    "mouse_acceleration_mean",
    "mouse_click_count",
    "context_switches_30s",
    "context_switches_5min",
    "time_in_current_app",
    "unique_apps_5min",
    "idle_time_30s",
    "idle_event_count_5min",
    "longest_active_stretch_5min",
    "window_title_length",
    "is_browser",
    "is_ide",
    "is_communication",
    "is_entertainment",
    "is_productivity",
    "focus_momentum",
    "is_pseudo_productive",
)
"""Model input version 1: the 27 columns of the original's ``to_numpy``, in its order, float32."""


def contract_hash(names: tuple[str, ...], version: int) -> str:
    """Twelve hex digits that name one ordered input contract; they travel with every trained model."""
    return hashlib.sha256(f"v{version}:{','.join(names)}".encode()).hexdigest()[:12]
