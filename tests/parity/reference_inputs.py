"""The inputs beside the user's contract once more, slow and obvious: each row from all events before it.

Written from ``docs/features.md``, not from the engine. Snapshots are taken as given: they have their own.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from reference import INPUT, SECOND, Item, idle_union, read_items, signed

from neural_focus.apps import stored_id
from neural_focus.events import EventType, KeyFlag
from neural_focus.features import FEATURE_INDEX
from neural_focus.replay import INPUT_INDEX, INPUT_NAMES, Inputs, Snapshots

DECAYS = (15, 30, 60, 120, 300, 900, 3600, 14400, 86400, 604800)
RATES = (900, 3600, 86400, 604800)
COUNTED = (3, 10, 30, 60, 120, 300, 900)
TYPED = (10, 30, 60, 120, 300)
WAYS = (1, 3, 10, 30, 60, 120, 300, 900)
KINDS = {"keystroke": EventType.KEY_PRESS, "mouse_move": EventType.MOUSE_MOVE, "mouse_click": EventType.MOUSE_CLICK}
MOST_APPS, MOST_PAIRS = 256, 512
FADE = 0.5 ** (10 / (4 * 3600))
LOGARITHMS = ("typing_seconds", "mouse_path")
NEED_SOME = ("keystroke_interval", "mouse_speed", "typing_tempo")
COMPARED = tuple(name.removesuffix("_unusual") for name in INPUT_NAMES if name.endswith("_unusual"))


@dataclass
class Known:
    """What is known of an app or a pair: its finished stays in seconds, and when the last one ended."""

    stays: list[int] = field(default_factory=list)
    left: int = 0

    def mean(self, floor: float, default: float) -> float:
        mean = default
        for number, stay in enumerate(self.stays, 1):
            mean += max(1 / number, floor) * (log_stay(stay) - mean)
        return mean

    def variance(self) -> float:
        mean, variance = 0.0, 1.0
        for number, stay in enumerate(self.stays, 1):
            weight, step = max(1 / number, 0.05), log_stay(stay) - mean
            mean += weight * step
            variance = (1 - weight) * (variance + weight * step * step)
        return variance


@dataclass
class Stay:
    """A stay in an app, from the end of a second on, with all that was known when it began."""

    since: int
    app: bytes
    previous: bytes | None
    own: Known
    pair: Known
    before: Known | None
    finished: list[tuple[int, int]]
    apps: list[bytes]


def log_stay(seconds: int) -> float:
    return math.log1p(min(seconds, 3600))


def compute_inputs(
    records: NDArray[np.void], controls: NDArray[np.void] | None, snapshots: Snapshots, every_s: int
) -> Inputs:
    """The rows at whole multiples of ``every_s`` among the snapshots."""
    items = read_items(records, controls)
    events = [item for item in items if item.control is None]
    seconds = (snapshots.timestamps_us // SECOND).tolist()
    stays = read_stays(events, seconds)
    begun = [stay.since for stay in stays]
    tallies = Tallies(events)
    learned: list[NDArray[np.float64]] = []
    rows, times, apps = [], [], []
    for place, second in enumerate(seconds):
        features = snapshots.features[place]
        active = any(
            features[FEATURE_INDEX[name]] > 0
            for name in ("keystroke_count", "mouse_move_count", "mouse_click_count", "context_switches_30s")
        )
        learns = second % 10 == 0 and active
        if not learns and second % every_s:
            continue
        stay = stays[int(np.searchsorted(begun, second, side="right")) - 1]
        row = columns_of_stay(stay, second) | tallies.columns(second, stay.since)
        row |= columns_of_pointer(events, second)
        known = [item for item in items if item.time <= second * SECOND]
        row["is_idle"] = float(any(part.open for part in idle_union(known, second * SECOND)))
        for kind in range(1, 16):
            row[f"recent_{EventType(kind).name.lower()}"] = float(np.sum(snapshots.sequence[place] == kind))
        values = compared(features, row)
        if second % every_s == 0:
            row |= unusual(values, learned)
            rows.append([row[name] for name in INPUT_NAMES])
            times.append(second * SECOND)
            apps.append((stay.app, stay.previous or b""))
        if learns:
            learned.append(values)
    names = np.array(apps, "S32").reshape(-1, 2)
    table = np.array(rows, np.float32).reshape(-1, len(INPUT_NAMES))
    return Inputs(np.array(times, np.int64), table, names[:, 0], names[:, 1])


def second_of(event: Item) -> int:
    return -(-event.time // SECOND)


def read_stays(events: list[Item], seconds: list[int]) -> list[Stay]:
    """The app in focus at the end of every second; another than before is a new stay."""
    focus = [(event.time, stored_id(event.app)) for event in events if event.type == EventType.WINDOW_FOCUS_CHANGE]
    known: dict[bytes, Known] = {}
    pairs: dict[tuple[bytes, bytes], Known] = {}
    stays: list[Stay] = []
    finished: list[tuple[int, int]] = []
    apps: list[bytes] = []
    held, place = stored_id(events[0].app) if events else b"", 0
    for second in seconds:
        while place < len(focus) and focus[place][0] <= second * SECOND:
            held, place = focus[place][1], place + 1
        if stays and held == stays[-1].app:
            continue
        last = stays[-1] if stays else None
        if last is not None:
            length = min(second - last.since, 3600)
            finished = [*finished, (second, second - last.since)]
            known[last.app] = Known([*known[last.app].stays, length], second)
            if last.previous is not None:
                pair = (last.previous, last.app)
                if pair not in pairs and len(pairs) == MOST_PAIRS:
                    del pairs[min(pairs, key=lambda names: pairs[names].left)]
                pairs[pair] = Known([*pairs.get(pair, Known()).stays, length], second)
        if held not in known:
            if len(known) == MOST_APPS:
                gone = min(known, key=lambda name: known[name].left)
                del known[gone]
                pairs = {names: one for names, one in pairs.items() if gone not in names}
            known[held] = Known()
        previous = last.app if last else None
        pair_now = pairs.get((previous, held), Known()) if previous is not None else Known()
        before = known[previous] if previous is not None else None
        apps = [*apps[-20:], held]
        stays.append(Stay(second, held, previous, known[held], pair_now, before, finished, apps))
    return stays


def columns_of_stay(stay: Stay, now: int) -> dict[str, float]:
    age = now - stay.since
    lengths = [length for _, length in stay.finished]
    overall = Known([min(length, 3600) for length in lengths]).mean(0.01, math.log(61))
    recent = [*(log_stay(length) for length in reversed(lengths[-10:])), *[math.log(61)] * 10][:10]
    own, pair, apps = stay.own, stay.pair, stay.apps
    usual = (own.mean(0.05, 0) * len(own.stays) + overall * 3) / (len(own.stays) + 3)
    spread = math.sqrt(own.variance() + 0.1)
    row: dict[str, float] = {"stay_log_s": math.log1p(min(age, 4 * 3600))}
    ended = {tau: math.fsum(math.exp(-(now - end) / tau) for end, _ in stay.finished) for tau in DECAYS}
    row |= {f"switches_decayed_{tau}s": math.log1p(ended[tau]) for tau in DECAYS}
    row |= {f"switch_rate_{tau}s": math.log((ended[tau] + 0.5) / (activity(stay, now, tau) + 60)) for tau in RATES}
    row |= {f"stay_before_{number}_log_s": recent[number - 1] for number in (1, 2, 3, 4)}
    prior = min(max(0.65 / (1 + (age / 40) ** 0.8), 0.02), 0.95)
    of_all, _ = hazard([min(length, 3600) for length in lengths[-96:]], age, prior)
    of_app, alive = hazard(own.stays[-32:], age, of_all)
    back = len(apps) > 2 and apps[-3] == apps[-1]
    return row | {
        "stays_before_5_log_s": sum(recent[:5]) / 5,
        "stays_before_10_log_s": sum(recent) / 10,
        "app_stays": math.log1p(len(own.stays)),
        "app_usual_log_s": usual,
        "app_spread_log_s": spread,
        "app_away_log_s": math.log1p(stay.since - own.left if own.stays else 3_600_000),
        "app_last_log_s": log_stay(own.stays[-1]) if own.stays else overall,
        "app_in_last_20": apps[:-1].count(stay.app),
        "app_overstay": (row["stay_log_s"] - usual) / spread,
        "pair_stays": math.log1p(len(pair.stays)),
        "pair_usual_log_s": (pair.mean(0.1, 0) * len(pair.stays) + usual * 2) / (len(pair.stays) + 2),
        "came_back": back,
        "alternating": back and len(apps) > 3 and apps[-4] == apps[-2],
        "apps_in_last_5": len(set(apps[-5:])),
        "apps_in_last_10": len(set(apps[-10:])),
        "apps_in_last_20": len(set(apps[-20:])),
        "previous_app_usual_log_s": stay.before.mean(0.05, 0) if stay.before else overall,
        "previous_app_stays": math.log1p(len(stay.before.stays)) if stay.before else 0.0,
        "usual_log_s": overall,
        "hazard_all": of_all,
        "hazard_app": of_app,
        "hazard_app_stays": math.log1p(alive),
    }


def activity(stay: Stay, now: int, tau: int) -> float:
    """∫ e^(-(now - u)/τ) du over the first ten minutes of every stay, the one that goes on included."""
    spans = [(end - length, length) for end, length in stay.finished] + [(stay.since, now - stay.since)]
    return math.fsum(
        tau * (math.exp(-(now - since - min(length, 600)) / tau) - math.exp(-(now - since) / tau))
        for since, length in spans
    )


def hazard(stays: list[int], age: int, prior: float) -> tuple[float, int]:
    alive = [stay for stay in stays if stay > age]
    ended = [stay for stay in alive if stay <= age + 30]
    return (len(ended) + 4 * prior) / (len(alive) + 4), len(alive)


class Tallies:
    """What was put in, as lists of the seconds in which it was."""

    def __init__(self, events: list[Item]) -> None:
        self.seconds = {
            name: [
                second_of(event)
                for event in events
                if event.type == kind and not (name == "keystroke" and event.data[2] & KeyFlag.AUTO_REPEAT)
            ]
            for name, kind in KINDS.items()
        }
        moves = [event for event in events if event.type == EventType.MOUSE_MOVE]
        self.ways = [
            (second_of(b), math.hypot(*(signed(b.data[axis]) - signed(a.data[axis]) for axis in (0, 1))))
            for a, b in itertools.pairwise(moves)
        ]
        self.any = [second_of(event) for event in events if event.type in INPUT]

    def columns(self, now: int, since: int) -> dict[str, float]:
        row: dict[str, float] = {"input_age_log_s": math.log1p(age_of(self.any, now))}
        for name, seconds in self.seconds.items():
            age, in_stay = age_of(seconds, now), within(seconds, since, now)
            rate = math.log((in_stay + 0.5) / (now - since + 5))
            row |= {f"{name}_count_{window}s": math.log1p(within(seconds, now - window, now)) for window in COUNTED}
            row |= {f"{name}_age_log_s": math.log1p(age), f"{name}_count_stay": math.log1p(in_stay)}
            row |= {f"{name}_rate_stay": rate, f"{name}_quiet": math.log1p(age) + rate}
        for window in TYPED:
            pressed = Counter(second for second in self.seconds["keystroke"] if now - window < second <= now)
            counts = np.array(list(pressed.values()), np.float64)
            row[f"typing_seconds_{window}s"] = math.log1p(len(counts))
            row[f"typing_tempo_{window}s"] = counts.mean() if len(counts) else 0.0
            row[f"typing_tempo_spread_{window}s"] = counts.std() if len(counts) else 0.0
        for window in WAYS:
            way = math.fsum(length for second, length in self.ways if now - window < second <= now)
            row[f"mouse_path_{window}s"] = math.log1p(way)
        return row


def within(seconds: list[int], after: int, until: int) -> int:
    return sum(after < second <= until for second in seconds)


def age_of(seconds: list[int], now: int) -> int:
    return min((now - second for second in seconds if now - 3600 < second <= now), default=3600)


def columns_of_pointer(events: list[Item], now: int) -> dict[str, float]:
    x = y = 0
    for event in events:
        if event.type == EventType.MOUSE_MOVE and second_of(event) <= now:
            x, y = signed(event.data[0]), signed(event.data[1])
    return {"pointer_x": x, "pointer_y": y}


def compared(features: NDArray[np.float32], row: dict[str, float]) -> NDArray[np.float64]:
    values = []
    for name in COMPARED:
        value = float(np.float32(row[name]) if name in INPUT_INDEX else features[FEATURE_INDEX[name]])
        values.append(value if name.startswith(LOGARITHMS) else math.log1p(value))
    return np.array(values)


def unusual(values: NDArray[np.float64], learned: list[NDArray[np.float64]]) -> dict[str, float]:
    """Against the weighted mean and variance written out: a value weighs half after four hours of steps."""
    table, told = np.array(learned).reshape(-1, len(COMPARED)), {}
    for column, name in enumerate(COMPARED):
        some = not name.startswith(NEED_SOME)
        x = table[:, column]
        x = x[(x > 0) | some]
        weight = FADE ** np.arange(len(x))[::-1]
        told[f"{name}_unusual"] = 0.0
        if weight.sum() >= 30 and (values[column] > 0 or some):
            mean = np.average(x, weights=weight)
            variance = np.average((x - mean) ** 2, weights=weight)
            told[f"{name}_unusual"] = (values[column] - mean) / math.sqrt(variance + 1e-3)
    return told
