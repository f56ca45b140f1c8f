"""Findings of experiments that assign people, or each day of a person: minutes a day under each arm.

People who keep an arm are compared by their means, with what was before taken off (``person_level``). Days are compared
within the person, by randomisation, with the day before taken off (``randomization``). Both are effects of being
assigned. Demo people are kept apart from real ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np

from neural_focus.experiments.arm_effects import LEAST_PER_ARM
from neural_focus.experiments.assigned_days import AssignedDay
from neural_focus.experiments.clustered_equations import Effect
from neural_focus.experiments.declaration import ArmSpec, Experiment
from neural_focus.experiments.multiplicity import holm
from neural_focus.experiments.person_level import person_level_effect
from neural_focus.experiments.randomization import randomization_effect
from neural_focus.experiments.sample_ratio import SampleRatio, sample_ratio

NOTHING_STOPPED: Mapping[str, date] = MappingProxyType({})
UNITS = {"focus_minutes_a_day": "minutes in focus a day", "settled_minutes_a_day": "minutes of settled focus a day"}


@dataclass(frozen=True, slots=True)
class AssignedArm:
    """One arm. Minutes a day; the effect is against the control, None where there is too little to say."""

    arm: str
    changes: str
    control: bool
    people: int
    days: int
    minutes: float | None
    effect: Effect | None
    adjusted_p: float | None
    by_its_model: int | None
    """Days that the arm's own model answered most of; None of an arm without a model."""


@dataclass(frozen=True, slots=True)
class AssignedFindings:
    """One experiment with real people, or with demo people."""

    experiment: str
    hypothesis: str
    unit: str
    simulated: bool
    outcome: str
    ratio: SampleRatio
    """Of people, or of days, as they were assigned."""
    arms: Sequence[AssignedArm]

    @property
    def key(self) -> str:
        """Names the section: unique in a report."""
        return f"assigned-{self.experiment}{'-demo' if self.simulated else ''}"


def assigned_findings(
    spec: Experiment, days: Sequence[AssignedDay], stopped: Mapping[str, date] = NOTHING_STOPPED
) -> list[AssignedFindings]:
    """Of real people, then of demo people, where there are days of any.

    ``stopped``: the day on which an arm was stopped; it is compared over the days before.
    """
    groups = [(simulated, [one for one in days if one.is_demo is simulated]) for simulated in (False, True)]
    return [_findings(spec, mine, stopped, simulated=simulated) for simulated, mine in groups if mine]


def _findings(
    spec: Experiment, every: Sequence[AssignedDay], stopped: Mapping[str, date], *, simulated: bool
) -> AssignedFindings:
    days = [one for one in every if one.arm not in stopped or one.day < stopped[one.arm]]
    shares = {arm.label: arm.probability for arm in spec.arms}
    drawn = {one.user_id: one.arm for one in every}.values() if spec.unit == "person" else [one.arm for one in every]
    compare = between_people if spec.unit == "person" else within_people
    until = {arm.label: stopped.get(arm.label, date.max) for arm in spec.arms}
    effects = {
        arm.label: compare([one for one in days if one.day < until[arm.label]], arm, spec.control)
        for arm in spec.arms
        if not arm.control
    }
    adjusted = holm({arm: effect.p_value for arm, effect in effects.items() if effect is not None})
    return AssignedFindings(
        experiment=spec.seed,
        hypothesis=spec.hypothesis,
        unit=spec.unit,
        simulated=simulated,
        outcome=UNITS[spec.outcome.metric],
        ratio=sample_ratio(Counter(drawn), shares),
        arms=[_arm(arm, days, effects, adjusted) for arm in sorted(spec.arms, key=lambda arm: not arm.control)],
    )


def _arm(
    arm: ArmSpec, days: Sequence[AssignedDay], effects: Mapping[str, Effect | None], adjusted: Mapping[str, float]
) -> AssignedArm:
    mine = [one for one in days if one.arm == arm.label]
    return AssignedArm(
        arm=arm.label,
        changes=changes(arm),
        control=arm.control,
        people=len({one.user_id for one in mine}),
        days=len(mine),
        minutes=float(np.mean([one.minutes for one in mine])) if mine else None,
        effect=effects.get(arm.label),
        adjusted_p=adjusted.get(arm.label),
        by_its_model=None if arm.model is None else sum(one.version == arm.model for one in mine),
    )


def between_people(days: Sequence[AssignedDay], arm: ArmSpec, control: ArmSpec) -> Effect | None:
    """Of an arm that people keep; what was before is taken off where it is known of all of them."""
    two = [one for one in days if one.arm in (arm.label, control.label)]
    known = all(one.before is not None for one in two)
    before = np.array([one.before for one in two], dtype=np.float64) if known else None
    if before is not None and (len(before) == 0 or np.ptp(before) == 0):
        before = None
    try:
        return person_level_effect(
            np.array([one.minutes for one in two], dtype=np.float64),
            [one.user_id for one in two],
            [one.arm == arm.label for one in two],
            before,
        )
    except ValueError:
        return None  # fewer than two people on a side


def within_people(days: Sequence[AssignedDay], arm: ArmSpec, control: ArmSpec) -> Effect | None:
    """Of an arm that days draw, from days whose day before is known."""
    two = [one for one in days if one.arm in (arm.label, control.label) and one.before is not None]
    treated = np.array([one.arm == arm.label for one in two], dtype=np.bool_)
    if min(treated.sum(), (~treated).sum()) < LEAST_PER_ARM:
        return None
    chance = np.full(len(two), arm.probability / (arm.probability + control.probability))
    outcome, before = (
        np.array([getattr(one, name) for one in two], dtype=np.float64) for name in ("minutes", "before")
    )
    try:
        found = randomization_effect(outcome, treated, chance, [one.user_id for one in two], before)
    except ValueError:
        return None  # nobody had both
    return found if np.isfinite([found.low, found.high]).all() else None


def changes(arm: ArmSpec) -> str:
    """What an arm changes, in words."""
    parts = [] if arm.model is None else [f"the model {arm.model} answers"]
    if (policy := arm.policy) is not None:
        parts += [
            words.format(value)
            for words, value in (
                ("{:g} offers an hour at most", policy.alerts_per_hour),
                ("{:g} minutes between two", policy.gap_minutes),
                ("offers above the {:.1%} quantile of the person's risks", policy.threshold_quantile),
            )
            if value is not None
        ]
    return ", ".join(parts) or "nothing"
