"""Each tool's layout is recognised by content and read whole; what it does not say is asked for, never guessed."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from import_layouts import (
    MANICTIME_APPLICATIONS,
    MANICTIME_USAGE,
    RESCUETIME,
    RESCUETIME_JSON,
    START,
    aw_bucket,
    aw_event,
    aw_export,
    aw_morning,
    aw_window,
    wakatime_dump,
)

from neural_focus.categories import Rules
from neural_focus.errors import InputError
from neural_focus.events import EventType
from neural_focus.imports.recognise import Wanted, read_source
from neural_focus.imports.records import Converted, convert
from neural_focus.imports.rows import DUPLICATE, FUTURE, NEGATIVE, RowKind, SourceLog, clean
from neural_focus.imports.times import ImportRequest

START_US = round(START.timestamp() * 1e6)
NOW_US = START_US + 40 * 86_400_000_000
BERLIN = Wanted(asked=ImportRequest("Europe/Berlin"))
F, T, I0, I1 = (
    EventType.WINDOW_FOCUS_CHANGE,
    EventType.WINDOW_TITLE_CHANGE,
    EventType.IDLE_START,
    EventType.IDLE_END,
)


def read(folder: Path, content: bytes | str, wanted: Wanted | None = None, name: str = "export") -> list[SourceLog]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_source(str(path), wanted or Wanted())


def converted(log: SourceLog, *, keep_titles: bool = False) -> Converted:
    clean(log, NOW_US)
    assert len(log.rows) + log.left_out.total() == log.total
    return convert(log, Rules.load(), NOW_US, keep_titles=keep_titles)


def shown(found: Converted) -> list[tuple[float, EventType, str]]:
    """(seconds from the start, type, app) of each record."""
    return [
        ((int(one["timestamp_us"]) - START_US) / 1e6, EventType(one["event_type"]), one["app_name"].decode())
        for one in found.records
    ]


def test_activitywatch_windows_absence_and_what_is_not_used(tmp_path: Path) -> None:
    [log] = read(tmp_path, aw_morning())
    assert (log.source, log.machine, log.total) == ("activitywatch", "laptop", 87)
    found = converted(log)
    assert dict(log.left_out) == {
        "which site a browser was on (never stored)": 1,
        "in buckets of type app.editor.activity (not used)": 2,
    }
    records = shown(found)
    assert records[:3] == [(0, F, "Code"), (0, T, "Code"), (60, F, "Code")]
    assert [record for record in records if record[1] in (I0, I1)] == [(605, I0, "Code"), (1_200, I1, "Code")]
    # while somebody is away nothing says that they looked at the window; without an afk bucket 5 min would count
    assert not [record for record in records if 605 < record[0] < 1_200]
    assert [time for time, kind, _ in records if kind == F and 1_200 < time < 2_400] == list(range(1_260, 2_400, 60))
    assert sum(now[2] != before[2] for before, now in pairwise(records)) == 79
    assert found.runs.tolist() == [[START_US, START_US + 7_300_000_000]]
    assert found.titles == {} and not found.records["data"][found.records["event_type"] == T, 0].any()


def test_titles_are_kept_only_where_they_are_wanted(tmp_path: Path) -> None:
    content = aw_export(aw_bucket("currentwindow", "w", [aw_window(0, 9, "Code", "a"), aw_window(9, 9, "Code", "bb")]))
    found = converted(read(tmp_path, content)[0], keep_titles=True)
    titled = found.records[found.records["event_type"] == T]["data"]
    assert [(found.titles[number], length, flags >> 16) for number, length, flags in titled.tolist()] == [
        ("a", 1, 1),
        ("bb", 2, 0),
    ]


def test_input_counts_become_presses_and_idleness(tmp_path: Path) -> None:
    none = dict.fromkeys(("presses", "clicks", "deltaX", "deltaY", "scrollX", "scrollY"), 0)
    events = [
        aw_event(0, 1, **{**none, "presses": 3}),
        aw_event(1, 20, **none),
        aw_event(21, 1, **{**none, "deltaX": 7}),
    ]
    windows = aw_bucket("currentwindow", "w", [aw_window(0, 22, "Code")])
    found = converted(read(tmp_path, aw_export(windows, aw_bucket("os.hid.input", "i", events)))[0])
    assert [record for record in shown(found) if record[1] != F] == [
        (0.25, EventType.KEY_PRESS, "Code"),
        (0.5, EventType.KEY_PRESS, "Code"),
        (0.75, EventType.KEY_PRESS, "Code"),
        (6, I0, "Code"),
        (21, I1, "Code"),
        (22, EventType.MOUSE_MOVE, "Code"),
    ]


def test_without_presence_a_window_counts_for_five_minutes(tmp_path: Path) -> None:
    found = converted(read(tmp_path, aw_export(aw_bucket("currentwindow", "w", [aw_window(0, 7_200, "Code")])))[0])
    assert [time for time, *_ in shown(found)] == [0, 60, 120, 180, 240, 300]


def test_manictime_needs_a_zone_and_joins_both_timelines(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--tz"):
        read(tmp_path, MANICTIME_APPLICATIONS)
    [apps] = read(tmp_path, MANICTIME_APPLICATIONS, BERLIN)
    [usage] = read(tmp_path, MANICTIME_USAGE, BERLIN)
    assert apps.source == usage.source == "manictime"
    assert [row.app for row in apps.rows] == ["Code", "Slack", "Code"]
    assert apps.rows[0].start_us == START_US + 23 * 86_400_000_000
    assert Counter(row.kind for row in usage.rows) == {RowKind.HERE: 2, RowKind.AWAY: 1}
    assert usage.rows[1].end_us - usage.rows[1].start_us == (3 * 3_600 + 29 * 60) * 1_000_000


@pytest.mark.parametrize(("date", "order"), [("3/4/2026 9:00", ""), ("03.04.2026 09:00", ""), ("3/4/2026 9:00", "dmy")])
def test_the_order_of_day_and_month_is_asked_for(tmp_path: Path, date: str, order: str) -> None:
    content = f"start,end,app\n{date},{date},Code\n"
    if not order:
        with pytest.raises(InputError, match=r"--dates"):
            read(tmp_path, content, BERLIN)
        return
    [log] = read(tmp_path, content, Wanted(asked=ImportRequest("Europe/Berlin", order)))
    assert log.rows[0].start_us == round(START.replace(day=3, month=4, hour=7).timestamp() * 1e6)


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000, 1_000_000_000])
def test_the_unit_of_numbers_shows_in_their_size(tmp_path: Path, factor: int) -> None:
    start = int(START.timestamp()) * factor
    [log] = read(tmp_path, f"start;end;app\n{start};{start + 60 * factor};Code\n")
    assert log.rows[0][1:3] == (START_US, START_US + 60_000_000)


def test_rescuetime_says_that_it_sees_no_switches(tmp_path: Path) -> None:
    [log] = read(tmp_path, RESCUETIME, BERLIN)
    assert not log.sees_switches and dict(log.left_out) == {"more than their five minutes hold": 1}
    assert [(row.start_us - START_US) // 1_000_000 for row in log.rows] == [0, 200, 300]
    [same] = read(tmp_path, RESCUETIME_JSON, BERLIN)
    assert (same.source, len(same.rows), same.left_out.total()) == ("rescuetime", 1, 1)
    with pytest.raises(InputError, match="an hour or longer"):
        read(tmp_path, RESCUETIME.replace(":05:", ":00:").replace("09:00:00,90", "10:00:00,90"), BERLIN)


def test_wakatime_heartbeats(tmp_path: Path) -> None:
    [log] = read(tmp_path, wakatime_dump())
    assert (log.machine, log.total, log.sees_switches) == ("m1", 6, False)
    assert [(row.app, (row.start_us - START_US) / 1e6) for row in log.rows] == [
        ("Vim", 0), ("Vim", 110.5), ("Vim", 220), ("Figma", 86_500),
    ]  # fmt: skip
    assert log.left_out.total() == 2
    assert len(converted(log).records) == 4
    totals = {"user": {}, "days": [{"date": "2026-03-02", "editors": [{"name": "Vim", "total_seconds": 204}]}]}
    with pytest.raises(InputError, match="no heartbeats"):
        read(tmp_path, json.dumps(totals))


def test_a_table_of_events_gets_the_idleness_that_it_lacks(tmp_path: Path) -> None:
    rows = [(0, 6, "Code"), (1, 1, "Code"), (2, 1, "Code"), (30, 1, "Code"), (31, 99, "Code")]
    lines = [f"ann,{START_US + second * 1_000_000},{kind},{app}" for second, kind, app in rows]
    [log] = read(tmp_path, "\n".join(["user,timestamp_us,event_type,app_name", *lines]))
    assert (log.source, log.machine, log.total) == ("event-table", "ann", 5)
    found = convert(log, Rules.load(), NOW_US, keep_titles=False)
    assert [(time, kind) for time, kind, _ in shown(found) if kind in (I0, I1)] == [(7, I0), (30, I1)]
    assert dict(log.left_out) == {"of no known type": 1}
    two = "\n".join(["user,timestamp_us,event_type,app_name", *lines, lines[0].replace("ann", "ben")])
    with pytest.raises(InputError, match="'ann', 'ben'"):
        read(tmp_path, two)
    assert read(tmp_path, two, Wanted(whose="ben"))[0].left_out == {"of other people": 5}


def test_rows_that_cannot_be_are_left_out_by_reason(tmp_path: Path) -> None:
    good = aw_window(0, 60, "Code")
    late = aw_window(41 * 86_400, 60, "Code")
    events = [good, good, aw_window(60, -5, "Slack"), late, aw_event(90, 5, app=None), aw_window(30, 60, "Slack")]
    [log] = read(tmp_path, aw_export(aw_bucket("currentwindow", "w", events)))
    found = converted(log)
    assert dict(log.left_out) == {
        DUPLICATE: 1,
        NEGATIVE: 1,
        FUTURE: 1,
        "without the data of their bucket's type": 1,
    }
    assert found.cut == 1  # the editor's minute ends where the chat begins
    assert np.diff(found.records["timestamp_us"].astype(np.int64)).min() >= 0


@pytest.mark.parametrize(
    ("content", "wanted", "said"),
    [
        (aw_morning()[:-500], Wanted(), "cannot be read as an export of ActivityWatch"),
        (wakatime_dump()[:-40], Wanted(), "cannot be read as a dump of WakaTime"),
        (b"PAR1 and no more", Wanted(), "cannot be read as Parquet"),
        (b"", Wanted(), "is empty"),
        (b'{"entries": []}', Wanted(), "of no tool that is known here"),
        (b"Description,Billable,Tags\na,b,c\n", Wanted(), "'description', 'billable', 'tags'"),
        (b"start,end,app\nyesterday,today,Code\n", Wanted(), "cannot be read"),
        (b"start,end,app\n12,13,Code\n", Wanted(), "of no unit"),
        (aw_morning(), Wanted(source="wakatime"), "cannot be read as a dump of WakaTime"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes, wanted: Wanted, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, content, wanted)
