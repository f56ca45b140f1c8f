"""What a person has us forget goes out of the feature store: whole days, from the first that has any of it.

    offline, inputs, changes, labels, consistency   <day>.*   from that day on: the engine remembers, so later days do
    quality                                                   of held days what was found; profiles from that day on
    engines                                         <day>.*   after that day's start, and what is told of it in *.json
    online                                                    the newest snapshot, where it is of that day or later

By the day in the name, so that no kind is missed. The flows make the days again from the events that are left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from feature_repo.files import stream_folder
from neural_focus.atomic_write import atomic_write
from neural_focus.quarantine import FOLDER, forget_found, quality_folder
from neural_focus.time import utc_date

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
AT_THEIR_START = "engines"
"""Files of this folder are of a day's start: that of the first forgotten day has seen none of it."""


def count_days(feast_folder: Path, stream_id: str, first_us: int) -> int:
    """How many files, and days in files of several, know the stream's time from ``first_us`` on."""
    day = utc_date(first_us)
    told = sum(len(_days_told(json.loads(path.read_text()), day)) for path in _told(feast_folder, stream_id))
    told += sum(count for _, _, count in _verdicts(feast_folder, stream_id, day))
    return told + sum(1 for _ in _files(feast_folder, stream_id, day))


def forget_days(feast_folder: Path, stream_id: str, first_us: int) -> None:
    """Deletes them. No flow that writes them may run meanwhile."""
    day = utc_date(first_us)
    for path in _files(feast_folder, stream_id, day):
        path.unlink(missing_ok=True)
    for path in _told(feast_folder, stream_id):
        content = json.loads(path.read_text())
        if _days_told(content, day):
            atomic_write(path, json.dumps(_without(content, day)).encode())
    for path, left, count in _verdicts(feast_folder, stream_id, day):
        if count:
            atomic_write(path, json.dumps({"days": left}).encode())


def _verdicts(feast_folder: Path, stream_id: str, day: date) -> Iterator[tuple[Path, dict[str, Any], int]]:
    """Files of what gates found, each with the days that stay of it, and how many change; one that cannot be read
    tells nothing that stays."""
    for path in quality_folder(feast_folder, stream_id).glob("*.json"):
        try:
            days = json.loads(path.read_text("utf-8"))["days"]
        except ValueError:
            yield path, {}, 1
            continue
        left = forget_found(path.name, days, day.isoformat())
        yield path, left, sum(left.get(name) != told for name, told in days.items())


def _files(feast_folder: Path, stream_id: str, day: date) -> Iterator[Path]:
    first = day.isoformat()
    for path in feast_folder.glob(f"*/{stream_folder(feast_folder, stream_id).name}/*"):
        name = path.name[:10]
        if _DAY.fullmatch(name) and (name > first if path.parts[-3] == AT_THEIR_START else name >= first):
            yield path


def _told(feast_folder: Path, stream_id: str) -> Iterator[Path]:
    """Files that tell of several days."""
    found = feast_folder.glob(f"*/{stream_folder(feast_folder, stream_id).name}/*.json")
    return (path for path in found if not _DAY.match(path.name) and path.parts[-3] != FOLDER)


def _days_told(content: Any, day: date) -> list[str]:
    if not isinstance(content, dict):
        return []
    return [name for name in content if _is_forgotten(name, day)] + [
        found for value in content.values() for found in _days_told(value, day)
    ]


def _without(content: Any, day: date) -> Any:
    if not isinstance(content, dict):
        return content
    return {name: _without(value, day) for name, value in content.items() if not _is_forgotten(name, day)}


def _is_forgotten(name: str, day: date) -> bool:
    return bool(_DAY.fullmatch(name)) and name >= day.isoformat()
