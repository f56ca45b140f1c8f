"""The switching of one stream as a small state, updated at each switch and read at any second after it.

Counts decay exponentially instead of falling out of windows (a Hawkes kernel: no events are kept), dwell times are
kept as running means of log1p(seconds), and the last stays of each app give its empirical hazard of being left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from neural_focus.models.arrays import Arrays
from neural_focus.models.inputs import Rows

Floats = npt.NDArray[np.float64]
Ages = npt.NDArray[np.int64]
DECAYS = np.array([15.0, 30, 60, 120, 300, 900, 3600, 14400, 86400, 604800])
RATES = DECAYS[[5, 6, 8, 9]]
_MAX_STAY = 3600.0
_ACTIVE_STAY = 600.0
"""A stay counts as activity for ten minutes at most: nights are no quiet work."""
_OWN_STAYS, _ALL_STAYS, _APPS = 32, 96, 512
_TYPICAL = math.log1p(60.0)

SWITCH_NAMES: tuple[str, ...] = (
    "stay_log_s",
    *(f"switches_decayed_{int(tau)}s" for tau in DECAYS),
    *(f"switch_rate_{int(tau)}s" for tau in RATES),
    *(f"stay_before_{i}_log_s" for i in (1, 2, 3, 4)),
    "stays_before_5_log_s",
    "stays_before_10_log_s",
    "app_stays",
    "app_usual_log_s",
    "app_spread_log_s",
    "app_away_log_s",
    "app_last_log_s",
    "app_in_last_20",
    "app_overstay",
    "pair_stays",
    "pair_usual_log_s",
    "came_back",
    "alternating",
    "apps_in_last_5",
    "apps_in_last_10",
    "apps_in_last_20",
    "previous_app_usual_log_s",
    "previous_app_stays",
    "usual_log_s",
    "hazard_all",
    "hazard_app",
    "hazard_app_stays",
)


@dataclass(slots=True)
class _App:
    """Running figures of one app (or pair of apps): stays so far, mean and variance of their log length."""

    stays: int = 0
    mean: float = 0.0
    variance: float = 1.0
    left_at: int = 0
    last: float = 0.0

    def add(self, log_stay: float, left_at: int, floor: float) -> None:
        self.stays += 1
        weight = max(1 / self.stays, floor)
        step = log_stay - self.mean
        self.mean += weight * step
        self.variance = (1 - weight) * (self.variance + weight * step * step)
        self.left_at, self.last = left_at, log_stay


_figures_of = attrgetter("stays", "mean", "variance", "left_at", "last")


@dataclass(frozen=True, slots=True)
class SwitchState:
    """What is known at the begin of a stay: s since the epoch, and arrays that stay fixed until the next switch."""

    since: int
    decayed: Floats
    exposure: Floats
    recent: Floats
    fixed: Floats
    own_stays: Rows
    all_stays: Rows

    def stack(self) -> dict[str, Floats]:
        """Its arrays with a leading axis of one."""
        return self.table([self])

    @staticmethod
    def table(states: Sequence[SwitchState]) -> dict[str, Floats]:
        """The arrays of many states, stacked."""
        names = [field.name for field in fields(SwitchState) if field.name != "since"]
        return {name: np.stack([getattr(state, name) for state in states]) for name in names}


class SwitchMemory:
    """Everything remembered about a stream's switching; ``state`` is what the current stay began with."""

    def __init__(self, second: int, app: str) -> None:
        self.app, self.previous_app = app, ""
        self._decayed, self._exposure = np.zeros(len(DECAYS)), np.zeros(len(RATES))
        self._recent, self._last_apps = [_TYPICAL] * 10, [app]
        self._overall, self._apps, self._pairs = _App(mean=_TYPICAL), dict[str, _App](), dict[tuple[str, str], _App]()
        self._own_stays: dict[str, Rows] = {}
        self._all_stays = np.full(_ALL_STAYS, np.nan, np.float32)
        self.state = self._freeze(second)

    def observe(self, second: int, app: str) -> bool:
        """Take in which app holds the focus at a second; True when that is a switch."""
        if app == self.app:
            return False
        self._end_stay(second)
        self.previous_app, self.app = self.app, app
        self._last_apps = [*self._last_apps[-20:], app]
        self.state = self._freeze(second)
        return True

    def to_arrays(self) -> Arrays:
        """All of it under names; apps and pairs in the order in which they came."""
        apps, pairs = list(self._apps), list(self._pairs)
        return {
            "names": np.array([self.app, self.previous_app, *self._last_apps]),
            "since": np.array(self.state.since),
            "decayed": self._decayed,
            "exposure": self._exposure,
            "recent": np.array(self._recent),
            "overall": np.array([_figures_of(self._overall)]),
            "apps": np.array(apps, str),
            "app_figures": np.array([_figures_of(self._apps[app]) for app in apps]),
            "app_stays": np.array([self._own_stays[app] for app in apps], np.float32),
            "pairs": np.array(pairs, str).reshape(-1, 2),
            "pair_figures": np.array([_figures_of(self._pairs[pair]) for pair in pairs]),
            "all_stays": self._all_stays,
        }

    @staticmethod
    def from_arrays(arrays: Arrays) -> SwitchMemory:
        """What ``to_arrays`` told of."""
        app, previous, *last = arrays["names"].tolist()
        memory = SwitchMemory(int(arrays["since"]), app)
        memory.previous_app, memory._last_apps = previous, last
        memory._decayed, memory._exposure = arrays["decayed"], arrays["exposure"]
        memory._recent, memory._all_stays = arrays["recent"].tolist(), arrays["all_stays"]
        (memory._overall,) = _apps_of(arrays["overall"])
        apps = arrays["apps"].tolist()
        memory._apps = dict(zip(apps, _apps_of(arrays["app_figures"]), strict=True))
        memory._own_stays = dict(zip(apps, arrays["app_stays"], strict=True))
        pairs = [(before, now) for before, now in arrays["pairs"].tolist()]
        memory._pairs = dict(zip(pairs, _apps_of(arrays["pair_figures"]), strict=True))
        memory.state = memory._freeze(memory.state.since)
        return memory

    def _end_stay(self, second: int) -> None:
        length = float(second - self.state.since)
        log_stay = math.log1p(min(length, _MAX_STAY))
        self._decayed = self._decayed * np.exp(-length / DECAYS) + 1.0
        self._exposure = _exposure(self._exposure, np.array(length))
        self._overall.add(log_stay, second, 0.01)
        self._apps.setdefault(self.app, _App()).add(log_stay, second, 0.05)
        self._pairs.setdefault((self.previous_app, self.app), _App()).add(log_stay, second, 0.1)
        self._recent = [log_stay, *self._recent[:9]]
        kept = np.float32(min(length, _MAX_STAY))
        self._all_stays = np.append(self._all_stays[1:], kept)
        own = self._own_stays.get(self.app, np.full(_OWN_STAYS, np.nan, np.float32))
        self._own_stays[self.app] = np.append(own[1:], kept)
        _forget_oldest(self._apps, self._own_stays, self._pairs)

    def _freeze(self, second: int) -> SwitchState:
        own = self._apps.get(self.app, _App(last=self._overall.mean))
        pair = self._pairs.get((self.previous_app, self.app), _App())
        before = self._apps.get(self.previous_app, _App(mean=self._overall.mean))
        usual = (own.mean * own.stays + self._overall.mean * 3) / (own.stays + 3)
        away = second - own.left_at if own.stays else 3_600_000
        last = self._last_apps
        fixed = [
            math.log1p(own.stays),
            usual,
            math.sqrt(own.variance + 0.1),
            math.log1p(away),
            own.last,
            float(last[:-1].count(self.app)),
            math.log1p(pair.stays),
            (pair.mean * pair.stays + usual * 2) / (pair.stays + 2),
            float(len(last) > 2 and last[-3] == last[-1]),
            float(len(last) > 3 and last[-3] == last[-1] and last[-4] == last[-2]),
            float(len(set(last[-5:]))),
            float(len(set(last[-10:]))),
            float(len(set(last[-20:]))),
            before.mean,
            math.log1p(before.stays),
            self._overall.mean,
        ]
        recent = [*self._recent[:4], sum(self._recent[:5]) / 5, sum(self._recent) / 10]
        return SwitchState(
            second,
            self._decayed,
            self._exposure,
            np.array(recent),
            np.array(fixed),
            self._own_stays.get(self.app, np.full(_OWN_STAYS, np.nan, np.float32)),
            self._all_stays,
        )


