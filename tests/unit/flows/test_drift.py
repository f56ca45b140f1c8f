"""Drift: what is a reason to learn anew, and that it is acted on once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from flows import drift
from flows.platform_flow import Platform
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments, cut_moments, learn_population
from neural_focus.models.drift import LARGE_SHARE, LARGE_SHIFT, counts, input_drift, reference_of
from neural_focus.registry.health import read_health
from neural_focus.settings import Settings
from neural_focus.simulation.parameters import draw_person, draw_stranger
from neural_focus.simulation.person import live
from neural_focus.simulation.stream import stream_of
from neural_focus.time import DAY_US

STILL = dict.fromkeys([f"input_{number}" for number in range(40)], 0.02)
WELL = {"switch": {"n": 2_000, "brier": 0.1, "ece": 0.05, "chance": 0.01}}


def test_a_few_moved_inputs_or_the_calendar_are_no_reason_a_fifth_of_them_is() -> None:
    far = 2 * LARGE_SHIFT
    assert drift._reason(STILL, WELL) == ""
    assert drift._reason({**STILL, "input_1": far, "input_2": far}, WELL) == ""
    assert drift._reason({**STILL, "day_of_week": far, "hour_of_day": far, "input_1": far, "input_2": far}, WELL) == ""
    assert drift._reason({**STILL, **dict.fromkeys([f"input_{number}" for number in range(7)], far)}, WELL) == ""
    said = drift._reason({**STILL, **dict.fromkeys([f"input_{number}" for number in range(8)], far)}, WELL)
    assert "8 of 40 inputs have moved" in said and "input_0" in said


@pytest.mark.parametrize("seed", [101, 102, 104, 107])
def test_days_of_the_same_life_stay_well_within_the_limit_and_another_kind_of_life_far_outside(seed: int) -> None:
    moments, stays = cut_moments([stream_of(live(draw_person(seed), 7, number=1, trials=False), 1)], V6)
    others, _ = cut_moments([stream_of(live(draw_stranger(seed), 3, number=1, trials=False), 1)], V6)
    days = moments.times_us // DAY_US
    trained = moments.take(days < np.unique(days)[3])
    population = learn_population(stays, trained)
    reference = reference_of(V6.names, trained.inputs(V6, population))

    def moved(recent: Moments) -> float:
        found = input_drift(reference, V6.names, recent.inputs(V6, population))
        return sum(found[name] > LARGE_SHIFT for name in found if counts(name)) / sum(map(counts, found))

    assert moved(moments.take(days >= np.unique(days)[3])) < 0.8 * LARGE_SHARE
    assert moved(others) > 2 * LARGE_SHARE


def test_what_remembers_days_moves_with_everybodys_past_and_is_no_reason() -> None:
    memories = ["app_stays", "pair_stays", "switch_rate_86400s", "switches_decayed_604800s", "usual_log_s"]
    moved = {**dict.fromkeys(memories, 5.0), **STILL}
    assert drift._reason(moved, WELL) == ""
    assert "0 of 40 inputs have moved" in drift.Look("", "", 1, 9_000, moved, {}, "").sentence()


def test_served_risks_that_are_off_beyond_chance_are_a_reason() -> None:
    off = {"break": {"n": 900, "brier": 0.2, "ece": 0.15, "chance": 0.02}}
    assert "the risk of a break is off by 0.150 on 900 live moments" in drift._reason({}, off)
    noise = {"break": {"n": 400, "brier": 0.2, "ece": 0.09, "chance": 0.03}}
    assert drift._reason({}, noise) == ""


def test_a_champion_that_is_gone_starts_the_learning_once_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    settings.models.mkdir(parents=True)
    pointer = {"champion": "neural_focus:xgboost_v9", "before": []}
    (settings.models / "champion.json").write_text(json.dumps(pointer))
    reasons: list[str] = []

    def start(reason: str) -> bool:
        reasons.append(reason)
        return True

    monkeypatch.setattr(drift, "_start_learning", start)
    platform = Platform(settings, cast(Any, None))
    assert drift.watch(platform).started
    again = drift.watch(platform)
    assert not again.started and "xgboost_v9" in again.reason
    assert len(reasons) == 1
    assert "A training is due" in read_health(settings)
