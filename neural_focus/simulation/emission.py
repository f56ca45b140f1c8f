"""From seconds to records: keys, mouse, windows, pauses, as the desktop's capture would have written them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import (
    EVENT_DTYPE,
    KEY_CLASS_SHIFT,
    CategoryFlag,
    EventType,
    KeyClass,
    KeyFlag,
    encode_app_name,
)
from neural_focus.simulation.desk import APPS, hint_of, title_of
from neural_focus.simulation.parameters import Mode, PersonParameters
from neural_focus.simulation.timeline import SimulatedTimeline
from neural_focus.time import SECOND_US

SCREEN = (1920, 1080)
MOVES_A_SECOND = 3
IDLE_AFTER_US = 5_000_000
_LOCK_US, _UNLOCK_US = 12_000_000, 1_500_000

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tempo:
    """Sufficient statistics of one second's logarithms, each [n]: count, sum, sum of squares."""

    count: Floats
    total: Floats
    squares: Floats


@dataclass(frozen=True, slots=True)
class Rows:
    """Events before they are sorted; every array is [m], ``data`` [m, 3]. ``rank`` orders equal times."""

    time_us: Ints
    kind: Ints
    app: Ints
    data: Ints
    rank: int


@dataclass(frozen=True, slots=True)
class Emission:
    """Records in order, and what the forward filter may look at."""

    records: NDArray[np.void]
    keys: Tempo
    pointer: Tempo


def emit(timeline: SimulatedTimeline, person: PersonParameters, rng: np.random.Generator) -> Emission:
    """Records (``EVENT_DTYPE``) of a timeline, sorted by time."""
    before = np.where(timeline.first, timeline.app, np.concatenate([timeline.app[:1], timeline.app[:-1]]))
    keys, key_tempo = _typing(timeline, person, rng)
    moves, pointer_tempo = _moves(timeline, before, person, rng)
    inputs = [keys, _releases(keys, rng), moves, *_clicks_and_wheel(timeline, moves, rng)]
    hands = np.sort(np.concatenate([rows.time_us for rows in inputs]))
    rows = [*inputs, *_windows(timeline, before), *_absence(timeline), *_idle(timeline, hands)]
    return Emission(_records(rows), key_tempo, pointer_tempo)


def _typing(timeline: SimulatedTimeline, person: PersonParameters, rng: np.random.Generator) -> tuple[Rows, Tempo]:
    """Bursts: log-normal intervals from the first key of a stretch of typing in one state to its end."""
    typing = timeline.mode == Mode.TYPING
    same = np.concatenate([[False], typing[1:] & typing[:-1] & (np.diff(timeline.state.astype(int)) == 0)])
    same &= ~timeline.first
    begin = np.flatnonzero(typing & ~same)
    length = np.add.reduceat(typing.astype(np.int64), begin)
    mean, std = person.key_log_mean[timeline.state[begin]], person.key_log_std[timeline.state[begin]]
    room = (length * 2.2 / np.exp(mean)).astype(np.int64) + 8
    burst = np.repeat(np.arange(len(begin)), room)
    log_interval = rng.normal(mean[burst], std[burst])
    edges = np.concatenate([[0], np.cumsum(room)[:-1]])
    step = np.exp(log_interval)
    step[edges] = rng.uniform(0.0, 0.15, len(edges))
    elapsed = np.cumsum(step)
    elapsed -= np.repeat(elapsed[edges] - step[edges], room)
    keep = elapsed < length[burst]
    follows = np.ones(len(step), dtype=bool)
    follows[edges] = False
    tick = begin[burst] + elapsed.astype(np.int64)
    counted = keep & follows
    tempo = _tempo(tick[counted], log_interval[counted], len(typing))
    time_us = timeline.start_us[begin][burst[keep]] + (elapsed[keep] * SECOND_US).astype(np.int64)
    classes = rng.choice(
        [KeyClass.TEXT, KeyClass.DELETING, KeyClass.NAVIGATION, KeyClass.ENTER_TAB],
        p=[0.84, 0.09, 0.03, 0.04],
        size=len(time_us),
    )
    data = _data(len(time_us), flags=int(KeyFlag.REDACTED) | (classes.astype(np.int64) << KEY_CLASS_SHIFT))
    return _rows(time_us, EventType.KEY_PRESS, timeline.app[tick[keep]], data, 5), tempo


