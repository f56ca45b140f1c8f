"""ActivityWatch: what aw-server exports, from its page ("Export all buckets as JSON") or from its REST API.

    {"buckets": {ID: {"id", "type", "client", "hostname", "events": [{"timestamp", "duration", "data"}, …]}, …}}

``/api/0/export`` returns the same. Layout: ActivityWatch/aw-server ``aw_server/api.py`` (``export_all``), aw-core's
schemas of bucket and event. Timestamps have an offset, durations are seconds. Buckets by type:

currentwindow   data: app, title                    what aw-watcher-window saw in front, once a second
afkstatus       data: status, afk or not-afk        aw-watcher-afk: away begins with the last input, after 180 s without
os.hid.input    data: presses, clicks, deltaX, …    aw-watcher-input: counts of a second, or a longer time without any
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

import msgspec

from neural_focus.errors import InputError
from neural_focus.imports.rows import Presence, Row, RowKind, SourceLog
from neural_focus.imports.times import Clock, ImportRequest
from neural_focus.time import SECOND_US

SOURCE = "activitywatch"
OTHER_BUCKET = "in buckets of type {} (not used)"
WEB_BUCKET = "web.tab.current"
NO_SITES = "which site a browser was on (never stored)"
SECONDS_TO_ANSWER = 600.0


class _Event(msgspec.Struct):
    timestamp: str
    duration: float = 0.0
    data: dict[str, Any] = {}


class _Bucket(msgspec.Struct):
    type: str
    events: list[_Event]
    hostname: str = "unknown"


class _Export(msgspec.Struct):
    buckets: dict[str, _Bucket]


def recognises(head: str) -> bool:
    """Whether a file that begins so is an export of all buckets or of one."""
    return '"buckets"' in head or ('"type"' in head and '"hostname"' in head and '"client"' in head)


def read_export(content: bytes, place: str, asked: ImportRequest) -> list[SourceLog]:
    """One log a host name.

    Raises:
        InputError: it is cut off, or no export.
    """
    clock, logs = Clock(place, asked), dict[str, SourceLog]()
    for bucket in _decode(content, place):
        log = logs.setdefault(bucket.hostname, SourceLog(SOURCE, bucket.hostname, Presence.UNKNOWN))
        log.total += len(bucket.events)
        _read_bucket(bucket, log, clock)
    return list(logs.values())


def fetch_export(address: str) -> bytes:
    """The export of a running aw-server, such as http://localhost:5600.

    Raises:
        InputError: it does not answer, or not as aw-server.
    """
    import httpx

    try:
        answer = httpx.get(f"{address.rstrip('/')}/api/0/export", timeout=SECONDS_TO_ANSWER)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InputError(
            f"{urlsplit(address).netloc or address} gives no export of ActivityWatch",
            why=str(error) or type(error).__name__,
            hint="Start aw-server, or give the file that its page exports",
        ) from None
    return answer.content


def _decode(content: bytes, place: str) -> list[_Bucket]:
    try:
        if b'"buckets"' in content[:4096]:
            return list(msgspec.json.decode(content, type=_Export).buckets.values())
        return [msgspec.json.decode(content, type=_Bucket)]
    except msgspec.DecodeError as error:
        raise InputError(
            f"{place} cannot be read as an export of ActivityWatch", why=str(error), hint="Export it again"
        ) from None


def _read_bucket(bucket: _Bucket, log: SourceLog, clock: Clock) -> None:
    reader = {"currentwindow": _window, "afkstatus": _afk, "os.hid.input": _input}.get(bucket.type)
    if reader is None:
        reason = NO_SITES if bucket.type == WEB_BUCKET else OTHER_BUCKET.format(bucket.type)
        log.leave_out(reason, len(bucket.events))
        return
    if bucket.type != "currentwindow" and bucket.events:
        log.presence = Presence.LOGGED
    unusable: defaultdict[str, int] = defaultdict(int)
    for event in bucket.events:
        start_us = clock.iso(event.timestamp)
        row = reader(event.data, start_us, start_us + round(event.duration * SECOND_US))
        if row is None:
            unusable["without the data of their bucket's type"] += 1
        else:
            log.rows.append(row)
    for reason, count in unusable.items():
        log.leave_out(reason, count)


def _window(data: dict[str, Any], start_us: int, end_us: int) -> Row | None:
    if not isinstance(data.get("app"), str):
        return None
    return Row(RowKind.FOCUS, start_us, end_us, data["app"], str(data.get("title") or ""))


def _afk(data: dict[str, Any], start_us: int, end_us: int) -> Row | None:
    kind = {"afk": RowKind.AWAY, "not-afk": RowKind.HERE}.get(str(data.get("status")))
    return None if kind is None else Row(kind, start_us, end_us)


def _input(data: dict[str, Any], start_us: int, end_us: int) -> Row | None:
    numbers = [data.get(name, 0) for name in ("presses", "clicks", "deltaX", "deltaY", "scrollX", "scrollY")]
    if not data or not all(isinstance(number, int | float) for number in numbers):
        return None
    if not any(numbers):
        return Row(RowKind.AWAY, start_us, end_us)  # short ones are no idleness; ``records`` says from when on
    return Row(RowKind.INPUT, start_us, end_us, presses=int(numbers[0]), clicks=int(numbers[1]))
