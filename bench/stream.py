"""A made-up working day at 14 events a second: typing, mouse strokes, switches, short pauses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import EVENT_DTYPE, EventType

SECOND = 1_000_000
START = 1_700_000_000_000_000
EVENTS_PER_SECOND = 14
IDLE_MS = 4_000
_APPS = np.array([b"code", b"firefox", b"slack", b"terminal", b"libreoffice"])


def working_day(count: int, seed: int = 0) -> NDArray[np.void]:
    """``count`` records, EVENT_DTYPE[count], 14 a second on average."""
    rng = np.random.default_rng(seed)
    times, kinds, now, total = [], [], 0.0, 0
    while total < count:
        length, part_times, part_kinds = _stretch(rng)
        times.append(now + part_times)
        kinds.append(part_kinds)
        now += length
        total += len(part_kinds)
    return _records(rng, np.concatenate(times)[:count], np.concatenate(kinds)[:count])


def _stretch(rng: np.random.Generator) -> tuple[float, NDArray[np.float64], NDArray[np.int64]]:
    """(length in s, seconds from its start, event types) of one stretch of work."""
    length, kind = float(rng.exponential(4.0)) + 0.3, rng.random()
    if kind < 0.48:  # a key about every 170 ms, pressed and released
        presses = np.cumsum(rng.gamma(4, 0.17 / 4, int(length / 0.17) + 1))
        times = np.stack((presses, presses + 0.08), axis=1).ravel()
        return length, np.minimum(times, length), np.tile([EventType.KEY_PRESS, EventType.KEY_RELEASE], len(presses))
    if kind < 0.84:  # strokes sampled at 30 Hz, now and then a click
        types = np.full(int(length * 30) + 1, EventType.MOUSE_MOVE)
        types[rng.random(len(types)) < 0.03] = EventType.MOUSE_CLICK
        return length, np.linspace(0, length, len(types), endpoint=False), types
    if kind < 0.98:
        change = [EventType.WINDOW_FOCUS_CHANGE, EventType.WINDOW_TITLE_CHANGE]
        return length, np.array([0.0, 0.05]), np.array(change)
    return length + 6, np.array([5.5, length + 6]), np.array([EventType.IDLE_START, EventType.IDLE_END])


def _records(rng: np.random.Generator, seconds: NDArray[np.float64], kinds: NDArray[np.int64]) -> NDArray[np.void]:
    count = len(kinds)
    records = np.zeros(count, EVENT_DTYPE)
    seconds = np.maximum.accumulate(seconds) * (count / EVENTS_PER_SECOND / max(float(seconds[-1]), 1e-9))
    records["timestamp_us"] = START + (seconds * SECOND).astype(np.int64)
    records["event_type"] = kinds
    records["app_name"] = _APPS[rng.integers(0, len(_APPS), count)]
    data = records["data"]
    moves = kinds == EventType.MOUSE_MOVE
    data[moves, 0] = rng.integers(0, 1920, moves.sum())
    data[moves, 1] = rng.integers(0, 1080, moves.sum())
    data[moves, 2] = rng.gamma(2, 500, moves.sum()).astype(np.uint32)
    data[kinds <= EventType.KEY_RELEASE, 2] = 0x200
    data[kinds == EventType.IDLE_START, 0] = IDLE_MS
    data[kinds == EventType.WINDOW_FOCUS_CHANGE, 2] = 0x102
    data[kinds == EventType.WINDOW_TITLE_CHANGE, 1:] = (42, 0x102)
    return records
