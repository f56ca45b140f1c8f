"""The flow `labels`: what became of each moment, once its future is known.

A label looks 30 s ahead (a switch), 60 s (settled focus breaks) or 5 min (the outcome that rules guess). Where capture
did not cover that, or something of ours was shown in it, there is none. People's own words beat a timer's, a timer's
beat rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import numpy as np

from flows.artifacts import publish_markdown, publish_table
from flows.label_files import label_path, made_from, write_labels
from flows.platform_flow import Platform, log, platform_flow
from flows.stream_progress import Boots, StreamProgress, code_version
from neural_focus.labelling.labels import (
    NO_LABEL,
    WEAK_HORIZON_SECONDS,
    Labels,
    Outcome,
    OutcomeMark,
    Source,
)
from neural_focus.labelling.tick_labels import TickLabels, label_ticks
from neural_focus.models.datasets import stays_of
from neural_focus.store.events import Stream, list_streams, read_events
from neural_focus.store.labels import (
    LabelledStretch,
    add_timer_labels,
    read_covered,
    read_labels,
    read_shown,
    replace_weak_labels,
)
from neural_focus.store.outcomes import apply_labels
from neural_focus.timeline import merge_intervals, read_timeline, ticks

WEAK_US = WEAK_HORIZON_SECONDS * 1_000_000
APP_AGE = "time_in_current_app"


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
    streams = list_streams(platform.connection)
    for user_id in {stream.user_id for stream in streams}:
        add_timer_labels(platform.connection, user_id)
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
    """Labels one stream anew; None if nothing that labels depend on has changed."""
    from feature_repo.files import read_feature, stream_folder

    feast, connection = platform.settings.feast, platform.connection
    snapshots = stream_folder(feast, stream.stream_id)
    path = label_path(feast, snapshots.name)
    done = StreamProgress(feast / "engines" / snapshots.name).done()
    said, shown = read_labels(connection, stream), read_shown(connection, stream)
    source = _fingerprint(done, said, shown)
    if not snapshots.exists() or made_from(path) == source:
        return None
    last_us = min(stream.last_us, done.until_us)  # later events have no snapshots yet
    records, _ = read_events(connection, stream.user_id, stream.machine_id, stream.first_us, last_us + 1)
    if not len(records):  # all of them are past their retention
        return None
    timeline = read_timeline(records, merge_intervals(np.array(read_covered(connection, stream), np.int64)))
    times, ages = read_feature(snapshots, APP_AGE)
    past = times <= stream.last_us  # a second after the last event may not be over yet
    at, _, place = np.intersect1d(ticks(timeline.event_us), times[past], assume_unique=True, return_indices=True)
    found = label_ticks(timeline, at, ages[past][place], np.array(shown, np.int64), marks_of(said))
    write_labels(path, stream, found, stays_of(timeline, stream.user_id), source)
    replace_weak_labels(connection, stream, weak_stretches(found))
    apply_labels(connection, stream.user_id, stream.first_us, stream.last_us)
    return _report(stream, found)


def weak_stretches(moments: TickLabels) -> list[LabelledStretch]:
    """Weak outcomes as stretches of five minutes that do not overlap: those that begin at whole five minutes."""
    chosen = (moments.outcome_source == Source.WEAK) & (moments.times_us % WEAK_US == 0)
    pairs = zip(moments.times_us[chosen].tolist(), moments.outcome[chosen].tolist(), strict=True)
    return [LabelledStretch(time, time + WEAK_US, Outcome(outcome).name, "WEAK") for time, outcome in pairs]


def marks_of(said: Sequence[LabelledStretch]) -> list[OutcomeMark]:
    """What was said, in the same order: the latest word last."""
    return [OutcomeMark(one.start_us, one.end_us, Outcome[one.outcome], Source[one.source]) for one in said]


def _fingerprint(done: Boots, said: list[LabelledStretch], shown: list[int]) -> str:
    computed = [sorted(done.next_seq.items()), done.until_us]
    made = json.dumps([code_version(), computed, [repr(mark) for mark in said], shown])
    return sha256(made.encode()).hexdigest()


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
