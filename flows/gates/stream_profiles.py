"""Profiles of all days of a stream: made of what is new, kept beside the verdicts.

    <feast folder>/quality/<stream>/profiles.json    {"days": {day: {kind: {"made_from": key, "profile": {…}}}}}

An hour's work costs the same after a year: a day's events are read again only when they, or those of a day before,
change; its files of snapshots and labels only when they are written anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from flows.gates.event_profile import Profile, event_profile
from flows.gates.feature_profile import feature_profile
from flows.gates.label_profile import label_profile
from flows.gates.stream_context import live_minutes
from flows.gates.table import DataKind
from flows.label_files import LABELS, is_ours, label_path
from flows.platform_flow import Platform
from flows.stream_days import code_version, day_keys, day_name, day_of_name
from neural_focus.atomic_write import atomic_write
from neural_focus.features import FEATURE_NAMES
from neural_focus.quarantine import quality_folder
from neural_focus.replay import INPUT_NAMES
from neural_focus.store.events import Stream, read_stored
from neural_focus.store.labels import read_covered
from neural_focus.time import DAY_US, day_start, wall_clock_us
from neural_focus.timeline import merge_intervals

LAYOUT = 2
"""Goes up where a profile's figures change."""
SILENT_DAYS = 7
"""So long after the last event it is asked whether the agent goes on without any."""
_TIME = "event_timestamp"


@dataclass
class StreamProfiles:
    """A stream's profiles by kind and day; ``seen``: in which minutes live snapshots show input, as bits; ``read``: how
    many were made anew."""

    events: dict[str, Profile] = field(default_factory=dict)
    features: dict[str, Profile] = field(default_factory=dict)
    labels: dict[str, Profile] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    read: int = 0


class _Kept:
    """The file of a stream."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "profiles.json"
        self.read = 0
        try:
            self._old: dict[str, Any] = json.loads(self.path.read_text("utf-8"))["days"]
        except (FileNotFoundError, ValueError):  # none, or torn by a power cut: all is made anew
            self._old = {}
        self._new: dict[str, Any] = {}

    def of(self, day: str, kind: str, key: str, make: Callable[[], Profile]) -> Profile:
        made_from = sha256(f"{LAYOUT} {code_version()} {key}".encode()).hexdigest()[:32]
        known = self._old.get(day, {}).get(kind)
        if known is None or known["made_from"] != made_from:
            self.read += 1
            known = {"made_from": made_from, "profile": json.loads(json.dumps(make()))}
        self._new.setdefault(day, {})[kind] = known
        profile: Profile = known["profile"]
        return profile

    def write(self) -> None:
        if self._new != self._old:
            atomic_write(self.path, json.dumps({"days": self._new}).encode(), sync=False)


def stream_profiles(platform: Platform, stream: Stream) -> StreamProfiles:
    """The profiles of a stream's days as they are now."""
    feast = platform.settings.feast
    kept, found = _Kept(quality_folder(feast, stream.stream_id)), StreamProfiles()
    for day_us, key in day_keys(platform.connection, stream, stream.last_us).items():
        name = day_name(day_us)
        profile = kept.of(name, DataKind.EVENTS, key, partial(_events, platform, stream, day_us))
        if profile["events"]:
            found.events[name] = profile
    folder = quality_folder(feast, stream.stream_id).name
    covered = merge_intervals(np.array(read_covered(platform.connection, stream), np.int64).reshape(-1, 2))
    for snapshots in sorted((feast / "offline" / folder).glob("*.parquet")):
        name = snapshots.stem
        inputs, labels = feast / "inputs" / folder / snapshots.name, label_path(feast, folder, name)
        key, given = f"{_stamp(snapshots)} {_stamp(inputs)}", _Given(snapshots, inputs)
        found.features[name] = kept.of(name, DataKind.FEATURES, key, partial(_features, given))
        if labels.exists() and is_ours(labels):
            day_us = day_of_name(name)
            near = covered[(covered[:, 1] >= day_us) & (covered[:, 0] <= day_us + 2 * DAY_US)]
            key = f"{key} {_stamp(labels)} {near.tolist()}"
            work = partial(_labels, given, labels, near)
            found.labels[name] = kept.of(name, DataKind.LABELS, key, work)
    if platform.settings.ship == "events":  # else no desktop of ours sends any
        found.seen = _seen(platform, stream, kept, min(found.events, default="9999"))
    found.read = kept.read
    kept.write()
    return found


def _seen(platform: Platform, stream: Stream, kept: _Kept, oldest: str) -> dict[str, str]:
    """Of each day since the first event until a week after the last; today and yesterday may still change. Before the
    ``oldest`` day that has events they are past their retention, and predictions are kept for longer."""
    found, now_us = {}, wall_clock_us()
    for day_us in range(day_start(stream.first_us), min(now_us, stream.last_us + SILENT_DAYS * DAY_US), DAY_US):
        if day_name(day_us) < oldest:
            continue
        key = "over" if day_us < day_start(now_us) - DAY_US else str(now_us)
        work = partial(_live, platform, stream, day_us)
        if bits := str(kept.of(day_name(day_us), "seen", key, work)["minutes"]):
            found[day_name(day_us)] = bits
    return found


def _live(platform: Platform, stream: Stream, day_us: int) -> Profile:
    return {"minutes": live_minutes(platform.connection, stream, day_us)}


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _events(platform: Platform, stream: Stream, day_us: int) -> Profile:
    stored = read_stored(platform.connection, stream.user_id, stream.machine_id, day_us, day_us + DAY_US)
    return event_profile(*stored)


@dataclass
class _Given:
    """A day's files of snapshots and inputs, read once, if at all."""

    snapshots: Path
    inputs: Path

    @cached_property
    def matrices(self) -> tuple[Any, Any, Any, Any]:
        return *_matrix(self.snapshots, FEATURE_NAMES), *_matrix(self.inputs, INPUT_NAMES)


def _features(given: _Given) -> Profile:
    return feature_profile(*given.matrices)


def _labels(given: _Given, labels: Path, covered: Any) -> Profile:
    table = pq.read_table(labels)
    columns = {name: table[name].to_numpy() for name in (*LABELS, "recency_s", "switches_5min", "lead_s")}
    times, features, input_us, values = given.matrices
    _, mine, theirs = np.intersect1d(times, input_us, return_indices=True)
    told = np.full((len(times), len(INPUT_NAMES)), np.nan, np.float32)
    told[mine] = values[theirs]
    everything = np.concatenate([features, told], axis=1)
    stamps = table[_TIME].cast("int64").to_numpy()
    return label_profile(stamps, columns, covered, times, everything, (*FEATURE_NAMES, *INPUT_NAMES))


def _matrix(path: Path, names: tuple[str, ...]) -> tuple[Any, Any]:
    """A day's times int64[n] and columns float32[n, k]; none where there is no file."""
    if not path.exists():
        return np.empty(0, np.int64), np.empty((0, len(names)), np.float32)
    table = pq.read_table(path, columns=[_TIME, *names])
    columns = [table[name].to_numpy() for name in names]
    return table[_TIME].cast("int64").to_numpy(), np.column_stack(columns).astype(np.float32)
