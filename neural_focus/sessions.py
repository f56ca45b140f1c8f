"""Focus sessions: their kinds, lengths, how they end, and the summary told at the end.

``natural`` sessions come from the events themselves (15 min without any ends one); timed ones from the person.
Their ``start_time`` has the microsecond that the feature engine used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from neural_focus.errors import InputError

SessionType = Literal["pomodoro", "deep_work", "natural"]
EndReason = Literal["timer_expired", "user_ended", "system_error"]
SESSION_TYPES: tuple[str, ...] = get_args(SessionType)
END_REASONS: tuple[str, ...] = get_args(EndReason)
DEFAULT_MINUTES: dict[str, int] = {"pomodoro": 25, "deep_work": 90}
MAX_MINUTES = 24 * 60
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


def summarize(
    start_us: int, end_us: int, scores: Sequence[float], *, context_switches: int, interventions: int
) -> SessionSummary:
    """Summary of [start, end] from the focus scores predicted in it (0–100) and counts of switches and prompts."""
    return SessionSummary(
        duration_seconds=max(0, (end_us - start_us) // 1_000_000),
        focus_score_avg=sum(scores) / len(scores) if scores else None,
        context_switches=context_switches,
        interventions=interventions,
    )
