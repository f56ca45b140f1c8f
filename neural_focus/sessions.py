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
from neural_focus.events import CategoryFlag, EventType, KeyFlag, ProductivityCategory
from neural_focus.timeline import Times, productivity, read_timeline

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
NATURAL_GAP_SECONDS = 15 * 60
"""A natural session ends with the last event before a gap this long."""


def length_minutes(kind: str, asked: int | None) -> int | None:
    """Minutes until the timer ends the session; None for natural ones, which have no timer.

    Raises:
        InputError: an unknown kind, a length for a natural session, or one outside 1 to 1440 minutes.
    """
    if kind not in SESSION_TYPES:
        raise InputError(f"type is {kind!r}", hint=f"Give one of {', '.join(SESSION_TYPES)}")
    if kind == "natural":
        if asked is not None:
            raise InputError("A natural session has no timer", why=f"duration_minutes is {asked}", hint="Leave it out")
        return None
    minutes = DEFAULT_MINUTES[kind] if asked is None else asked
    if not 1 <= minutes <= MAX_MINUTES:
        raise InputError(f"duration_minutes is {minutes}", hint=f"Give 1 to {MAX_MINUTES}")
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
    if not len(records):
        return SessionMetrics()
    times = records["timestamp_us"].astype(np.int64)
    inside = (times > start_us) & (times <= end_us)
    kinds, words = records["event_type"], records["data"]
    presses = inside & (kinds == EventType.KEY_PRESS) & (words[:, 2] & KeyFlag.AUTO_REPEAT == 0)
    timeline = read_timeline(records, np.array([[min(int(times[0]), start_us), end_us]]))
    switches = timeline.switch_us
    category, pseudo = _longest(
        timeline.hints, _lengths(np.r_[times[0], switches], np.r_[switches, end_us], start_us, end_us)
    )
    begun, ended = timeline.idle_from_input().T
    return SessionMetrics(
        keystrokes=int(presses.sum()),
        mouse_moves=int((inside & (kinds == EventType.MOUSE_MOVE)).sum()),
        context_switches=int(((switches > start_us) & (switches <= end_us)).sum()),
        idle_seconds=int(_lengths(begun, ended, start_us, end_us).sum()) // 1_000_000,
        category=category,
        is_pseudo_productive=pseudo,
    )


def _lengths(begun: Times, ended: Times, start_us: int, end_us: int) -> Times:
    """µs of each stretch that lie in (start, end]."""
    return np.asarray(np.maximum(np.minimum(ended, end_us) - np.maximum(begun, start_us), 0))


def _longest(hints: NDArray[np.uint32], lengths: Times) -> tuple[str, bool]:
    """The name of the category that held the focus longest, and whether what looks like work held it mostly."""
    if not lengths.sum():
        return "", False
    best = int(np.argmax(np.bincount(productivity(hints), lengths)))
    pseudo = lengths[hints & np.uint32(CategoryFlag.PSEUDO_PRODUCTIVE) != 0].sum()
    known = best in list(ProductivityCategory)
    return ProductivityCategory(best).label if known else "", bool(pseudo > lengths.sum() / 2)
