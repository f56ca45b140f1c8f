"""Pages of rows in the order of time, that rows added meanwhile do not move."""

from __future__ import annotations

from neural_focus.errors import InputError
from neural_focus.events import MAX_TIMESTAMP_US
from neural_focus.time import moment

Place = tuple[int, int]
"""(µs UTC, id) of the last row of a page."""


def place_of(text: str) -> Place:
    """The place that a page's ``next`` names.

    Raises:
        InputError: it names none.
    """
    time_us, _, ident = text.partition("-")
    if all(part.isascii() and part.isdecimal() for part in (time_us, ident)):
        place = int(time_us), int(ident)
        if place[0] <= MAX_TIMESTAMP_US and place[1] < 1 << 63:
            return place
    raise InputError(f"{text!r} is no end of a page", hint="Give what `next` of a page said, or leave it out")


def next_of(place: Place | None) -> str | None:
    """What a page says of the next one, after the row at ``place``; None where that was all."""
    return None if place is None else f"{place[0]}-{place[1]}"


def rows_before(column: str, place: Place | None) -> tuple[str, tuple[object, ...]]:
    """SQL and its values for the rows whose (``column``, id) is before ``place``; all rows where that is None."""
    return ("", ()) if place is None else (f" AND ({column}, id) < (%s, %s)", (moment(place[0]), place[1]))
