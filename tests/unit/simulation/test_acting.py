"""The live demo person is a person like those of the history: the same hands, the same dwell, the same day."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import pytest

from neural_focus.events import EventType
from neural_focus.simulation.acting import Act, InputPlanner, lively_worker
from neural_focus.simulation.parameters import Mode, State, draw_person
from neural_focus.simulation.person import simulate_person

SEED = 1_000
AT_THE_DESK_S, STRETCH_S = 19_400, 4_850
"""A working day of four stretches, without its lunch and meetings."""
Acted = list[tuple[float, Act, float, int]]


@pytest.fixture(scope="module")
def day() -> Acted:
    """A day of the live person of ``make run``: (second, act, amount, hidden state)."""
    person = draw_person(SEED)
    worker, hands = lively_worker(person, 10.0), InputPlanner(person, np.random.default_rng(1))
    acted = []
    for tick in range(AT_THE_DESK_S):
        if tick and tick % STRETCH_S == 0:
            worker.begin()
        worker.step(tick, 10.0 + tick / 3_600)
        acted += [(tick + at, act, amount, worker.state) for at, act, amount in hands.plan(worker)]
    return acted


def when(day: Acted, act: Act) -> np.ndarray:
    return np.array([at for at, one, _, _ in day if one is act])


def test_dwell_and_switches_a_day_are_like_published(day: Acted) -> None:
    dwell = np.diff(when(day, Act.SWITCH))
    assert 5 <= np.median(dwell) <= 40
    assert 200 <= len(dwell) <= 350


def test_keys_and_speeds_are_those_of_the_history(day: Acted) -> None:
    history = simulate_person(1, 3, last_day=dt.date(2025, 3, 28), number=0, trials=False)
    records = history.records
    stamps = records["timestamp_us"].astype(np.int64) / 1e6
    keys = np.diff(stamps[records["event_type"] == EventType.KEY_PRESS])
    live = np.diff(when(day, Act.KEY))
    typed, acted = (np.median(gaps[gaps < 1.5]) for gaps in (keys, live))
    assert 0.12 <= acted <= 0.23
    assert acted == pytest.approx(typed, rel=0.15)
    moves = [(at, pixels) for at, act, pixels, state in day if act is Act.MOVE and state == State.FOCUSED]
    gap, pixels = np.diff([at for at, _ in moves]), np.array([pixels for _, pixels in moves[1:]])
    speed = np.log((pixels / gap)[gap <= 1.0])
    assert speed.mean() == pytest.approx(history.parameters.pointer_log_mean[State.FOCUSED], abs=0.05)
    assert speed.std() == pytest.approx(history.parameters.pointer_log_std[State.FOCUSED], rel=0.1)


def test_a_lively_moment_shows_work_and_then_distraction_whatever_the_hour() -> None:
    for hour in (3.0, 10.0, 17.0):
        worker = lively_worker(draw_person(SEED), hour)
        state, switches, typing = Counter[int](), 0, 0
        for tick in range(120):
            worker.step(tick, hour)
            state[worker.state] += 1
            switches += worker.switched
            typing += worker.mode == Mode.TYPING
        assert state[State.DISTRACTED] >= 15
        assert state[State.FOCUSED] + state[State.WAVERING] >= 20
        assert switches >= 4
        assert typing >= 8
