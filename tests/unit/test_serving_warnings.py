"""What happened and what was warned of, as the page tells it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neural_focus.events import EVENT_DTYPE, EventType, ProductivityCategory
from neural_focus.labelling.outcomes import warning_outcome
from neural_focus.labelling.stream_timelines import timeline_of
from neural_focus.prediction import WarningKind
from neural_focus.store.predictions import LoggedMoments
from neural_focus.time import SECOND_US
from neural_focus.timeline import read_timeline
from serving.warnings import Offered, idle_stretches, switches_of, warnings_of

T0 = 1_790_000_000 * SECOND_US


def moments(
    seconds: int, switches: list[int], *, off: tuple[int, int] | None = None, high: tuple[int, ...] = (), gap: int = 0
) -> LoggedMoments:
    """A stream of one snapshot a second, switching at the given seconds; ``off``: seconds outside work apps."""
    t = np.arange(seconds)
    begun = np.array([max([-1000, *(s for s in switches if s <= second)]) for second in t])
    keep = np.ones(seconds, bool)
    if gap:
        keep[gap : gap + 30] = False
    risk = np.full(seconds, 0.2)
    risk[list(high)] = 0.9
    off_work = np.zeros(seconds, bool) if off is None else (t >= off[0]) & (t < off[1])
    category = np.where(off_work, ProductivityCategory.ENTERTAINMENT, ProductivityCategory.BUILDING)
    age = (t - begun).astype(float)
    columns = (
        np.full(seconds, 60.0),
        risk,
        np.where(age >= 60, 0.1, np.nan),
        np.full(seconds, 0.5),
        np.full(seconds, 50.0),
    )
    return LoggedMoments(
        "m",
        (T0 + t * SECOND_US)[keep],
        *(column[keep] for column in columns),
        age[keep],
        (t + 5000.0)[keep],
        category[keep],
        np.zeros(int(keep.sum()), bool),
        np.zeros(int(keep.sum())),
    )


def outcome(past: LoggedMoments, kind: WarningKind, asked_us: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return warning_outcome(timeline_of(past), kind, asked_us)


def test_switches_are_told_by_the_second() -> None:
    records = np.zeros(6, EVENT_DTYPE)
    records["timestamp_us"] = T0 + np.array([0, 2_000_000, 5_000_001, 5_900_000, 6_000_000, 9_500_000])
    records["event_type"], records["app_name"] = EventType.WINDOW_FOCUS_CHANGE, [b"a", b"a", b"b", b"c", b"d", b"a"]
    switches = switches_of(read_timeline(records), T0)
    assert [((one.t_us - T0) // SECOND_US, one.count) for one in switches] == [(6, 3), (10, 1)]
    assert switches_of(read_timeline(records), T0 + 6 * SECOND_US) == switches[1:]


@pytest.mark.parametrize(
    ("asked", "verdict", "lead"), [(5, 1, 25.0), (0, 1, 30.0), (30, 0, None), (80, -1, None), (29, 1, 1.0)]
)
def test_a_warned_switch_comes_true_within_30_s_or_is_undecided(asked: int, verdict: int, lead: float | None) -> None:
    verdicts, leads = outcome(moments(100, [30]), "HIGH_RISK", np.array([T0 + asked * SECOND_US]))
    assert verdicts.tolist() == [verdict]
    assert np.isnan(leads[0]) if lead is None else leads[0] == lead


def test_a_warning_into_a_gap_is_undecided() -> None:
    verdicts, _ = outcome(moments(100, [], gap=20), "HIGH_RISK", np.array([T0 + 10 * SECOND_US]))
    assert verdicts.tolist() == [-1]


def test_a_break_is_leaving_work_for_ten_seconds_or_three_switches() -> None:
    asked = np.array([T0 + 100 * SECOND_US])
    left = moments(300, [130, 150], off=(130, 150))
    assert outcome(left, "BREAK", asked)[1].tolist() == [30.0]
    assert outcome(moments(300, [130, 135], off=(130, 135)), "BREAK", asked)[0].tolist() == [0]
    assert outcome(moments(300, [110, 120, 160]), "BREAK", asked)[1].tolist() == [60.0]
    assert outcome(moments(300, [110, 120, 161]), "BREAK", asked)[0].tolist() == [0]


def test_warnings_acted_upon_are_shown_but_not_counted() -> None:
    past = moments(400, [30, 330], high=(10, 310))
    offered = [Offered(1, T0 + 300 * SECOND_US, 0.4, True, "why"), Offered(2, T0 + 100 * SECOND_US, 0.3, False, "")]
    warned = warnings_of(timeline_of(past), past, offered, np.array([T0 + 300 * SECOND_US]), T0 - 1)
    assert [(w.kind, (w.t_us - T0) // SECOND_US, w.acted_on, w.came_true) for w in warned] == [
        ("HIGH_RISK", 10, False, True),
        ("BREAK", 100, False, False),
        ("BREAK", 300, True, False),
        ("HIGH_RISK", 310, False, True),
    ]


def test_a_high_onset_that_help_follows_within_its_horizon_is_not_counted() -> None:
    past = moments(100, [30], high=(10,))
    warned = warnings_of(
        timeline_of(past),
        past,
        [Offered(1, T0 + 20 * SECOND_US, 0.4, True, "")],
        np.array([T0 + 20 * SECOND_US]),
        T0 - 1,
    )
    assert [w.acted_on for w in warned] == [True, True]


def test_idle_begins_with_the_last_input_and_ends_when_it_stops_growing() -> None:
    idle = np.zeros(120)
    idle[25:61] = np.minimum(np.arange(25, 61) - 20, 30)  # no input from second 20 on, known at 25, back at 60
    idle[61:91] = np.arange(29, -1, -1)
    found = idle_stretches(timeline_of(replace(moments(120, []), idle_s=idle)), T0, T0 + 120 * SECOND_US)
    assert [((one.from_us - T0) // SECOND_US, (one.to_us - T0) // SECOND_US) for one in found] == [(20, 60)]
    assert (
        idle_stretches(timeline_of(replace(moments(120, []), idle_s=idle)), T0 + 60 * SECOND_US, T0 + 120 * SECOND_US)
        == []
    )


def test_idle_that_is_long_over_does_not_make_the_next_stretch_longer() -> None:
    idle = np.zeros(60)
    idle[15:21] = np.arange(5, 11)  # from second 10 to 20
    idle[21:30] = 10
    idle[30:41] = np.arange(15, 26)  # from second 25 to 40
    found = idle_stretches(timeline_of(replace(moments(60, []), idle_s=idle)), T0, T0 + 120 * SECOND_US)
    assert [((one.from_us - T0) // SECOND_US, (one.to_us - T0) // SECOND_US) for one in found] == [(10, 20), (25, 40)]


def test_idle_lasts_until_now_where_nobody_came_back() -> None:
    records = np.zeros(2, EVENT_DTYPE)
    records["timestamp_us"] = T0 + np.array([0, 25]) * SECOND_US
    records["event_type"], records["data"][1, 0] = [EventType.KEY_PRESS, EventType.IDLE_START], 5_000
    [stretch] = idle_stretches(read_timeline(records), T0, T0 + 90 * SECOND_US)
    assert ((stretch.from_us - T0) // SECOND_US, (stretch.to_us - T0) // SECOND_US) == (20, 90)
