"""Sessions of a simulated person as the platform would have stored them, with their activity counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import PRODUCTIVITY_MASK, PRODUCTIVITY_SHIFT, EventType, ProductivityCategory
from neural_focus.sessions import NATURAL_GAP_SECONDS
from neural_focus.simulation.person import SimulatedPerson
from neural_focus.time import SECOND_US


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A row of ``sessions``: µs since the epoch, what the records say of it; ``low``, ``high`` slice the records."""

    start_us: int
    end_us: int
    session_type: str
    completed: bool
    end_reason: str
    low: int
    high: int
    category: str | None
    keystrokes: int
    mouse_moves: int
    switches: int
    idle_seconds: int


def session_rows(person: SimulatedPerson) -> list[SessionRow]:
    """Natural sessions with the timed ones between them, in order; none overlaps another."""
    stamps = person.records["timestamp_us"].astype(np.int64)
    edges = np.flatnonzero(np.diff(stamps) >= NATURAL_GAP_SECONDS * SECOND_US)
    begins, ends = stamps[np.append(0, edges + 1)], stamps[np.append(edges, len(stamps) - 1)]
    rows: list[SessionRow] = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        now = begin
        for timed in (s for s in person.sessions if begin <= s.start_us < end):
            if timed.start_us > now:
                rows.append(_row(person, stamps, now, timed.start_us, "natural", False, "user_ended"))
            reason = "timer_expired" if timed.completed else "user_ended"
            now = min(timed.end_us, end)
            rows.append(_row(person, stamps, timed.start_us, now, timed.session_type, timed.completed, reason))
        if end > now:
            rows.append(_row(person, stamps, now, end, "natural", False, "user_ended"))
    return rows


def _row(
    person: SimulatedPerson, stamps: NDArray[np.int64], start: int, end: int, kind: str, completed: bool, reason: str
) -> SessionRow:
    low, high = np.searchsorted(stamps, [start, end])
    count = np.bincount(person.records["event_type"][low:high], minlength=len(EventType))
    ends = person.records[low:high]
    ends = ends[ends["event_type"] == EventType.IDLE_END]
    idle_ms = np.minimum(ends["data"][:, 0].astype(np.int64), (ends["timestamp_us"].astype(np.int64) - start) // 1_000)
    return SessionRow(
        start, end, kind, completed, reason, int(low), int(high), _category(person, int(low), int(high)),
        int(count[EventType.KEY_PRESS]), int(count[EventType.MOUSE_MOVE]),
        int(count[EventType.WINDOW_FOCUS_CHANGE]), int(idle_ms.sum() // 1_000),
    )  # fmt: skip


def _category(person: SimulatedPerson, low: int, high: int) -> str | None:
    """The productivity category that held the focus longest."""
    focus = np.flatnonzero(person.records["event_type"][low:high] == EventType.WINDOW_FOCUS_CHANGE) + low
    if len(focus) == 0:
        return None
    held = np.diff(np.append(person.records["timestamp_us"][focus], person.records["timestamp_us"][high - 1]))
    categories = (person.records["data"][focus, 2] & PRODUCTIVITY_MASK) >> PRODUCTIVITY_SHIFT
    longest = int(np.argmax(np.bincount(categories, held.astype(np.float64))))
    return ProductivityCategory(longest).label or None
