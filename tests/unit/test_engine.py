"""The engine's door: sessions it reports, controls it refuses, state it takes back."""

from __future__ import annotations

import numpy as np
import pytest

from neural_focus._native import Engine
from neural_focus.errors import FormatError
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.features import FEATURE_INDEX
from neural_focus.replay import CONTROL_DTYPE, ControlKind, replay
from neural_focus.time import zone_table

SECOND = 1_000_000
START = 1_700_000_000 * SECOND
END = np.iinfo(np.int64).max


def clicks(*seconds: float) -> np.ndarray:
    records = np.zeros(len(seconds), EVENT_DTYPE)
    records["timestamp_us"] = [START + round(second * SECOND) for second in seconds]
    records["event_type"] = EventType.MOUSE_CLICK
    return records


@pytest.fixture
def engine() -> Engine:
    return Engine(*zone_table("UTC"))


def test_natural_sessions_split_at_fifteen_minutes(engine):
    engine.push(clicks(0, 899.999999, 1799.999999))
    first, gone, second = START, START + 899_999_999, START + 1_799_999_999
    assert engine.sessions() == [(first, -1, True), (first, gone, True), (second, -1, True)]
    assert engine.sessions() == []


def test_a_timed_session_suspends_natural_ones_and_survives_gaps(engine):
    engine.push(clicks(0))
    begun = engine.start_session(START + 10 * SECOND)
    engine.push(clicks(2_000))
    ended = engine.end_session(START + 5_400 * SECOND)
    engine.push(clicks(6_000))
    assert engine.sessions() == [
        (START, -1, True),
        (START, begun, True),
        (begun, -1, False),
        (begun, ended, False),
        (ended, -1, True),
    ]


def test_a_control_in_the_past_is_used_just_after_what_is_closed(engine):
    engine.push(clicks(0, 3.5))
    assert engine.start_session(START) == START + 3_500_001
    engine.close_until(START + 9 * SECOND)
    assert engine.end_session(START + SECOND) == START + 9 * SECOND + 1
    assert engine.focus_score(START + SECOND, 80.0) == START + 9 * SECOND
    assert engine.end_session(START + 20 * SECOND) == START + 20 * SECOND


@pytest.mark.parametrize("t", [-1, 0, 2**62])
def test_a_control_out_of_time_is_refused(engine, t):
    with pytest.raises(FormatError, match="control cannot be used"):
        engine.restart(t)
    with pytest.raises(FormatError, match="finite score"):
        engine.focus_score(START, float("nan"))


def test_unusable_controls_in_a_batch_are_counted(engine):
    bad = np.array([(START, 9, 0), (-5, 1, 0), (START, 4, np.inf), (START, 1, 0)], CONTROL_DTYPE)
    engine.push(clicks(1), bad)
    assert engine.counters()["rejected_controls"] == 3
    assert engine.sessions() == [(START, -1, False)]


def test_momentum_follows_the_scores():
    scores = np.array([(START + SECOND * k, ControlKind.FOCUS_SCORE, 90.0) for k in range(1, 4)], CONTROL_DTYPE)
    momentum = replay(clicks(0.5, 1.5, 2.5), scores).features[:4, FEATURE_INDEX["focus_momentum"]]
    expected = [50.0]
    for _ in range(3):
        expected.append(90 + (expected[-1] - 90) * np.exp(-1 / 60))
    np.testing.assert_allclose(momentum, expected, rtol=1e-7)


def test_gaps_are_closed_at_once(engine):
    times, _, _ = engine.push(clicks(0, 10 * 365 * 86_400))
    assert len(times) == 300
    assert len(engine.close_until(END)[0]) == 300


def test_nothing_before_the_first_event_and_nothing_twice(engine):
    assert len(engine.close_until(START)[0]) == 0
    assert len(engine.push(clicks(1))[0]) == 0
    assert engine.close_until(START + 2 * SECOND)[0].tolist() == [START + SECOND, START + 2 * SECOND]
    assert len(engine.close_until(START + 2 * SECOND)[0]) == 0
    assert len(engine.close_until(-1)[0]) == 0


@pytest.mark.parametrize("damage", ["short", "flipped", "foreign", "version"])
def test_a_damaged_state_is_refused(engine, damage):
    engine.push(clicks(*range(50)))
    saved = bytearray(engine.save())
    if damage == "short":
        saved = saved[:-9]
    elif damage == "flipped":
        saved[len(saved) // 2] ^= 4
    elif damage == "foreign":
        saved[:8] = b"PK\x03\x04abcd"
    else:
        saved[8] = 9
    with pytest.raises(FormatError, match=r"saved engine.*Compute it again"):
        Engine.load(bytes(saved))
    with pytest.raises(FormatError, match="saved engine"):
        Engine.load(b"")


def test_results_outlive_the_engine():
    times, features, sequence = Engine(*zone_table("UTC")).push(clicks(*range(100)))
    assert features[98, FEATURE_INDEX["mouse_click_count"]] == 30
    assert times[98] == START + 98 * SECOND
    assert sequence[98].tolist() == [EventType.MOUSE_CLICK] * 10


def test_a_zone_set_later_holds_from_the_next_snapshot(engine):
    hour = FEATURE_INDEX["hour_of_day"]
    before = engine.push(clicks(0, 1))[1][0, hour]
    engine.set_zone(*zone_table("Asia/Kolkata"))
    after = engine.close_until(START + SECOND)[1][0, hour]
    assert (before, after) == (22, 3)
