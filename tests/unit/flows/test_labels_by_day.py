"""A stream labelled day by day has the labels that it has at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from synthetic_streams import random_records

from flows.day_changes import ChangesWriter, DayRecords, new_changes_engine, read_changes
from flows.stream_days import day_name
from neural_focus._native import Engine
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.features import FEATURE_INDEX
from neural_focus.labelling.days import Day, going_on, label_day
from neural_focus.labelling.labels import MARGIN_US, Outcome, OutcomeMark, Source
from neural_focus.labelling.tick_labels import TickLabels, join_labels, label_ticks
from neural_focus.models.datasets import stays_of
from neural_focus.replay import CONTROL_DTYPE, ControlKind, Snapshots, replay, replay_changes
from neural_focus.time import DAY_US, SECOND_US, day_start
from neural_focus.timeline import Times, read_timeline, ticks, timeline_of

DAYS = 4


def days_of_records(seed: int, *, hints: bool) -> np.ndarray:
    """Some hours around each of four midnights. At the second, idle lasts and only titles change; at the third nobody
    switches; before the fourth lie days of nothing but a moved pointer."""
    parts = [random_records(10 * seed + number, hints=hints) for number in range(DAYS)]
    rng = np.random.default_rng(seed)
    midnights = day_start(1_700_000_000_000_000) + np.array([1, 2, 3, 7]) * DAY_US
    for number, part in enumerate(parts):
        stamps = part["timestamp_us"].astype(np.int64)
        middle = stamps[0] + int(rng.uniform(0.4, 0.6) * (stamps[-1] - stamps[0]))
        part["timestamp_us"] = (stamps + midnights[number] - middle).astype(np.uint64)
    away = np.abs(parts[1]["timestamp_us"].astype(np.int64) - midnights[1]) > 900 * SECOND_US
    begin = _events([midnights[1] - 890 * SECOND_US], EventType.IDLE_START)
    titles = _events(
        np.arange(midnights[1] - 880 * SECOND_US, midnights[1] + 880 * SECOND_US, 17 * SECOND_US),
        EventType.WINDOW_TITLE_CHANGE,
    )
    parts[1] = np.concatenate([parts[1][away], begin, titles])
    there = np.abs(parts[2]["timestamp_us"].astype(np.int64) - midnights[2]) > 900 * SECOND_US
    parts[2] = parts[2][there | (parts[2]["event_type"] == EventType.MOUSE_MOVE)]
    quiet = [
        midnights[2] + day * DAY_US + DAY_US // 2 + np.arange(0, 600 * SECOND_US, 7 * SECOND_US) for day in range(1, 4)
    ]
    moved = _events(np.concatenate(quiet), EventType.MOUSE_MOVE)
    records = np.concatenate([*parts, moved])
    return records[np.argsort(records["timestamp_us"], kind="stable")]


def _events(times_us: Times | list[int], kind: EventType) -> np.ndarray:
    records = np.zeros(len(times_us), EVENT_DTYPE)
    records["timestamp_us"], records["event_type"] = times_us, kind
    return records


def captured(records: np.ndarray, seed: int) -> Times:
    """Capture of most of the log: from record to record, with holes."""
    stamps = records["timestamp_us"].astype(np.int64)
    cuts = np.sort(np.random.default_rng(seed).choice(np.arange(1, len(stamps) - 1), 6, replace=False))
    return np.array([(piece[0], piece[-1]) for piece in np.split(stamps, cuts)], np.int64)


def told_by_day(folder: Path, records: np.ndarray, covered: Times, snapshots: Snapshots) -> DayRecords:
    """What the flow keeps of each day, with the engine saved and loaded at each midnight."""
    known = DayRecords(folder / "days.json")
    engine, stamps = new_changes_engine(), records["timestamp_us"].astype(np.int64)
    for day_us in range(day_start(int(stamps[0])), int(stamps[-1]) + 1, DAY_US):
        engine = Engine.load(engine.save())
        here = (stamps >= day_us) & (stamps < day_us + DAY_US)
        there = (snapshots.timestamps_us >= day_us) & (snapshots.timestamps_us < day_us + DAY_US)
        ages = snapshots.features[there, FEATURE_INDEX["time_in_current_app"]]
        ChangesWriter(folder, engine, covered, known).write_day(
            day_us, records[here], snapshots.timestamps_us[there], ages
        )
    known.write()
    return DayRecords.read(folder)


def test_a_day_with_another_event_has_another_digest(tmp_path: Path) -> None:
    records = days_of_records(0, hints=True)
    covered, snapshots = captured(records, 0), replay(records)
    day_us = day_start(int(records["timestamp_us"][0])) + DAY_US
    there = np.flatnonzero(records["timestamp_us"].astype(np.int64) // DAY_US == day_us // DAY_US)
    known = told_by_day(tmp_path, records, covered, snapshots).days
    late = told_by_day(tmp_path, np.delete(records, there[len(there) // 2]), covered, snapshots).days
    changed = [name for name, record in known.items() if record.digest != late[name].digest]
    assert changed == [day_name(day_us)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("hints", [False, True])
def test_by_day_is_all_at_once(seed: int, hints: bool, tmp_path: Path) -> None:
    records = days_of_records(seed, hints=hints)
    covered, snapshots = captured(records, seed), replay(records)
    ages = snapshots.features[:, FEATURE_INDEX["time_in_current_app"]]
    stamps = records["timestamp_us"].astype(np.int64)
    rng = np.random.default_rng(seed)
    shown = np.sort(rng.choice(stamps, 5)) + 7 * SECOND_US
    marks = [
        OutcomeMark(int(t), int(t) + 600 * SECOND_US, Outcome(k % 3), Source(2 + k % 3)) for k, t in enumerate(shown)
    ]
    whole = read_timeline(records, covered)
    at, _, place = np.intersect1d(
        ticks(whole.event_us), snapshots.timestamps_us, assume_unique=True, return_indices=True
    )
    wanted = label_ticks(whole, at, ages[place], shown, marks)
    known = told_by_day(tmp_path, records, covered, snapshots)
    found = []
    for day_us in range(day_start(int(stamps[0])), int(stamps[-1]) + DAY_US, DAY_US):
        end_us = day_us + DAY_US
        near = (stamps >= day_us - MARGIN_US) & (stamps < end_us)
        day = Day(
            day_us,
            before=known.before(day_us - DAY_US),
            changes=read_changes(tmp_path, day_us - DAY_US, end_us),
            later=known.switch_after(end_us),
            event_us=stamps[near],
            covered=covered,
            has_categories=hints,
        )
        if near.any():
            found.append(label_day(day, snapshots.timestamps_us, ages, shown, marks))
    joined = join_labels(found)
    for name in TickLabels.__slots__:
        assert getattr(joined, name).tobytes() == getattr(wanted, name).tobytes(), name
    assert {-1, 0, 1} <= set(joined.settled_break.tolist()) and len(joined) > 1_000
    told = read_changes(tmp_path)
    assert told.tobytes() == replay_changes(records, _starts(covered)).tobytes()
    stays = stays_of(timeline_of(told, told["time_us"], covered), 1), stays_of(whole, 1)
    assert stays[0].seconds.tolist() == stays[1].seconds.tolist() and stays[0].app.tolist() == stays[1].app.tolist()
    assert any(record.categories for record in known.days.values()) is hints


def _starts(covered: Times) -> np.ndarray:
    starts = np.zeros(len(covered), CONTROL_DTYPE)
    starts["timestamp_us"], starts["kind"] = covered[:, 0], ControlKind.RESTART
    return starts


def test_what_goes_on_is_the_app_and_the_idle_that_lasts() -> None:
    records = days_of_records(1, hints=True)
    told = replay_changes(records)
    for cut in range(0, len(told), 7):
        timeline_now = going_on(told[: cut // 2], told[cut // 2 : cut])
        apps, idle = told[:cut][told["kind"][:cut] <= 2], told[:cut][told["kind"][:cut] > 2]
        lasting = idle[-1:]["kind"].tolist() == [3]
        wanted = ([int(apps[-1]["time_us"])] if len(apps) else []) + ([int(idle[-1]["time_us"])] if lasting else [])
        assert timeline_now["time_us"].tolist() == sorted(wanted)
