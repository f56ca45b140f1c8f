"""The flow `data-quality`: gates of Great Expectations look at what training is about to learn from.

    events ─► snapshots ─► labels ─► sessions ─► what the feature store gives for the labels that are left ─► each set
      │           │           │          │                        │                                            │
      └───────────┴───────────┴──────────┴── a failure holds back that day of that stream ──┘                  └─► error

What is held back stays where it is, and nothing learns from it until it is good again, or a person releases it
(``neural_focus.quarantine``); everybody else's data are learned from. The gates: ``flows.gates.table``. Every run
writes its pages (data docs) anew under ``<home>/reports/data-docs``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from flows.artifacts import Cell, publish_markdown, publish_page, publish_table
from flows.catch_up import SKIP_AFTER
from flows.gates.stream_frames import stream_frames
from flows.gates.table import DataKind
from flows.gates.training_rows import moved_inputs, now_us, set_row, thinned, training_frame_of, training_rows
from flows.gates.validation import SITE, GateFailure, SuiteResult, docs_folder, new_context, validate, write_pages
from flows.label_files import MOST_MOMENTS, is_enough, read_labels
from flows.platform_flow import Platform, exclusive, log, platform_flow
from neural_focus.errors import BusyError, QualityError
from neural_focus.quarantine import VERDICTS, HeldDay, HoldReason, drop_verdicts_of_others, split_released, write_held
from neural_focus.store.events import Stream, list_streams

SETS = {"demo": True, "people": False}
SHOWN = 200
"""Rows of a table of what is held back."""
PATIENCE_S = 600.0


@platform_flow(
    name="data-quality",
    description="Checks events, snapshots, labels, sessions and training sets against expectations. A day that fails "
    "one is held back; the rest is trained on.",
    stale_after=SKIP_AFTER,
)
def data_quality(platform: Platform) -> int:
    """Checks everybody's data; returns how many expectations were met.

    Raises:
        QualityError: what is left of the set that would be trained on is not fit for it.
    """
    return sum(result.met for result in check_quality(platform))


def check_quality(platform: Platform) -> list[SuiteResult]:
    """The work of the flow: how each kind of data went. What fails is held back from then on.

    Raises:
        QualityError: what is left of the set that would be trained on is not fit for it; the pages are written, and
            days are held back, all the same.
        BusyError: another process checks, for longer than ten minutes.
    """
    until = time.monotonic() + PATIENCE_S
    while True:
        with exclusive(platform.settings, VERDICTS) as mine:
            if mine:
                return _check(platform)
        if time.monotonic() > until:
            raise BusyError(
                "another check of the data is at work", 60.0, why=f"for more than {PATIENCE_S / 60:.0f} min"
            )
        time.sleep(1)


def _check(platform: Platform) -> list[SuiteResult]:
    streams = list_streams(platform.connection)
    context = new_context(docs_folder(platform.settings.reports))
    frames = stream_frames(platform, streams)
    results = [validate(context, kind, frame) for kind, frame in frames.items() if len(frame)]
    sets = {
        name: thinned(read_labels(platform.settings.feast, is_demo, held_too=True), MOST_MOMENTS, now_us())
        for name, is_demo in SETS.items()
    }
    left = {name: _left(platform, labels, held_by(results, streams)) for name, labels in sets.items()}
    given = [training_frame_of(platform, labels) for labels in left.values() if len(labels)]
    if given:  # demo people and real ones never train one model, so neither are copies of the other
        moved = moved_inputs(platform, left["people"])
        rows = pd.concat([training_rows(frame, moved, now_us()) for frame in given], ignore_index=True)
        results.append(validate(context, DataKind.TRAINING, rows))
    held = held_by(results, streams)
    left = {name: _left(platform, labels, held) for name, labels in sets.items()}
    whole = [set_row(name, left[name], _days(sets[name]) - _days(left[name])) for name in SETS if len(sets[name])]
    if whole:
        results.append(validate(context, DataKind.SET, pd.DataFrame(whole)))
    write_held(platform.settings.feast, held)
    platform.connection.commit()
    drop_verdicts_of_others(platform.settings.feast, {one.stream_id for one in list_streams(platform.connection)})
    write_pages(context, platform.settings.reports, results)
    _leave(platform, results, held)
    _refuse(platform, results, left)
    return results


def held_by(results: Sequence[SuiteResult], streams: Sequence[Stream]) -> list[HeldDay]:
    """The days that failures hold back, by stream and day, each with all its reasons."""
    found: dict[tuple[str, str], list[HoldReason]] = {}
    for failure in (failure for result in results for failure in result.failures):
        for stream_id in _streams_of(failure, streams):
            reason = HoldReason(failure.gate.name, failure.found, failure.gate.advice)
            found.setdefault((stream_id, str(failure.row["day"])), []).append(reason)
    return [HeldDay(*key, tuple(reasons)) for key, reasons in sorted(found.items())]


def _streams_of(failure: GateFailure, streams: Sequence[Stream]) -> list[str]:
    """Whose day it is: the row's stream; of a session the machine's, or all of the person's where it names none."""
    row: dict[str, Any] = failure.row
    if failure.gate.data is DataKind.SET:
        return []
    if failure.gate.data is not DataKind.SESSIONS:
        return [str(row["stream_id"])]
    mine = [one for one in streams if one.user_id == row["user_id"]]
    return [one.stream_id for one in mine if row["machine_id"] in ("", one.machine_id)]


