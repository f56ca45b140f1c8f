"""WakaTime: the JSON dump of heartbeats that its settings page exports.

    {"user": {…}, "range": {…}, "days": [{"date", "editors": [{"name"}], "heartbeats": [{"time", "type", "entity"}]}]}

Layout: wakatime/wakadump ``tests/samples/input.json`` for the days, https://wakatime.com/developers#heartbeats for a
heartbeat: ``time`` in seconds since 1970 (UTC), ``type`` file, app or domain; ``machine_name_id``. It says when an
editor was in use, and nothing of other apps: no label of a switch can be made of that. A heartbeat names no editor:
that of the day is taken, where the day had one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from neural_focus.errors import InputError
from neural_focus.imports.rows import Presence, Row, RowKind, SourceLog
from neural_focus.imports.times import Clock, ImportRequest

SOURCE = "wakatime"
NO_EDITOR = "of a day with several editors: which one is not said"
SITE = "which site a browser was on (never stored)"
NO_TIME = "without a time"


class _Day(msgspec.Struct):
    date: str
    heartbeats: list[dict[str, Any]] | None = None
    editors: list[dict[str, Any]] = []


class _Dump(msgspec.Struct):
    days: list[_Day]


def recognises(head: str) -> bool:
    """Whether a file that begins so is a dump."""
    return '"days"' in head or '"heartbeats"' in head


def read_dump(content: bytes, place: str, _asked: ImportRequest) -> list[SourceLog]:
    """One log a machine.

    Raises:
        InputError: it is cut off, or holds daily totals, which say of no moment anything.
    """
    try:
        days = msgspec.json.decode(content, type=_Dump).days
    except msgspec.DecodeError as error:
        raise InputError(
            f"{place} cannot be read as a dump of WakaTime", why=str(error), hint="Export it again"
        ) from None
    if days and all(day.heartbeats is None for day in days):
        raise InputError(
            f"{place} has totals of days and no heartbeats", hint="Export heartbeats on WakaTime's settings page"
        )
    logs: dict[str, SourceLog] = {}
    clock = Clock(place, ImportRequest())
    for day in days:
        editors = [str(editor.get("name", "")) for editor in day.editors]
        for beat in day.heartbeats or ():
            machine = str(beat.get("machine_name_id") or "")
            log = logs.setdefault(machine, SourceLog(SOURCE, machine, Presence.CERTAIN, sees_switches=False))
            log.total += 1
            _read_beat(beat, editors, log, clock)
    return list(logs.values())


def _read_beat(beat: dict[str, Any], editors: list[str], log: SourceLog, clock: Clock) -> None:
    time, kind = beat.get("time"), beat.get("type")
    app = str(beat.get("entity", "")) if kind == "app" else editors[0] if len(editors) == 1 else ""
    if not isinstance(time, int | float):
        log.leave_out(NO_TIME)
    elif kind == "domain":
        log.leave_out(SITE)
    elif not app:
        log.leave_out(NO_EDITOR)
    else:
        at_us = clock.number(time, "seconds")
        log.rows.append(Row(RowKind.FOCUS, at_us, at_us, app))
