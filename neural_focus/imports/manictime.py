"""ManicTime: CSV exports of the timelines Applications and Computer usage.

    Name,Start,End,Duration,Process                       Applications: title of the window, program
    Active,3/4/2019 9:00:00 AM,3/4/2019 9:41:10 AM,…      Computer usage: Active, Away, Session lock, Power off

Layout: the header that its exports have (as the converter in the repository of a user of it reads them, with times
such as 3/4/2019 11:33:52 AM), https://docs.manictime.com/win-client/settings/tracking for Active and Away: away
begins after 10 min without input, programs in front for less than 5 s are not logged. Dates are as Windows shows them,
in the time of the desktop and without its zone: their order is found in the file or asked for, the zone is asked for.
"""

from __future__ import annotations

from neural_focus.imports.csv_rows import csv_header, read_csv
from neural_focus.imports.rows import Presence, Row, RowKind, SourceLog
from neural_focus.imports.times import Clock, ImportRequest

SOURCE = "manictime"
COLUMNS = ["name", "start", "end", "duration"]
TORN = "with too few or too many fields"
OTHER = "of other timelines (tags, documents)"
_USAGE = {"active": RowKind.HERE, "away": RowKind.AWAY, "session lock": RowKind.AWAY, "power off": RowKind.AWAY}


def recognises(head: str) -> bool:
    """Whether a file that begins so is one of its timelines."""
    return csv_header(head)[:4] == COLUMNS


def read_timelines(content: bytes, place: str, asked: ImportRequest) -> list[SourceLog]:
    """One log; of the computer usage alone where the file is that timeline.

    Raises:
        InputError: its dates have no known order, its times no known zone, or cannot be read.
    """
    found, clock = read_csv(content, place), Clock(place, asked)
    log = SourceLog(SOURCE, "", Presence.UNKNOWN, total=len(found))
    whole = [row for row in found if "" not in row]
    log.leave_out(TORN, len(found) - len(whole))
    order = clock.learn_order([row[name] for row in whole for name in ("start", "end")])
    for row in whole:
        kind = RowKind.FOCUS if row.get("process") else _USAGE.get(row["name"].strip().lower())
        if kind is None:
            log.leave_out(OTHER)
            continue
        app, title = (row["process"], row["name"]) if kind is RowKind.FOCUS else ("", "")
        log.rows.append(Row(kind, clock.local(row["start"]), clock.local(row["end"]), app, title))
        if kind is RowKind.HERE:
            log.presence = Presence.LOGGED
    if whole:
        log.notes.append(f"dates in the order {order or 'ymd'}")
    return [log]
