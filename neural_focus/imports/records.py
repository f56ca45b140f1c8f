"""Rows of a log → the records that an agent would have made of the same time, as far as the log knows it.

    window     ├── editor ──────────────────────────┤├ chat ┤        rows
    away                  ├────────────┤
    records    F    F    F  I           I    F    F  F      F         F: focus, I: idle

A log says that a window was in front from when to when: whoever wrote it looked again and again. So each minute in
between is a record of the same app in front, no switch, while the person was there: without any a long stay would look
like a break. Away is idle from 5 s after its start, the last input, as the agent has it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus._native import validate
from neural_focus.categories import Rules
from neural_focus.events import EVENT_DTYPE, INPUT, MIN_TIMESTAMP_US, CategoryFlag, EventType, encode_app_name
from neural_focus.imports.rows import FUTURE, TOO_OLD, Presence, Records, Row, RowKind, SourceLog
from neural_focus.time import SECOND_US
from neural_focus.timeline import inside, merge_intervals

Intervals = NDArray[np.int64]
IDLE_AFTER_US = 5 * SECOND_US
EVERY_US = 60 * SECOND_US
"""No moment is labelled whose last record is older."""
UNKNOWN_US = 300 * SECOND_US
"""So long a window counts as looked at, where a log does not know whether anybody was there."""
JOIN_US = 10 * SECOND_US
"""A shorter time between two rows is none in which nothing was logged."""
JOIN_LOOSE_US = 900 * SECOND_US
"""The same, where not each switch is logged, and of a table of events: so long a session lasts without any."""
_NOTHING = b""
_Raw = tuple[int, int, int, bytes, int, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Converted:
    """Records in order of time, the titles they name by id, the times in which the log ran ([first, last] µs, merged),
    and how many rows ended before their end, where the next began."""

    records: Records
    titles: dict[int, str]
    runs: Intervals
    cut: int = 0


def convert(log: SourceLog, rules: Rules, now_us: int, *, keep_titles: bool) -> Converted:
    """The records of a clean log. Those of a table of events that cannot be are left out of it, and counted."""
    if log.records is not None:
        return _convert_table(log, now_us)
    stays, cut = _stays([row for row in log.rows if row.kind is RowKind.FOCUS])
    bounds = np.array([(row.start_us, row.end_us) for row in log.rows], np.int64).reshape(-1, 2)
    runs = _runs(bounds, JOIN_US if log.sees_switches else JOIN_LOOSE_US)
    titles = _Titles(keep_titles)
    there = merge_intervals(_bounds(log.rows, (RowKind.HERE, RowKind.INPUT)))
    raw = [
        *_focus(stays, rules, titles, _Samples(log.presence, there)),
        *_idle(merge_intervals(_bounds(log.rows, (RowKind.AWAY,))), stays),
        *_inputs(log.rows, stays),
    ]
    records = np.array(sorted(raw, key=lambda one: (one[0], _RANK[one[1]])), EVENT_DTYPE)
    return Converted(records, titles.texts, runs, cut)


class _Titles:
    """Numbers for titles, where they are kept."""

    def __init__(self, keep: bool) -> None:
        self._keep, self._ids = keep, dict[str, int]()

    def number(self, title: str) -> int:
        return self._ids.setdefault(title, len(self._ids) + 1) if self._keep else 0

    @property
    def texts(self) -> dict[int, str]:
        return {number: title for title, number in self._ids.items()}


@dataclass(frozen=True, slots=True)
class _Samples:
    """When a window in front is looked at again."""

    presence: Presence
    there: Intervals

    def times(self, stay: Row, *, last: bool) -> list[int]:
        """Each minute of a stay, and its end where nothing follows, as far as somebody was there."""
        end_us = stay.end_us
        if self.presence is Presence.UNKNOWN:
            end_us = min(end_us, stay.start_us + UNKNOWN_US)
        found = list(range(stay.start_us + EVERY_US, end_us, EVERY_US))
        if last and end_us > stay.start_us:
            found.append(end_us)
        if self.presence is not Presence.LOGGED or not found:
            return found
        # an end that is the end of somebody's being there, too, is still in it
        return [time for time in found if bool(inside(self.there, np.array([time - 1]))[0])]


def _stays(rows: list[Row]) -> tuple[list[Row], int]:
    """Windows in front, each at most until the next; how many were cut for that."""
    following = [row.start_us for row in rows[1:]] + [np.iinfo(np.int64).max]
    kept = [row._replace(end_us=min(row.end_us, after)) for row, after in zip(rows, following, strict=True)]
    return kept, sum(before.end_us != after.end_us for before, after in zip(rows, kept, strict=True))


def _focus(stays: list[Row], rules: Rules, titles: _Titles, samples: _Samples) -> Iterator[_Raw]:
    app, title, until_us = None, "", 0
    for place, stay in enumerate(stays):
        name, hint = encode_app_name(stay.app), rules.hint(stay.app, stay.title)
        seamless = stay.start_us - until_us <= JOIN_US
        came = stay.app != app or not seamless
        if came or not stay.title:
            yield _raw(stay.start_us, EventType.WINDOW_FOCUS_CHANGE, name, (0, 0, hint))
        if stay.title and (came or stay.title != title):
            flags = hint | (CategoryFlag.ANNOUNCED if came else 0)
            shown = (titles.number(stay.title), len(stay.title), flags)
            yield _raw(stay.start_us, EventType.WINDOW_TITLE_CHANGE, name, shown)
        last = place + 1 == len(stays) or stays[place + 1].start_us - stay.end_us > JOIN_US
        for time_us in samples.times(stay, last=last):
            yield _raw(time_us, EventType.WINDOW_FOCUS_CHANGE, name, (0, 0, hint))
        app, title, until_us = stay.app, stay.title, stay.end_us


def _idle(away: Intervals, stays: list[Row]) -> Iterator[_Raw]:
    starts = [stay.start_us for stay in stays]
    for start_us, end_us in away.tolist():
        if end_us - start_us <= IDLE_AFTER_US:
            continue
        known_us, length_ms = start_us + IDLE_AFTER_US, min((end_us - start_us) // 1000, 2**32 - 1)
        begun = (IDLE_AFTER_US // 1000, 0, 0)
        yield _raw(known_us, EventType.IDLE_START, _in_front(stays, starts, known_us), begun)
        yield _raw(end_us, EventType.IDLE_END, _in_front(stays, starts, end_us), (length_ms, 0, 0))


def _inputs(rows: Sequence[Row], stays: list[Row]) -> Iterator[_Raw]:
    """Presses and clicks spread evenly over their row's time, a row with neither as one move: when each was is not
    known, nor where the pointer was."""
    starts = [stay.start_us for stay in stays]
    for row in rows:
        if row.kind is not RowKind.INPUT:
            continue
        name = _in_front(stays, starts, row.start_us)
        for kind, count in ((EventType.KEY_PRESS, row.presses), (EventType.MOUSE_CLICK, row.clicks)):
            data = (0, 0, 1 if kind is EventType.MOUSE_CLICK else 1 << 9)
            for number in range(count):
                at_us = row.start_us + (row.end_us - row.start_us) * (number + 1) // (count + 1)
                yield _raw(at_us, kind, name, data)
        if not row.presses + row.clicks:
            yield _raw(row.end_us, EventType.MOUSE_MOVE, name, (0, 0, 0))


_RANK = {
    int(kind): rank
    for rank, kind in enumerate((
        EventType.KEY_PRESS, EventType.MOUSE_CLICK, EventType.MOUSE_MOVE, EventType.IDLE_END,
        EventType.WINDOW_FOCUS_CHANGE, EventType.WINDOW_TITLE_CHANGE, EventType.IDLE_START,
    ))
}  # fmt: skip
"""The order of records of one time."""


def _raw(time_us: int, kind: EventType, name: bytes, data: tuple[int, int, int]) -> _Raw:
    return time_us, int(kind), 0, name, 0, data


def _in_front(stays: list[Row], starts: list[int], time_us: int) -> bytes:
    place = bisect_right(starts, time_us) - 1
    return encode_app_name(stays[place].app) if place >= 0 else _NOTHING


def _bounds(rows: Sequence[Row], kinds: tuple[RowKind, ...]) -> Intervals:
    return np.array([(row.start_us, row.end_us) for row in rows if row.kind in kinds], np.int64).reshape(-1, 2)


def _runs(bounds: Intervals, join_us: int) -> Intervals:
    """The union of intervals; those less than ``join_us`` apart are one."""
    wider = merge_intervals(bounds + np.array([0, join_us]))
    return wider - np.array([0, join_us]) if len(wider) else wider


def _convert_table(log: SourceLog, now_us: int) -> Converted:
    assert log.records is not None  # noqa: S101
    records, times = log.records, log.records["timestamp_us"].astype(np.int64)
    good, _ = validate(records)
    old, late = times < MIN_TIMESTAMP_US, times > now_us
    for reason, bad in ((TOO_OLD, old), (FUTURE, late & ~old), ("of no known type", ~good & ~old & ~late)):
        if bad.any():
            log.leave_out(reason, int(bad.sum()))
    kept = records[good & ~old & ~late]
    log.records = kept
    whole = _with_idle(kept)
    stamps = whole["timestamp_us"].astype(np.int64)
    return Converted(whole, {}, _runs(np.stack([stamps, stamps], axis=1), JOIN_LOOSE_US))


def _with_idle(records: Records) -> Records:
    """Where a table has input and no idleness: idle from 5 s after each last input to the next."""
    kinds = records["event_type"]
    hands = records[np.isin(kinds, INPUT)]
    if not len(hands) or np.isin(kinds, (EventType.IDLE_START, EventType.IDLE_END)).any():
        return records
    times = hands["timestamp_us"].astype(np.int64)
    long = np.flatnonzero(np.diff(times) > IDLE_AFTER_US)
    starts, ends = hands[long].copy(), hands[long + 1].copy()
    starts["event_type"], ends["event_type"] = EventType.IDLE_START, EventType.IDLE_END
    starts["timestamp_us"] += np.uint64(IDLE_AFTER_US)
    starts["data"], ends["data"] = 0, 0
    starts["data"][:, 0] = IDLE_AFTER_US // 1000
    ends["data"][:, 0] = np.minimum((times[long + 1] - times[long]) // 1000, 2**32 - 1)
    whole = np.concatenate([records, ends, starts])
    return whole[np.argsort(whole["timestamp_us"], kind="stable")]
