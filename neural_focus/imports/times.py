"""Times as other tools write them → µs UTC. A zone, an order of day and month or a unit is recognised, or asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from neural_focus.errors import InputError
from neural_focus.events import MAX_TIMESTAMP_US, MIN_TIMESTAMP_US
from neural_focus.time import microseconds

Order = Literal["ymd", "dmy", "mdy"]
_UNITS = {"seconds": 1_000_000.0, "milliseconds": 1_000.0, "microseconds": 1.0, "nanoseconds": 0.001}
_LOCAL = re.compile(
    r"(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{1,4})\.?,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([AaPp])\.?[Mm]\.?)?"
)
_PLACES: dict[str, tuple[int, int, int]] = {"ymd": (0, 1, 2), "dmy": (2, 1, 0), "mdy": (2, 0, 1)}


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What the person said of a log's times: an IANA zone, the order of day and month; "" where nothing."""

    zone: str = ""
    dates: str = ""


class Clock:
    """Reads the times of one log.

    Raises:
        InputError: from each method, where a time is none, or what it needs to be told is not known.
    """

    def __init__(self, place: str, asked: ImportRequest) -> None:
        self._place, self._asked, self._order = place, asked, asked.dates
        self.used_zone = False

    def learn_order(self, texts: Sequence[str]) -> str:
        """Finds in which order dates are written, from all of them; returns it."""
        found = [match for text in texts if (match := _LOCAL.fullmatch(text.strip()))]
        if self._order or not found:
            return self._order
        if len(found[0][1]) == 4:
            self._order = "ymd"
        elif any(int(match[1]) > 12 for match in found):
            self._order = "dmy"
        elif any(int(match[3]) > 12 for match in found):
            self._order = "mdy"
        else:
            raise InputError(
                f"{self._place} does not show which number of its dates is the month",
                why=repr(found[0][0]),
                hint="Say so with --dates dmy (day first) or --dates mdy (month first)",
            )
        return self._order

    def local(self, text: str) -> int:
        """A date and a time as a program of the desktop shows them, of the zone that was said."""
        match = _LOCAL.fullmatch(text.strip())
        if match is None:
            return self.iso(text)
        year, month, day = (int((match[1], match[3], match[4])[place]) for place in _PLACES[self._order])
        year += 2000 if year < 100 else 0
        hour, half = int(match[5]), (match[8] or "").lower()
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        try:
            found = datetime(year, month, day, hour, int(match[6]), int(match[7] or 0))  # noqa: DTZ001
        except ValueError as error:
            raise self._no_time(text, str(error)) from None
        return self._in_zone(found, text)

    def iso(self, text: str) -> int:
        """ISO 8601; where it has no offset, of the zone that was said."""
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            raise self._no_time(text, "is no time") from None
        return microseconds(found) if found.tzinfo else self._in_zone(found, text)

    def unit_of(self, number: float) -> str:
        """In which unit since 1970 a number is a plausible time."""
        fits = [unit for unit, factor in _UNITS.items() if MIN_TIMESTAMP_US <= number * factor < MAX_TIMESTAMP_US]
        if not fits:
            raise self._no_time(str(number), "is of no unit since 1970 a time from 2000 to 2100")
        return fits[0]

    def number(self, number: float, unit: str) -> int:
        """A number of units since 1970."""
        return round(number * _UNITS[unit])

    def _in_zone(self, found: datetime, text: str) -> int:
        if not self._asked.zone:
            raise InputError(
                f"{self._place} does not say of which time zone its times are",
                why=repr(text),
                hint="Say so with --tz and an IANA name such as Europe/Berlin",
            )
        self.used_zone = True
        return microseconds(found.replace(tzinfo=ZoneInfo(self._asked.zone)))

    def _no_time(self, text: str, why: str) -> InputError:
        return InputError(f"{self._place} has a time that cannot be read", why=f"{text!r} {why}", hint="Correct it")
