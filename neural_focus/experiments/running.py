"""Who is in which running experiment, and which arms a moment can get: pure functions of what is stored.

::

    person ─ hash(layer, person) ─► a place in [0, 1) of each layer ─► the experiment whose stretch of traffic holds it
                                                                       └─ else the one that takes the rest, or none

Places in two layers are independent, for the layer is part of the hash; within a layer a person is in one experiment
at most.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from neural_focus.experiments.assignment import Arm, Exposure, among, choose, uniform
from neural_focus.experiments.budget import Policy
from neural_focus.experiments.declaration import ArmSpec, ContextName, Experiment
from neural_focus.experiments.declaration_checks import HELP_LAYER

EVERYWHERE = "all"
"""The context of an experiment whose probabilities do not follow any."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started experiment. ``traffic`` is its stretch of the layer, None for the one that takes the rest."""

    id: int
    spec: Experiment
    traffic: tuple[float, float] | None
    started_at: datetime
    stopped: frozenset[str] = frozenset()
    """Arms that a guardrail stopped."""
    moved: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By context, then arm: probabilities that have moved from those of the file."""

    def probabilities(self, context: Mapping[str, str]) -> dict[str, float]:
        """Each arm's probability in a context, before any is left out."""
        declared = {arm.label: arm.probability for arm in self.spec.arms}
        moved = self.moved.get(context_key(self.spec.adaptive.context, context)) if self.spec.adaptive.on else None
        return dict(moved) if moved else declared


def place(layer: str, user_id: int) -> float:
    """Where in [0, 1) of a layer a person is, for ever."""
    return uniform(f"layer {layer}", user_id, "")


def experiment_of(
    running: Sequence[Running], layer: str, user_id: int, now: datetime, *, is_demo: bool = False
) -> Running | None:
    """The one experiment of a layer that a person is in at ``now``, None if there is none."""
    at = place(layer, user_id)
    rest: dict[bool, Running] = {}
    for one in running:
        if one.spec.layer != layer or not one.spec.draws_at(now):
            continue
        if one.traffic is None:
            rest[one.spec.demo_people] = one
        elif one.traffic[0] <= at < one.traffic[1]:
            return one
    return rest.get(is_demo) or rest.get(False)


def assigned_arm(spec: Experiment, user_id: int, day: date) -> ArmSpec:
    """The arm of a person, or of that day of theirs, in an experiment that assigns such: always the same."""
    key = "person" if spec.unit == "person" else day.isoformat()
    return choose(uniform(spec.seed, user_id, key), {arm: arm.probability for arm in spec.arms})


def possible_arms(one: Running, context: Mapping[str, str], eligible: Collection[Arm]) -> dict[Arm, float]:
    """The arms that a moment can get, with probabilities that sum to 1.

    Left out are arms that a guardrail stopped and those that cannot be done here; the others share what these had in
    proportion. Without any but the no-op there is nothing to draw: empty.
    """
    shares = {Arm(label): share for label, share in one.probabilities(context).items() if label not in one.stopped}
    arms = among(shares, frozenset(eligible) | {Arm.NO_OP})
    return {} if set(arms) <= {Arm.NO_OP} else dict(arms)


def is_eligible(spec: Experiment, context: Mapping[str, str], local: datetime, opportunities_today: int) -> bool:
    """Whether a moment takes part. ``local``: its time where the person is."""
    when = spec.eligibility
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return (
        when.from_hour <= local.hour < when.to_hour
        and (not when.days or days[local.weekday()] in when.days)
        and (not when.categories or context["category"] in when.categories)
        and (not when.first_of_day or opportunities_today < when.first_of_day)
    )


def context_of(local: datetime, category: str, opportunities_today: int) -> dict[str, str]:
    """What is known of a moment before the draw, by name."""
    part = ("night", "morning", "afternoon", "evening")[local.hour // 6]
    ordinal = opportunities_today + 1
    nth = str(ordinal) if ordinal == 1 else "2-3" if ordinal <= 3 else "4+"
    return {"part_of_day": part, "category": category or "none", "opportunity_of_day": nth}


def context_key(names: Sequence[ContextName], context: Mapping[str, str]) -> str:
    """The context that probabilities follow, as ``arm_probabilities`` has it."""
    return " ".join(f"{name}={context.get(name, '')}" for name in names) or EVERYWHERE


def changed_policy(baseline: Policy, arms: Iterable[ArmSpec]) -> Policy:
    """A person's policy with what their arms change."""
    for arm in arms:
        if (change := arm.policy) is None:
            continue
        if change.alerts_per_hour is not None:
            baseline = replace(baseline, alerts_per_hour=change.alerts_per_hour)
        if change.gap_minutes is not None:
            baseline = replace(baseline, gap_s=60 * change.gap_minutes)
        if change.threshold_quantile is not None:
            baseline = replace(baseline, threshold_quantile=change.threshold_quantile)
    return baseline


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm of a person in an experiment, for good or for a day, and how likely it was."""

    arm: str
    probability: float


@dataclass(frozen=True, slots=True)
class Participant:
    """A person where experiments draw: their zone, how many ``opportunities`` they had in ``day``, which is theirs, and
    their arms in experiments that assign people."""

    user_id: int
    is_demo: bool
    zone: ZoneInfo
    day: date
    opportunities: int
    assigned: Sequence[tuple[Running, Assignment]] = ()

    def arms(self, now: datetime) -> list[ArmSpec]:
        """What holds for the person: their arms, and the control's in place of one that was stopped."""
        return [
            one.spec.control if kept.arm in one.stopped else _arm_of(one, kept)
            for one, kept in self.assigned
            if one.spec.draws_at(now)
        ]

    def exposures(self, now: datetime, model_version: str) -> list[Exposure]:
        """A moment's exposures to the person's arms. Whose arm was stopped has the control's, and is exposed to
        neither; so is whom the arm's model did not answer. ``model_version``: the one that did."""
        return [
            Exposure(one.id, kept.arm, kept.probability, {arm.label: arm.probability for arm in one.spec.arms})
            for one, kept in self.assigned
            if one.spec.draws_at(now)
            if kept.arm not in one.stopped
            if _arm_of(one, kept).model in (None, model_version)
        ]


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a moment can be drawn to: an experiment's arms with their probabilities, and what was known before."""

    experiment_id: int
    spec: Experiment
    arms: Mapping[Arm, float]
    context: Mapping[str, str]


def allocate(
    running: Sequence[Running], person: Participant, now: datetime, category: str, eligible: Collection[Arm]
) -> Allocation | None:
    """What a moment of help can be drawn to; None where it takes part in no experiment.

    ``eligible``: the arms that can be carried out there then.
    """
    one = experiment_of(running, HELP_LAYER, person.user_id, now, is_demo=person.is_demo)
    if one is None:
        return None
    local = now.astimezone(person.zone)
    today = person.opportunities if local.date() == person.day else 0
    context = context_of(local, category, today)
    if not is_eligible(one.spec, context, local, today):
        return None
    arms = possible_arms(one, context, eligible)
    return Allocation(one.id, one.spec, arms, context) if arms else None


def _arm_of(one: Running, kept: Assignment) -> ArmSpec:
    return next(arm for arm in one.spec.arms if arm.label == kept.arm)
