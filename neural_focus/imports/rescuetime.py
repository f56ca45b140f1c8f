"""RescueTime: rows of the Analytic Data API with perspective=interval and resolution_time=minute, as CSV or JSON.

    Date,Time Spent (seconds),Number of People,Activity,Category,Productivity
    {"row_headers": [the same names], "rows": [[…], …]}

Layout: https://www.rescuetime.com/apidoc; ``minute`` gives sums of five minutes, the finest there is. Dates are local
times without an offset: the zone is asked for. In which order the apps of five minutes came, and how often, is not
said: no label of a switch can be made of it. The rows of five minutes are laid one after the other as they are listed.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from neural_focus.errors import InputError
from neural_focus.imports.csv_rows import csv_header, read_csv
from neural_focus.imports.rows import Presence, Row, RowKind, SourceLog
from neural_focus.imports.times import Clock, ImportRequest
from neural_focus.time import SECOND_US

SOURCE = "rescuetime"
SPENT, ACTIVITY = "time spent (seconds)", "activity"
BUCKET_US = 300 * SECOND_US
UNREADABLE = "without a number of seconds or an activity"
FULL = "more than their five minutes hold"


class _Answer(msgspec.Struct):
    row_headers: list[str]
    rows: list[list[Any]]


def recognises(head: str) -> bool:
    """Whether a file that begins so is an answer of the interface."""
    return '"row_headers"' in head or SPENT in csv_header(head)


def read_intervals(content: bytes, place: str, asked: ImportRequest) -> list[SourceLog]:
    """One log.

    Raises:
        InputError: it is cut off, has no dates or activities, sums of hours or days, or no known zone.
    """
    found, clock = _rows(content, place), Clock(place, asked)
    if found and not {"date", SPENT, ACTIVITY} <= found[0].keys():
        raise InputError(
            f"{place} does not say which activity was when",
            why=f"its columns are {', '.join(map(repr, found[0]))}",
            hint="Ask for perspective=interval, resolution_time=minute and restrict_kind=activity",
        )
    starts = [clock.iso(str(row["date"])) for row in found]
    _refuse_long_sums(sorted(set(starts)), place)
    log = SourceLog(SOURCE, "", Presence.CERTAIN, total=len(found), sees_switches=False)
    filled: defaultdict[int, int] = defaultdict(int)
    for start_us, row in zip(starts, found, strict=True):
        _lay(log, row, start_us, filled)
    log.notes.append("sums of five minutes: the order of apps in them is not known")
    return [log]


def _lay(log: SourceLog, row: dict[str, Any], start_us: int, filled: defaultdict[int, int]) -> None:
    """The row behind those of its five minutes that were listed before."""
    try:
        length_us = round(float(row[SPENT]) * SECOND_US)
    except (TypeError, ValueError):
        length_us = 0
    begin_us = start_us + filled[start_us]
    if length_us <= 0 or not row[ACTIVITY]:
        log.leave_out(UNREADABLE)
    elif filled[start_us] >= BUCKET_US:
        log.leave_out(FULL)
    else:
        filled[start_us] += length_us
        end_us = min(begin_us + length_us, start_us + BUCKET_US)
        log.rows.append(Row(RowKind.FOCUS, begin_us, end_us, str(row[ACTIVITY])))


def _refuse_long_sums(starts: list[int], place: str) -> None:
    """Sums of hours or days begin at whole hours alone."""
    if len(starts) > 1 and all(start % (900 * SECOND_US) == 0 for start in starts):
        raise InputError(
            f"{place} has sums of an hour or longer", hint="Ask for resolution_time=minute: it gives five minutes"
        )


def _rows(content: bytes, place: str) -> list[dict[str, Any]]:
    if not content.lstrip(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return [dict(row) for row in read_csv(content, place)]
    try:
        answer = msgspec.json.decode(content, type=_Answer)
    except msgspec.DecodeError as error:
        raise InputError(f"{place} cannot be read as RescueTime's", why=str(error), hint="Ask for it again") from None
    names = [name.strip().lower() for name in answer.row_headers]
    return [dict(zip(names, row, strict=False)) for row in answer.rows]
