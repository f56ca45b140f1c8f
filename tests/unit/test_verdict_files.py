"""What is kept of days that gates hold back: files that were damaged, and days that were forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feature_repo.forgetting import count_days, forget_days
from flows.gates.stream_profiles import _Kept
from neural_focus.quarantine import (
    FORGOTTEN,
    HeldDay,
    HoldReason,
    drop_verdicts_before,
    drop_verdicts_of_others,
    held_sentence,
    quality_folder,
    read_held,
    release,
    write_held,
)
from neural_focus.time import DAY_US

STREAM = "1:m"
DAYS = ["2024-10-03", "2024-10-04", "2024-10-05"]
FRIDAY_US = 20_000 * DAY_US
TORN = '{"days": {"2024-10-0'


def held(day: str) -> HeldDay:
    """A day with one reason."""
    return HeldDay(STREAM, day, (HoldReason("events.keys", f"4,000 keys on {day}", "Look"),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the stream's verdicts: three days are held back, of which two are released."""
    write_held(tmp_path, [held(day) for day in DAYS])
    for day in DAYS[1:]:
        release(tmp_path, held(day))
    mine = quality_folder(tmp_path, STREAM)
    (mine / "profiles.json").write_text(json.dumps({"days": {day: {} for day in DAYS}}))
    return mine


def test_what_is_forgotten_leaves_verdicts_and_releases(folder: Path, tmp_path: Path) -> None:
    first_us = FRIDAY_US + DAY_US // 2
    assert count_days(tmp_path, STREAM, first_us) == 2 + 1 + 2, "two texts, a release, two profiles"
    forget_days(tmp_path, STREAM, first_us)
    assert count_days(tmp_path, STREAM, first_us) == 0
    assert [one.day for one in read_held(tmp_path)] == DAYS[:2], "the later day's release stays"
    assert [one.day for one in read_held(tmp_path, released=True)] == DAYS[2:]
    reasons = [one.reasons[0] for one in read_held(tmp_path)]
    assert [one.gate for one in reasons] == ["events.keys"] * 2
    assert [one.found for one in reasons] == [f"4,000 keys on {DAYS[0]}", FORGOTTEN]
    assert list(json.loads((folder / "profiles.json").read_text())["days"]) == DAYS[:1]


@pytest.mark.parametrize("content", [TORN, "", "\0" * 40])
def test_a_damaged_file_stops_nobody(folder: Path, tmp_path: Path, content: str) -> None:
    for path in folder.iterdir():
        path.write_text(content)
    assert "cannot be read" in held_sentence(tmp_path, 1)
    made = _Kept(folder)
    assert made.of(DAYS[0], "events", "key", lambda: {"events": 1}) == {"events": 1}
    drop_verdicts_before(tmp_path, DAYS[2])
    assert not (folder / "profiles.json").exists()
    write_held(tmp_path, [held(DAYS[0])])
    assert [one.day for one in read_held(tmp_path)] == DAYS[:1], "a release that cannot be read releases nothing"
    assert count_days(tmp_path, STREAM, FRIDAY_US) == 1
    forget_days(tmp_path, STREAM, FRIDAY_US)
    assert count_days(tmp_path, STREAM, FRIDAY_US) == 0


def test_what_is_kept_of_a_stream_that_is_gone_goes(folder: Path, tmp_path: Path) -> None:
    write_held(tmp_path, [held(DAYS[0]), HeldDay("2:n", DAYS[0], held(DAYS[0]).reasons)])
    drop_verdicts_of_others(tmp_path, {"2:n"})
    assert not folder.exists() and [one.stream_id for one in read_held(tmp_path)] == ["2:n"]
