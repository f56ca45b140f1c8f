"""The flow `features`: events → engine → snapshots in Feast, offline and online.

    events ──► one engine a stream, from the start of the earliest day with news ──► every 10th second → offline, by day
    controls ─┘                                                                │     (snapshots, inputs of a model)
                                                                               ├───► the newest second → online
                                                                               └───► what happened → changes, by day

Only days with new events are computed, always whole, so a second run over the same events changes nothing. The desktop
computes every second; training and reports need one in ten, and four weeks of a dozen people stay below 100 MB.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from flows.artifacts import publish_markdown, publish_table
from flows.day_changes import ChangesWriter, DayRecords, changes_folder, new_changes_engine
from flows.platform_flow import Platform, log, platform_flow
from flows.stream_controls import put_momentum, read_controls, read_momentum
from flows.stream_progress import Boots, StreamProgress, day_name, first_new_us
from neural_focus._native import Engine
from neural_focus.features import FEATURE_INDEX
from neural_focus.replay import Inputs, Snapshots, sort_controls, take_inputs
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
SPAN_US = 7 * DAY_US
"""Events are read by the week: a person's half year would not fit into memory."""


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
    from feature_repo.files import stream_folder
    from feature_repo.store import write_online

    began = time.perf_counter()
    folder = stream_folder(platform.settings.feast, stream.stream_id)
    progress = StreamProgress(platform.settings.feast / "engines" / folder.name)
    done, now = progress.done(), Boots.of(platform.connection, stream)
    end = min(stream.last_us + TAIL_US, wall_clock_us() - SECOND_US)
    fresh = first_new_us(platform.connection, stream, done, now)
    if fresh is None and done.until_us >= end:
        return None
    fresh = done.until_us if fresh is None else min(fresh, done.until_us or fresh)
    saved = progress.load_engines(day_start(fresh))
    start, engine, changes_engine = saved or (
        day_start(stream.first_us),
        _new_engine(platform, stream),
        new_changes_engine(),
    )
    progress.forget_engines_after(start)
    records = DayRecords.read(progress.folder)
    records.forget_from(start)
    covered = merge_intervals(np.array(read_covered(platform.connection, stream), np.int64))
    writer = ChangesWriter(changes_folder(platform.settings.feast, folder.name), changes_engine, covered, records)
    events = snapshots = 0
    newest: Snapshots | None = None
    for span in range(start, end + 1, SPAN_US):
        part = _compute_span(platform, stream, engine, writer, progress, span, min(span + SPAN_US, end + 1))
        events, snapshots, newest = events + part[0], snapshots + part[1], part[2] or newest
    if newest is not None:
        last = int(newest.timestamps_us[-1])
        write_online(platform.store, stream.stream_id, last, newest.features[-1], newest.sequence[-1])
    records.write()
    progress.finish(now, end)
    return StreamReport(stream, events, snapshots, day_name(start), time.perf_counter() - began)


def replay_since(platform: Platform, stream: Stream, first_us: int) -> Snapshots:
    """Every second of a stream from the start of a time's day on, or from before: the engine that the flow saved at the
    start of a day goes on from there, over all records since."""
    from feature_repo.files import stream_folder

    folder = stream_folder(platform.settings.feast, stream.stream_id)
    saved = StreamProgress(platform.settings.feast / "engines" / folder.name).load_engines(day_start(first_us))
    start, engine = saved[:2] if saved else (day_start(stream.first_us), _new_engine(platform, stream))
    end = stream.last_us + TAIL_US
    records, _ = read_events(platform.connection, stream.user_id, stream.machine_id, start, stream.last_us + 1)
    snapshots = _push(engine, records, read_controls(platform.connection, stream, start, end), end)
    put_momentum(snapshots.timestamps_us, snapshots.features, read_momentum(platform.connection, stream, start, end))
    return snapshots


def _new_engine(platform: Platform, stream: Stream) -> Engine:
    return Engine(*zone_history_table(zone_history(platform.connection, stream.user_id)), TICK_S)


def _compute_span(
    platform: Platform,
    stream: Stream,
    engine: Engine,
    writer: ChangesWriter,
    progress: StreamProgress,
    first_us: int,
    last_us: int,
) -> tuple[int, int, Snapshots | None]:
    """Computes and writes whole days in [first, last); events, snapshots, and the newest day's snapshots."""
    from feature_repo.files import write_inputs, write_offline

    records, _ = read_events(platform.connection, stream.user_id, stream.machine_id, first_us, last_us)
    controls = read_controls(platform.connection, stream, first_us, last_us)
    logged = read_momentum(platform.connection, stream, first_us, last_us)
    stamps = records["timestamp_us"].astype(np.int64)
    total, newest, ticks, told = 0, None, [], []
    for day in range(first_us, last_us, DAY_US):
        progress.save_engines(day, engine, writer.engine)
        end = min(day + DAY_US, last_us)
        piece = (stamps >= day) & (stamps < end)
        mine = controls[(controls["timestamp_us"] >= day) & (controls["timestamp_us"] < end)]
        snapshots = _push(engine, records[piece], mine, end - SECOND_US)
        put_momentum(snapshots.timestamps_us, snapshots.features, logged)
        kept = _every(snapshots, TICK_S * SECOND_US)
        writer.write_day(day, records[piece], kept.timestamps_us, kept.features[:, APP_AGE])
        if len(snapshots):
            total, newest = total + len(snapshots), snapshots
            ticks.append(kept)
            told.append(take_inputs(engine))
    if ticks:
        whole, feast = _joined(ticks), platform.settings.feast
        write_inputs(feast, stream.stream_id, _joined_inputs(told))
        # Last: a snapshot is there only once its inputs are.
        write_offline(feast, stream.stream_id, whole.timestamps_us, whole.features, whole.sequence)
    return len(records), total, newest


def _push(engine: Engine, records: Rows, controls: Rows, until_us: int) -> Snapshots:
    pushed = engine.push(np.ascontiguousarray(records), sort_controls(controls))
    return _joined([Snapshots(*pushed), Snapshots(*engine.close_until(until_us))])


def _every(snapshots: Snapshots, step_us: int) -> Snapshots:
    chosen = snapshots.timestamps_us % step_us == 0
    return Snapshots(snapshots.timestamps_us[chosen], snapshots.features[chosen], snapshots.sequence[chosen])


def _joined(parts: list[Snapshots]) -> Snapshots:
    return Snapshots(
        np.concatenate([part.timestamps_us for part in parts]),
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.sequence for part in parts]),
    )


def _joined_inputs(parts: list[Inputs]) -> Inputs:
    return Inputs(*(np.concatenate([getattr(part, name) for part in parts]) for name in Inputs.__slots__))


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
