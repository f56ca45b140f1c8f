"""An experiment's file is refused by the field that does not fit, with what to write."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from experiment_files import DAYS, MODELS, OWN, PEOPLE, changed

from neural_focus.errors import InputError
from neural_focus.experiments.assignment import DEMO_ARMS, DEMO_SEED, TRIAL_ARMS, TRIAL_SEED, Arm
from neural_focus.experiments.declaration import (
    default_experiment,
    demo_experiment,
    parse_experiment,
    read_experiment,
    stored_experiment,
)

HELP = 'action = "SUGGEST_BREAK"\nprobability = 0.5'
ADAPTIVE = "[adaptive]\non = true\n"
BAD = {
    "no TOML": (OWN, ("version = 1", "version = "), r"is no TOML.*Correct that line"),
    "unknown field": (
        OWN,
        ("version = 1", "version = 1\nwieght = 2"),
        r"unknown field: 'wieght'.*Known: name, version",
    ),
    "no name": (OWN, ('name = "breaks"\n', ""), r"lacks a field: 'name'. Write name = "),
    "no plan": (OWN, (OWN[OWN.index("[plan]") :], ""), r"lacks a field: 'plan'. Write a \[plan\] table"),
    "no effect": (OWN, ("effect = 4.0\n", ""), r"experiment.plan lacks a field: 'effect'. Write effect = "),
    "name": (OWN, ('"breaks"', '"Breaks!"'), r"name is 'Breaks!'. Write up to 30"),
    "reserved name": (OWN, ('"breaks"', '"simulated"'), r"name is 'simulated'"),
    "version": (OWN, ("version = 1", "version = 0"), r"version is 0. Write 1"),
    "version text": (OWN, ("version = 1", 'version = "1"'), r"version is '1'. Expected `int`"),
    "hypothesis": (OWN, ("A suggested break raises the focus of the next five minutes.", "?"), r"hypothesis is '\?'"),
    "layer": (OWN, ('layer = "help"', 'layer = "A layer"'), r"layer is 'A layer'"),
    "layer of actions": (OWN, ('layer = "help"', 'layer = "mine"'), r'layer is \'mine\'. Write "help"'),
    "layer of people": (PEOPLE, ('layer = "how-often"', 'layer = "help"'), r"layer is 'help'.*another name"),
    "unit": (
        OWN,
        ('unit = "opportunity"', 'unit = "week"'),
        r"unit is 'week'. It should be one of day, opportunity, person",
    ),
    "a model of an opportunity": (
        OWN,
        ('action = "SUGGEST_BREAK"', 'action = "SUGGEST_BREAK"\nmodel = "xgboost_v1"'),
        r"arms\[1\] is 'SUGGEST_BREAK'. Write an action and a probability alone",
    ),
    "a version": (MODELS, ('"xgboost_v1"', '"the best one"'), r"arms\[1\].model is 'the best one'. Write a version"),
    "an outcome that the model makes": (
        MODELS,
        ('"settled_minutes_a_day"', '"focus_minutes_a_day"'),
        r"outcome.metric is .* Write settled_minutes_a_day for arms with a model",
    ),
    "a plan of days": (DAYS, ("sd = 60.0", "sd = 60.0\navailable = 0.5"), r"plan is one of opportunities. Leave out"),
    "guardrail of days": (
        DAYS,
        ("[plan]", '[[guardrails]]\nmetric = "outcome"\nbound = 1.0\n[plan]'),
        r"guardrails\[0\].metric is outcome. Write rejected or undone for unit = \"day\"",
    ),
    "one arm": (OWN, ("[[arms]]\n" + HELP, ""), r"arms is 1 tables. Write 2 to 5"),
    "no control": (OWN, ("NO_OP", "BLOCK_SITES"), r"arms is a list with 0 controls. Write exactly one control"),
    "two controls": (PEOPLE, ("policy = {alerts_per_hour = 1.0, gap_minutes = 30.0}", ""), r"with 2 controls"),
    "an arm twice": (OWN, ("[outcome]", "[[arms]]\n" + HELP + "\n[outcome]"), r"arms\[2\] is a second 'SUGGEST_BREAK'"),
    "action": (OWN, ("SUGGEST_BREAK", "SHOUT"), r"arms\[1\].action is 'SHOUT'. It should be one of BLOCK_SITES, NO_OP"),
    "sum": (OWN, (HELP, HELP[:-3] + "0.4"), r"probabilities that sum to 0.9. Make them sum to 1"),
    "probability": (OWN, (HELP, HELP[:-3] + "1.5"), r"arms\[1\].probability is 1.5. Write 0.05 or more, below 1"),
    "policy of an opportunity": (
        OWN,
        (HELP, HELP + "\npolicy = {gap_minutes = 9.0}"),
        r"arms\[1\] is 'SUGGEST_BREAK'. Write an action and a probability alone",
    ),
    "action of a person": (PEOPLE, ('name = "usual"', 'action = "NO_OP"'), r"arms\[0\] is 'NO_OP'. Write name"),
    "empty policy": (
        PEOPLE,
        ("alerts_per_hour = 1.0, gap_minutes = 30.0", ""),
        r"arms\[1\].policy is empty. Write one of",
    ),
    "policy": (
        PEOPLE,
        ("gap_minutes = 30.0", "gap_minutes = 1.0"),
        r"arms\[1\].policy.gap_minutes is 1.0. Write 5 to 240",
    ),
    "traffic": (OWN, ("version = 1", "version = 1\ntraffic = 0.0"), r"traffic is 0.0. Write a share"),
    "rest": (OWN, ("version = 1", "version = 1\ntraffic = 0.5\nrest_of_layer = true"), r"traffic is 0.5. Leave it out"),
    "metric": (OWN, ('"focus_score"', '"focus_minutes_a_day"'), r"outcome.metric is .* write focus_score"),
    "horizon": (OWN, ("horizon_seconds = 300", "horizon_seconds = 600"), r"horizon_seconds is 600. Write 300"),
    "start": (OWN, ("version = 1", 'version = 1\nstart = "soon"'), r"start is 'soon'. Write a day: 2026-12-01"),
    "end": (OWN, ("version = 1", "version = 1\nstart = 2026-12-01\nend = 2026-12-01"), r"end is .* after the start"),
    "hours": (
        OWN,
        ("[outcome]", "[eligibility]\nfrom_hour = 18\nto_hour = 9\n[outcome]"),
        r"eligibility is from_hour 18",
    ),
    "days": (
        OWN,
        ("[outcome]", '[eligibility]\ndays = ["today"]\n[outcome]'),
        r"eligibility.days\[0\] is 'today'.*mon",
    ),
    "categories": (OWN, ("[outcome]", '[eligibility]\ncategories = ["Work"]\n[outcome]'), r"categories\[0\] is 'Work'"),
    "first": (OWN, ("[outcome]", "[eligibility]\nfirst_of_day = -1\n[outcome]"), r"eligibility.first_of_day is -1"),
    "eligible people": (
        PEOPLE,
        ("[outcome]", "[eligibility]\nfirst_of_day = 3\n[outcome]"),
        r"eligibility is given. Leave",
    ),
    "availability": (
        OWN,
        ("[outcome]", '[availability]\nunavailable = ["asleep"]\n[outcome]'),
        r"availability.unavailable\[0\] is 'asleep'. It should be one of call, do_not_disturb",
    ),
    "an unlocked screen": (
        OWN,
        ("[outcome]", '[availability]\nunavailable = ["call"]\n[outcome]'),
        r"availability.unavailable is \['call'\]. Add \"locked\"",
    ),
    "guardrail": (
        OWN,
        ("[plan]", '[[guardrails]]\nmetric = "joy"\nbound = 1.0\n[plan]'),
        r"guardrails\[0\].metric is 'joy'",
    ),
    "bound": (
        OWN,
        ("[plan]", '[[guardrails]]\nmetric = "rejected"\nbound = 5.0\n[plan]'),
        r"\[0\].bound is 5.0. Write a share",
    ),
    "no number": (
        OWN,
        ("[plan]", '[[guardrails]]\nmetric = "outcome"\nbound = nan\n[plan]'),
        r"guardrails\[0\].bound is nan. It should be a finite number",
    ),
    "negative bound": (
        OWN,
        ("[plan]", '[[guardrails]]\nmetric = "outcome"\nbound = -1.0\n[plan]'),
        r"\[0\].bound is -1.0",
    ),
    "guardrail of people": (
        PEOPLE,
        ("[plan]", '[[guardrails]]\nmetric = "outcome"\nbound = 1.0\n[plan]'),
        r"guardrails\[0\].metric is outcome. Write rejected or undone",
    ),
    "adaptive people": (PEOPLE, ("[plan]", ADAPTIVE + "[plan]"), r"adaptive.on is true. Write false"),
    "bounds": (
        OWN,
        ("[plan]", ADAPTIVE + "low = 0.1\n[plan]"),
        r"adaptive is low 0.1 high 0.8. Write bounds within 0.2",
    ),
    "out of bounds": (
        changed(OWN, ("probability = 0.5", "probability = 0.9"), (HELP, HELP[:-3] + "0.1")),
        ("[plan]", ADAPTIVE + "[plan]"),
        r"probability of NO_OP is 0.9. Begin within the bounds",
    ),
    "context": (OWN, ("[plan]", ADAPTIVE + 'context = ["moon"]\n[plan]'), r"adaptive.context\[0\] is 'moon'"),
    "plan": (OWN, ("sd = 15.0", "sd = 0.0"), r"plan.sd is 0.0. Write"),
    "power": (OWN, ("sd = 15.0", "sd = 15.0\npower = 1.0"), r"plan.power is 1.0. Write 0.5 to 0.99"),
    "people": (PEOPLE, ("sd_people = 40.0\n", ""), r"plan.sd_people is 0.0"),
}


@pytest.mark.parametrize("text, change, told", BAD.values(), ids=BAD)
def test_a_file_that_does_not_fit_is_refused_by_its_field(text: str, change: tuple[str, str], told: str) -> None:
    with pytest.raises(InputError, match=rf"^mine.toml.*{told}") as refused:
        parse_experiment(changed(text, change), "mine.toml")
    assert refused.value.hint, "it says what to do"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.toml cannot be read.*Give an experiment's TOML file"):
        read_experiment(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("text", [OWN, PEOPLE, MODELS, DAYS], ids=["opportunity", "person", "model", "day"])
def test_a_file_that_fits_goes_into_the_database_and_back(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(changed(text, ("version = 1", "version = 1\nend = 2027-03-01")))
    found = read_experiment(tmp_path / "mine.toml")
    assert found.end == "2027-03-01"
    assert stored_experiment(msgspec.to_builtins(found)) == found
    assert len(found.hash) == 64 and found.hash != parse_experiment(text).hash


def test_the_pages_example_fits() -> None:
    page = (Path(__file__).parents[3] / "docs" / "experiments.md").read_text("utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert parse_experiment(example).seed == "seldom-breaks-1"


def test_the_demo_peoples_experiment_has_a_placebo_beside_the_platforms_own_arms() -> None:
    demo = demo_experiment()
    arms = {Arm(arm.label): arm.probability for arm in demo.arms}
    assert (demo.seed, arms) == (DEMO_SEED, dict(DEMO_ARMS)) and demo.demo_people
    assert arms[Arm.NO_OP] + arms.pop(Arm.PLACEBO) == pytest.approx(TRIAL_ARMS[Arm.NO_OP])
    assert {arm for arm in arms if arm is not Arm.NO_OP} == {Arm.SUGGEST_BREAK, Arm.BLOCK_SITES}
    assert not default_experiment().demo_people
    with pytest.raises(InputError, match=r"demo_people is true.*rest_of_layer"):
        parse_experiment(changed(OWN, ("version = 1", "version = 1\ndemo_people = true")))
    with pytest.raises(InputError, match=r"demo_people is true.*assigns everybody"):
        parse_experiment(changed(PEOPLE, ("version = 1", "version = 1\ndemo_people = true")))


def test_the_platforms_own_experiment_is_the_trial_as_it_was() -> None:
    own = default_experiment()
    assert own.seed == TRIAL_SEED == "mrt-1", "old rows have it, and draws follow from it"
    assert dict(TRIAL_ARMS) == {Arm.NO_OP: 0.4, Arm.SUGGEST_BREAK: 0.3, Arm.BLOCK_SITES: 0.3}
    assert {Arm(arm.label): arm.probability for arm in own.arms} == dict(TRIAL_ARMS)
    assert own.rest_of_layer and not own.adaptive.on
