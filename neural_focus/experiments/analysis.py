"""From opportunities to findings: one ``TrialFindings`` a group of people, real ones and simulated ones apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from neural_focus.experiments.assignment import TRIAL_ARMS, Arm
from neural_focus.experiments.centered_least_squares import Effect, centered_effects
from neural_focus.experiments.confidence_sequence import effect_sequence
from neural_focus.experiments.effect import SIMULATED, WARM_START, Moment
from neural_focus.experiments.randomization import randomization_effect
from neural_focus.experiments.sample_ratio import SampleRatio, sample_ratio

BASELINE = Arm.NO_OP.value
LEAST_PER_ARM = 8
"""Fewer opportunities with an outcome on either side say nothing."""
LEAST_PEOPLE = 8
"""With fewer people the days of each are the clusters."""
ANSWERS = ("ACCEPTED", "REJECTED", "SNOOZED", "TIMEOUT")


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
    with_outcome: int
    focus_before: float | None
    focus_after: float | None
    effect: Effect | None
    """By randomisation within the person."""
    average_effect: Effect | None
    """By weighted and centred least squares."""
    any_time: tuple[float, float] | None
    """Confidence sequence: safe to look at every day."""
    true_effect: float | None = None
    """Known for simulated people only."""


@dataclass(frozen=True, slots=True)
class TrialFindings:
    """A group's trial. ``group`` is people, demo_live or simulated; the two latter are demo people."""

    group: str
    people: int
    opportunities: int
    first: datetime
    last: datetime
    ratio: SampleRatio
    arms: Sequence[ArmFindings]
    left_out: int = 0
    """First offers to a demo person, which have no no-op arm."""
    clusters: str = "people"

    @property
    def simulated(self) -> bool:
        """Whether none of these people is real."""
        return self.group != "people"


@dataclass(slots=True)
class _Group:
    trial: list[Moment] = field(default_factory=list)
    warm: int = 0


def analyse(moments: Sequence[Moment], true_effects: Mapping[str, float]) -> list[TrialFindings]:
    """Findings of each group that has opportunities: real people first."""
    groups = {"people": _Group(), "demo_live": _Group(), "simulated": _Group()}
    for moment in moments:
        name = "people" if not moment.is_demo else "simulated" if moment.experiment == SIMULATED else "demo_live"
        if moment.experiment.endswith(WARM_START):
            groups[name].warm += 1
        else:
            groups[name].trial.append(moment)
    known = {"simulated": true_effects}
    return [
        _findings(name, group.trial, group.warm, known.get(name, {})) for name, group in groups.items() if group.trial
    ]


def _findings(name: str, trial: list[Moment], warm: int, truth: Mapping[str, float]) -> TrialFindings:
    design = _design(trial)
    counts = Counter(moment.arm for moment in trial)
    ratio = sample_ratio(counts, design)
    people = len({moment.user_id for moment in trial})
    averages = _average_effects(trial, design, by_day=people < LEAST_PEOPLE)
    return TrialFindings(
        group=name,
        people=people,
        opportunities=len(trial),
        first=trial[0].at,
        last=trial[-1].at,
        ratio=ratio,
        arms=[_arm(arm, trial, design, ratio, averages.get(arm), truth.get(arm)) for arm in design],
        left_out=warm,
        clusters="people" if people >= LEAST_PEOPLE else "days of each person",
    )


def _design(trial: Sequence[Moment]) -> dict[str, float]:
    """Each arm's probability as it was logged; what was never drawn has the platform's usual one."""
    logged: dict[str, list[float]] = {}
    for moment in trial:
        logged.setdefault(moment.arm, []).append(moment.probability)
    shares = {arm.value: share for arm, share in TRIAL_ARMS.items()}
    shares |= {arm: float(np.mean(values)) for arm, values in logged.items()}
    total = sum(shares.values())
    return {arm: share / total for arm, share in shares.items() if share > 0}


def _arm(
    arm: str,
    trial: Sequence[Moment],
    design: Mapping[str, float],
    ratio: SampleRatio,
    average: Effect | None,
    truth: float | None,
) -> ArmFindings:
    mine = [moment for moment in trial if moment.arm == arm]
    known = [moment for moment in mine if moment.before is not None and moment.after is not None]
    delays = [moment.response_ms for moment in mine if moment.response_ms is not None]
    answers = Counter(moment.response or "NONE" for moment in mine) if arm != BASELINE else Counter[str]()
    both = _with_outcome(trial)
    return ArmFindings(
        arm=arm,
        probability=design[arm],
        exposures=len(mine),
        expected=ratio.expected[arm],
        answers={name: answers.get(name, 0) for name in (*ANSWERS, "NONE")},
        median_answer_s=float(np.median(delays)) / 1_000 if delays else None,
        with_outcome=len(known),
        focus_before=float(np.mean([moment.before for moment in known])) if known else None,
        focus_after=float(np.mean([moment.after for moment in known])) if known else None,
        effect=_within_person(both, arm, design),
        average_effect=average,
        any_time=_any_time(both, arm),
        true_effect=truth,
    )


def _with_outcome(trial: Sequence[Moment]) -> list[Moment]:
    return [moment for moment in trial if moment.before is not None and moment.after is not None]


def _columns(moments: Sequence[Moment]) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    """Before, after and logged probability, float64[n] each."""
    return tuple(
        np.array([getattr(moment, name) for moment in moments], dtype=np.float64)
        for name in ("before", "after", "probability")
    )


def _enough(moments: Sequence[Moment], arm: str) -> bool:
    counts = Counter(moment.arm for moment in moments)
    return arm != BASELINE and min(counts[arm], counts[BASELINE]) >= LEAST_PER_ARM


def _within_person(both: Sequence[Moment], arm: str, design: Mapping[str, float]) -> Effect | None:
    two = [moment for moment in both if moment.arm in (arm, BASELINE)]
    if not _enough(two, arm):
        return None
    before, after, _ = _columns(two)
    chance = np.full(len(two), design[arm] / (design[arm] + design[BASELINE]))
    treated = np.array([moment.arm == arm for moment in two])
    try:
        return randomization_effect(after, treated, chance, [moment.user_id for moment in two], before)
    except ValueError:
        return None  # nobody had both: there is nothing within the person to compare


def _average_effects(trial: Sequence[Moment], design: dict[str, float], *, by_day: bool) -> dict[str, Effect]:
    both = _with_outcome(trial)
    arms = {arm: share for arm, share in design.items() if arm == BASELINE or _enough(both, arm)}
    both = [moment for moment in both if moment.arm in arms]
    if len(arms) < 2 or BASELINE not in arms:
        return {}
    total = sum(arms.values())
    before, after, probability = _columns(both)
    cluster = [(moment.user_id, moment.at.date() if by_day else None) for moment in both]
    usual = {arm: share / total for arm, share in arms.items()}
    try:
        return centered_effects(
            after,
            [moment.arm for moment in both],
            probability / total,
            cluster,
            before[:, None],
            baseline=BASELINE,
            design=usual,
        )
    except (ValueError, np.linalg.LinAlgError):
        return {}  # too few clusters yet


def _any_time(both: Sequence[Moment], arm: str) -> tuple[float, float] | None:
    if not _enough(both, arm):
        return None
    before, after, probability = _columns(both)
    drawn = np.array([moment.arm for moment in both])
    _, low, high = effect_sequence(after, drawn == arm, drawn == BASELINE, probability, before)
    return float(low[-1]), float(high[-1])
