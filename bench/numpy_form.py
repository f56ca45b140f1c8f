"""The same features in the best NumPy form that was found: cumulative sums, cut by searchsorted.

For benchmarks only: it needs the whole history at once, and takes UTC, no timed sessions and no scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import EventType
from neural_focus.features import FEATURE_INDEX, FEATURES, SEQUENCE_LENGTH

Ints = NDArray[np.int64]
Columns = dict[str, NDArray[np.generic]]
SECOND = 1_000_000
SHORT, LONG, BREAK, GAP = 30 * SECOND, 300 * SECOND, 300 * SECOND, 900 * SECOND


def compute(records: NDArray[np.void]) -> tuple[Ints, NDArray[np.float32], NDArray[np.uint8]]:
    """(times int64[m], features float32[m, 32], sequence uint8[m, 10]) of records in time order."""
    ts = records["timestamp_us"].astype(np.int64)
    kinds = np.ascontiguousarray(records["event_type"])
    t = snapshot_times(ts)
    starts = ts[np.flatnonzero(np.diff(ts, prepend=ts[0] - GAP) >= GAP)]
    session = starts[np.searchsorted(starts, t, "right") - 1]
    idle = idle_intervals(ts, records, kinds)
    columns = calendar(t) | keys(ts, records, kinds, t) | mouse(ts, records, kinds, t)
    columns |= windows(ts, records, kinds, t, session) | pauses(idle, t, session)
    columns["seconds_since_session_start"] = (t - session) // SECOND
    columns["minutes_since_last_break"] = minutes_since_break(ts, idle, t, session)
    columns["focus_momentum"] = np.full(len(t), 50.0)
    features = np.empty((len(t), len(FEATURES)), np.float32)
    for name, values in columns.items():
        features[:, FEATURE_INDEX[name]] = values
    return t, features, sequence(ts, kinds, t, session)


def snapshot_times(ts: Ints) -> Ints:
    """Whole seconds with an event in the 300 s before."""
    seconds = (ts + (SECOND - 1)) // SECOND
    first = seconds[np.diff(seconds, prepend=0) > 0]
    after = np.append(np.diff(first), 300).clip(max=300)
    offsets = np.arange(after.sum()) - np.repeat(np.cumsum(after) - after, after)
    return np.asarray((np.repeat(first, after) + offsets) * SECOND, np.int64)


def cut(times: Ints, t: Ints, window: int) -> tuple[Ints, Ints]:
    """Index ranges [low, high) of ``times`` in (t - window, t]."""
    return np.searchsorted(times, t - window, "right"), np.searchsorted(times, t, "right")


def sums(values: NDArray[np.generic]) -> NDArray[np.float64]:
    total = np.empty(len(values) + 1)
    total[0] = 0
    np.cumsum(values, out=total[1:])
    return total


def calendar(t: Ints) -> Columns:
    hours = t // (3600 * SECOND)
    return {"hour_of_day": hours % 24, "day_of_week": (hours // 24 + 3) % 7}


def keys(ts: Ints, records: NDArray[np.void], kinds: NDArray[np.uint32], t: Ints) -> Columns:
    presses = ts[(kinds == EventType.KEY_PRESS) & ((records["data"][:, 2] & 0x100) == 0)]
    low, high = cut(presses, t, SHORT)
    gaps = np.diff(presses) / SECOND
    plain, squares, indexed = sums(gaps), sums(gaps * gaps), sums(gaps * np.arange(len(gaps)))
    last = np.maximum(high - 1, low)  # the intervals of a window are gaps[low:last]
    low, last = np.minimum(low, len(gaps)), np.minimum(last, len(gaps))
    n = last - low
    total = plain[last] - plain[low]
    safe = np.maximum(n, 1)
    variance = (squares[last] - squares[low]) / safe - (total / safe) ** 2
    tilt = indexed[last] - indexed[low] - low * total
    spread = np.where(n > 1, n * n * (n * n - 1.0) / 12, 1.0)
    return {
        "keystroke_count": high - np.searchsorted(presses, t - SHORT, "right"),
        "keystroke_rate": (high - np.searchsorted(presses, t - SHORT, "right")) / 30,
        "keystroke_interval_mean": total / safe,
        "keystroke_interval_std": np.where(n > 1, np.sqrt(np.maximum(variance, 0)), 0),
        "keystroke_interval_trend": np.where(n > 1, (n * tilt - n * (n - 1) / 2 * total) / spread, 0),
    }


def mouse(ts: Ints, records: NDArray[np.void], kinds: NDArray[np.uint32], t: Ints) -> Columns:
    at = np.flatnonzero(kinds == EventType.MOUSE_MOVE)
    times, data = ts[at], records["data"][at]
    x, y, speed = (
        data[:, 0].view(np.int32).astype(np.float32),
        data[:, 1].view(np.int32).astype(np.float32),
        data[:, 2].astype(np.float64),
    )
    low, high = cut(times, t, SHORT)
    last = np.maximum(high - 1, low).clip(max=max(len(at) - 1, 0))
    first = low.clip(max=max(len(at) - 1, 0))
    step = np.diff(times)
    near = step <= SECOND
    dx, dy = np.diff(x), np.diff(y)
    path = sums(np.sqrt(dx * dx + dy * dy))
    change, duration = sums(np.abs(np.diff(speed)) * near), sums(step * near)
    plain, squares = sums(speed), sums(speed * speed)
    n = np.maximum(high - low, 1)
    mean = (plain[high] - plain[low]) / n
    lasting = duration[last] - duration[first]
    clicks = ts[kinds == EventType.MOUSE_CLICK]
    click_low, click_high = cut(clicks, t, SHORT)
    return {
        "mouse_move_count": high - low,
        "mouse_distance_pixels": path[last] - path[first],
        "mouse_speed_mean": mean,
        "mouse_speed_std": np.sqrt(np.maximum((squares[high] - squares[low]) / n - mean * mean, 0)),
        "mouse_acceleration_mean": (change[last] - change[first]) * SECOND / np.maximum(lasting, 1) * (lasting > 0),
        "mouse_click_count": click_high - click_low,
    }


def windows(ts: Ints, records: NDArray[np.void], kinds: NDArray[np.uint32], t: Ints, session: Ints) -> Columns:
    focus = np.flatnonzero(kinds == EventType.WINDOW_FOCUS_CHANGE)
    names = np.concatenate((records["app_name"][:1], records["app_name"][focus]))
    _, codes = np.unique(names, return_inverse=True)
    changed = np.flatnonzero(np.diff(codes) != 0)
    switches = ts[focus[changed]]
    short_low, high = cut(switches, t, SHORT)
    long_low, _ = cut(switches, t, LONG)
    last = np.concatenate(([0], switches))[high]
    titles = np.flatnonzero(kinds == EventType.WINDOW_TITLE_CHANGE)
    renamed = ts[titles[(records["data"][titles, 2] & (1 << 16)) == 0]]
    title_low, title_high = cut(renamed, t, SHORT)
    told = np.flatnonzero((kinds == EventType.WINDOW_FOCUS_CHANGE) | (kinds == EventType.WINDOW_TITLE_CHANGE))
    now = np.searchsorted(ts[told], t, "right")
    hint = np.concatenate(([0], records["data"][told, 2]))[now]
    length = np.concatenate(([0], np.where(kinds[told] == EventType.WINDOW_TITLE_CHANGE, records["data"][told, 1], 0)))
    return {
        "context_switches_30s": high - short_low,
        "context_switches_5min": high - long_low,
        "time_in_current_app": (t - np.maximum(last, session)) // SECOND,
        "unique_apps_5min": unique_apps(codes, changed, switches, long_low, high),
        "window_title_length": length[now],
        "window_title_changed_30s": title_high > title_low,
        "is_browser": hint & 1,
        "is_ide": hint >> 1 & 1,
        "is_communication": hint >> 2 & 1,
        "is_entertainment": hint >> 3 & 1,
        "is_productivity": hint >> 4 & 1,
        "is_pseudo_productive": hint >> 5 & 1,
        "productivity_category": hint >> 8 & 0xFF,
    }


def unique_apps(codes: NDArray[np.intp], changed: Ints, switches: Ints, low: Ints, high: Ints) -> Ints:
    """Per app: it held the focus from one of its switches in the window, or at the window's start."""
    holders = np.concatenate((codes[:1], codes[changed + 1]))  # holders[k] holds after k switches
    found = np.zeros(len(low), np.int64)
    for app in np.unique(holders):
        held = np.concatenate(([0], np.cumsum(holders == app)))
        found += held[high + 1] > held[low]
    return found


