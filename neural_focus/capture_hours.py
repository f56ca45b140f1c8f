"""The hours in which capture may run: by weekday, on the clock of the person's zone.

monday = "09:00-12:30, 13:30-18:00"        to the minute, the end is outside; 24:00 ends a day
                                           a weekday that is not named has none
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from neural_focus.time import microseconds, moment

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)")
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class CaptureHours:
    """``spans``: of each weekday from Monday on, (first minute, minute after the last) in order."""

    spans: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def read(cls, table: Mapping[str, object]) -> CaptureHours:
        """From weekday → spans. Raises ValueError where one cannot be read."""
        unknown = sorted(set(table) - set(WEEKDAYS))
        if unknown:
            raise ValueError(f"unknown day {unknown[0]!r} in [hours], known are {', '.join(WEEKDAYS)}")
        return cls(tuple(_read_day(day, table.get(day, "")) for day in WEEKDAYS))

    def cover(self, t_us: int, zone: str) -> bool:
        """Whether capture may run at a time."""
        local = moment(t_us).astimezone(ZoneInfo(zone))
        minute = local.hour * 60 + local.minute
        return any(first <= minute < end for first, end in self.spans[local.weekday()])

    def next_begin(self, t_us: int, zone: str) -> int | None:
        """When capture may run next after a time, µs; None where no day has hours."""
        info = ZoneInfo(zone)
        today = moment(t_us).astimezone(info).date()
        for day in (today + timedelta(days=ahead) for ahead in range(8)):
            for first, _ in self.spans[day.weekday()]:
                begin = microseconds(datetime.combine(day, time(first // 60, first % 60), info))
                if begin > t_us:
                    return begin
        return None


def _read_day(day: str, text: object) -> tuple[tuple[int, int], ...]:
    if not isinstance(text, str):
        raise ValueError(f'{day} is {text!r}, hours such as "09:00-17:30" are expected')
    spans = []
    for part in (part.strip() for part in text.split(",") if part.strip()):
        found = _SPAN.fullmatch(part)
        numbers = [int(number) for number in found.groups()] if found else [0, 60, 0, 0]
        first, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        if max(numbers[1], numbers[3]) > 59 or not first < end <= _DAY_MINUTES:
            raise ValueError(f'{day} has {part!r}, hours such as "09:00-17:30" within one day are expected')
        spans.append((first, end))
    return tuple(sorted(spans))
