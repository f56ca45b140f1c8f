"""The flow `labels`: what became of each moment, once its future is known.

A label looks 30 s ahead (a switch), 60 s (settled focus breaks) or 5 min (the outcome that rules guess). Where capture
did not cover that, or something of ours was shown in it, there is none. People's own words beat a timer's, a timer's
beat rules. Each UTC day is labelled by itself, and only where something changed that its labels depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from flows.artifacts import publish_markdown, publish_table
from flows.day_changes import DayRecords, changes_folder, read_changes
from flows.day_task import run_day
from flows.label_files import LabelKeys, forget_whole_streams, label_path, write_labels
from flows.platform_flow import Platform, log, platform_flow
from flows.stream_days import code_version, day_name, day_of_name
from neural_focus.labelling.days import Day, label_day, near_day
from neural_focus.labelling.labels import (
    MARGIN_US,
    NO_LABEL,
    WEAK_HORIZON_SECONDS,
    Labels,
    Outcome,
    OutcomeMark,
    Source,
)
from neural_focus.labelling.tick_labels import TickLabels, join_labels
from neural_focus.store.events import Stream, list_streams, read_events
from neural_focus.store.imports import blind_machines
from neural_focus.store.labels import (
    LabelledStretch,
    add_timer_labels,
    read_covered,
    read_labels,
    replace_weak_labels,
    shown_on,
)
from neural_focus.store.outcomes import apply_labels
from neural_focus.time import DAY_US
from neural_focus.timeline import Times, merge_intervals

WEAK_US = WEAK_HORIZON_SECONDS * 1_000_000


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What one stream's labels are: how many moments, and the share of each label among those that have it."""

    stream: Stream
    moments: int
    switch: float
    settled_break: float
    said: int
    weak: int


@platform_flow(
    name="labels",
    description="Stores what followed each snapshot: a switch within 30 s, a break of settled focus, the outcome "
    "that people, timers or (marked as weak) rules give it.",
    stale_after=timedelta(minutes=50),
)
def labels(platform: Platform) -> int:
    """Brings the labels of all streams up to date; returns how many moments were labelled."""
    return sum(report.moments for report in compute_labels(platform))


def compute_labels(platform: Platform, progress: Callable[[float], None] = lambda _: None) -> list[LabelReport]:
    """The work of the flow; ``progress`` gets the share that is done."""
    blind = blind_machines(platform.connection)  # what was imported from a log without each switch says of none
    streams = [stream for stream in list_streams(platform.connection) if stream.machine_id not in blind]
    for user_id in {stream.user_id for stream in streams}:
        add_timer_labels(platform.connection, user_id)
    platform.connection.commit()
    reports = []
    for number, stream in enumerate(streams, 1):
        report = label_stream(platform, stream)
        platform.connection.commit()
        if report is not None:
            reports.append(report)
            log(f"{stream.stream_id}: {report.moments:,} moments")
        progress(number / len(streams))
    _leave(reports, len(streams))
    return reports


def label_stream(platform: Platform, stream: Stream) -> LabelReport | None:
    """Labels the days of one stream on which anything has changed that labels depend on; None if there are none."""
    from feature_repo.files import stream_folder

    feast, name = platform.settings.feast, stream_folder(platform.settings.feast, stream.stream_id).name
    forget_whole_streams(feast, name)
    known = _known(platform, stream, DayRecords.read(feast / "engines" / name))
    keys, tried = LabelKeys.read(feast, name), []
    days = sorted(stream_folder(feast, stream.stream_id).glob("*.parquet"))
    for snapshots in days:
        path, key = label_path(feast, name, snapshots.stem), _fingerprint(known, day_of_name(snapshots.stem))
        work = partial(_label_day, platform, stream, known, snapshots, path, keys, key)
        tried.append(run_day(platform, f"{stream.stream_id} {snapshots.stem}", key, keys.made_from(path), work))
    found = [labelled for labelled in tried if labelled is not None]
    if not found:
        return None
    replace_weak_labels(platform.connection, stream, [], 0, day_of_name(days[0].stem))  # of days past their retention
    return _report(stream, join_labels(found))


@dataclass(frozen=True, slots=True)
class _Known:
    """What all days of a stream share: their records, what was said of them (and of which times, int64[·, 2] µs), when
    something of ours was shown, µs ascending, and when capture ran."""

    records: DayRecords
    said: list[LabelledStretch]
    said_us: Times
    shown: Times
    covered: Times
    has_categories: bool

    def said_of(self, day_us: int) -> list[LabelledStretch]:
        """What was said of a day, the latest word last."""
        near = (self.said_us[:, 0] < day_us + DAY_US) & (self.said_us[:, 1] >= day_us)
        return [self.said[place] for place in np.flatnonzero(near).tolist()]


def _known(platform: Platform, stream: Stream, records: DayRecords) -> _Known:
    connection = platform.connection
    said = read_labels(connection, stream)
    return _Known(
        records,
        said,
        np.array([(mark.start_us, mark.end_us) for mark in said], np.int64).reshape(-1, 2),
        shown_on(connection, stream.user_id, stream.machine_id),
        merge_intervals(np.array(read_covered(connection, stream), np.int64)),
        any(record.categories for record in records.days.values()),
    )


