"""Lengths, deadlines and metrics of sessions."""

from __future__ import annotations

import numpy as np
import pytest

from neural_focus.errors import InputError
from neural_focus.events import (
    EVENT_DTYPE,
    PRODUCTIVITY_SHIFT,
    CategoryFlag,
    EventType,
    KeyFlag,
    ProductivityCategory,
)
from neural_focus.sessions import SessionMetrics, deadline_us, length_minutes, measure


@pytest.mark.parametrize(
    ("kind", "asked", "minutes"),
    [("pomodoro", None, 25), ("deep_work", None, 90), ("natural", None, None), ("pomodoro", 50, 50)],
)
def test_lengths(kind: str, asked: int | None, minutes: int | None) -> None:
    assert length_minutes(kind, asked) == minutes


@pytest.mark.parametrize(("kind", "asked"), [("nap", None), ("natural", 5), ("pomodoro", 0), ("deep_work", 1441)])
def test_lengths_that_make_no_sense_are_refused(kind: str, asked: int | None) -> None:
    with pytest.raises(InputError):
        length_minutes(kind, asked)


def test_a_timer_ends_to_the_microsecond() -> None:
    assert deadline_us(1_000_000_000_000_007, "pomodoro") == 1_000_001_500_000_007
    assert deadline_us(7, "natural") is None


def _records(*rows: tuple[float, EventType, str, tuple[int, int, int]]) -> np.ndarray:
    records = np.zeros(len(rows), EVENT_DTYPE)
    for index, (second, kind, app, data) in enumerate(rows):
        records[index] = (T0 + int(second * 1e6), kind, 1, app.encode(), 1, data)
    return records


T0 = 1_790_000_000_000_000
BUILDING = int(ProductivityCategory.BUILDING) << PRODUCTIVITY_SHIFT
FUN = int(ProductivityCategory.ENTERTAINMENT) << PRODUCTIVITY_SHIFT
FOCUS, KEY, MOVE = EventType.WINDOW_FOCUS_CHANGE, EventType.KEY_PRESS, EventType.MOUSE_MOVE


def test_a_session_is_measured_from_its_events_only() -> None:
    records = _records(
        (-10, FOCUS, "vim", (0, 1, BUILDING)),
        (-1, KEY, "vim", (0, 0, 0)),
        (1, KEY, "vim", (0, 0, 0)),
        (2, KEY, "vim", (0, 0, int(KeyFlag.AUTO_REPEAT))),
        (3, MOVE, "vim", (1, 1, 1)),
        (4, FOCUS, "vim", (1, 1, BUILDING)),
        (70, FOCUS, "games", (1, 2, FUN)),
        (99, FOCUS, "vim", (2, 1, BUILDING)),
        (120, KEY, "vim", (0, 0, 0)),
    )
    metrics = measure(records, T0, T0 + 100_000_000)
    assert (metrics.keystrokes, metrics.mouse_moves, metrics.context_switches) == (1, 1, 2)
    assert (metrics.category, metrics.is_pseudo_productive, metrics.idle_seconds) == ("Building", False, 0)


def test_idle_is_a_union_from_the_last_input_on() -> None:
    records = _records(
        (10, EventType.IDLE_START, "", (5000, 0, 0)),
        (12, EventType.SCREEN_LOCK, "", (0, 0, 0)),
        (20, EventType.IDLE_END, "", (15000, 0, 0)),
        (30, EventType.SCREEN_UNLOCK, "", (0, 0, 0)),
        (31, EventType.IDLE_END, "", (0, 0, 0)),
        (50, EventType.IDLE_START, "", (5000, 0, 0)),
        (55, KEY, "", (0, 0, 0)),
        (90, EventType.IDLE_START, "", (5000, 0, 0)),
    )
    # 5…30 idle and locked, 45…55 until a key, 85…100 open at the end
    assert measure(records, T0, T0 + 100_000_000).idle_seconds == 50
    assert measure(records, T0 + 25_000_000, T0 + 52_000_000).idle_seconds == 5 + 7


def test_a_session_mostly_on_something_that_looks_like_work_is_marked() -> None:
    hint = (int(ProductivityCategory.STUDYING) << PRODUCTIVITY_SHIFT) | int(CategoryFlag.PSEUDO_PRODUCTIVE)
    metrics = measure(_records((0, FOCUS, "video", (0, 1, hint))), T0, T0 + 60_000_000)
    assert (metrics.category, metrics.is_pseudo_productive) == ("Studying", True)


def test_a_session_without_events_has_nothing() -> None:
    assert measure(np.zeros(0, EVENT_DTYPE), T0, T0 + 60_000_000) == SessionMetrics()
