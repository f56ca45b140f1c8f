"""For each gate the fault that it is there for, injected into a day of a person among others."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from gated_life import ALL_NAMES, Life, World, everything_of, on, simulated_life

from flows.gates.event_profile import MINUTE_US, minute_bits
from flows.gates.training_rows import moved_share
from neural_focus.events import EVENT_DTYPE, INPUT, EventType
from neural_focus.features import FEATURE_INDEX
from neural_focus.models.drift import input_drift, reference_of

DAY = "2026-03-04"
"""The day that is spoilt, of the second of three people: a Wednesday, with days before and one after."""


@dataclass(frozen=True)
class Fault:
    """What happens, in words, and how a world gets it."""

    words: str
    inject: Callable[[World], None]


def good_world() -> World:
    """Three simulated people's workdays, with two sessions of each."""
    world = World([simulated_life(number) for number in (1, 2, 3)])
    for life in world.lives:
        start = pd.Timestamp(int(life.snapshot_us[on(life.snapshot_us, DAY)][0]), unit="us", tz="UTC")
        for number, (planned, reason) in enumerate(((1_500, "timer_expired"), (None, "user_ended"))):
            begin = start + pd.Timedelta(hours=number)
            world.sessions.append(
                {
                    "session": len(world.sessions) + 1,
                    "user_id": int(life.stream_id[0]),
                    "machine_id": life.stream_id[2:],
                    "start_time": begin,
                    "end_time": begin + pd.Timedelta(seconds=1_500),
                    "planned_seconds": planned,
                    "end_reason": reason,
                    **dict.fromkeys(("total_keystrokes", "total_mouse_moves", "context_switches"), 10),
                    **dict.fromkeys(("idle_time_seconds", "interventions_triggered"), 0),
                    **dict.fromkeys(("interventions_accepted", "interventions_rejected"), 0),
                    "focus_score_min": 20.0,
                    "focus_score_avg": 50.0,
                    "focus_score_max": 90.0,
                }
            )
    return world


def spoilt(world: World) -> Life:
    """Whose day is spoilt."""
    return world.lives[1]


