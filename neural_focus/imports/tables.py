"""Plain tables, CSV or Parquet: of events, in the columns of ``event_table``, or of intervals.

    user,timestamp_us,event_type,app_name,x,y,speed_pps,idle_ms     events, as ``neural-focus demo export`` writes them
    start,end,app[,title]                                           which app was in front from when to when

Times of intervals are ISO 8601 with an offset, local times of a zone that is asked for, Parquet timestamps, or numbers
since 1970, whose unit shows in their size. A table of events has to be one person's, or --of says whose rows to take.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from neural_focus.errors import InputError
from neural_focus.event_table import COLUMNS, read_event_table
from neural_focus.imports.csv_rows import csv_header, read_csv
from neural_focus.imports.rows import Presence, Records, Row, RowKind, SourceLog
from neural_focus.imports.times import Clock, ImportRequest

EVENTS, INTERVALS = "event-table", "intervals"
PARQUET = b"PAR1"
NAMES = {"start", "end", "app"}
INCOMPLETE = "without a start, an end or an app"


def is_events(names: list[str]) -> bool:
    """Whether these are columns of a table of events."""
    return {"timestamp_us", "event_type", "app_name"} <= set(names)


def is_intervals(names: list[str]) -> bool:
    """Whether these are columns of a table of intervals."""
    return set(names) >= NAMES


def parquet_names(path: Path) -> list[str]:
    """The columns of a Parquet file.

    Raises:
        InputError: it is cut off.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        return list(parquet.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        why = str(error).splitlines()[0]
        raise InputError(f"{path} cannot be read as Parquet", why=why, hint="Write or copy it again") from None


def read_events(path: Path, whose: str, *, is_parquet: bool) -> list[SourceLog]:
    """One log whose ``records`` are the rows of one person; the others' are left out, and counted.

    Raises:
        InputError: it cannot be read, or has several people and ``whose`` names none of them.
    """
    people = read_event_table(path) if is_parquet else _read_csv_events(path)
    if len(people) > 1 and whose not in people:
        raise InputError(
            f"{path} has events of {len(people)} people",
            why=", ".join(map(repr, sorted(people)[:5])),
            hint="Say with --of whose they are to be",
        )
    name, records = (whose, people[whose]) if whose in people else next(iter(people.items()), ("", _none()))
    total = sum(map(len, people.values()))
    log = SourceLog(EVENTS, name, Presence.LOGGED, total=total, records=records)
    log.leave_out("of other people", total - len(records))
    return [log]


def read_intervals(path: Path, asked: ImportRequest, *, is_parquet: bool) -> list[SourceLog]:
    """One log.

    Raises:
        InputError: it cannot be read, or the zone or the order of its dates has to be said.
    """
    rows, clock = _interval_rows(path, is_parquet=is_parquet), Clock(str(path), asked)
    log = SourceLog(INTERVALS, "", Presence.CERTAIN, total=len(rows))
    whole = [row for row in rows if all(row.get(name) not in (None, "") for name in NAMES) and "" not in row]
    log.leave_out(INCOMPLETE, len(rows) - len(whole))
    texts = [str(row[name]).strip() for row in whole for name in ("start", "end")]
    unit = ""
    if texts and all(map(_is_number, texts)):
        unit = clock.unit_of(float(texts[0]))
        log.notes.append(f"times in {unit} since 1970")
    else:
        clock.learn_order(texts)
    for row, start, end in zip(whole, texts[::2], texts[1::2], strict=True):
        begin_us, end_us = (clock.number(float(text), unit) if unit else clock.local(text) for text in (start, end))
        log.rows.append(Row(RowKind.FOCUS, begin_us, end_us, str(row["app"]), str(row.get("title") or "")))
    return [log]


def _interval_rows(path: Path, *, is_parquet: bool) -> list[dict[str, Any]]:
    if not is_parquet:
        return [dict(row) for row in read_csv(path.read_bytes(), str(path))]
    import pyarrow.parquet as parquet

    return [{str(name).lower(): value for name, value in row.items()} for row in parquet.read_table(path).to_pylist()]


def _read_csv_events(path: Path) -> dict[str, Records]:
    """The same table as Parquet, in a file of its own: one reader for both."""
    import pyarrow as pa
    import pyarrow.csv as pacsv
    import pyarrow.parquet as parquet

    names = csv_header(path.read_text("utf-8-sig", errors="replace")[:65_536])
    kinds = {
        "user": pa.string(),
        "app_name": pa.string(),
        **dict.fromkeys(("x", "y", "speed_pps", "idle_ms"), pa.int64()),
    }
    try:
        table = pacsv.read_csv(path, convert_options=pacsv.ConvertOptions(column_types=kinds))
    except (OSError, pa.ArrowException) as error:
        why = str(error).splitlines()[0]
        raise InputError(f"{path} cannot be read as CSV", why=why, hint=f"Its columns: {', '.join(COLUMNS)}") from None
    for name in COLUMNS:
        if name not in names and name not in ("timestamp_us", "event_type", "app_name"):
            table = table.append_column(name, pa.nulls(table.num_rows, kinds[name]))
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "events.parquet"
        parquet.write_table(table, whole)
        return read_event_table(whole)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _none() -> Records:
    import numpy as np

    from neural_focus.events import EVENT_DTYPE

    return np.zeros(0, EVENT_DTYPE)
