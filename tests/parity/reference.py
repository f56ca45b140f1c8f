"""The features once more, slow and obvious: each snapshot is computed from all events before it.

Written from the definitions, not from the engine. Whole numbers and fractions until the last rounding.
"""

from __future__ import annotations

import codecs
import itertools
import math
import unicodedata
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import MAX_TIMESTAMP_US, MIN_TIMESTAMP_US, CategoryFlag, EventType, KeyFlag
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH
from neural_focus.replay import ChangeKind, ControlKind, Snapshots

SECOND = 1_000_000
INPUT = {1, 2, 3, 4, 5}
"""Keys and mouse: what ends idle."""


@dataclass(frozen=True)
class Item:
    """An event or a control, at its (clamped) time."""

    time: int
    type: int = 0
    app: bytes = b""
    data: tuple[int, int, int] = (0, 0, 0)
    control: ControlKind | None = None
    value: float = 0.0


@dataclass(frozen=True)
class Idle:
    start: int
    end: int
    open: bool


@dataclass(frozen=True)
class Session:
    start: int
    end: int | None
    natural: bool


def is_good(row: np.void) -> bool:
    return bool(1 <= row["event_type"] <= 15 and MIN_TIMESTAMP_US <= row["timestamp_us"] < MAX_TIMESTAMP_US)


