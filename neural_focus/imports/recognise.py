"""Which tool wrote a file, by what is in it; or the one that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from neural_focus.errors import InputError
from neural_focus.imports import activitywatch, manictime, rescuetime, tables, wakatime
from neural_focus.imports.csv_rows import csv_header
from neural_focus.imports.rows import SourceLog
from neural_focus.imports.times import ImportRequest

HEAD_BYTES = 65_536
SOURCES = (
    activitywatch.SOURCE,
    manictime.SOURCE,
    rescuetime.SOURCE,
    wakatime.SOURCE,
    tables.EVENTS,
    tables.INTERVALS,
)
_READERS = {
    activitywatch.SOURCE: activitywatch.read_export,
    manictime.SOURCE: manictime.read_timelines,
    rescuetime.SOURCE: rescuetime.read_intervals,
    wakatime.SOURCE: wakatime.read_dump,
}
_JSON_ONLY = (activitywatch.SOURCE, wakatime.SOURCE)
_BY_HEAD = {
    activitywatch.SOURCE: activitywatch.recognises,
    rescuetime.SOURCE: rescuetime.recognises,
    wakatime.SOURCE: wakatime.recognises,
    manictime.SOURCE: manictime.recognises,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person said of a source: its name, its times, and whose rows of a table of events; "" where nothing."""

    source: str = ""
    asked: ImportRequest = field(default_factory=ImportRequest)
    whose: str = ""


def read_source(place: str, wanted: Wanted) -> list[SourceLog]:
    """The logs in a file, or of a running aw-server (http://…), one a machine.

    Raises:
        InputError: it is not there, cut off, or of a tool that is not known; or something has to be said about it.
    """
    if place.startswith(("http://", "https://")):
        return activitywatch.read_export(activitywatch.fetch_export(place), place, wanted.asked)
    path = Path(place)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise InputError(
            f"{place} cannot be read", why=error.strerror or "", hint="Give a file, or an address"
        ) from None
    if not head.strip():
        raise InputError(f"{place} is empty", hint="Export it again")
    source = wanted.source or recognise(path, head)
    if source in (tables.EVENTS, tables.INTERVALS):
        is_parquet = head.startswith(tables.PARQUET)
        if source == tables.EVENTS:
            return tables.read_events(path, wanted.whose, is_parquet=is_parquet)
        return tables.read_intervals(path, wanted.asked, is_parquet=is_parquet)
    return _READERS[source](path.read_bytes(), place, wanted.asked)


def recognise(path: Path, head: bytes) -> str:
    """The source of a file that begins so.

    Raises:
        InputError: no source writes such files.
    """
    names, text = [], ""
    if head.startswith(tables.PARQUET):
        names = tables.parquet_names(path)
    else:
        text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", errors="replace")
        if not text.lstrip().startswith(("{", "[")):
            names = csv_header(text)
    for source, recognises in _BY_HEAD.items():
        if text and (source not in _JSON_ONLY or text.lstrip().startswith("{")) and recognises(text):
            return source
    if tables.is_events(names):
        return tables.EVENTS
    if tables.is_intervals([name.lower() for name in names]):
        return tables.INTERVALS
    raise InputError(
        f"{path} is of no tool that is known here",
        why=f"it has the columns {', '.join(map(repr, names[:6]))}" if names else f"it begins with {text[:30]!r}",
        hint=f"Say with --from which it is: {', '.join(SOURCES)}",
    )
