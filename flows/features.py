"""The flow `features`: events → engine → snapshots in Feast, offline and online.

    events ──► one engine a stream, from the start of the earliest day with news ──► every 10th second → offline, by day
    controls ─┘                                                                │     (snapshots, inputs of a model)
                                                                               ├───► the newest second → online
                                                                               └───► what happened → changes, by day

Each UTC day is a task (``day_task``) that goes on from the engine saved at its start and saves the next. Only days with
new events are computed, always whole, so a second run over the same events changes nothing. The desktop computes every
second; training and reports need one in ten, and four weeks of a dozen people stay below 100 MB.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np
import numpy.typing as npt

from flows.artifacts import publish_markdown, publish_table
from flows.day_changes import ChangesWriter, DayRecords, changes_folder, new_changes_engine
from flows.day_task import run_day
from flows.platform_flow import Platform, log, platform_flow
from flows.stream_controls import put_momentum, read_controls, read_momentum
from flows.stream_days import SavedEngines, day_keys, day_name
from neural_focus._native import Engine
from neural_focus.features import FEATURE_INDEX
from neural_focus.replay import Snapshots, sort_controls, take_inputs
from neural_focus.store.events import Stream, list_streams, read_events
from neural_focus.store.labels import read_covered
from neural_focus.store.users import zone_history
from neural_focus.time import DAY_US, SECOND_US, day_start, wall_clock_us, zone_history_table
from neural_focus.timeline import merge_intervals

Rows = npt.NDArray[np.void]
TICK_S = 10
APP_AGE = FEATURE_INDEX["time_in_current_app"]
TAIL_US = 300 * SECOND_US
"""Snapshots go on for this long after the last event."""


@dataclass(frozen=True, slots=True)
class StreamReport:
    """What one run computed of one stream."""

    stream: Stream
    events: int
    snapshots: int
    first_day: str
    seconds: float


@platform_flow(
    name="features",
    description="Computes what is new in the events with the desktop's own engine and writes it to the feature store: "
    "every tenth second offline by day, the newest second online.",
    stale_after=timedelta(minutes=4),
)
def features(platform: Platform) -> int:
    """Brings the snapshots of all streams up to date; returns how many were computed."""
    return sum(report.snapshots for report in compute_features(platform))


def compute_features(platform: Platform, progress: Callable[[float], None] = lambda _: None) -> list[StreamReport]:
    """The work of the flow; ``progress`` gets the share that is done."""
    streams = list_streams(platform.connection)
    reports = []
    for number, stream in enumerate(streams, 1):
        report = compute_stream(platform, stream)
        platform.connection.commit()
        if report is not None:
            reports.append(report)
            log(f"{stream.stream_id}: {report.events:,} events → {report.snapshots:,} snapshots")
        progress(number / len(streams))
    _leave(reports, len(streams))
    return reports


def compute_stream(platform: Platform, stream: Stream) -> StreamReport | None:
    """Computes the days of one stream that have new events; None if there are none."""
    began = time.perf_counter()
    engines = saved_engines(platform, stream)
    records = DayRecords.read(engines.folder)
    end = min(stream.last_us + TAIL_US, wall_clock_us() - SECOND_US)
    keys = day_keys(platform.connection, stream, end)
    fresh = next((day for day, key in keys.items() if records.keys.get(day_name(day)) != key), None)
    if fresh is None:
        return None
    start = engines.newest(fresh) if records.keys else None
    if start is None:
        start = min(keys)
        engines.save(start, _new_engine(platform, stream), new_changes_engine())
    engines.forget_after(start)
    records.forget_from(start)
    counted = []
    for day in range(start, end + 1, DAY_US):
        until = min(day + DAY_US, end + 1)
        work = partial(_compute_day, platform, stream, engines, records, day, until, keys[day])
        made_from = records.keys.get(day_name(day))
        counted.append(run_day(platform, f"{stream.stream_id} {day_name(day)}", keys[day], made_from, work) or (0, 0))
    events, snapshots = np.sum(counted, axis=0).tolist()
    return StreamReport(stream, events, snapshots, day_name(start), time.perf_counter() - began)


def saved_engines(platform: Platform, stream: Stream) -> SavedEngines:
    """The stream's engines that this flow saves at the start of days."""
    from feature_repo.files import stream_folder

    feast = platform.settings.feast
    return SavedEngines(feast / "engines" / stream_folder(feast, stream.stream_id).name)


