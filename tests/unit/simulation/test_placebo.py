"""A placebo changes nothing of a simulated life, and the report says so beside the effect that it finds."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest

from bench.trials.interventions import simulated_trial
from neural_focus.experiments.analysis import analyse
from neural_focus.experiments.report import report_html, report_json
from neural_focus.settings import Settings
from neural_focus.simulation import worker
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.timeline import live_through, workdays

DAY = dt.date(2025, 3, 28)


def test_a_life_with_placebos_is_the_same_as_with_nothing_in_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    person, days = draw_person(4_001), workdays(DAY, 7)
    shown, held = live_through(person, days, np.random.default_rng(3))
    without = {arm: share for arm, share in worker.DEMO_ARMS.items() if arm is not worker.Arm.PLACEBO}
    without[worker.Arm.NO_OP] += worker.DEMO_ARMS[worker.Arm.PLACEBO]
    monkeypatch.setattr(worker, "DEMO_ARMS", without)
    untouched, plain = live_through(person, days, np.random.default_rng(3))
    cards = [at for at, trial in held if trial.arm is worker.Arm.PLACEBO]
    assert len(cards) > 5 and [at for at, _ in held] == [at for at, _ in plain]
    assert {trial.arm for at, trial in plain if at in cards} == {worker.Arm.NO_OP}
    for name in ("start_us", "state", "mode", "app", "switched", "strain", "shielded", "document"):
        assert np.array_equal(getattr(shown, name), getattr(untouched, name)), name


def test_the_report_finds_the_planted_effect_of_what_was_applied_and_nothing_for_the_placebo() -> None:
    settings = Settings(home=Path("nowhere"))
    moments, truth = simulated_trial(1, people=settings.demo_people, days=settings.demo_days)  # as make run has them
    findings = analyse(moments, truth)
    told = report_json(findings, max(moment.at for moment in moments))
    arms = {arm["arm"]: arm for arm in json.loads(json.dumps(told))["trials"][0]["arms"]}
    block, placebo = arms["BLOCK_SITES"], arms["PLACEBO"]
    assert block["verdict"] == "helped" and block["effect"]["low"] > 0
    assert block["effect"]["low"] <= block["true_effect"] <= block["effect"]["high"]
    assert block["applied_effect"]["low"] > 0
    assert block["applied_effect"]["estimate"] > block["effect"]["estimate"], "who turned it down was not helped"
    assert block["carried_out"]["applied"] < block["exposures"]
    assert placebo["true_effect"] == 0 and placebo["verdict"] == "no clear difference"
    for kind in ("effect", "applied_effect", "average_effect", "applied_average"):
        assert placebo[kind]["low"] < 0 < placebo[kind]["high"], kind
    assert placebo["carried_out"]["applied"] == placebo["exposures"] > 100, "shown is applied"
    page = report_html(findings, max(moment.at for moment in moments))
    assert "Placebo: a card: no clear difference, as should be" in page and "asks for no" in page
