"""The simulated person looks like the published figures, and the same seed gives the same person."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neural_focus.events import EventType, KeyFlag
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.person import SimulatedPerson, answer, simulate_person
from neural_focus.simulation.timeline import live_through, presence, workdays

FRIDAY = dt.date(2025, 3, 28)


@pytest.fixture(scope="module")
def people() -> list[SimulatedPerson]:
    return [simulate_person(5, 7, last_day=FRIDAY, number=number) for number in (1, 2, 3)]


def times(person: SimulatedPerson, kind: EventType) -> np.ndarray[Any, np.dtype[np.int64]]:
    records = person.records
    return records["timestamp_us"][records["event_type"] == kind].astype(np.int64)


@pytest.mark.parametrize("start_h", [7.4, 9.9])
def test_whenever_a_day_began_its_stretches_follow_each_other(start_h: float) -> None:
    person = replace(draw_person(1), day_start_h=start_h)
    for seed in range(500):
        day = presence(person, np.random.default_rng(seed))
        edges = [edge for stretch in day for edge in (stretch.start_s, stretch.end_s)]
        assert edges == sorted(edges) and len(day) >= 2


def test_stays_are_as_long_tailed_as_published() -> None:
    """Yeykelis, Cummings and Reeves 2014: a fifth within 5 s, half within 19 s, three quarters within a minute."""
    stays, returned = [], []
    for number in range(24):
        timeline, _ = live_through(draw_person(101 + number), [FRIDAY], np.random.default_rng(number), trials=False)
        begins = np.flatnonzero(timeline.switched | timeline.first)
        inside = ~timeline.first[begins]
        stays.append(np.diff(timeline.start_us[begins])[inside[1:]] / 1e6)
        app = timeline.app[begins]
        returned.append((app[2:] == app[:-2])[inside[2:] & inside[1:-1]])
    stay_s = np.concatenate(stays)
    assert np.mean(stay_s <= 5) == pytest.approx(0.20, abs=0.02)
    assert np.median(stay_s) == pytest.approx(19, abs=3)
    assert np.mean(stay_s < 60) == pytest.approx(0.75, abs=0.03)
    assert 200 <= len(stay_s) / 24 <= 350, "a day"
    assert 0.35 < np.mean(np.concatenate(returned)) < 0.6, "people go back to what they have just left"


def test_keys_are_170_ms_apart_and_log_normal(people: list[SimulatedPerson]) -> None:
    gaps = np.concatenate([np.diff(times(person, EventType.KEY_PRESS)) / 1e3 for person in people])
    gaps = gaps[gaps < 1500]
    assert 120 <= np.median(gaps) <= 230
    assert np.mean(gaps) > 1.05 * np.median(gaps), "skewed to the right"
    assert abs(np.mean(np.log(gaps[gaps < 600])) - np.log(np.median(gaps[gaps < 600]))) < 0.1


def test_about_one_event_a_second(people: list[SimulatedPerson]) -> None:
    for person in people:
        present = (person.timeline.state != 4).sum()
        assert 0.5 < len(person.records) / present < 2.0


def test_records_are_sorted_and_hold_no_key_codes(people: list[SimulatedPerson]) -> None:
    records = people[0].records
    assert np.all(np.diff(records["timestamp_us"].astype(np.int64)) >= 0)
    keys = records[np.isin(records["event_type"], [EventType.KEY_PRESS, EventType.KEY_RELEASE])]
    assert len(keys) > 1000
    assert not keys["data"][:, :2].any()
    assert np.all(keys["data"][:, 2] & KeyFlag.REDACTED)


def test_every_switch_changes_the_app_and_its_hint_is_of_that_app(people: list[SimulatedPerson]) -> None:
    records = people[0].records
    focus = records[records["event_type"] == EventType.WINDOW_FOCUS_CHANGE]
    inside = focus["data"][1:, 0] != 0
    assert np.all(focus["app_name"][1:][inside] != focus["app_name"][:-1][inside])
    assert np.all(focus["data"][focus["app_name"] == b"code", 2] == (1 << 1 | 1 << 8))


def test_idle_pairs_alternate_and_say_how_long(people: list[SimulatedPerson]) -> None:
    records = people[0].records
    idle = records[np.isin(records["event_type"], [EventType.IDLE_START, EventType.IDLE_END])]
    kinds = idle["event_type"]
    assert np.all(kinds[::2] == EventType.IDLE_START)
    assert np.all(kinds[1::2] == EventType.IDLE_END)
    gap_ms = (idle["timestamp_us"][1::2] - idle["timestamp_us"][:-1:2]).astype(np.int64) // 1000 + 5000
    assert np.all(np.abs(gap_ms - idle["data"][1::2, 0].astype(np.int64)) <= 1)
    locks = times(people[0], EventType.SCREEN_LOCK)
    assert len(locks) == len(times(people[0], EventType.SCREEN_UNLOCK)) + 1


def test_same_seed_same_bytes_other_seed_other_person() -> None:
    first, again, other = (simulate_person(seed, 3, last_day=FRIDAY) for seed in (1, 1, 2))
    assert first.records.tobytes() == again.records.tobytes()
    assert first.trials == again.trials
    assert first.records.tobytes() != other.records.tobytes()


def test_wavering_shows_before_it_breaks(people: list[SimulatedPerson]) -> None:
    for person in people:
        state, keys = person.timeline.state, person.keys
        calm, wavering = (keys.total[state == s].sum() / keys.count[state == s].sum() for s in (0, 1))
        assert np.exp(wavering - calm) > 1.2, "typing slows down"


def test_workdays_are_mondays_to_fridays_and_end_with_the_last() -> None:
    days = workdays(dt.date(2025, 3, 30), 28)
    assert len(days) == 20
    assert days[-1] == FRIDAY
    with pytest.raises(ValueError, match="no workday"):
        simulate_person(1, 2, last_day=dt.date(2025, 3, 30))


def test_answers_come_in_time() -> None:
    rng = np.random.default_rng(0)
    answers = [answer({"action": "BLOCK_REDDIT", "timeout_seconds": 3}, rng) for _ in range(400)]
    assert {response for response, _ in answers} == {"accept", "reject", "snooze"}
    assert all(0 < delay <= 2 for _, delay in answers)
    assert 0.65 < np.mean([response == "accept" for response, _ in answers]) < 0.85


def test_the_engine_takes_every_record(people: list[SimulatedPerson]) -> None:
    from neural_focus._native import validate

    good, reasons = validate(people[0].records)
    assert good.all()
    assert sum(reasons.values()) == 0
