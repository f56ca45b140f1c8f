"""Lives that no gate may stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from gate_faults import good_world, share_moved
from gated_life import LAST_DAY, Life, World, everything_of, life_of, simulated_life

from flows.gates.event_profile import minute_bits
from neural_focus.events import EVENT_DTYPE, INPUT, EventType
from neural_focus.simulation.parameters import draw_stranger
from neural_focus.simulation.person import live
from neural_focus.time import DAY_US, HOUR_US, SECOND_US

MORNING_US = 20_517 * DAY_US + 9 * HOUR_US
"""2026-03-05, 09:00 UTC."""


def _records(kinds: np.ndarray, stamps: np.ndarray, seed: int) -> np.ndarray:
    """Records of one editor's window, in front from the first on."""
    rng = np.random.default_rng(seed)
    records = np.zeros(len(kinds) + 1, EVENT_DTYPE)
    records["app_name"] = b"Editor"
    records["timestamp_us"] = np.r_[stamps[0] - 1, stamps]
    records["event_type"] = np.r_[int(EventType.WINDOW_FOCUS_CHANGE), kinds]
    records["data"][1:] = rng.integers(0, 1_500, (len(kinds), 3))
    records["data"][0] = (0, 1, 1 << 8 | 2)
    keys = records["event_type"] == EventType.KEY_PRESS
    records["data"][keys] = (0, 0, 1 << 9 | 1 << 16)
    return records


def _hands(seconds: int, seed: int, a_second: float = 1.5) -> np.ndarray:
    """Keys and moves of so many seconds from the morning on, in one window."""
    rng = np.random.default_rng(seed)
    stamps = MORNING_US + np.sort(rng.integers(SECOND_US, seconds * SECOND_US, int(seconds * a_second)))
    kinds = rng.choice([int(EventType.KEY_PRESS), int(EventType.MOUSE_MOVE)], len(stamps))
    return _records(kinds, stamps, seed)


def _one_window() -> list[Life]:
    return [life_of("1:m", _hands(9 * 3_600, 1))]


def _uneven(quiet_h: float, busy_min: float) -> list[Life]:
    """Hours in one window, then a stretch with a switch every 25 s."""
    quiet, busy = int(quiet_h * 3_600), int(busy_min * 60)
    records = _hands(quiet + busy, 6, 0.4)
    stamps = MORNING_US + (quiet + np.arange(0, busy, 25)) * SECOND_US
    changes = np.zeros(len(stamps), EVENT_DTYPE)
    changes["timestamp_us"], changes["event_type"] = stamps, EventType.WINDOW_FOCUS_CHANGE
    changes["app_name"] = np.where(np.arange(len(stamps)) % 2, b"Editor", b"Mail")
    changes["data"] = (0, 1, 1 << 8 | 2)
    records = np.concatenate([records, changes])
    records = records[np.argsort(records["timestamp_us"], kind="stable")]
    fronts = np.maximum.accumulate(
        np.where(records["event_type"] == EventType.WINDOW_FOCUS_CHANGE, np.arange(len(records)), 0)
    )
    records["app_name"] = records["app_name"][fronts]
    return [life_of("1:m", records)]


def _reading() -> list[Life]:
    """One window all day, touched every few minutes: a page further."""
    rng = np.random.default_rng(4)
    stamps = MORNING_US + np.cumsum(rng.integers(20, 280, 200)) * SECOND_US
    return [life_of("1:m", _records(np.full(len(stamps), int(EventType.MOUSE_WHEEL)), stamps, 4))]


def _first_minute() -> list[Life]:
    return [life_of("1:m", _hands(60, 2))]


def _demo() -> list[Life]:
    life = simulated_life(1)
    stamps = life.records["timestamp_us"].astype(np.int64)
    return [life_of("1:m", life.records[stamps < stamps[0] + 600 * SECOND_US])]


def _holiday() -> list[Life]:
    """Two days of work, two without any event, while the machine was on and nobody there, a day of work."""
    life = simulated_life(1)
    days = life.records["timestamp_us"].astype(np.int64) // DAY_US
    working = np.unique(days)
    return [life_of("1:m", life.records[np.isin(days, np.r_[working[:2], working[4:]])])]


def _moved(hours: float, zone: str) -> list[Life]:
    records = simulated_life(2).records
    records["timestamp_us"] = records["timestamp_us"].astype(np.int64) + int(hours * HOUR_US)
    return [life_of("2:m", records, zone)]


