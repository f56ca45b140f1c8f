"""From opportunities to findings: one ``TrialFindings`` a group of people and experiment, real people first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from scipy import stats

from neural_focus.experiments.arm_effects import (
    LEAST_PEOPLE,
    LEAST_PER_ARM,
    Outcome,
    SequencePoint,
    average_effects,
    between_people,
    complier_averages,
    family,
    over_time,
    whole_people,
    with_outcome,
    within_person,
)
from neural_focus.experiments.carried_out import CarriedOut, carried_out
from neural_focus.experiments.clustered_equations import Effect
from neural_focus.experiments.design import BASELINE, Design, assignment_check, logged_design
from neural_focus.experiments.effect import SIMULATED, WARM_START, Moment, Unavailable
from neural_focus.experiments.heterogeneity import Context, contexts
from neural_focus.experiments.multiplicity import holm
from neural_focus.experiments.safety import SafetyMeasure, safety_measures
from neural_focus.experiments.sample_ratio import SampleRatio

ANSWERS = ("ACCEPTED", "REJECTED", "SNOOZED", "TIMEOUT")
OTHER_OUTCOMES = {
    "later": "focus half an hour later",
    "minutes": "minutes in focus in the rest of the day",
    "completed": "sessions completed, of 100",
}
OTHER_READERS: Mapping[str, Outcome] = {
    "later": lambda moment: moment.later,
    "minutes": lambda moment: moment.minutes,
    "completed": lambda moment: None if moment.completed is None else 100.0 * moment.completed,
}
"""A session counts 100 if completed, else 0."""
OTHER_UNITS = {"later": "points", "minutes": "minutes", "completed": "of 100"}


@dataclass(frozen=True, slots=True)
class OtherOutcome:
    """An arm's effect on an outcome that is not the primary one; ``adjusted_p``: by Holm among all of these."""

    name: str
    effect: Effect | None
    adjusted_p: float | None
    with_outcome: int


@dataclass(frozen=True, slots=True)
class ArmFindings:
    """One arm. Focus in points 0–100; effects against the no-op; None where there is too little to say."""

    arm: str
    probability: float
    exposures: int
    expected: float
    answers: Mapping[str, int]
    """ACCEPTED, REJECTED, SNOOZED, TIMEOUT (nobody answered: neither acceptance nor break), NONE (not yet)."""
    median_answer_s: float | None
    carried_out: CarriedOut
    with_outcome: int
    focus_before: float | None
    focus_after: float | None
    effect: Effect | None
    """Of being assigned: by randomisation within the person, or between people where each has one arm."""
    adjusted_p: float | None
    """Of ``effect``, by Holm among the arms of the experiment: this decides the verdict."""
    average_effect: Effect | None
    """Of being assigned, by weighted and centred least squares."""
    applied_effect: Effect | None
    """Of what was really applied, by randomisation with the assignment as instrument."""
    applied_average: Effect | None
    """The same by two-stage least squares."""
    any_time: tuple[float, float] | None
    """Confidence sequence: safe to look at every day."""
    over_time: Sequence[SequencePoint]
    others: Sequence[OtherOutcome]
    contexts: Sequence[Context]
    guardrails: Sequence[SafetyMeasure]
    true_effect: float | None = None
    """Known for simulated people only."""

    @property
    def control(self) -> bool:
        """Whether nothing is offered in it."""
        return self.arm == BASELINE


@dataclass(frozen=True, slots=True)
class TrialFindings:
    """A group's trial. ``group`` is people, demo_live or simulated; the two latter are demo people."""

    group: str
    experiment: str
    people: int
    opportunities: int
    first: datetime
    last: datetime
    ratio: SampleRatio
    arms: Sequence[ArmFindings]
    missing_p: float
    """Whether outcomes are missing more often after one arm than after another (chi-square); nan: nothing to test."""
    unavailable: Mapping[str, int]
    """Moments at which nobody could have seen an offer, by reason: no opportunities, and in no figure here."""
    left_out: int = 0
    """First offers to a demo person, which have no no-op arm."""
    clusters: str = "people"
    unit: str = "moments"
    """What was drawn: moments within the person, or people."""

    @property
    def simulated(self) -> bool:
        """Whether none of these people is real."""
        return self.group != "people"

    @property
    def key(self) -> str:
        """Names the section: unique in a report."""
        return f"{self.group}-{self.experiment}"


@dataclass(slots=True)
class _Group:
    trial: list[Moment] = field(default_factory=list)
    warm: int = 0
    unavailable: dict[str, int] = field(default_factory=dict)


def analyse(
    moments: Sequence[Moment], true_effects: Mapping[str, float], unavailable: Sequence[Unavailable] = ()
) -> list[TrialFindings]:
    """Findings of each group and experiment that has opportunities: real people first."""
    groups: dict[tuple[str, str], _Group] = {}
    for moment in moments:
        name, experiment = _key(moment.is_demo, moment.experiment)
        group = groups.setdefault((name, experiment), _Group())
        if moment.experiment.endswith(WARM_START):
            group.warm += 1
        else:
            group.trial.append(moment)
    for away in unavailable:
        found = groups.get(_key(away.is_demo, away.experiment))
        if found is not None:
            found.unavailable[away.reason] = found.unavailable.get(away.reason, 0) + away.count
    order = ("people", "demo_live", "simulated")
    return [
        _findings(name, experiment, group, true_effects if name == "simulated" else {})
        for (name, experiment), group in sorted(groups.items(), key=lambda item: order.index(item[0][0]))
        if group.trial
    ]


