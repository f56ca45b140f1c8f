"""What is found of people who keep an arm, and of days that draw one: planted effects, and none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from experiment_files import DAYS, MODELS, PEOPLE, changed

from neural_focus.experiments.assigned_days import AssignedDay
from neural_focus.experiments.assigned_findings import AssignedFindings, assigned_findings, changes
from neural_focus.experiments.declaration import parse_experiment
from neural_focus.experiments.report import report_html, report_json
from neural_focus.experiments.running import assigned_arm
from neural_focus.experiments.wording import verdict

FIRST, NOW = date(2026, 6, 1), datetime(2026, 8, 1, tzinfo=UTC)
PERSON, DAY = parse_experiment(MODELS), parse_experiment(DAYS)


def lived(text: str, effect: float, *, people: int, days: int, seed: int = 0) -> list[AssignedDay]:
    """People who differ by 40 minutes, days by 60 around them; an arm's adds ``effect``."""
    spec, rng, found = parse_experiment(text), np.random.default_rng(seed), []
    for user in range(1, people + 1):
        usual = rng.normal(200, 40)
        last = rng.normal(usual, 60)
        for number in range(days):
            on = FIRST + timedelta(days=number)
            arm = assigned_arm(spec, user, on)
            treated = effect if arm.model else 0.0
            minutes = float(rng.normal(usual, 60) + treated)
            before = usual + 5 if spec.unit == "person" else last
            version = arm.model or "lstm_v2"
            found.append(AssignedDay(user, False, on, arm.label, arm.probability, minutes, float(before), version))
            last = minutes
    return sorted(found, key=lambda one: (one.day, one.user_id))


def only(findings: list[AssignedFindings]) -> AssignedFindings:
    [found] = findings
    return found


@pytest.mark.parametrize(("text", "people", "days"), [(MODELS, 60, 20), (DAYS, 10, 40)], ids=["person", "day"])
def test_a_planted_effect_is_found(text: str, people: int, days: int) -> None:
    spec = parse_experiment(text)
    found = only(assigned_findings(spec, lived(text, 30.0, people=people, days=days)))
    control, other = found.arms
    assert (control.arm, verdict(control), other.arm, verdict(other)) == ("usual", "baseline", "other", "helped")
    assert other.effect is not None and other.effect.low < 30.0 < other.effect.high
    assert other.by_its_model == other.days and control.by_its_model is None
    assert control.days + other.days == people * days and not found.ratio.mismatch


@pytest.mark.parametrize("text", [MODELS, DAYS], ids=["person", "day"])
def test_nothing_is_found_where_nothing_is(text: str) -> None:
    spec, wrong, runs = parse_experiment(text), 0, 60
    for seed in range(runs):
        found = only(assigned_findings(spec, lived(text, 0.0, people=24, days=12, seed=seed)))
        wrong += verdict(found.arms[1]) != "no clear difference"
    assert wrong <= 9, "5 % of 60 are 3; more than 9 come once in a thousand times"


def test_a_stopped_arm_is_compared_over_the_days_before() -> None:
    days = lived(DAYS, 30.0, people=10, days=40)
    after = FIRST + timedelta(days=30)
    spoiled = [replace(one, minutes=0.0) if one.day >= after else one for one in days]
    told = only(assigned_findings(DAY, spoiled, {"other": after})).arms[1]
    assert told.effect is not None and told.effect.low < 30.0 < told.effect.high
    assert told.days == sum(one.arm == "other" and one.day < after for one in days)
    assert only(assigned_findings(DAY, [one for one in days if one.day < after])).arms[1].effect == told.effect


def test_demo_people_are_apart_and_few_say_nothing() -> None:
    days = lived(MODELS, 0.0, people=3, days=2)
    real, demo = assigned_findings(PERSON, [replace(one, is_demo=one.user_id == 3) for one in days])
    assert (real.simulated, demo.simulated) == (False, True) and demo.arms[0].people + demo.arms[1].people == 1
    assert {verdict(arm) for arm in demo.arms} == {"baseline", "too few days or people to say"}


def test_the_report_says_what_each_arm_changes_and_who_answered() -> None:
    found = only(assigned_findings(PERSON, lived(MODELS, 30.0, people=60, days=4)))
    page, told = report_html([], NOW, assigned=[found]), report_json([], NOW, assigned=[found])
    assert "the model xgboost_v1 answers" in page and "each person keeps an arm" in page
    assert f"<td>{found.arms[1].days} (100%)</td>" in page and "Minutes of settled focus a day" in page
    [section] = told["assigned"]
    assert section["arms"][1]["effect"]["estimate"] == pytest.approx(found.arms[1].effect.estimate)  # type: ignore[union-attr]
    assert section["sample_ratio"]["mismatch"] is False and section["experiment"] == "models-1"


def test_a_policy_is_said_in_words() -> None:
    seldom = parse_experiment(PEOPLE).arms[1]
    assert changes(seldom) == "1 offers an hour at most, 30 minutes between two"
    both = parse_experiment(changed(PEOPLE, ("30.0}", '30.0}\nmodel = "lstm_v2"'), ("focus_", "settled_"))).arms[1]
    assert changes(both).startswith("the model lstm_v2 answers, 1 offers")
