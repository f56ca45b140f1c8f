"""Weeks of one person at the desk, as arrays of seconds: the truth behind the records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.simulation.parameters import ON_TASK, PersonParameters, State
from neural_focus.simulation.worker import PACKING, Trial, Worker
from neural_focus.time import SECOND_US


@dataclass(frozen=True, slots=True)
class Stretch:
    """Uninterrupted presence: seconds of one day, end exclusive."""

    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class SimulatedTimeline:
    """Seconds at the desk, in order; scheduled absences and nights are gaps between ticks.

    All arrays are [n], one entry a second; see ``PACKING``.
    ``age_s`` is that of the dwell after the second, ``document`` the number of the app's document.
    """

    start_us: NDArray[np.int64]
    state: NDArray[np.uint8]
    mode: NDArray[np.uint8]
    app: NDArray[np.uint8]
    switched: NDArray[np.bool_]
    age_s: NDArray[np.int32]
    strain: NDArray[np.uint8]
    shielded: NDArray[np.bool_]
    document: NDArray[np.int32]

    @property
    def on_task(self) -> NDArray[np.bool_]:
        """Whether the hidden state is FOCUSED or WAVERING."""
        return np.asarray(ON_TASK[self.state])

    @property
    def first(self) -> NDArray[np.bool_]:
        """Whether a tick begins a stretch: nobody was there a second before."""
        return np.concatenate([[True], np.diff(self.start_us) != SECOND_US])


def workdays(last: dt.date, days: int) -> list[dt.date]:
    """Mondays to Fridays among the ``days`` calendar days that end with ``last``, in order."""
    span = (last - dt.timedelta(days=days - 1 - n) for n in range(days))
    return [day for day in span if day.weekday() < 5]


def live_through(
    person: PersonParameters, days: list[dt.date], rng: np.random.Generator, *, trials: bool = True
) -> tuple[SimulatedTimeline, list[tuple[int, Trial]]]:
    """A person's seconds over these days, and the trials with their time in µs since the epoch."""
    worker = Worker(person, rng, trials=trials)
    ticks: list[int] = []
    starts: list[NDArray[np.int64]] = []
    held: list[tuple[int, Trial]] = []
    for day in days:
        midnight_us = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()) * SECOND_US
        for stretch in presence(person, rng):
            worker.begin()
            worker.trials = []
            ticks += [worker.step(second, second / 3_600) for second in range(stretch.start_s, stretch.end_s)]
            starts.append(midnight_us + np.arange(stretch.start_s, stretch.end_s, dtype=np.int64) * SECOND_US)
            held += [(midnight_us + trial.tick * SECOND_US, trial) for trial in worker.trials]
    return _timeline(np.concatenate(starts), ticks), held


def _timeline(start_us: NDArray[np.int64], packed: list[int]) -> SimulatedTimeline:
    ticks = np.array(packed, dtype=np.int64)
    part = {name: (ticks >> low) & ((1 << bits) - 1) for name, (low, bits) in PACKING.items()}
    switched = part["switched"].astype(bool)
    begins = switched | np.concatenate([[True], np.diff(start_us) != SECOND_US])
    index = np.arange(len(ticks))
    small = np.uint8
    return SimulatedTimeline(
        start_us, part["state"].astype(small), part["mode"].astype(small), part["app"].astype(small), switched,
        (index - np.maximum.accumulate(np.where(begins, index, 0))).astype(np.int32), part["strain"].astype(small),
        part["shielded"].astype(bool), part["document"].astype(np.int32),
    )  # fmt: skip


def presence(person: PersonParameters, rng: np.random.Generator) -> list[Stretch]:
    """Presence of one day: lunch and two meetings leave holes; a day that began very early has one meeting less."""
    start = int((person.day_start_h + rng.normal(0.0, 0.2)) * 3_600)
    end = start + int(rng.uniform(7.2, 8.0) * 3_600)
    lunch = int(rng.uniform(12.0, 12.5) * 3_600)
    absences = [(lunch, lunch + int(rng.uniform(35, 60) * 60))]
    for low, high in ((start + 1_800, lunch - 3_600), (lunch + 5_400, end - 3_600)):
        if low < high:
            meeting = int(rng.uniform(low, high))
            absences.append((meeting, meeting + int(rng.uniform(30, 60) * 60)))
    edges = [start, *(edge for absence in sorted(absences) for edge in absence), end]
    return [Stretch(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 300]


def focus_share(timeline: SimulatedTimeline, at_us: int, seconds: int) -> float:
    """Share of ``seconds`` after ``at_us`` (before it, if negative) spent on task; absence counts as off task."""
    begin, end = sorted((at_us, at_us + seconds * SECOND_US))
    low, high = np.searchsorted(timeline.start_us, [begin, end])
    return float(ON_TASK[timeline.state[low:high]].sum() / abs(seconds))


def state_share(timeline: SimulatedTimeline, begin_us: int, end_us: int, state: State) -> float:
    """Share of [begin, end) spent in ``state``."""
    low, high = np.searchsorted(timeline.start_us, [begin_us, end_us])
    return float((timeline.state[low:high] == state).sum() * SECOND_US / max(end_us - begin_us, SECOND_US))
