"""People's days as the gates see them, without a database: records, and all that our own code makes of them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from flows.gates.event_profile import event_profile
from flows.gates.feature_profile import feature_profile
from flows.gates.frames import StreamContext, event_rows, feature_rows, frame_of, label_rows
from flows.gates.label_profile import label_profile
from flows.gates.session_rows import session_rows
from flows.gates.stream_frames import columns_of
from flows.gates.table import DataKind
from flows.gates.training_rows import set_row, training_rows
from flows.label_files import BASELINES, LABELS
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.labelling.tick_labels import label_ticks
from neural_focus.replay import INPUT_NAMES, replay_with_inputs
from neural_focus.simulation.person import simulate_person
from neural_focus.time import DAY_US, utc_date
from neural_focus.timeline import read_timeline, ticks

LAST_DAY = date(2026, 3, 5)
"""A Thursday."""
TICK_US = 10_000_000
ALL_NAMES = (*FEATURE_NAMES, *INPUT_NAMES)


@dataclass
class Life:
    """A stream: its records with seq and boot, and snapshots, inputs and labels, which a test may spoil at any stage.

    ``covered`` [[first, last]] µs; ``labels``: columns by name.
    """

    stream_id: str
    records: np.ndarray
    seq: np.ndarray
    boot: np.ndarray
    snapshot_us: np.ndarray
    features: np.ndarray
    input_us: np.ndarray
    inputs: np.ndarray
    label_us: np.ndarray
    labels: dict[str, np.ndarray]
    covered: np.ndarray
    context: StreamContext = field(default_factory=StreamContext)
    moved: float = float("nan")

    def days(self) -> list[str]:
        """The days with events."""
        return sorted({day_of(at) for at in self.records["timestamp_us"].astype(np.int64)[::50].tolist()})

    def keep_records(self, kept: np.ndarray) -> None:
        """Only these records stay, bool[n]; their numbers stay as they are."""
        self.records, self.seq, self.boot = self.records[kept], self.seq[kept], self.boot[kept]

    def add_records(self, more: np.ndarray) -> None:
        """More records of the same boot, numbered anew in the order of time."""
        records = np.concatenate([self.records, more])
        self.records = records[np.argsort(records["timestamp_us"], kind="stable")]
        self.seq, self.boot = np.arange(len(records)), np.ones(len(records), np.int64)

    def events_on(self, day: str) -> np.ndarray:
        """Which records are of a day."""
        return on(self.records["timestamp_us"].astype(np.int64), day)


def day_of(at_us: int) -> str:
    """The UTC day of a time."""
    return utc_date(int(at_us)).isoformat()


def on(times_us: np.ndarray, day: str) -> np.ndarray:
    """Which times are of a UTC day."""
    return times_us // DAY_US == np.datetime64(day, "D").astype(np.int64)


def life_of(stream_id: str, records: np.ndarray, zone: str = "UTC") -> Life:
    """What engine and labelling make of records that one boot captured without a break."""
    snapshots, inputs = replay_with_inputs(records, None, zone)
    chosen = snapshots.timestamps_us % TICK_US == 0
    times, features = snapshots.timestamps_us[chosen], snapshots.features[chosen].copy()
    timeline = read_timeline(records)
    at, _, place = np.intersect1d(ticks(timeline.event_us), times, assume_unique=True, return_indices=True)
    found = label_ticks(timeline, at, features[place, FEATURE_INDEX["time_in_current_app"]], np.empty(0, np.int64), ())
    return Life(
        stream_id=stream_id,
        records=records.copy(),
        seq=np.arange(len(records)),
        boot=np.ones(len(records), np.int64),
        snapshot_us=times,
        features=features,
        input_us=inputs.timestamps_us,
        inputs=inputs.values.copy(),
        label_us=at,
        labels={name: getattr(found, name).copy() for name in (*LABELS, *BASELINES)},
        covered=timeline.covered,
    )


@cache
def _simulated(number: int, days: int) -> Life:
    person = simulate_person(3, days, last_day=LAST_DAY, number=number, trials=False)
    return life_of(f"{number}:m-{number}", person.records)


def simulated_life(number: int, days: int = 8) -> Life:
    """A simulated person's workdays of so many calendar days; a copy of one's own."""
    return copy.deepcopy(_simulated(number, days))


@dataclass
class World:
    """Several people, with their sessions. ``now_us``: when the check runs."""

    lives: list[Life]
    sessions: list[dict[str, Any]] = field(default_factory=list)
    now_us: int = 4_000_000_000_000_000

    def frame(self, kind: DataKind) -> pd.DataFrame:
        """What the gates of a kind of data look at."""
        if kind is DataKind.SESSIONS:
            return session_rows(pd.DataFrame(self.sessions), pd.Timestamp(self.now_us, unit="us", tz="UTC"))
        if kind is DataKind.TRAINING:
            moved = {life.stream_id: life.moved for life in self.lives}
            return training_rows(
                pd.concat([_given(life) for life in self.lives], ignore_index=True), moved, self.now_us
            )
        if kind is DataKind.SET:
            return pd.DataFrame([set_row("people", pd.concat([_labels(life) for life in self.lives]), 0)])
        rows = [{"stream_id": life.stream_id, **row} for life in self.lives for row in _rows(life, kind)]
        return frame_of(rows, columns_of(kind))


def _rows(life: Life, kind: DataKind) -> list[dict[str, Any]]:
    events = {}
    for day in sorted({day_of(at) for at in life.records["timestamp_us"].tolist()}):
        chosen = life.events_on(day)
        events[day] = event_profile(life.records[chosen], life.seq[chosen], life.boot[chosen])
    if kind is DataKind.EVENTS:
        return event_rows(events, life.context)
    if kind is DataKind.FEATURES:
        features = {}
        for day in sorted({day_of(at) for at in life.snapshot_us.tolist()}):
            here, there = on(life.snapshot_us, day), on(life.input_us, day)
            features[day] = feature_profile(
                life.snapshot_us[here], life.features[here], life.input_us[there], life.inputs[there]
            )
        return feature_rows(features, events)
    labels = {}
    for day in sorted({day_of(at) for at in life.label_us.tolist()}):
        here, there = on(life.label_us, day), on(life.snapshot_us, day)
        columns = {name: values[here] for name, values in life.labels.items()}
        everything = everything_of(life)[there]
        labels[day] = label_profile(
            life.label_us[here], columns, life.covered, life.snapshot_us[there], everything, ALL_NAMES
        )
    return label_rows(labels, events)


def everything_of(life: Life) -> np.ndarray:
    """All inputs at the snapshots, float32[n, len(ALL_NAMES)]; NaN where there are none."""
    _, mine, theirs = np.intersect1d(life.snapshot_us, life.input_us, return_indices=True)
    told = np.full((len(life.snapshot_us), len(INPUT_NAMES)), np.nan, np.float32)
    told[mine] = life.inputs[theirs]
    return np.concatenate([life.features, told], axis=1)


def _given(life: Life) -> pd.DataFrame:
    """What the feature store gives for the labelled moments."""
    place = np.searchsorted(life.snapshot_us, life.label_us)
    frame = pd.DataFrame(everything_of(life)[np.minimum(place, len(life.snapshot_us) - 1)], columns=list(ALL_NAMES))
    return frame.assign(stream_id=life.stream_id, event_timestamp=pd.to_datetime(life.label_us, unit="us", utc=True))


def _labels(life: Life) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stream_id": life.stream_id,
            "user_id": int(life.stream_id.partition(":")[0]),
            "event_timestamp": pd.to_datetime(life.label_us, unit="us", utc=True),
            "switch": life.labels["switch"],
        }
    )