def _releases(keys: Rows, rng: np.random.Generator) -> Rows:
    held = rng.integers(55_000, 110_000, len(keys.time_us))
    return _rows(keys.time_us + held, EventType.KEY_RELEASE, keys.app, keys.data, 6)


def _moves(
    timeline: SimulatedTimeline, before: NDArray[np.uint8], person: PersonParameters, rng: np.random.Generator
) -> tuple[Rows, Tempo]:
    """Coalesced motion: three moves in a second of pointing, speeds log-normal, directions a random walk."""
    tick = np.repeat(np.flatnonzero(timeline.mode == Mode.POINTING), MOVES_A_SECOND)
    count = len(tick)
    slot = np.tile(np.arange(MOVES_A_SECOND), count // MOVES_A_SECOND)
    offset = (slot / MOVES_A_SECOND * 0.84 + rng.uniform(0.0, 0.02, count)) * SECOND_US
    time_us = timeline.start_us[tick] + offset.astype(np.int64)
    gap = np.diff(time_us, prepend=time_us[:1] - SECOND_US) / SECOND_US
    state = timeline.state[tick]
    log_speed = rng.normal(person.pointer_log_mean[state], person.pointer_log_std[state])
    distance = np.exp(log_speed) * np.where(gap <= 1.0, gap, 0.2)
    turn = np.cumsum(rng.normal(0.0, 0.9, count))
    x = _fold(SCREEN[0] / 2 + np.cumsum(distance * np.cos(turn)), SCREEN[0])
    y = _fold(SCREEN[1] / 2 + np.cumsum(distance * np.sin(turn)), SCREEN[1])
    travelled = np.hypot(np.diff(x, prepend=x[:1]), np.diff(y, prepend=y[:1]))
    speed = np.where(gap <= 1.0, travelled / np.maximum(gap, 1e-6), 0.0).astype(np.int64)
    data = np.stack([x, y, speed], axis=1)
    known = gap <= 1.0  # no speed is told after a pause
    tempo = _tempo(tick[known], log_speed[known], len(timeline.state))
    return _rows(time_us, EventType.MOUSE_MOVE, before[tick], data, 4), tempo


def _clicks_and_wheel(timeline: SimulatedTimeline, moves: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """A switch takes a click; other seconds of pointing bring clicks and notches of the wheel now and then."""
    last = np.arange(MOVES_A_SECOND - 1, len(moves.time_us), MOVES_A_SECOND)
    pointing = np.flatnonzero(timeline.mode == Mode.POINTING)
    clicks = last[timeline.switched[pointing] | (rng.random(len(last)) < 0.10)]
    data = moves.data[clicks].copy()
    data[:, 2] = np.where(rng.random(len(clicks)) < 0.95, 1, 2)
    # 0.85 s into the second: after its moves, before the focus changes at 0.90 s
    click_us = moves.time_us[clicks] // SECOND_US * SECOND_US + 850_000
    turned = np.repeat(last[rng.random(len(last)) < 0.12], 2)
    notch = moves.data[turned].copy()
    notch[:, 2] = np.where(rng.random(len(turned)) < 0.85, -120, 120)
    wheel_us = moves.time_us[turned] + np.tile([40_000, 90_000], len(turned) // 2)
    return (
        _rows(click_us, EventType.MOUSE_CLICK, moves.app[clicks], data, 4),
        _rows(wheel_us, EventType.MOUSE_WHEEL, moves.app[turned], notch, 4),
    )


def _windows(timeline: SimulatedTimeline, before: NDArray[np.uint8]) -> tuple[Rows, Rows, Rows]:
    switch = np.flatnonzero(timeline.switched | timeline.first)
    app, document = timeline.app[switch], timeline.document[switch]
    old = np.where(timeline.first[switch], 0, _window_of(before[switch]))
    focus_us = timeline.start_us[switch] + 900_000
    hints = _per_document(hint_of, app, document)
    focus = _rows(focus_us, EventType.WINDOW_FOCUS_CHANGE, app, np.stack([old, _window_of(app), hints], axis=1), 7)
    announced = _titles(focus_us + 2_000, app, document, int(CategoryFlag.ANNOUNCED))
    changed = np.flatnonzero(
        (np.diff(timeline.document, prepend=timeline.document[:1]) > 0) & ~timeline.switched & ~timeline.first
    )
    later = _titles(timeline.start_us[changed] + 930_000, timeline.app[changed], timeline.document[changed], 0)
    return focus, announced, later


def _titles(time_us: Ints, app: NDArray[np.uint8], document: NDArray[np.int32], flag: int) -> Rows:
    """Titles are off: their length and category are told, their text (title_id) is not."""
    length = _per_document(lambda a, d: len(title_of(a, d)), app, document)
    data = np.stack([np.zeros_like(length), length, _per_document(hint_of, app, document) | flag], axis=1)
    return _rows(time_us, EventType.WINDOW_TITLE_CHANGE, app, data, 8)


def _absence(timeline: SimulatedTimeline) -> tuple[Rows, Rows]:
    """The screen is locked at the end of each stretch and unlocked before the next one."""
    first = np.flatnonzero(timeline.first)
    last = np.append(first[1:], len(timeline.state)) - 1
    lock_us, unlock_us = timeline.start_us[last] + _LOCK_US, timeline.start_us[first][1:] - _UNLOCK_US
    empty = _data(len(last))
    return (
        _rows(lock_us, EventType.SCREEN_LOCK, timeline.app[last], empty, 9),
        _rows(unlock_us, EventType.SCREEN_UNLOCK, timeline.app[last][:-1], empty[1:], 2),
    )


def _idle(timeline: SimulatedTimeline, hands_us: Ints) -> tuple[Rows, Rows]:
    """IDLE_START 5 s after the last input, IDLE_END at the next one."""
    gap = np.diff(hands_us)
    long = np.flatnonzero(gap > IDLE_AFTER_US)
    tick = np.searchsorted(timeline.start_us, hands_us, side="right") - 1
    at, back = np.append(long, len(hands_us) - 1), long + 1
    start = _rows(
        hands_us[at] + IDLE_AFTER_US,
        EventType.IDLE_START,
        timeline.app[tick[at]],
        _data(len(at), first=IDLE_AFTER_US // 1_000),
        9,
    )
    milliseconds = np.minimum(gap[long] // 1_000, 2**32 - 1)
    end = _rows(
        hands_us[back],
        EventType.IDLE_END,
        timeline.app[np.maximum(tick[back] - timeline.switched[tick[back]], 0)],
        _data(len(back), first=milliseconds),
        3,
    )
    return start, end


def _records(rows: list[Rows]) -> NDArray[np.void]:
    time_us = np.concatenate([part.time_us for part in rows])
    rank = np.concatenate([np.full(len(part.time_us), part.rank) for part in rows])
    order = np.lexsort((rank, time_us))
    app = np.concatenate([part.app for part in rows])[order]
    records = np.zeros(len(order), dtype=EVENT_DTYPE)
    records["timestamp_us"] = time_us[order]
    records["event_type"] = np.concatenate([part.kind for part in rows])[order]
    records["process_id"] = 2_000 + 10 * app
    records["app_name"] = np.array([encode_app_name(entry.name) for entry in APPS])[app]
    records["window_handle"] = _window_of(app)
    records["data"] = np.concatenate([part.data for part in rows])[order].astype(np.int32).view(np.uint32)
    return records


def _tempo(tick: Ints, value: Floats, ticks: int) -> Tempo:
    return Tempo(
        np.bincount(tick, minlength=ticks)[:ticks].astype(np.float64),
        np.bincount(tick, value, ticks)[:ticks].astype(np.float64),
        np.bincount(tick, value**2, ticks)[:ticks].astype(np.float64),
    )


def _rows(time_us: Ints, kind: EventType, app: NDArray[np.integer], data: Ints, rank: int) -> Rows:
    return Rows(time_us, np.full(len(time_us), int(kind)), app.astype(np.int64), data, rank)


def _data(count: int, *, first: int | Ints = 0, flags: int | Ints = 0) -> Ints:
    data = np.zeros((count, 3), dtype=np.int64)
    data[:, 0], data[:, 2] = first, flags
    return data


def _window_of(app: NDArray[np.integer]) -> Ints:
    return 0x0040_0001 + app.astype(np.int64) * 0x10


def _fold(position: Floats, size: int) -> Ints:
    """Reflects a path at the borders of the screen."""
    period = np.mod(position, 2 * (size - 1))
    return np.rint(np.where(period < size, period, 2 * (size - 1) - period)).astype(np.int64)


def _per_document(value, app: NDArray[np.uint8], document: NDArray[np.int32]) -> Ints:  # type: ignore[no-untyped-def]
    codes = app.astype(np.int64) * 60 + document % 60
    unique, inverse = np.unique(codes, return_inverse=True)
    return np.array([value(int(code // 60), int(code % 60)) for code in unique], dtype=np.int64)[inverse]
