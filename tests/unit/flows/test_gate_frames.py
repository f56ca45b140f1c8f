"""The rows that gates look at, where a person's good day could be held back: clocks, retention, flows that lag."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from flows.gates.event_profile import MINUTE_US, Profile, minute_bits
from flows.gates.frames import StreamContext, event_rows, feature_rows
from flows.gates.stream_context import steps_by_day
from flows.gates.stream_frames import kept_sessions
from flows.gates.table import DataKind
from flows.gates.training_rows import thinned
from neural_focus.time import DAY_US, HOUR_US, SECOND_US

DAY = 20_000 * DAY_US
"""2024-10-04."""
TWO_HOURS = 7_200.0


def boot(number: int, day: int, first_h: float, last_h: float, step_h: float = 0) -> tuple[int, int, int, int]:
    """A boot by its day and hours."""
    first, last = (DAY + day * DAY_US + int(hour * HOUR_US) for hour in (first_h, last_h))
    return number, first, last, int(step_h * HOUR_US)


def test_the_day_with_the_wrong_clock_is_told_and_no_other() -> None:
    good, wrong, after = boot(1, 3, 9, 17), boot(2, 10, 10, 18), boot(3, 10, 17, 20, -2)
    assert steps_by_day([good, wrong, after]) == {"2024-10-14": TWO_HOURS}, "16 to 17 h: hours that had not come"
    assert steps_by_day([good, after]) == {}, "the wrong boot is gone, and the one before it was right"
    assert steps_by_day([after]) == {}


def test_a_clock_that_is_set_at_once_each_morning_holds_no_day() -> None:
    """A laptop of two systems: two minutes in local time, then the true one, before which replay leaves them out."""
    mornings = [one for n in range(5) for one in (boot(2 * n + 1, n, 9, 9.03), boot(2 * n + 2, n, 7.03, 15, -2))]
    assert steps_by_day(mornings) == {}
    west = [one for n in range(5) for one in (boot(2 * n + 1, n, 4, 4.03), boot(2 * n + 2, n, 9.03, 15, 5))]
    assert steps_by_day(west) == {}


def test_a_clock_that_was_behind_is_told_of_its_own_day() -> None:
    assert steps_by_day([boot(1, 3, 9, 12), boot(2, 4, 9, 12), boot(3, 5, 9, 12, 24)]) == {"2024-10-08": 86_400.0}


def test_a_day_of_which_time_was_forgotten_has_no_step() -> None:
    context = StreamContext(step_s={"2024-10-04": TWO_HOURS}, forgotten=frozenset({"2024-10-04"}))
    [row] = event_rows({"2024-10-04": _events(range(60))}, context)
    assert row["step_s"] == 0


@pytest.mark.parametrize(("computed", "share"), [(50, 0.0), (20, 0.0), (3, 0.0)])
def test_what_the_flow_has_not_come_to_is_not_missing(computed: int, share: float) -> None:
    days = {"2024-10-04": _snapshots(range(computed))}
    [row] = feature_rows(days, {"2024-10-04": _events(range(60))})
    assert not row["uncomputed"] > share


def test_what_the_flow_left_out_is_missing() -> None:
    left_out, newer = _snapshots(range(30)), _snapshots(range(5))
    rows = feature_rows({"2024-10-04": left_out, "2024-10-05": newer}, {"2024-10-04": _events(range(60))})
    assert rows[0]["uncomputed"] == 0.5
    [hole] = feature_rows({"2024-10-04": _snapshots((*range(10), 59))}, {"2024-10-04": _events(range(60))})
    assert hole["uncomputed"] == pytest.approx(49 / 60)


def test_sessions_of_days_that_are_gone_hold_nothing() -> None:
    sessions = pd.DataFrame({"user_id": [1, 1, 2], "day": ["2024-07-01", "2024-10-04", "2024-07-01"]})
    days = pd.DataFrame({"stream_id": ["1:m"], "day": ["2024-10-04"]})
    frames = {DataKind.EVENTS: days, DataKind.FEATURES: days.iloc[:0]}
    assert kept_sessions(sessions, frames)["day"].tolist() == ["2024-10-04"]


@pytest.mark.parametrize("most", [700, 500, 400, 300])
def test_a_set_is_thinned_so_that_copies_stay_together(most: int) -> None:
    """The streams are as long as they happen to be: every k-th row of them all would part a copy from its first."""
    times = [DAY + np.arange(count) * 10 * SECOND_US for count in (601, 500, 500)]
    labels = pd.concat([_labelled(name, one) for name, one in zip("abc", times, strict=True)], ignore_index=True)
    kept = thinned(labels, most, now_us=DAY + DAY_US)
    assert 0 < len(kept) <= most + 3
    by_stream = {name: set(rows["event_timestamp"]) for name, rows in kept.groupby("stream_id")}
    assert by_stream["b"] == by_stream["c"] <= by_stream["a"]


def test_a_moment_that_has_not_come_is_never_thinned_away() -> None:
    labels = _labelled("a", DAY + np.arange(1_000) * 10 * SECOND_US)
    last = labels["event_timestamp"].iloc[-1]
    assert thinned(labels, 300, now_us=DAY + 9_985 * SECOND_US)["event_timestamp"].iloc[-1] == last
    assert thinned(labels, 1_000, now_us=DAY) is labels


def _labelled(stream: str, times_us: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"stream_id": stream, "event_timestamp": pd.to_datetime(times_us, unit="us", utc=True)})


def _bits(minutes: Any) -> str:
    return minute_bits(DAY + np.array(list(minutes), np.int64) * MINUTE_US)


def _events(minutes: Any) -> Profile:
    return {"minutes": _bits(minutes), "events": 60, "boots": [], "kinds": {}}


def _snapshots(minutes: Any) -> Profile:
    return {"minutes": _bits(minutes), "usual": {}}
