"""The forward filter knows the truth as well as anyone could: its probabilities come true as often as they say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from neural_focus.simulation.break_table import break_table
from neural_focus.simulation.filter import (
    FilterForecast,
    breaks_ahead,
    forecast,
    no_switch_table,
    switches_ahead,
    untouched,
)
from neural_focus.simulation.parameters import AGE_CAP_S, AppKind, State, draw_person
from neural_focus.simulation.person import SimulatedPerson, simulate_person

Case = tuple[SimulatedPerson, FilterForecast]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    people = [simulate_person(9, 14, last_day=dt.date(2025, 3, 28), number=n, trials=False) for n in (1, 2)]
    return [(person, forecast(person)) for person in people]


def calibration_gap(said: np.ndarray[Any, Any], came: np.ndarray[Any, Any], bins: int = 8) -> float:
    parts = np.array_split(np.argsort(said, kind="stable"), bins)
    return float(np.mean([abs(said[part].mean() - came[part].mean()) for part in parts]))


def area_under_roc(said: np.ndarray[Any, Any], came: np.ndarray[Any, Any]) -> float:
    rank = np.empty(len(said))
    rank[np.argsort(said, kind="stable")] = np.arange(1, len(said) + 1)
    ones = came.sum()
    return float((rank[came].sum() - ones * (ones + 1) / 2) / (ones * (len(came) - ones)))


def test_focus_is_calibrated_and_sharp(cases: list[Case]) -> None:
    for person, said in cases:
        assert calibration_gap(said.focused, person.timeline.on_task) < 0.02
        assert area_under_roc(said.focused, person.timeline.on_task) > 0.93


def test_switch_risk_is_calibrated_and_beats_recency(cases: list[Case]) -> None:
    for person, said in cases:
        came, known = switches_ahead(person.timeline)
        known &= person.timeline.state != State.AWAY
        assert calibration_gap(said.switch_risk[known], came[known]) < 0.025
        recency = area_under_roc(-person.timeline.age_s[known].astype(float), came[known])
        assert area_under_roc(said.switch_risk[known], came[known]) > recency + 0.05


def test_break_risk_is_calibrated_and_defined_only_when_settled(cases: list[Case]) -> None:
    said = np.concatenate([case[1].break_risk for case in cases])
    ahead = [breaks_ahead(person.timeline) for person, _ in cases]
    came, known = (np.concatenate(part) for part in zip(*ahead, strict=True))
    known = known & ~np.isnan(said)
    assert 0.05 < known.mean() < 0.8
    assert calibration_gap(said[known], came[known]) < 0.04
    assert area_under_roc(said[known], came[known]) > 0.68
    assert 0.04 < came[known].mean() < 0.25


def test_tables_agree_with_direct_simulation_of_the_chain() -> None:
    person, rng = draw_person(3), np.random.default_rng(0)
    runs, start, old = 4_000, int(State.WAVERING), 90
    state, age = np.full(runs, start), np.full(runs, old)
    kind, switches = np.zeros(runs, int), np.zeros(runs, int)
    away, broke, first_switch = np.zeros(runs, int), np.zeros(runs, bool), np.full(runs, 99)
    valid = np.zeros(runs, bool)
    move = np.cumsum(person.transition(1.0), axis=1)
    goal = np.cumsum(person.destination, axis=1)
    for second in range(1, 70):
        state = (rng.random(runs)[:, None] > move[state]).sum(axis=1).clip(0, 4)
        switched = rng.random(runs) < person.switch_rate[state, kind, np.minimum(age, AGE_CAP_S)]
        first_switch = np.where(switched, np.minimum(first_switch, second), first_switch)
        new_kind = np.where(switched, (rng.random(runs)[:, None] > goal[state]).sum(axis=1).clip(0, 2), kind)
        leaving = (kind == AppKind.WORK) & (new_kind != AppKind.WORK)
        valid = np.where(leaving, second <= 60, valid)
        kind, age = new_kind, np.where(switched, 0, age + 1)
        away = np.where(kind != AppKind.WORK, away + 1, 0)
        switches += switched & (second <= 60)
        broke |= (switches >= 3) | (valid & (away >= 10))
    table = break_table(person, 1.0)[old, start]
    assert broke.mean() == pytest.approx(table, abs=0.03)
    level = int(np.argmin(np.abs(np.geomspace(0.4, 3.0, 12) - 1.0)))
    calm = no_switch_table(person)[level, AppKind.WORK, old, start]
    assert (first_switch > 30).mean() == pytest.approx(calm, abs=0.03)


def test_untouched_leaves_out_what_we_did() -> None:
    person = simulate_person(9, 3, last_day=dt.date(2025, 3, 28))
    clean = untouched(person)
    shown = [trial.at_us for trial in person.trials if trial.trial.arm != "NO_OP"]
    assert shown
    at = np.searchsorted(person.timeline.start_us, shown)
    assert not clean[at].any()
    assert clean.mean() > 0.5
