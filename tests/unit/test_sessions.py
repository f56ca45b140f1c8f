"""Lengths, deadlines and summaries of sessions."""

from __future__ import annotations

import pytest

from neural_focus.errors import InputError
from neural_focus.sessions import deadline_us, length_minutes, summarize


@pytest.mark.parametrize(
    ("kind", "asked", "minutes"),
    [("pomodoro", None, 25), ("deep_work", None, 90), ("natural", None, None), ("pomodoro", 50, 50)],
)
def test_lengths(kind: str, asked: int | None, minutes: int | None) -> None:
    assert length_minutes(kind, asked) == minutes


@pytest.mark.parametrize(("kind", "asked"), [("nap", None), ("natural", 5), ("pomodoro", 0), ("deep_work", 1441)])
def test_lengths_that_make_no_sense_are_refused(kind: str, asked: int | None) -> None:
    with pytest.raises(InputError):
        length_minutes(kind, asked)


def test_a_timer_ends_to_the_microsecond() -> None:
    assert deadline_us(1_000_000_000_000_007, "pomodoro") == 1_000_001_500_000_007
    assert deadline_us(7, "natural") is None


def test_a_summary_of_nothing_predicted_has_no_score() -> None:
    assert summarize(0, 90_000_000, [], context_switches=2, interventions=0).focus_score_avg is None
    summary = summarize(0, 90_500_000, [50.0, 70.0], context_switches=2, interventions=1)
    assert (summary.duration_seconds, summary.focus_score_avg) == (90, 60.0)