def _label_day(
    platform: Platform, stream: Stream, known: _Known, snapshots: Path, path: Path, keys: LabelKeys, key: str
) -> TickLabels | None:
    """The labels of one day, written to ``path`` and the database; None if its events are past their retention."""
    connection, changes = platform.connection, changes_folder(platform.settings.feast, snapshots.parent.name)
    day_us = day_of_name(snapshots.stem)
    end_us = day_us + DAY_US
    records, _ = read_events(connection, stream.user_id, stream.machine_id, day_us - MARGIN_US, end_us)
    if not len(records):
        return None
    yesterday = day_us - DAY_US
    first_told = yesterday if (changes / f"{day_name(yesterday)}.parquet").exists() else day_us
    day = Day(
        day_us,
        before=known.records.before(first_told),
        changes=read_changes(changes, first_told, end_us),
        later=known.records.switch_after(end_us),
        event_us=records["timestamp_us"].astype(np.int64),
        covered=known.covered,
        has_categories=known.has_categories,
    )
    times, ages = _app_ages(snapshots)
    past = times <= stream.last_us  # a second after the last event may not be over yet
    found = label_day(day, times[past], ages[past], known.shown, marks_of(known.said_of(day_us)))
    replace_weak_labels(connection, stream, weak_stretches(found), day_us, end_us)
    apply_labels(connection, stream.user_id, day_us, end_us + WEAK_US)
    connection.commit()  # before the key, which says that the day is done
    write_labels(path, stream, found)
    keys.put(path, key)
    return found


def _app_ages(snapshots: Path) -> tuple[Times, npt.NDArray[np.float32]]:
    """The times of a day's stored snapshots, and how long the app then had been in focus."""
    table = pq.read_table(snapshots, columns=["event_timestamp", "time_in_current_app"])
    return table["event_timestamp"].cast("int64").to_numpy(), table["time_in_current_app"].to_numpy()


def weak_stretches(moments: TickLabels) -> list[LabelledStretch]:
    """Weak outcomes as stretches of five minutes that do not overlap: those that begin at whole five minutes."""
    chosen = (moments.outcome_source == Source.WEAK) & (moments.times_us % WEAK_US == 0)
    pairs = zip(moments.times_us[chosen].tolist(), moments.outcome[chosen].tolist(), strict=True)
    return [LabelledStretch(time, time + WEAK_US, Outcome(outcome).name, "WEAK") for time, outcome in pairs]


def marks_of(said: Sequence[LabelledStretch]) -> list[OutcomeMark]:
    """What was said, in the same order: the latest word last."""
    return [OutcomeMark(one.start_us, one.end_us, Outcome[one.outcome], Source[one.source]) for one in said]


def _fingerprint(known: _Known, day_us: int) -> str:
    """Names all that a day's labels depend on. A run asks it of every day, so it reads and copies little."""
    days, end_us = known.records.days, day_us + DAY_US
    yesterday, today, tomorrow = (days.get(day_name(day)) for day in (day_us - DAY_US, day_us, end_us))
    first, last = known.shown.searchsorted((day_us, end_us + MARGIN_US), side="right")
    made = (
        code_version(),
        None if today is None else today.digest,
        None if yesterday is None else (yesterday.tail, yesterday.going_on),
        None if tomorrow is None else (tomorrow.head, tomorrow.switch),
        known.records.switch_after(end_us).tobytes().hex(),
        known.has_categories,
        near_day(known.covered, day_us).tobytes().hex(),
        known.shown[first:last].tobytes().hex(),
        known.said_of(day_us),
    )
    return sha256(repr(made).encode()).hexdigest()


def _report(stream: Stream, moments: TickLabels) -> LabelReport:
    def share(found: Labels) -> float:
        known = found[found != NO_LABEL]
        return float(known.mean()) if len(known) else 0.0

    return LabelReport(
        stream=stream,
        moments=len(moments),
        switch=share(moments.switch),
        settled_break=share(moments.settled_break),
        said=int((moments.outcome_source > Source.WEAK).sum()),
        weak=int((moments.outcome_source == Source.WEAK).sum()),
    )


def _leave(reports: list[LabelReport], streams: int) -> None:
    moments = sum(report.moments for report in reports)
    publish_markdown(
        "labels-run",
        f"**{moments:,} moments** of {len(reports)} of {streams} streams labelled; "
        f"{sum(report.said for report in reports):,} of them by people or timers, "
        f"{sum(report.weak for report in reports):,} by rules (weak)."
        if reports
        else f"Nothing new in {streams} streams.",
        "What this run labelled",
    )
    publish_table(
        "labels-streams",
        [
            {
                "stream": report.stream.stream_id,
                "people": "demo" if report.stream.is_demo else "real",
                "moments": report.moments,
                "switch in 30 s": f"{report.switch:.1%}",
                "settled focus breaks": f"{report.settled_break:.1%}",
                "by people": report.said,
                "weak": report.weak,
            }
            for report in reports
        ],
        "Labels by stream",
    )