def idle_intervals(ts: Ints, records: NDArray[np.void], kinds: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Closed, disjoint idle intervals (start, end, known from); idle events are few, so a loop will do."""
    found, start, known = [], -1, -1
    for index in np.flatnonzero((kinds == EventType.IDLE_START) | (kinds == EventType.IDLE_END)).tolist():
        if kinds[index] == EventType.IDLE_START and start < 0:
            known = int(ts[index])
            start = known - int(records["data"][index, 0]) * 1000
        elif kinds[index] == EventType.IDLE_END and start >= 0:
            found.append((start, int(ts[index]), known))
            start = -1
    return np.array(found, np.int64).reshape(-1, 3)


def pauses(idle: NDArray[np.int64], t: Ints, session: Ints) -> Columns:
    start, end, known = idle[:, 0], idle[:, 1], idle[:, 2]
    high = np.searchsorted(known, t, "right")
    lengths = sums(end - start)

    def before(moment: Ints, limit: Ints) -> NDArray[np.float64]:
        """Idle µs before ``moment`` among the first ``limit`` intervals."""
        done = np.minimum(np.searchsorted(end, moment, "right"), limit)
        at = np.minimum(done, max(len(end) - 1, 0))
        partial = np.where(done < limit, np.maximum(moment - start[at], 0), 0) if len(end) else 0
        return lengths[done] + partial

    low = np.searchsorted(end, t - LONG, "right")
    since, longest = np.maximum(t - LONG, session), np.zeros(len(t), np.int64)
    for offset in range(int((high - low).max(initial=0))):
        at = np.minimum(low + offset, max(len(end) - 1, 0))
        inside = low + offset < high
        longest = np.where(inside, np.maximum(longest, start[at] - since), longest)
        since = np.where(inside, np.maximum(since, np.minimum(end[at], t)), since)
    return {
        "idle_time_30s": (before(t, high) - before(t - SHORT, high)) / SECOND,
        "idle_event_count_5min": high - low,
        "longest_active_stretch_5min": np.maximum(longest, t - since) // SECOND,
    }


def minutes_since_break(ts: Ints, idle: NDArray[np.int64], t: Ints, session: Ints) -> Ints:
    gaps = ts[1:][np.diff(ts) >= BREAK]
    ends = np.sort(np.concatenate((gaps, idle[idle[:, 1] - idle[:, 0] >= BREAK, 1])))
    last = np.concatenate(([0], ends))[np.searchsorted(ends, t, "right")]
    return (t - np.maximum(last, session)) // (60 * SECOND)


def sequence(ts: Ints, kinds: NDArray[np.uint32], t: Ints, session: Ints) -> NDArray[np.uint8]:
    moves = kinds == EventType.MOUSE_MOVE
    kept = np.flatnonzero(~(moves & np.concatenate(([False], moves[:-1]))))
    types, times = kinds[kept].astype(np.uint8), ts[kept]
    back = np.searchsorted(times, t, "right")[:, None] + np.arange(-SEQUENCE_LENGTH, 0)
    first = np.searchsorted(times, session, "left")[:, None]
    return np.where(back >= first, types[np.maximum(back, 0)], 0).astype(np.uint8)
