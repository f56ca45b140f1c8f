"""The lottery as it was logged: each arm's probability on average, and at each draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neural_focus.experiments.assignment import DEMO_ARMS, TRIAL_ARMS, Arm
from neural_focus.experiments.clustered_equations import Floats
from neural_focus.experiments.effect import SIMULATED, Moment
from neural_focus.experiments.sample_ratio import (
    SampleRatio,
    redrawn_sample_ratio,
    sample_ratio,
    weighted_sample_ratio,
)

BASELINE = Arm.NO_OP.value
SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Design:
    """shares: each arm's probability on average, the no-op first; constant: the same at every draw."""

    shares: Mapping[str, float]
    constant: bool

    def against(self, arm: str, moments: Sequence[Moment]) -> Floats | None:
        """[n] probability of ``arm`` given that it was ``arm`` or the no-op; None where rows do not tell.

        Give only moments at which both could be drawn (``could_draw``).
        """
        if all(moment.chances is not None for moment in moments):
            pairs = [(moment.chances[arm], moment.chances[BASELINE]) for moment in moments if moment.chances]
            return np.array([one / (one + other) for one, other in pairs])
        if self.constant:
            return np.full(len(moments), self.shares[arm] / (self.shares[arm] + self.shares[BASELINE]))
        if len(self.shares) == 2:
            return np.array([m.probability if m.arm == arm else 1.0 - m.probability for m in moments])
        return None


def could_draw(moments: Sequence[Moment], *arms: str) -> list[Moment]:
    """The moments at which each of these arms was possible, as far as was logged."""
    return [m for m in moments if m.chances is None or all(m.chances.get(arm, 0.0) > 0 for arm in arms)]


def logged_design(trial: Sequence[Moment]) -> Design:
    """Each arm's probability as it was logged; what was never drawn in the platform's own trial has its usual one."""
    logged: dict[str, list[float]] = {}
    for moment in trial:
        logged.setdefault(moment.arm, []).append(moment.probability)
    if all(moment.chances for moment in trial):
        known: dict[str, float] = {}
        for moment in trial:
            for arm, chance in (moment.chances or {}).items():
                known[arm] = known.get(arm, 0.0) + chance / len(trial)
    else:
        # rows of an arm are drawn in proportion to its probability: the harmonic mean makes up for that
        known = {arm: len(values) / sum(1.0 / value for value in values) for arm, values in logged.items()}
        declared = DEMO_ARMS if trial and trial[0].experiment == SIMULATED else TRIAL_ARMS
        if set(known) <= {arm.value for arm in declared} and sum(known.values()) < 1 - SAME:
            known = {arm.value: share for arm, share in declared.items()} | known
    total = sum(known.values())
    order = sorted(known, key=lambda arm: (arm != BASELINE, list(Arm).index(Arm(arm)) if arm in list(Arm) else 99, arm))
    constant = all(max(values) - min(values) <= SAME for values in logged.values())
    return Design({arm: known[arm] / total for arm in order if known[arm] > 0}, constant)


def assignment_check(trial: Sequence[Moment], design: Design) -> SampleRatio:
    """Whether the arms were drawn as often as logged."""
    if all(moment.chances for moment in trial):
        return redrawn_sample_ratio([m.arm for m in trial], [m.chances or {} for m in trial], list(design.shares))
    if design.constant:
        return sample_ratio(Counter(moment.arm for moment in trial), design.shares)
    return weighted_sample_ratio([m.arm for m in trial], [m.probability for m in trial], list(design.shares))
