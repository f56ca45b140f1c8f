"""Days of a stream that a data-quality gate holds back: kept, read by nothing that learns, until they are good again.

    <feast folder>/quality/<stream>/held.json       {"days": {day: [{"gate", "found", "advice"}, …]}}    by the flow
    <feast folder>/quality/<stream>/released.json   {"days": {day: [gate, …]}}                           by a person

Nothing is deleted. A day is free again when the gates pass it, or when a person releases it from all that hold it: a
gate that fails later holds it anew. Only a flow writes the one file, only the command the other.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neural_focus.atomic_write import atomic_write

FOLDER = "quality"
VERDICTS = "verdicts"
"""The lock of who writes verdicts, among those of the flows: checks run before trainings, too."""
_HELD, _RELEASED = "held.json", "released.json"
FORGOTTEN = "what was found was forgotten with its time"


@dataclass(frozen=True, slots=True)
class HoldReason:
    """A gate that a day did not pass: its name, what was found, what to do next."""

    gate: str
    found: str
    advice: str


@dataclass(frozen=True, slots=True)
class HeldDay:
    """A UTC day of a stream that is held back, and why."""

    stream_id: str
    day: str
    reasons: tuple[HoldReason, ...]

    @property
    def user_id(self) -> int:
        """Whose it is."""
        return int(self.stream_id.partition(":")[0])


def quality_folder(feast_folder: Path, stream_id: str) -> Path:
    """Where a stream's verdicts are; ``forget`` and ``erase`` find it by its name, like all of a stream."""
    return feast_folder / FOLDER / stream_id.replace(":", "_")


def read_held(feast_folder: Path, *, released: bool = False, user_id: int | None = None) -> list[HeldDay]:
    """All days that are held back, or a person's, by stream and day; ``released``: those that were let go instead."""
    found = []
    for folder in sorted((feast_folder / FOLDER).glob("*" if user_id is None else f"{user_id}_*")):
        stream_id = folder.name.replace("_", ":", 1)
        for day, reasons in sorted(_read(folder / _HELD).items()):
            found.append(HeldDay(stream_id, day, tuple(HoldReason(**one) for one in reasons)))
    return split_released(feast_folder, found)[released]


def split_released(feast_folder: Path, found: Sequence[HeldDay]) -> tuple[list[HeldDay], list[HeldDay]]:
    """Days that gates would hold back: those that are, and those that a person let go, each with its own reasons."""
    held, free = list[HeldDay](), list[HeldDay]()
    for one in found:
        gates = _read_released(quality_folder(feast_folder, one.stream_id) / _RELEASED).get(one.day, ())
        for part, is_free in ((held, False), (free, True)):
            reasons = tuple(reason for reason in one.reasons if (reason.gate in gates) is is_free)
            if reasons:
                part.append(HeldDay(one.stream_id, one.day, reasons))
    return held, free


def held_sentence(feast_folder: Path, user_id: int) -> str:
    """What a person is told of their own days that are held back; "" where none is."""
    try:
        held = read_held(feast_folder, user_id=user_id)
    except ValueError:
        return "Which days are held back cannot be read; the next check writes it anew."
    if not held:
        return ""
    newest = max(held, key=lambda one: one.day)
    days = "1 day of yours is" if len(held) == 1 else f"{len(held)} days of yours are"
    reason = newest.reasons[0]
    return f"{days} held back from learning. {newest.day}: {reason.found}. {reason.advice}"


def held_names(feast_folder: Path) -> set[tuple[str, str]]:
    """(folder name of the stream, day) of all that is held back: how files of days are called."""
    return {(one.stream_id.replace(":", "_"), one.day) for one in read_held(feast_folder)}


def write_held(feast_folder: Path, found: Sequence[HeldDay]) -> None:
    """Replaces what is held back, of all streams; a stream that is not in ``found`` is free."""
    by_stream: dict[str, dict[str, list[dict[str, str]]]] = {
        path.parent.name.replace("_", ":", 1): {} for path in (feast_folder / FOLDER).glob(f"*/{_HELD}")
    }
    for one in found:
        by_stream.setdefault(one.stream_id, {})[one.day] = [asdict(reason) for reason in one.reasons]
    for stream_id, days in by_stream.items():
        path = quality_folder(feast_folder, stream_id) / _HELD
        if days or path.exists():
            _write(path, days)


def release(feast_folder: Path, day: HeldDay) -> None:
    """Lets a day go from the gates that hold it."""
    path = quality_folder(feast_folder, day.stream_id) / _RELEASED
    days = _read_released(path)
    days[day.day] = sorted({*days.get(day.day, ()), *(reason.gate for reason in day.reasons)})
    _write(path, days)


def hold_again(feast_folder: Path, day: HeldDay) -> None:
    """Takes a release back."""
    path = quality_folder(feast_folder, day.stream_id) / _RELEASED
    _write(path, {name: gates for name, gates in _read_released(path).items() if name != day.day})


def drop_verdicts_before(feast_folder: Path, day: str) -> None:
    """Forgets verdicts and profiles of days that are past their retention. Profiles that cannot be read go: the
    next check makes them anew, and verdicts that cannot be read too."""
    for path in (feast_folder / FOLDER).glob("*/*.json"):
        try:
            days = _read(path)
        except ValueError:
            if path.name not in (_HELD, _RELEASED):
                path.unlink(missing_ok=True)
            continue
        if min(days, default=day) < day:
            _write(path, {name: told for name, told in days.items() if name >= day})


def drop_verdicts_of_others(feast_folder: Path, stream_ids: Collection[str]) -> None:
    """Deletes what is kept of streams that are none any more."""
    known = {quality_folder(feast_folder, one) for one in stream_ids}
    for folder in (feast_folder / FOLDER).glob("*"):
        if folder.is_dir() and folder not in known:
            shutil.rmtree(folder, ignore_errors=True)


def forget_found(name: str, days: Mapping[str, Any], first: str) -> dict[str, Any]:
    """What stays of the days in a stream's file ``name`` once the time from within the day ``first`` on is forgotten,
    and later days are made anew: that they are held back, and from which gates they were released, but for that day.
    """
    if name == _RELEASED:
        return {day: gates for day, gates in days.items() if day != first}
    if name == _HELD:
        return {
            day: [{**one, "found": FORGOTTEN} for one in reasons] if day >= first else reasons
            for day, reasons in days.items()
        }
    return {day: told for day, told in days.items() if day < first}


def _read_released(path: Path) -> dict[str, Any]:
    """A file that cannot be read releases nothing."""
    try:
        return _read(path)
    except ValueError:
        return {}


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))["days"]
    except FileNotFoundError:
        return {}
    return found


def _write(path: Path, days: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, json.dumps({"days": days}).encode())