def replay_whole_day(platform: Platform, stream: Stream, day_us: int) -> Snapshots:
    """Every second of a UTC day, from all records: the engine that the flow saved at its start, or before it, goes on
    from there; a new one begins at the first event where none is kept."""
    engines = saved_engines(platform, stream)
    start = engines.newest(day_us) if DayRecords.read(engines.folder).keys else None
    engine = _new_engine(platform, stream) if start is None else engines.at(start)[0]
    end = stream.last_us + TAIL_US + SECOND_US
    for before in range(day_start(stream.first_us) if start is None else start, day_us, DAY_US):
        _replay_day(platform, stream, engine, before, before + DAY_US)
    return _replay_day(platform, stream, engine, day_us, min(day_us + DAY_US, end))[1]


def _new_engine(platform: Platform, stream: Stream) -> Engine:
    return Engine(*zone_history_table(zone_history(platform.connection, stream.user_id)), TICK_S)


def _compute_day(
    platform: Platform,
    stream: Stream,
    engines: SavedEngines,
    records: DayRecords,
    day_us: int,
    until_us: int,
    key: str,
) -> tuple[int, int]:
    """Computes and writes a day up to ``until_us``; how many events and snapshots it has."""
    from feature_repo.files import write_inputs, write_offline
    from feature_repo.store import OnlineRow, write_online

    feast, stream_id = platform.settings.feast, stream.stream_id
    engine, changes_engine = engines.at(day_us)
    events, snapshots = _replay_day(platform, stream, engine, day_us, until_us)
    covered = merge_intervals(np.array(read_covered(platform.connection, stream), np.int64))
    kept = _every(snapshots, TICK_S * SECOND_US)
    writer = ChangesWriter(changes_folder(feast, engines.folder.name), changes_engine, covered, records)
    writer.write_day(day_us, events, kept.timestamps_us, kept.features[:, APP_AGE])
    if len(snapshots):
        write_inputs(feast, stream_id, take_inputs(engine))
        # Last: a snapshot is there only once its inputs are.
        write_offline(feast, stream_id, kept.timestamps_us, kept.features, kept.sequence)
        last = int(snapshots.timestamps_us[-1])
        write_online(platform.store, {stream_id: OnlineRow(snapshots.features[-1], snapshots.sequence[-1], last)})
    if until_us == day_us + DAY_US:
        engines.save(until_us, engine, changes_engine)
    records.keys[day_name(day_us)] = key
    records.write()
    return len(events), len(snapshots)


def _replay_day(
    platform: Platform, stream: Stream, engine: Engine, day_us: int, until_us: int
) -> tuple[Rows, Snapshots]:
    """A day's events before ``until_us``, and what the engine, which has seen all before the day, makes of them."""
    events, _ = read_events(platform.connection, stream.user_id, stream.machine_id, day_us, until_us)
    controls = read_controls(platform.connection, stream, day_us, until_us)
    pushed = Snapshots(*engine.push(np.ascontiguousarray(events), sort_controls(controls)))
    snapshots = _joined([pushed, Snapshots(*engine.close_until(until_us - SECOND_US))])
    put_momentum(
        snapshots.timestamps_us, snapshots.features, read_momentum(platform.connection, stream, day_us, until_us)
    )
    return events, snapshots


def _every(snapshots: Snapshots, step_us: int) -> Snapshots:
    chosen = snapshots.timestamps_us % step_us == 0
    return Snapshots(snapshots.timestamps_us[chosen], snapshots.features[chosen], snapshots.sequence[chosen])


def _joined(parts: list[Snapshots]) -> Snapshots:
    return Snapshots(
        np.concatenate([part.timestamps_us for part in parts]),
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.sequence for part in parts]),
    )


def _leave(reports: list[StreamReport], streams: int) -> None:
    snapshots = sum(report.snapshots for report in reports)
    publish_markdown(
        "features-run",
        f"**{snapshots:,} snapshots** of {len(reports)} of {streams} streams computed from "
        f"{sum(report.events for report in reports):,} events."
        if reports
        else f"Nothing new in {streams} streams.",
        "What this run computed",
    )
    publish_table(
        "features-streams",
        [
            {
                "stream": report.stream.stream_id,
                "people": "demo" if report.stream.is_demo else "real",
                "from": report.first_day,
                "events": report.events,
                "snapshots": report.snapshots,
                "seconds": round(report.seconds, 2),
            }
            for report in reports
        ],
        "Streams with new events",
    )
