"""Times as everything here keeps them: µs since the Unix epoch, in UTC; days; zones; what a moved clock is.

A person's zone is a table of offsets, as the engine reads it (``machine_zone`` says which zone a machine is in).
"""

from __future__ import annotations

import functools
import time
import zoneinfo
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neural_focus.errors import InputError
from neural_focus.events import MAX_TIMESTAMP_US, MIN_TIMESTAMP_US

ZoneTable = tuple[NDArray[np.int64], NDArray[np.int32]]
"""(transitions_us, ascending; offsets_s, local time minus UTC from that transition on)."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US: Final = 1_000_000
HOUR_US: Final = 3_600 * SECOND_US
DAY_US: Final = 24 * HOUR_US
STEP_US: Final = 2 * SECOND_US
"""A clock that moves by more at once was moved: by NTP after a long sleep, by another system on the same machine, by
a person. NTP's small corrections are no step."""
_DAY_S = 86_400


def wall_clock_us() -> int:
    """The wall clock, µs."""
    return time.time_ns() // 1000


def moment(t_us: int) -> datetime:
    """The aware datetime of µs, exactly."""
    return EPOCH + timedelta(microseconds=int(t_us))


def microseconds(at: datetime) -> int:
    """µs of a datetime, exactly; one without a zone is in UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(microseconds=1)


def iso(t_us: int) -> str:
    """ISO 8601 in UTC with microseconds, ``2026-01-02T03:04:05.000006Z``."""
    return moment(t_us).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_iso(text: str) -> int:
    """µs of what ``iso`` wrote."""
    return microseconds(datetime.fromisoformat(text))


def utc_date(t_us: int) -> date:
    """The day in UTC."""
    return moment(t_us).date()


def day_start(t_us: int) -> int:
    """Midnight UTC at or before a time, µs."""
    return t_us - t_us % DAY_US


def local_clock(t_us: int, form: str = "%H:%M") -> str:
    """What a clock on the wall of this machine shows."""
    return moment(t_us).astimezone().strftime(form)


@functools.lru_cache(maxsize=64)
def zone_table(zone: str) -> ZoneTable:
    """Offsets of an IANA zone from 2000 to 2099: (int64[k] transitions in µs, int32[k] offsets in s).

    Raises:
        InputError: an unknown zone.
    """
    try:
        info = zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            "There is no such time zone", why=repr(zone), hint="Give an IANA name such as Europe/Berlin"
        ) from None
    return _as_table(_transitions(info))


def zone_history_table(history: Sequence[tuple[int, str]]) -> ZoneTable:
    """One table for a person who moved: (from_us, zone) in time order; the first zone also holds before.

    Raises:
        InputError: an empty history or an unknown zone.
    """
    if not history:
        raise InputError("A zone history is empty", hint="Give at least one (from_us, zone)")
    rows: list[tuple[int, int]] = []
    for index, (from_us, zone) in enumerate(history):
        start = MIN_TIMESTAMP_US if index == 0 else from_us
        end = history[index + 1][0] if index + 1 < len(history) else MAX_TIMESTAMP_US
        transitions, offsets = zone_table(zone)
        at_start = max(int(np.searchsorted(transitions, start, side="right")) - 1, 0)
        rows.append((start, int(offsets[at_start])))
        inside = (transitions > start) & (transitions < end)
        rows.extend(zip(transitions[inside].tolist(), offsets[inside].tolist(), strict=True))
    return _as_table(rows)


def _transitions(info: zoneinfo.ZoneInfo) -> list[tuple[int, int]]:
    """(µs, offset in s) at the start and wherever the offset changes, found to the second."""
    first, last = MIN_TIMESTAMP_US // 1_000_000, MAX_TIMESTAMP_US // 1_000_000
    offset = _offset(info, first)
    rows = [(first * 1_000_000, offset)]
    for day in range(first, last, _DAY_S):
        following = _offset(info, day + _DAY_S)
        if following != offset:
            rows.append((_find_change(info, day, day + _DAY_S) * 1_000_000, following))
            offset = following
    return rows


def _find_change(info: zoneinfo.ZoneInfo, before_s: int, after_s: int) -> int:
    """The first second in (before_s, after_s] with the offset of after_s."""
    target = _offset(info, after_s)
    while after_s - before_s > 1:
        middle = (before_s + after_s) // 2
        if _offset(info, middle) == target:
            after_s = middle
        else:
            before_s = middle
    return after_s


def _offset(info: zoneinfo.ZoneInfo, second: int) -> int:
    offset = (EPOCH + timedelta(seconds=second)).astimezone(info).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _as_table(rows: Sequence[tuple[int, int]]) -> ZoneTable:
    transitions = np.array([row[0] for row in rows], np.int64)
    offsets = np.array([row[1] for row in rows], np.int32)
    transitions.flags.writeable = offsets.flags.writeable = False
    return transitions, offsets
