"""What the shape of an experiment's file does not say: which values fit, and which fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import date

from neural_focus.errors import InputError
from neural_focus.experiments.declaration import ArmSpec, Experiment, Plan, PolicyChange

NAME = re.compile(r"[a-z][a-z0-9_-]{0,29}")
ARM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")
MODEL_VERSION = re.compile(r"[a-z][a-z0-9_]{0,29}_v[0-9]{1,9}")
HELP_LAYER = "help"
"""One moment gets one offer: whatever draws actions shares this layer, and is exclusive there."""
RESERVED = ("simulated",)
A_DAY = {"focus_minutes_a_day": 86_400, "settled_minutes_a_day": 86_400}
HORIZONS = {"opportunity": {"focus_score": 300}, "person": A_DAY, "day": A_DAY}
"""By unit and metric: the windows that the analysis measures."""
MOST_ARMS, FEWEST = 5, 0.05
LOWEST, HIGHEST = 0.2, 0.8
POLICY_RANGES = {"alerts_per_hour": (0.2, 12.0), "gap_minutes": (5.0, 240.0), "threshold_quantile": (0.5, 0.999)}
"""Never more often than once in five minutes: windows of outcomes would overlap."""
WRITE = {
    "name": 'name = "shorter-breaks"',
    "version": "version = 1",
    "hypothesis": 'hypothesis = "What you expect, and why"',
    "layer": 'layer = "help", or another name for people-level policies',
    "unit": 'unit = "opportunity", unit = "person" or unit = "day"',
    "arms": 'one [[arms]] table an arm, the control (action = "NO_OP", or a name alone) among them',
    "probability": "probability = 0.5 in each [[arms]]",
    "outcome": 'an [outcome] table with metric = "focus_score" and horizon_seconds = 300',
    "metric": 'metric = "focus_score"',
    "horizon_seconds": "horizon_seconds = 300",
    "bound": "bound = 5.0",
    "plan": "a [plan] table with effect, sd and people",
    "effect": "effect = 3.0, the smallest effect worth knowing",
    "sd": "sd = 15.0, the outcome's standard deviation",
    "people": "people = 10",
}
"""What to write for a field that has no default."""


def advice(error: InputError) -> str:
    """What to do about a field whose shape does not fit."""
    lacking = error.why.strip("'")
    return f"Write {WRITE[lacking]}" if "lacks a field" in error.what and lacking in WRITE else error.hint


def check(experiment: Experiment, where: str) -> None:
    """Raises InputError with the first thing that does not fit."""
    for field, shown, hint in _faults(experiment):
        raise InputError(f"{where}: {field} is {shown}", hint=hint)


def _faults(asked: Experiment) -> Iterator[tuple[str, str, str]]:
    """(field, what it is, what to write), one a fault."""
    if not NAME.fullmatch(asked.name) or asked.name in RESERVED:
        yield "name", repr(asked.name), "Write up to 30 of a–z, 0–9, - and _, beginning with a letter"
    if not 1 <= asked.version <= 9_999:
        yield "version", str(asked.version), "Write 1 for the first, one more after each change"
    if len(asked.hypothesis.strip()) < 10:
        yield "hypothesis", repr(asked.hypothesis), "Write a sentence: what you expect, and why"
    if not NAME.fullmatch(asked.layer):
        yield "layer", repr(asked.layer), "Write up to 30 of a–z, 0–9, - and _, beginning with a letter"
    yield from _arm_faults(asked)
    if not 0 < asked.traffic <= 1:
        yield "traffic", str(asked.traffic), "Write a share of the layer's people: above 0, at most 1"
    if asked.rest_of_layer and asked.traffic != 1:
        yield "traffic", str(asked.traffic), "Leave it out: rest_of_layer = true takes whoever is left"
    if asked.demo_people and asked.unit != "opportunity":
        yield "demo_people", "true", f'Leave it out: unit = "{asked.unit}" assigns everybody'
    if asked.demo_people and not asked.rest_of_layer:
        yield "demo_people", "true", "Write rest_of_layer = true, too: it takes the demo people who are left"
    known = HORIZONS[asked.unit]
    if asked.outcome.metric not in known:
        yield "outcome.metric", repr(asked.outcome.metric), f'For unit = "{asked.unit}" write {" or ".join(known)}'
    elif asked.outcome.horizon_seconds != known[asked.outcome.metric]:
        right = known[asked.outcome.metric]
        yield "outcome.horizon_seconds", str(asked.outcome.horizon_seconds), f"Write {right}, which is measured"
    elif asked.models and asked.outcome.metric != "settled_minutes_a_day":
        hint = "Write settled_minutes_a_day for arms with a model: focus scores are the model's own"
        yield "outcome.metric", repr(asked.outcome.metric), hint
    yield from _time_faults(asked)
    for number, rail in enumerate(asked.guardrails):
        field = f"guardrails[{number}]"
        if asked.unit != "opportunity" and rail.metric == "outcome":
            yield f"{field}.metric", rail.metric, f'Write rejected or undone for unit = "{asked.unit}"'
        if rail.metric == "outcome" and rail.bound < 0:
            yield f"{field}.bound", str(rail.bound), "Write how much an arm may lower the outcome: 0 or more"
        if rail.metric != "outcome" and not 0 < rail.bound < 1:
            yield f"{field}.bound", str(rail.bound), "Write a share between 0 and 1"
    if "locked" not in asked.availability.unavailable:
        yield "availability.unavailable", str(list(asked.availability.unavailable)), 'Add "locked": nobody sees it then'
    yield from _adaptive_faults(asked)
    yield from _plan_faults(asked.plan, asked.unit)


def _arm_faults(asked: Experiment) -> Iterator[tuple[str, str, str]]:
    if not 2 <= len(asked.arms) <= MOST_ARMS:
        yield "arms", f"{len(asked.arms)} tables", f"Write 2 to {MOST_ARMS} [[arms]], one of them the control"
    labels = [arm.label for arm in asked.arms]
    for number, arm in enumerate(asked.arms):
        field = f"arms[{number}]"
        yield from _one_arm(arm, field, asked.unit)
        if arm.label in labels[:number]:
            yield field, f"a second {arm.label!r}", "Give every arm another name or action"
    controls = sum(arm.control for arm in asked.arms)
    if controls != 1:
        named = 'action = "NO_OP"' if asked.unit == "opportunity" else "a name and a probability alone"
        yield "arms", f"a list with {controls} controls", f"Write exactly one control: {named}"
    if abs(sum(arm.probability for arm in asked.arms) - 1) > 1e-9:
        total = sum(arm.probability for arm in asked.arms)
        yield "arms", f"a list of probabilities that sum to {total:g}", "Make them sum to 1"
    if (asked.unit == "opportunity") != (asked.layer == HELP_LAYER):
        hint = f'Write "{HELP_LAYER}" for unit = "opportunity", and another name for unit = "person" or "day"'
        yield "layer", repr(asked.layer), hint


def _one_arm(arm: ArmSpec, field: str, unit: str) -> Iterator[tuple[str, str, str]]:
    if not FEWEST <= arm.probability < 1:
        yield f"{field}.probability", str(arm.probability), f"Write {FEWEST} or more, below 1"
    if unit == "opportunity" and (arm.action is None or arm.name or arm.policy or arm.model):
        yield (
            field,
            repr(arm.label),
            "Write an action and a probability alone: NO_OP, SUGGEST_BREAK, BLOCK_SITES or PLACEBO",
        )
    if unit != "opportunity" and (arm.action is not None or not ARM_NAME.fullmatch(arm.name)):
        yield field, repr(arm.label), 'Write name = "…" of letters, digits and _, and its policy or its model'
    if arm.model is not None and not MODEL_VERSION.fullmatch(arm.model):
        yield f"{field}.model", repr(arm.model), 'Write a version, model = "xgboost_v3": neural-focus models lists them'
    if arm.policy is None:
        return
    if arm.policy == PolicyChange():
        yield f"{field}.policy", "empty", f"Write one of {', '.join(POLICY_RANGES)}"
    for name, (low, high) in POLICY_RANGES.items():
        value = getattr(arm.policy, name)
        if value is not None and not low <= value <= high:
            yield f"{field}.policy.{name}", str(value), f"Write {low:g} to {high:g}"


def _time_faults(asked: Experiment) -> Iterator[tuple[str, str, str]]:
    for field in ("start", "end"):
        day = getattr(asked, field)
        try:
            date.fromisoformat(day or "2000-01-01")
        except ValueError:
            yield field, repr(day), "Write a day: 2026-12-01"
            return
    if asked.start and asked.end and asked.end <= asked.start:
        yield "end", asked.end, f"Write a day after the start, {asked.start}"
    when = asked.eligibility
    if not 0 <= when.from_hour < when.to_hour <= 24:
        yield "eligibility", f"from_hour {when.from_hour} to_hour {when.to_hour}", "Write hours from 0 to 24, in order"
    if when.first_of_day < 0:
        yield "eligibility.first_of_day", str(when.first_of_day), "Write how many of a day take part; 0: all"
    if asked.unit != "opportunity" and asked.eligibility != type(when)():
        yield "eligibility", "given", f'Leave it out for unit = "{asked.unit}": an arm holds at all moments'


def _adaptive_faults(asked: Experiment) -> Iterator[tuple[str, str, str]]:
    moves = asked.adaptive
    if not moves.on:
        return
    if asked.unit != "opportunity":
        yield "adaptive.on", "true", f'Write false for unit = "{asked.unit}": probabilities stay as declared'
    if not LOWEST <= moves.low < moves.high <= HIGHEST:
        yield "adaptive", f"low {moves.low:g} high {moves.high:g}", f"Write bounds within {LOWEST} and {HIGHEST}"
    for arm in asked.arms:
        if not moves.low <= arm.probability <= moves.high:
            hint = f"Begin within the bounds of [adaptive], {moves.low:g} to {moves.high:g}"
            yield f"the probability of {arm.label}", str(arm.probability), hint


def _plan_faults(plan: Plan, unit: str) -> Iterator[tuple[str, str, str]]:
    ranges = {
        "effect": (1e-6, 1e6),
        "sd": (1e-6, 1e6),
        "people": (1, 10_000_000),
        "opportunities_a_day": (0.01, 100),
        "available": (0.01, 1),
        "carried_out": (0.01, 1),
        "sd_people": (1e-6 if unit == "person" else 0, 1e6),
        "power": (0.5, 0.99),
        "alpha": (0.001, 0.2),
    }
    assert set(ranges) == {field.name for field in fields(Plan)}  # noqa: S101 - a field without a range
    if unit == "day" and (plan.opportunities_a_day, plan.available, plan.carried_out) != (1, 1, 1):
        yield (
            "plan",
            "one of opportunities",
            'Leave out opportunities_a_day, available and carried_out for unit = "day"',
        )
    for name, (low, high) in ranges.items():
        if not low <= getattr(plan, name) <= high:
            yield f"plan.{name}", str(getattr(plan, name)), f"Write {low:g} to {high:g}"