def _key(is_demo: bool, experiment: str) -> tuple[str, str]:
    name = "people" if not is_demo else "simulated" if experiment == SIMULATED else "demo_live"
    return name, experiment.removesuffix(WARM_START)


def _findings(name: str, experiment: str, group: _Group, truth: Mapping[str, float]) -> TrialFindings:
    trial = group.trial
    design = logged_design(trial)
    people = len({moment.user_id for moment in trial})
    by_person = whole_people(trial)
    return TrialFindings(
        group=name,
        experiment=experiment,
        people=people,
        opportunities=len(trial),
        first=trial[0].at,
        last=trial[-1].at,
        ratio=assignment_check(trial, design),
        arms=_arms(trial, design, truth, by_person=by_person),
        missing_p=_missing(trial, design),
        unavailable=group.unavailable,
        left_out=group.warm,
        clusters="people" if people >= LEAST_PEOPLE else "days of each person",
        unit="people" if by_person else "moments",
    )


def _arms(trial: list[Moment], design: Design, truth: Mapping[str, float], *, by_person: bool) -> list[ArmFindings]:
    averages = {} if by_person else average_effects(trial, design)
    effects = {
        arm: between_people(trial, arm) if by_person else within_person(trial, arm, design) or averages.get(arm)
        for arm in design.shares
        if arm != BASELINE
    }
    adjusted = holm(family(effects))
    compliers = {} if by_person else complier_averages(trial, design)
    others = _other_outcomes(trial, design, by_person=by_person)
    moderated = [] if by_person else contexts(trial, design)
    expected = assignment_check(trial, design).expected
    found = []
    for arm in design.shares:
        mine = [moment for moment in trial if moment.arm == arm]
        known = with_outcome(mine)
        sequence = [] if by_person else over_time(trial, arm)
        done = carried_out(mine)
        delays = [moment.response_ms for moment in mine if moment.response_ms is not None]
        answers = Counter(moment.response or "NONE" for moment in mine) if arm != BASELINE else Counter[str]()
        other = [others[arm, name] for name in OTHER_OUTCOMES] if arm != BASELINE else []
        found.append(
            ArmFindings(
                arm=arm,
                probability=design.shares[arm],
                exposures=len(mine),
                expected=expected[arm],
                answers={name: answers.get(name, 0) for name in (*ANSWERS, "NONE")},
                median_answer_s=float(np.median(delays)) / 1_000 if delays else None,
                carried_out=done,
                with_outcome=len(known),
                focus_before=_mean([moment.before for moment in known]),
                focus_after=_mean([moment.after for moment in known]),
                effect=effects.get(arm),
                adjusted_p=adjusted.get(arm),
                average_effect=averages.get(arm),
                applied_effect=None if by_person else within_person(trial, arm, design, received=True),
                applied_average=compliers.get(arm),
                any_time=(sequence[-1].low, sequence[-1].high) if sequence else None,
                over_time=sequence,
                others=other,
                contexts=[context for context in moderated if context.arm == arm],
                guardrails=_guardrails(arm, trial, len(design.shares) - 1, by_person=by_person) if other else [],
                true_effect=truth.get(arm),
            )
        )
    return found


def _guardrails(arm: str, trial: list[Moment], arms: int, *, by_person: bool) -> list[SafetyMeasure]:
    others = {column_name: (OTHER_READERS[name], OTHER_UNITS[name]) for name, column_name in OTHER_OUTCOMES.items()}
    return safety_measures(arm, trial, arms, others, by_person=by_person)


def _other_outcomes(trial: list[Moment], design: Design, *, by_person: bool) -> dict[tuple[str, str], OtherOutcome]:
    """By arm and outcome, one family of p-values."""
    effects: dict[tuple[str, str], Effect | None] = {}
    known = {}
    for name, reader in OTHER_READERS.items():
        averages = {} if by_person else average_effects(trial, design, reader)
        for arm in design.shares:
            effects[arm, name] = averages.get(arm)
            known[arm, name] = sum(moment.arm == arm for moment in with_outcome(trial, reader))
    adjusted = holm({key: effect.p_value for key, effect in effects.items() if effect is not None})
    return {
        key: OtherOutcome(OTHER_OUTCOMES[key[1]], effect, adjusted.get(key), known[key])
        for key, effect in effects.items()
    }


def _missing(trial: list[Moment], design: Design) -> float:
    """p-value of outcomes missing alike after all arms."""
    table = np.array(
        [
            [sum(m.arm == arm and (m.after is None) is missing for m in trial) for missing in (False, True)]
            for arm in design.shares
        ]
    )
    table = table[table.sum(axis=1) > 0]
    if len(table) < 2 or (table.sum(axis=0) == 0).any() or len(trial) < 5 * LEAST_PER_ARM:
        return float("nan")
    return float(stats.chi2_contingency(table).pvalue)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