def _apps_of(figures: Floats) -> list[_App]:
    return [_App(int(stays), mean, variance, int(left), last) for stays, mean, variance, left, last in figures.tolist()]


def _forget_oldest(apps: dict[str, _App], stays: dict[str, Rows], pairs: dict[tuple[str, str], _App]) -> None:
    """Keep the state small: at most 512 apps and eight times as many pairs, those left last."""
    if len(apps) > _APPS:
        oldest = min(apps, key=lambda name: apps[name].left_at)
        del apps[oldest], stays[oldest]
    if len(pairs) > 8 * _APPS:
        del pairs[min(pairs, key=lambda names: pairs[names].left_at)]


def _exposure(before: Floats, length: Floats) -> Floats:
    """Decayed seconds of activity after a stay of ``length`` s, float64[..., 4]."""
    active = np.minimum(length, _ACTIVE_STAY)[..., None]
    age = length[..., None]
    grown: Floats = before * np.exp(-age / RATES) + RATES * (np.exp(-(age - active) / RATES) - np.exp(-age / RATES))
    return grown


def switch_columns(state: Mapping[str, Floats], age_s: Ages) -> Rows:
    """Columns float32[n, len(SWITCH_NAMES)] from n stacked states and the seconds since each stay began."""
    age = np.maximum(age_s, 0).astype(np.float64)
    log_age = np.log1p(np.minimum(age, 4 * _MAX_STAY))
    decayed = state["decayed"] * np.exp(-age[:, None] / DECAYS)
    exposure = _exposure(state["exposure"], age)
    rate = np.log((decayed[:, [5, 6, 8, 9]] + 0.5) / (exposure + 60.0))
    fixed = state["fixed"]
    everyone = np.clip(0.65 / (1 + (age / 40) ** 0.8), 0.02, 0.95)
    hazard_all, _ = _hazard(state["all_stays"], age, everyone)
    hazard_app, stays = _hazard(state["own_stays"], age, hazard_all)
    overstay = (log_age - fixed[:, 1]) / fixed[:, 2]
    columns = [log_age[:, None], np.log1p(decayed), rate, state["recent"]]
    columns += [
        fixed[:, :6],
        overstay[:, None],
        fixed[:, 6:],
        hazard_all[:, None],
        hazard_app[:, None],
        np.log1p(stays)[:, None],
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def _hazard(stays: Floats, age: Floats, prior: Floats, strength: float = 4.0) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Share of past stays longer than ``age`` that ended within 30 s more, shrunk to ``prior``; and their number."""
    alive = stays > age[:, None]
    count = alive.sum(axis=1)
    ended = (alive & (stays <= age[:, None] + 30)).sum(axis=1)
    return (ended + strength * prior) / (count + strength), count
