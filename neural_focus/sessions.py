"""Focus sessions: their kinds, lengths, how they end, and the summary told at the end.

``natural`` sessions come from the events themselves (15 min without any ends one); timed ones from the person.
Their ``start_time`` has the microsecond that the feature engine used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neural_focus.errors import InputError
from neural_focus.events import (
    INPUT,
    PRODUCTIVITY_MASK,
    PRODUCTIVITY_SHIFT,
    CategoryFlag,
    EventType,
    KeyFlag,
    ProductivityCategory,
)

SessionType = Literal["pomodoro", "deep_work", "natural"]
EndReason = Literal["timer_expired", "user_ended", "system_error"]
SESSION_TYPES: tuple[str, ...] = get_args(SessionType)
END_REASONS: tuple[str, ...] = get_args(EndReason)
DEFAULT_MINUTES: dict[str, int] = {"pomodoro": 25, "deep_work": 90}
MAX_MINUTES = 24 * 60
TAKEN_WITHIN_US = 60_000_000
"""An engine that was there when a session started takes it within this time; only then it says where it starts."""
LOOK_BACK_US = 6 * 3_600_000_000
"""Events so long before a session's start say who held the focus then."""
_CLOSED_BY = {EventType.IDLE_START: EventType.IDLE_END, EventType.SCREEN_LOCK: EventType.SCREEN_UNLOCK}
NATURAL_GAP_SECONDS = 15 * 60
"""A natural session ends with the last event before a gap this long."""


def length_minutes(kind: str, asked: int | None) -> int | None:
    """Minutes until the timer ends the session; None for natural ones, which have no timer.

    Raises:
        InputError: an unknown kind, a length for a natural session, or one outside 1 to 1440 minutes.
    """
    if kind not in SESSION_TYPES:
        raise InputError(f"type is {kind!r}", todo=f"Give one of {', '.join(SESSION_TYPES)}")
    if kind == "natural":
        if asked is not None:
            raise InputError("A natural session has no timer", why=f"duration_minutes is {asked}", todo="Leave it out")
        return None
    minutes = DEFAULT_MINUTES[kind] if asked is None else asked
    if not 1 <= minutes <= MAX_MINUTES:
        raise InputError(f"duration_minutes is {minutes}", todo=f"Give 1 to {MAX_MINUTES}")
    return minutes


def deadline_us(start_us: int, kind: str, asked: int | None = None) -> int | None:
    """When the timer ends a session that started at ``start_us``; None without a timer."""
    minutes = length_minutes(kind, asked)
    return None if minutes is None else start_us + minutes * 60_000_000


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """What a session came to. ``focus_score_avg`` is null when nothing was predicted in it."""

    duration_seconds: int
    focus_score_avg: float | None
    context_switches: int
    interventions: int


@dataclass(frozen=True, slots=True)
class SessionMetrics:
    """What the events of a session add up to. ``category`` is the one that held the focus longest."""

    keystrokes: int = 0
    mouse_moves: int = 0
    context_switches: int = 0
    idle_seconds: int = 0
    category: str = ""
    is_pseudo_productive: bool = False


def measure(records: NDArray[np.void], start_us: int, end_us: int) -> SessionMetrics:
    """Metrics of (start, end] from EVENT_DTYPE records in replay order; earlier ones say who held the focus at first.

    Counts are as the features count: key presses without auto-repeat, switches to another app, idle as the union of
    idle and locked stretches, the last input before IDLE_START included.
    """
    times = records["timestamp_us"].astype(np.int64)
    inside = (times > start_us) & (times <= end_us)
    kinds, words = records["event_type"], records["data"]
    presses = inside & (kinds == EventType.KEY_PRESS) & (words[:, 2] & KeyFlag.AUTO_REPEAT == 0)
    stays = _stays(records, times, start_us, end_us)
    category, pseudo = _longest(stays)
    return SessionMetrics(
        keystrokes=int(presses.sum()),
        mouse_moves=int((inside & (kinds == EventType.MOUSE_MOVE)).sum()),
        context_switches=sum(1 for stay in stays if stay.switched and stay.start_us > start_us),
        idle_seconds=idle_us(records, start_us, end_us) // 1_000_000,
        category=category,
        is_pseudo_productive=pseudo,
    )


@dataclass(frozen=True, slots=True)
class _Stay:
    """One app held the focus from ``start_us`` for ``seconds`` of the session."""

    start_us: int
    seconds: float
    hint: int
    switched: bool


def _stays(records: NDArray[np.void], times: NDArray[np.int64], start_us: int, end_us: int) -> list[_Stay]:
    focus = np.flatnonzero((records["event_type"] == EventType.WINDOW_FOCUS_CHANGE) & (times <= end_us))
    held = bytes(records["app_name"][0]) if len(records) else b""
    stays: list[_Stay] = []
    for position, index in enumerate(focus):
        name = bytes(records["app_name"][index])
        begin = int(times[index])
        until = int(times[focus[position + 1]]) if position + 1 < len(focus) else end_us
        seconds = max(0, min(until, end_us) - max(begin, start_us)) / 1e6
        stays.append(_Stay(begin, seconds, int(records["data"][index, 2]), name != held))
        held = name
    return stays


def _longest(stays: list[_Stay]) -> tuple[str, bool]:
    seconds: dict[int, float] = {}
    pseudo = 0.0
    for stay in stays:
        kind = (stay.hint & PRODUCTIVITY_MASK) >> PRODUCTIVITY_SHIFT
        seconds[kind] = seconds.get(kind, 0.0) + stay.seconds
        pseudo += stay.seconds if stay.hint & CategoryFlag.PSEUDO_PRODUCTIVE else 0.0
    if not seconds or not sum(seconds.values()):
        return "", False
    best = max(seconds, key=lambda kind: seconds[kind])
    known = best in list(ProductivityCategory)
    return ProductivityCategory(best).label if known else "", pseudo > sum(seconds.values()) / 2


def idle_us(records: NDArray[np.void], start_us: int, end_us: int) -> int:
    """µs of (start, end] in the union of IDLE_START…END (from the last input on) and SCREEN_LOCK…UNLOCK."""
    opened: set[int] = set()
    begin, total, reached = 0, 0, start_us
    for t, kind, word in zip(
        records["timestamp_us"].tolist(), records["event_type"].tolist(), records["data"][:, 0].tolist(), strict=True
    ):
        if kind in _CLOSED_BY:
            since = t - word * 1000 if kind == EventType.IDLE_START else t
            begin = min(begin, since) if opened else since
            opened.add(_CLOSED_BY[kind])
        elif opened and (kind in INPUT or kind in opened):
            opened = set() if kind in INPUT else opened - {kind}
            if not opened:
                total += max(0, min(t, end_us) - max(begin, reached))
                reached = max(reached, t)
    return total + (max(0, end_us - max(begin, reached)) if opened else 0)