def _summer_time() -> list[Life]:
    """A workday over the night of 29 March 2026, when Berlin's clocks go forward."""
    records = simulated_life(3).records
    stamps = records["timestamp_us"].astype(np.int64)
    records = records[stamps // DAY_US == stamps[-1] // DAY_US]  # a Thursday
    first = int(records["timestamp_us"][0])
    begin = 20_541 * DAY_US - 2 * HOUR_US
    records["timestamp_us"] = (records["timestamp_us"].astype(np.int64) - first + begin).astype(np.uint64)
    return [life_of("3:m", records, "Europe/Berlin")]


def _new_monitor() -> list[Life]:
    """Twice the pixels from one day on."""
    records = simulated_life(2).records
    stamps = records["timestamp_us"].astype(np.int64)
    later = (stamps // DAY_US == stamps[-1] // DAY_US) & (records["event_type"] == EventType.MOUSE_MOVE)
    data = records["data"][later]
    data[:] *= 2
    records["data"][later] = data
    return [life_of("2:m", records)]


def _many_starts() -> list[Life]:
    """The agent starts anew each few hours, and the laptop sleeps in between."""
    life = simulated_life(1)
    life.boot = 1 + np.arange(len(life.records)) // 3_000
    life.seq = np.arange(len(life.records)) % 3_000
    return [life]


def _forgotten() -> list[Life]:
    """A day of which three hours were forgotten, as if they had not been; live snapshots are gone, too."""
    life = simulated_life(1)
    day = life.days()[2]
    at = np.flatnonzero(life.events_on(day))
    seen = minute_bits(life.records["timestamp_us"][at].astype(np.int64))
    kept = np.ones(len(life.records), np.bool_)
    kept[at[2_000:9_000]] = False
    life.keep_records(kept)
    life.context = replace(life.context, forgotten=frozenset({day}), seen={day: seen})
    return [life]


def _imported() -> list[Life]:
    """An imported log of windows: it knows no keys, and no mouse, on any day."""
    records = simulated_life(2).records
    return [life_of("2:m", records[~np.isin(records["event_type"], INPUT)])]


def _another_kind() -> list[Life]:
    """Somebody of quite another kind than those that the champion was trained on."""
    records = live(draw_stranger(101), 8, last_day=LAST_DAY, number=1, trials=False).records
    life = life_of("1:m", records)
    life.moved = share_moved(good_world().lives, everything_of(life))
    return [life]


def _at_work() -> list[Life]:
    """A live snapshot each second says what the events say."""
    life = simulated_life(1)
    stamps = life.records["timestamp_us"].astype(np.int64)
    seen = {day: minute_bits(stamps[life.events_on(day)]) for day in life.days()}
    life.context = replace(life.context, seen=seen, boots={1: (life.days()[0], len(life.records))})
    return [life]


LIVES: dict[str, Callable[[], World]] = {
    "three people at work": good_world,
    "one window all day": lambda: World(_one_window()),
    "a page a few minutes, all day": lambda: World(_reading()),
    "an hour's quiet, then 20 minutes of switches": lambda: World(_uneven(1, 20)),
    "two hours' quiet, then half an hour of switches": lambda: World(_uneven(2, 30)),
    "four hours' quiet, then half an hour of switches": lambda: World(_uneven(4, 30)),
    "six hours' quiet, then an hour of switches": lambda: World(_uneven(6, 60)),
    "the first minute": lambda: World(_first_minute()),
    "a demo of 10 minutes": lambda: World(_demo()),
    "a holiday without events": lambda: World(_holiday()),
    "a night owl, over midnight": lambda: World(_moved(13.0, "Europe/Berlin")),
    "work in Kolkata, half an hour apart": lambda: World(_moved(-4.5, "Asia/Kolkata")),
    "the day summer time begins": lambda: World(_summer_time()),
    "a monitor with twice the pixels": lambda: World(_new_monitor()),
    "an agent that starts again and again": lambda: World(_many_starts()),
    "hours that were forgotten": lambda: World(_forgotten()),
    "an imported log of windows": lambda: World(_imported()),
    "somebody of quite another kind": lambda: World(_another_kind()),
    "live snapshots beside the events": lambda: World(_at_work()),
}