def repair_text(raw: bytes, most: int) -> bytes:
    """Text of at most ``most`` bytes, up to the first NUL, by Python's own decoder."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(raw.split(b"\0")[0])  # not the last piece: a code point that is cut off waits for more
    text = "".join("\ufffd" if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return text.encode()[:most].decode(errors="ignore").encode()


def read_items(records: NDArray[np.void], controls: NDArray[np.void] | None) -> list[Item]:
    """Good events in order, stamps never going back, merged with controls in time order."""
    items: list[tuple[int, int, Item]] = []
    latest = 0
    for row in records:
        if is_good(row):
            latest = max(latest, int(row["timestamp_us"]))
            app = repair_text(bytes(row["app_name"]), 32)
            words = tuple(int(word) for word in row["data"])
            items.append((latest, 1, Item(latest, int(row["event_type"]), app, words)))  # type: ignore[arg-type]
    for row in controls if controls is not None else ():
        kind, time = ControlKind(int(row["kind"])), int(row["timestamp_us"])
        rank = 2 if kind is ControlKind.FOCUS_SCORE else 0
        items.append((time, rank, Item(time, control=kind, value=float(row["value"]))))
    return [item for _, _, item in sorted(items, key=lambda entry: entry[:2])]


def compute(records: NDArray[np.void], controls: NDArray[np.void] | None = None, zone: str = "UTC") -> Snapshots:
    """Every snapshot, each from scratch."""
    items = read_items(records, controls)
    events = [item for item in items if item.control is None]
    times, rows, sequences = [], [], []
    momentum, before = 50.0, None
    for t in snapshot_times(events):
        past = [item for item in items if item.time <= t]
        session = sessions(past)[-1]
        scores = [item.value for item in past if item.control is ControlKind.FOCUS_SCORE and item.time < t]
        if before is None or before[1] != session.start:
            momentum = 50.0
        elif scores:
            momentum = scores[-1] + (momentum - scores[-1]) * math.exp(-((t - before[0]) // SECOND) / 60)
        before = (t, session.start)
        values = snapshot(past, t, session, zone) | {"focus_momentum": momentum}
        times.append(t)
        rows.append([values[name] for name in FEATURE_NAMES])
        sequences.append(sequence(past, session))
    return Snapshots(
        np.array(times, np.int64),
        np.array(rows, np.float32).reshape(-1, len(FEATURE_NAMES)),
        np.array(sequences, np.uint8).reshape(-1, SEQUENCE_LENGTH),
    )


def snapshot_times(events: list[Item]) -> Iterator[int]:
    """Whole seconds t with at least one event in (t - 300 s, t]."""
    last = -1
    for event in events:
        first = -(-event.time // SECOND)
        for second in range(max(first, last + 1), first + 300):
            yield second * SECOND
            last = second


def sessions(items: list[Item]) -> list[Session]:
    """Sessions as far as they are known after ``items``; the last one may be open."""
    found: list[Session] = []
    last_event = 0

    def close(end: int) -> None:
        if found and found[-1].end is None:
            found[-1] = Session(found[-1].start, end, found[-1].natural)

    for item in items:
        current = found[-1] if found else None
        quiet_since = max(last_event, current.start) if current else 0
        gap = item.time - quiet_since >= 900 * SECOND
        if item.control is None:
            if current is None or (current.natural and gap):
                close(quiet_since)
                found.append(Session(item.time, None, True))
            last_event = item.time
        elif item.control is ControlKind.SESSION_START:
            close(quiet_since if current and current.natural and gap else item.time)
            found.append(Session(item.time, None, False))
        elif item.control is ControlKind.SESSION_END and current and not current.natural:
            close(item.time)
            found.append(Session(item.time, None, True))
    return found


def sequence(items: list[Item], session: Session) -> list[int]:
    """The last ten types in the session, oldest first, zeros in front; runs of MOUSE_MOVE are one."""
    begun, types = False, list[int]()
    start = max(
        (
            i
            for i, item in enumerate(items)
            if item.control in (ControlKind.SESSION_START, ControlKind.SESSION_END) and item.time == session.start
        ),
        default=None,
    )
    for i, item in enumerate(items):
        begun = begun or (i > start if start is not None else item.time >= session.start)
        repeated = item.type == EventType.MOUSE_MOVE and types and types[-1] == EventType.MOUSE_MOVE
        if begun and item.control is None and not repeated:
            types.append(item.type)
    kept = types[-SEQUENCE_LENGTH:]
    return [0] * (SEQUENCE_LENGTH - len(kept)) + kept


def snapshot(items: list[Item], t: int, session: Session, zone: str) -> dict[str, float]:
    """All features but the momentum at ``t`` from everything known by then."""
    events = [item for item in items if item.control is None]
    recent = [event for event in events if event.time > t - 30 * SECOND]
    idle = idle_union(items, t)
    values: dict[str, float] = {"seconds_since_session_start": (t - session.start) // SECOND}
    values |= calendar(t, zone)
    values["minutes_since_last_break"] = minutes_since_break(items, idle, t, session)
    values |= keys(recent) | mouse(recent) | apps(events, t, session) | title(events, recent)
    values |= idle_features(idle, t, session)
    return values


def calendar(t: int, zone: str) -> dict[str, float]:
    utc = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=t)  # noqa: UP017
    local = utc.astimezone(zoneinfo.ZoneInfo(zone))
    return {"hour_of_day": local.hour, "day_of_week": local.weekday()}


def mean_and_deviation(values: list[int]) -> tuple[float, float]:
    if not values:
        return 0.0, 0.0
    mean = Fraction(sum(values), len(values))
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return float(mean), math.sqrt(variance)


def keys(recent: list[Item]) -> dict[str, float]:
    presses = [
        event.time for event in recent if event.type == EventType.KEY_PRESS and not event.data[2] & KeyFlag.AUTO_REPEAT
    ]
    intervals = [after - before for before, after in itertools.pairwise(presses)]
    mean, deviation = mean_and_deviation(intervals)
    trend = Fraction(0)
    if len(intervals) >= 2:
        middle = Fraction(len(intervals) - 1, 2)
        average = Fraction(sum(intervals), len(intervals))
        rise = sum(((i - middle) * (d - average) for i, d in enumerate(intervals)), Fraction(0))
        trend = rise / sum(((i - middle) ** 2 for i in range(len(intervals))), Fraction(0))
    return {
        "keystroke_count": len(presses),
        "keystroke_rate": len(presses) / 30,
        "keystroke_interval_mean": mean / SECOND,
        "keystroke_interval_std": deviation / SECOND,
        "keystroke_interval_trend": float(trend) / SECOND,
    }


def signed(word: int) -> int:
    return word - (1 << 32) if word >= 1 << 31 else word


def mouse(recent: list[Item]) -> dict[str, float]:
    moves = [event for event in recent if event.type == EventType.MOUSE_MOVE]
    pairs = list(itertools.pairwise(moves))
    mean, deviation = mean_and_deviation([move.data[2] for move in moves])
    near = [(a, b) for a, b in pairs if b.time - a.time <= SECOND]
    change = sum(abs(b.data[2] - a.data[2]) for a, b in near)
    duration = sum(b.time - a.time for a, b in near)
    return {
        "mouse_move_count": len(moves),
        "mouse_distance_pixels": math.fsum(
            math.hypot(signed(b.data[0]) - signed(a.data[0]), signed(b.data[1]) - signed(a.data[1])) for a, b in pairs
        ),
        "mouse_speed_mean": mean,
        "mouse_speed_std": deviation,
        "mouse_acceleration_mean": float(Fraction(change * SECOND, duration)) if duration else 0.0,
        "mouse_click_count": sum(event.type == EventType.MOUSE_CLICK for event in recent),
    }


def apps(events: list[Item], t: int, session: Session) -> dict[str, float]:
    """Walk through who held the focus from when to when."""
    held: list[tuple[bytes, int, int]] = []  # app, from, to
    switches = []
    app, since = events[0].app, events[0].time
    for event in events:
        if event.type == EventType.WINDOW_FOCUS_CHANGE and event.app != app:
            held.append((app, since, event.time))
            switches.append(event.time)
            app, since = event.app, event.time
    window = t - 300 * SECOND
    last_switch = switches[-1] if switches else 0
    return {
        "context_switches_30s": sum(time > t - 30 * SECOND for time in switches),
        "context_switches_5min": sum(time > window for time in switches),
        "time_in_current_app": (t - max(last_switch, session.start)) // SECOND,
        "unique_apps_5min": len({app} | {name for name, _, until in held if until > window}),
    }


def title(events: list[Item], recent: list[Item]) -> dict[str, float]:
    hint, length = 0, 0
    for event in events:
        if event.type == EventType.WINDOW_FOCUS_CHANGE:
            hint, length = event.data[2], 0
        elif event.type == EventType.WINDOW_TITLE_CHANGE:
            hint, length = event.data[2], event.data[1]
    changed = any(
        event.type == EventType.WINDOW_TITLE_CHANGE and not event.data[2] & CategoryFlag.ANNOUNCED for event in recent
    )
    return {
        "window_title_length": length,
        "window_title_changed_30s": changed,
        "is_browser": bool(hint & CategoryFlag.BROWSER),
        "is_ide": bool(hint & CategoryFlag.IDE),
        "is_communication": bool(hint & CategoryFlag.COMMUNICATION),
        "is_entertainment": bool(hint & CategoryFlag.ENTERTAINMENT),
        "is_productivity": bool(hint & CategoryFlag.PRODUCTIVITY),
        "is_pseudo_productive": bool(hint & CategoryFlag.PSEUDO_PRODUCTIVE),
        "productivity_category": hint >> 8 & 0xFF,
    }


def idle_union(items: list[Item], t: int) -> list[Idle]:
    """Maximal idle intervals [start, end) as they are known at ``t``, in order."""
    raw: list[Idle] = []
    opened: dict[str, int] = {}

    def close(source: str, end: int) -> None:
        if source in opened:
            raw.append(Idle(opened.pop(source), end, False))

    for item in items:
        if item.type in INPUT or item.control is ControlKind.RESTART:
            close("input", item.time)
            close("screen", item.time)
        elif item.type == EventType.IDLE_START:
            opened.setdefault("input", item.time - item.data[0] * 1000)
        elif item.type == EventType.SCREEN_LOCK:
            opened.setdefault("screen", item.time)
        elif item.type == EventType.IDLE_END:
            close("input", item.time)
        elif item.type == EventType.SCREEN_UNLOCK:
            close("screen", item.time)
    raw = [part for part in raw if part.end > part.start]
    raw += [Idle(start, t, True) for start in opened.values()]
    merged: list[Idle] = []
    for part in sorted(raw, key=lambda part: (part.start, part.end)):
        if merged and part.start <= merged[-1].end:
            last = merged.pop()
            part = Idle(last.start, max(last.end, part.end), last.open or part.open)
        merged.append(part)
    return merged


def changes(records: NDArray[np.void], controls: NDArray[np.void] | None = None) -> list[tuple[object, ...]]:
    """What happened, each row from everything up to it: (time, since, app, hint, kind)."""
    items = read_items(records, controls)
    rows: list[tuple[object, ...]] = []
    held: bytes | None = None
    idle, since, opened = False, 0, dict[int, int]()
    for index, item in enumerate(items):
        if item.control is None:
            focus = item.type == EventType.WINDOW_FOCUS_CHANGE
            if held is None or (focus and item.app != held):
                kind = ChangeKind.APP_KNOWN if held is None else ChangeKind.APP_SWITCH
                held = item.app
                rows.append((item.time, item.time, held, item.data[2] if focus else 0, kind))
        before, idle = idle, any(part.open for part in idle_union(items[: index + 1], item.time))
        if item.type in (EventType.IDLE_START, EventType.SCREEN_LOCK) and item.type not in opened:
            opened[item.type] = item.time - (item.data[0] * 1000 if item.type == EventType.IDLE_START else 0)
            since = min(since, opened[item.type]) if before else opened[item.type]
        if idle and not before:
            rows.append((item.time, since, b"", 0, ChangeKind.IDLE_START))
        if before and not idle:
            rows.append((item.time, since, b"", 0, ChangeKind.IDLE_END))
        ends = {EventType.IDLE_END: EventType.IDLE_START, EventType.SCREEN_UNLOCK: EventType.SCREEN_LOCK}
        opened.pop(ends.get(EventType(item.type), 0), None)
        opened = opened if idle else {}
    return rows


def idle_features(idle: list[Idle], t: int, session: Session) -> dict[str, float]:
    short, window = t - 30 * SECOND, t - 300 * SECOND
    overlap = sum(max(min(part.end, t) - max(part.start, short), 0) for part in idle)
    active_since, longest = max(window, session.start), 0
    for part in [*idle, Idle(t, t, False)]:
        longest = max(longest, part.start - active_since)
        active_since = max(active_since, part.end)
    return {
        "idle_time_30s": overlap / SECOND,
        "idle_event_count_5min": sum(part.open or part.end > window for part in idle),
        "longest_active_stretch_5min": longest // SECOND,
    }


def minutes_since_break(items: list[Item], idle: list[Idle], t: int, session: Session) -> int:
    """Since the first event after the last break, at most since the session's start; 0 in a break."""
    events = [item.time for item in items if item.control is None]
    ends = [session.start]
    for before, after in itertools.pairwise(events):
        if after - before >= 300 * SECOND:
            ends.append(after)
    for part in idle:
        if part.end - part.start >= 300 * SECOND:
            back = [time for time in events if time >= part.end]
            if part.open or not back:
                return 0
            ends.append(back[0])
    for index, item in enumerate(items):
        if item.control is ControlKind.BREAK_ACCEPTED:
            after_break = [later.time for later in items[index:] if later.control is None]
            if not after_break:
                return 0
            ends.append(after_break[0])
    return (t - max(ends)) // (60 * SECOND)