def _drop_a_fifth(world: World) -> None:
    life = spoilt(world)
    at = np.flatnonzero(life.events_on(DAY))
    kept = np.ones(len(life.records), np.bool_)
    kept[at[len(at) // 2 : len(at) // 2 + len(at) // 5]] = False
    life.keep_records(kept)


def _clock_back(world: World) -> None:
    life = spoilt(world)
    at = np.flatnonzero(life.events_on(DAY))
    life.records["timestamp_us"][at[len(at) // 2 : -100]] -= np.uint64(600_000_000)


def _context(**told: object) -> Callable[[World], None]:
    def inject(world: World) -> None:
        spoilt(world).context = replace(spoilt(world).context, **told)

    return inject


def _burst(kind: EventType, count: int, data: tuple[int, int, int] = (0, 0, 0)) -> Callable[[World], None]:
    """So many records of a kind in one minute."""

    def inject(world: World) -> None:
        life = spoilt(world)
        first = int(life.records["timestamp_us"][life.events_on(DAY)][-1]) // MINUTE_US * MINUTE_US + MINUTE_US
        more = np.zeros(count, EVENT_DTYPE)
        more["timestamp_us"] = first + np.arange(count) * (MINUTE_US // count)
        more["event_type"], more["app_name"], more["data"] = kind, b"Loop", data
        life.add_records(more)

    return inject


def _frozen_minutes(world: World) -> None:
    life = spoilt(world)
    last = int(life.records["timestamp_us"][life.events_on(DAY)][-1]) // MINUTE_US * MINUTE_US + MINUTE_US
    more = np.zeros(30 * 12, EVENT_DTYPE)
    more["timestamp_us"] = last + np.arange(len(more)) * (MINUTE_US // 12)
    more["event_type"], more["app_name"] = EventType.MOUSE_MOVE, b"Jiggler"
    more["data"] = np.random.default_rng(1).integers(1, 900, (len(more), 3))
    life.add_records(more)


def _data_of(kind: EventType, change: Callable[[np.ndarray], None]) -> Callable[[World], None]:
    """``change`` the three words of a day's records of a kind."""

    def inject(world: World) -> None:
        life = spoilt(world)
        at = life.events_on(DAY) & (life.records["event_type"] == kind)
        data = life.records["data"][at]
        change(data)
        life.records["data"][at] = data

    return inject


def _other_pixels(data: np.ndarray) -> None:
    data[:, :2] *= 1_000


def _idle_in_us(data: np.ndarray) -> None:
    data[:, 0] *= 1_000


def _no_kind(data: np.ndarray) -> None:
    data[:, 2] = 0


def _silent(world: World) -> None:
    life = spoilt(world)
    here = life.events_on(DAY)
    seen = minute_bits(life.records["timestamp_us"][here].astype(np.int64))
    life.context = replace(life.context, seen={DAY: seen})
    life.keep_records(~here)
    life.seq = np.arange(len(life.records))  # none of them was ever recorded


def _blind(world: World) -> None:
    life = spoilt(world)
    life.keep_records(~(life.events_on(DAY) & np.isin(life.records["event_type"], INPUT)))


def _snapshots(change: Callable[[Life, np.ndarray], None]) -> Callable[[World], None]:
    """``change`` the day's snapshots, of which it gets the places."""

    def inject(world: World) -> None:
        life = spoilt(world)
        change(life, np.flatnonzero(on(life.snapshot_us, DAY)))

    return inject


def _set(name: str, value: object, part: slice = slice(None)) -> Callable[[World], None]:
    def change(life: Life, at: np.ndarray) -> None:
        life.features[at[part], FEATURE_INDEX[name]] = value(len(at[part])) if callable(value) else value

    return _snapshots(change)


def _half_of_the_snapshots(life: Life, at: np.ndarray) -> None:
    kept = np.ones(len(life.snapshot_us), np.bool_)
    kept[at[len(at) // 2 :]] = False
    life.snapshot_us, life.features = life.snapshot_us[kept], life.features[kept]


def _twice(life: Life, at: np.ndarray) -> None:
    life.snapshot_us = np.r_[life.snapshot_us, life.snapshot_us[at]]
    life.features = np.r_[life.features, life.features[at]]


def _frozen(life: Life, at: np.ndarray) -> None:
    life.features[at[100:200]] = life.features[at[100]]


def _other_unit(life: Life, at: np.ndarray) -> None:
    life.features[at, FEATURE_INDEX["mouse_speed_mean"]] *= 1_000


def _no_inputs(life: Life, at: np.ndarray) -> None:
    kept = ~np.isin(life.input_us, life.snapshot_us[at[:500]])
    life.input_us, life.inputs = life.input_us[kept], life.inputs[kept]


def _labels(change: Callable[[Life, np.ndarray], None]) -> Callable[[World], None]:
    """``change`` the day's labels, of which it gets the places."""

    def inject(world: World) -> None:
        life = spoilt(world)
        change(life, np.flatnonzero(on(life.label_us, DAY)))

    return inject


def _label(switch: int, lead_s: float) -> Callable[[Life, np.ndarray], None]:
    def change(life: Life, at: np.ndarray) -> None:
        known = at[life.labels["switch"][at] >= 0]
        life.labels["switch"][known], life.labels["lead_s"][known] = switch, lead_s

    return change


def _strange(life: Life, at: np.ndarray) -> None:
    life.labels["outcome"][at[:5]] = 9


def _labelled_twice(life: Life, at: np.ndarray) -> None:
    life.label_us = np.r_[life.label_us, life.label_us[at]]
    life.labels = {name: np.r_[values, values[at]] for name, values in life.labels.items()}


def _inverted(life: Life, at: np.ndarray) -> None:
    known = at[life.labels["switch"][at] >= 0]
    life.labels["switch"][known] = 1 - life.labels["switch"][known]


def _not_covered(life: Life, at: np.ndarray) -> None:
    life.covered = np.array([[life.covered[0, 0], life.label_us[at[-200]]], [life.label_us[at[-1]] + 10**9] * 2])


def _leak(life: Life, at: np.ndarray) -> None:
    place = np.searchsorted(life.snapshot_us, life.label_us[at])
    noise = np.random.default_rng(2).normal(0, 0.05, len(at))
    life.features[place, FEATURE_INDEX["idle_time_30s"]] = life.labels["switch"][at] + noise


def _no_snapshot(life: Life, at: np.ndarray) -> None:
    life.label_us[at[:10]] += 5_000_000


def _session(**told: object) -> Callable[[World], None]:
    """A session of the spoilt person, changed; times by seconds."""

    def inject(world: World) -> None:
        row = world.sessions[2]
        for name, value in told.items():
            row[name] = row[name] + pd.Timedelta(seconds=value) if name.endswith("_time") else value  # type: ignore[arg-type]

    return inject


def _store_gives_nothing(life: Life, at: np.ndarray) -> None:
    life.inputs[np.isin(life.input_us, life.label_us[at[:300]])] = np.nan


def _not_yet(world: World) -> None:
    life = spoilt(world)
    world.now_us = max(int(one.label_us[-1]) for one in world.lives)
    life.label_us[-1] = world.now_us + 10_000_000


def _copy_as(stream_id: str) -> Callable[[World], None]:
    """The spoilt person's data once more, in another stream."""

    def inject(world: World) -> None:
        world.lives.append(replace(copy.deepcopy(spoilt(world)), stream_id=stream_id))

    return inject


def _other_order(world: World) -> None:
    """The columns of all inputs come in another order than the champion was trained on."""
    life = spoilt(world)
    life.moved = share_moved(world.lives, np.roll(everything_of(life), 7, axis=1))


def share_moved(trained: list[Life], rows: np.ndarray) -> float:
    """Of the inputs the share that has moved in ``rows`` against those of lives that a champion was trained on."""
    reference = reference_of(ALL_NAMES, np.concatenate([everything_of(life) for life in trained]))
    return moved_share(input_drift(reference, ALL_NAMES, rows)) or 0.0


def _every(switch: int) -> Callable[[World], None]:
    def inject(world: World) -> None:
        for life in world.lives:
            life.labels["switch"][:] = switch

    return inject


def _nothing_left(world: World) -> None:
    for life in world.lives:
        life.label_us = life.label_us[:0]
        life.labels = {name: values[:0] for name, values in life.labels.items()}


FAULTS: dict[str, Fault] = {
    "events.sequence": Fault("a fifth of a day's records are gone from the middle", _drop_a_fifth),
    "events.clock-back": Fault("the clock goes back by 10 minutes while the agent runs", _clock_back),
    "events.clock-step": Fault("the clock is moved by an hour between two starts", _context(step_s={DAY: -3_600.0})),
    "events.future": Fault("records come a day before their time", _context(ahead_s={DAY: 86_400.0})),
    "events.keys": Fault("4,000 keys in a minute", _burst(EventType.KEY_PRESS, 4_000)),
    "events.clicks": Fault("1,600 clicks in a minute", _burst(EventType.MOUSE_CLICK, 1_600)),
    "events.moves": Fault("an hour's mouse moves in a minute (ms for µs)", _burst(EventType.MOUSE_MOVE, 61_000)),
    "events.switches": Fault("700 changes of focus in a minute", _burst(EventType.WINDOW_FOCUS_CHANGE, 700)),
    "events.frozen-minutes": Fault("12 moves in each of 30 minutes", _frozen_minutes),
    "events.frozen-pointer": Fault("2,000 moves end at one place", _burst(EventType.MOUSE_MOVE, 2_000, (500, 500, 90))),
    "events.pointer-outside": Fault("thousandths of pixels", _data_of(EventType.MOUSE_MOVE, _other_pixels)),
    "events.idle-unit": Fault("pauses in µs instead of ms", _data_of(EventType.IDLE_END, _idle_in_us)),
    "events.silent": Fault("the agent types along, and no event arrives", _silent),
    "events.input-gone": Fault("keyboard and mouse are gone, windows change", _blind),
    "events.category-gone": Fault("no app has a category", _data_of(EventType.WINDOW_FOCUS_CHANGE, _no_kind)),
    "features.missing": Fault("half of a day's snapshots are not there", _snapshots(_half_of_the_snapshots)),
    "features.range": Fault("an hour of 99", _set("hour_of_day", 99)),
    "features.order": Fault("more switches in 30 s than in 5 min", _set("context_switches_30s", 300, slice(5))),
    "features.duplicates": Fault("a day is written twice", _snapshots(_twice)),
    "features.frozen": Fault("a snapshot stays for 17 minutes", _snapshots(_frozen)),
    "features.frozen-sensor": Fault(
        "the mouse has one speed for 17 minutes", _set("mouse_speed_mean", 412.5, slice(100, 200))
    ),
    "features.clock": Fault(
        "the hour of the day jumps about", _set("hour_of_day", lambda n: np.random.default_rng(3).integers(0, 24, n))
    ),
    "features.unit": Fault("mouse speed in thousandths", _snapshots(_other_unit)),
    "features.inputs": Fault("500 snapshots have no inputs", _snapshots(_no_inputs)),
    "labels.values": Fault("an outcome that there is none of", _labels(_strange)),
    "labels.duplicates": Fault("a day is labelled twice", _labels(_labelled_twice)),
    "labels.next-switch": Fault("switch and no switch are exchanged", _labels(_inverted)),
    "labels.base-rate": Fault("a switch is near at each moment", _labels(_label(1, 1.0))),
    "labels.switches-unseen": Fault("no switch is seen", _labels(_label(0, 1e6))),
    "labels.horizon": Fault("labels go on after capture ended", _labels(_not_covered)),
    "labels.leakage": Fault("an input knows the label", _labels(_leak)),
    "labels.snapshots": Fault("labels lie between snapshots", _labels(_no_snapshot)),
    "sessions.end": Fault("a session ends before it starts", _session(end_time=-2_000)),
    "sessions.overlap": Fault("a session is not over when the next begins", _session(end_time=3_000)),
    "sessions.planned": Fault("a timer does not end its session", _session(end_time=1_000)),
    "sessions.early": Fault("the timer is said to have ended it at half time", _session(end_time=-700)),
    "sessions.figures": Fault("the lowest score is above the mean", _session(focus_score_min=70.0)),
    "training.inputs": Fault("the feature store lacks 300 moments' inputs", _labels(_store_gives_nothing)),
    "training.future": Fault("a moment has not come yet", _not_yet),
    "training.twice": Fault("a machine is copied", _copy_as("2:copy")),
    "training.same-person": Fault("a person is there under two names", _copy_as("9:m-2")),
    "training.drift": Fault("the columns of the inputs change places", _other_order),
    "set.left": Fault("every day is held back", _nothing_left),
    "set.balance-low": Fault("nobody of three ever switches", _every(0)),
    "set.balance-high": Fault("everybody always switches", _every(1)),
}
"""By the name of the gate that has to catch it."""
