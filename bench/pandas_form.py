"""The windowed features with pandas' time-based rolling windows, as a data scientist would write them.

For benchmarks only: it leaves out what ``rolling`` cannot say (idle, breaks, sessions, the event sequence).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neural_focus.events import EventType


def compute(records: NDArray[np.void]) -> pd.DataFrame:
    """Features at the end of every second with events, indexed by time."""
    when = pd.DatetimeIndex(pd.to_datetime(records["timestamp_us"].astype(np.int64), unit="us", utc=True))
    data = records["data"]
    frame = pd.DataFrame({"type": records["event_type"], "value": data[:, 2]}, index=when)
    parts = [_keys(frame), _mouse(frame, data), _clicks_and_switches(frame, records)]
    seconds = when.ceil("s").unique()
    joined = [part[~part.index.duplicated(keep="last")].reindex(seconds, method="ffill") for part in parts]
    result = pd.concat(joined, axis=1).fillna(0)
    return result.assign(hour_of_day=seconds.hour, day_of_week=seconds.dayofweek)


def _keys(frame: pd.DataFrame) -> pd.DataFrame:
    presses = frame[frame["type"] == EventType.KEY_PRESS]
    intervals = presses.index.to_series().diff().dt.total_seconds().fillna(0)
    window = intervals.rolling("30s")
    index = pd.Series(np.arange(len(intervals), dtype=float), intervals.index)
    return pd.DataFrame(
        {
            "keystroke_count": window.count(),
            "keystroke_interval_mean": window.mean(),
            "keystroke_interval_std": window.std(ddof=0),
            "keystroke_interval_trend": index.rolling("30s").cov(intervals) / index.rolling("30s").var(),
        }
    )


def _mouse(frame: pd.DataFrame, data: NDArray[np.uint32]) -> pd.DataFrame:
    moving = (frame["type"] == EventType.MOUSE_MOVE).to_numpy()
    moves = frame[moving]
    step = moves.index.to_series().diff().dt.total_seconds()
    place = data[moving, :2].view(np.int32).astype(float)
    way = pd.Series(np.hypot(*np.diff(place, axis=0, prepend=place[:1]).T), moves.index)
    change = moves["value"].astype(float).diff().abs().where(step <= 1, 0.0)
    speed = moves["value"].rolling("30s")
    return pd.DataFrame(
        {
            "mouse_move_count": speed.count(),
            "mouse_distance_pixels": way.rolling("30s").sum(),
            "mouse_speed_mean": speed.mean(),
            "mouse_speed_std": speed.std(ddof=0),
            "mouse_acceleration_mean": change.rolling("30s").sum() / step.where(step <= 1, 0.0).rolling("30s").sum(),
        }
    )


def _clicks_and_switches(frame: pd.DataFrame, records: NDArray[np.void]) -> pd.DataFrame:
    focus = (frame["type"] == EventType.WINDOW_FOCUS_CHANGE).to_numpy()
    apps = pd.Series(pd.factorize(records["app_name"][focus])[0].astype(float), frame.index[focus])
    switched = pd.Series(0.0, frame.index)
    switched[focus] = (apps.diff() != 0).to_numpy(dtype=float)
    clicked = (frame["type"] == EventType.MOUSE_CLICK).astype(float)
    unique = apps.rolling("300s").apply(lambda held: len(set(held)), raw=True)
    return pd.DataFrame(
        {
            "mouse_click_count": clicked.rolling("30s").sum(),
            "context_switches_30s": switched.rolling("30s").sum(),
            "context_switches_5min": switched.rolling("300s").sum(),
            "unique_apps_5min": unique[~unique.index.duplicated(keep="last")].reindex(frame.index, method="ffill"),
        }
    )
