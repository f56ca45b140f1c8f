"""Why nothing of an event table can be used: in which unit its times seem to be, or which types it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neural_focus._native import validate
from neural_focus.errors import InputError
from neural_focus.events import MAX_TIMESTAMP_US, MIN_TIMESTAMP_US, EventType

WANTED_TIMES = (
    "Give timestamp_us in microseconds since 1970 (UTC), from 2000 to 2100, as whole numbers, as Parquet timestamps, "
    "or as ISO 8601 text with an offset such as 2026-05-01T09:00:00+02:00"
)
WANTED_TYPES = f"Give event_type as numbers: {EventType.KEY_PRESS.name} is 1 … {EventType.SCREEN_UNLOCK.name} is 13"
_WANTED_NAMES = "Give app_name in UTF-8"
_UNITS = {"seconds": 1_000_000.0, "milliseconds": 1_000.0, "microseconds": 1.0, "nanoseconds": 0.001}


def unusable_people(people: Mapping[str, NDArray[np.void]], path: Path) -> dict[str, str]:
    """{user: why, and what to do} of those of whom no row can be used.

    Raises:
        InputError: no row of anybody can be used, or there is none.
    """
    if not people:
        raise InputError(f"{path} has no events", hint="Give a table with events in it")
    found = {user: _fault(records) for user, records in people.items()}
    unusable = {user: fault for user, fault in found.items() if fault is not None}
    if len(unusable) == len(people):
        user, (why, wanted) = next(iter(unusable.items()))
        raise InputError(f"{path} has no row that can be used", why=f"of {user!r}, {why}", hint=wanted)
    return {user: f"{why}. {wanted}" for user, (why, wanted) in unusable.items()}


def looks_like(time: float) -> str:
    """ ", which looks like seconds" for a time that is plausible in that unit, else nothing."""
    fits = [unit for unit, factor in _UNITS.items() if MIN_TIMESTAMP_US <= time * factor < MAX_TIMESTAMP_US]
    return f", which looks like {fits[0]}" if fits else ""


def _fault(records: NDArray[np.void]) -> tuple[str, str] | None:
    """(why, what to do) where no row is good; the fault that most rows have decides."""
    good, bad = validate(records)
    if good.any():
        return None
    reason = max(bad, key=lambda name: bad[name])
    if reason == "timestamp_out_of_range":
        return _time_fault(records), WANTED_TIMES
    if reason == "unknown_type":
        found, often = np.unique(records["event_type"], return_counts=True)
        return f"no row has a known event_type, most have {found[often.argmax()]}", WANTED_TYPES
    return "no row has an app_name in UTF-8", _WANTED_NAMES


def _time_fault(records: NDArray[np.void]) -> str:
    known = records["timestamp_us"][records["timestamp_us"] > 0]
    if not len(known):
        return "no row has a timestamp after 1970"
    first = int(known[0])
    return f"the first timestamp is {first}{looks_like(first)} and is no plausible time in microseconds"