def _left(platform: Platform, labels: pd.DataFrame, held: Sequence[HeldDay]) -> pd.DataFrame:
    """``labels`` without the days that are held back; what a person released is not."""
    names = {(one.stream_id, one.day) for one in split_released(platform.settings.feast, held)[0]}
    keys = zip(labels["stream_id"], labels["event_timestamp"].dt.strftime("%Y-%m-%d"), strict=True)
    return labels[np.array([key not in names for key in keys], np.bool_)].reset_index(drop=True)


def _days(labels: pd.DataFrame) -> int:
    return len(set(zip(labels["stream_id"], labels["event_timestamp"].dt.date, strict=True)))


def _refuse(platform: Platform, results: Sequence[SuiteResult], left: dict[str, pd.DataFrame]) -> None:
    """Raises QualityError where the set that training would choose fails; with those of all where nothing is left."""
    chosen = "people" if is_enough(left["people"]) or left["demo"].empty else "demo"
    names = {chosen} if len(left[chosen]) else set(SETS)
    failures = [one for result in results for one in result.failures if one.row.get("set") in names]
    if failures:
        raise QualityError(
            "What is left of the data is not fit to learn from",
            why="; ".join(f"{one.row['set']}: {one.gate.name}: {one.found}" for one in failures),
            hint=f"{failures[0].gate.advice}. See {docs_folder(platform.settings.reports) / 'index.html'}",
        )


def _leave(platform: Platform, results: Sequence[SuiteResult], held: Sequence[HeldDay]) -> None:
    kept, released = split_released(platform.settings.feast, held)
    people = len({one.user_id for one in kept})
    for result in results:
        log(f"{result.data}: {result.met} gates passed, {len(result.failures)} failures in {result.rows:,} rows")
    failed_sets = [one for result in results for one in result.failures if one.gate.data is DataKind.SET]
    lines = [f"- set of {one.row['set']}: {one.gate.name}: {one.found}. {one.gate.advice}" for one in failed_sets]
    if kept:
        days = f"**{len(kept)} days of {people} people are held back**; everything else is learned from."
        lines = [f"{days} Nothing is deleted.", *lines, "", "`neural-focus quality` lists them, and releases one."]
    if released:
        lines.append(f"{len(released)} days fail a gate, and a person released them.")
    publish_markdown(
        "data-quality-run",
        "\n".join(lines) if lines else "**Every gate is passed.**",
        "Whether models may be trained on the data",
    )
    rows: list[dict[str, Cell]] = [
        {"data": one.data.value, "rows": one.rows, "gates passed": one.met, "failures": len(one.failures)}
        for one in results
    ]
    publish_table("data-quality-suites", rows, "Results by kind of data")
    told: list[dict[str, Cell]] = [
        {
            "stream": one.stream_id,
            "day": one.day,
            "gate": reason.gate,
            "found": reason.found,
            "what to do": reason.advice,
            "held back": "released" if place else "yes",
        }
        for place, part in enumerate((kept, released))
        for one in part
        for reason in one.reasons
    ]
    publish_table("data-quality-held", told[:SHOWN], "Days that are held back, why, and what to do")
    publish_page("data-docs", platform.settings, f"{SITE}/index.html", "Data docs: every gate, page by page")
