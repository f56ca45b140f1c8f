"""Guardrails: what no arm may do, tested after every look without looking too often.

The outcome: an arm is stopped when its whole confidence sequence against the control lies below −bound
(``confidence_sequence``). Shares (rejected, undone): a test by betting. Of n offers s were rejected; under any share up
to the bound b the mixture over larger ones

    e = ∫_b^1 q^s (1−q)^(n−s) dq / ((1−b) · b^s (1−b)^(n−s))

is at most 1 on average, so it ever reaches 1/α with probability α at most (Ville 1939; Ramdas, Grünwald, Vovk, Shafer
2023, "Game-theoretic statistics and safe anytime-valid inference", Statistical Science 38(4)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from scipy import special, stats

from neural_focus.experiments.confidence_sequence import effect_sequence
from neural_focus.experiments.declaration import Experiment, Guardrail
from neural_focus.experiments.effect import Moment

ALPHA = 0.05
"""The chance that any guardrail of an experiment ever stops an arm that keeps within all of them."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of an arm: how many of ``of`` offers or actions were ``bad``."""

    bad: int
    of: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A guardrail of one arm: whether it broke, and what was seen, in words."""

    arm: str
    guardrail: Guardrail
    broken: bool
    seen: str


def check_outcome(experiment: Experiment, arm: str, guardrail: Guardrail, moments: Sequence[Moment]) -> Checked:
    """Whether ``arm`` lowers the outcome by more than the bound. ``moments``: the experiment's, oldest first.

    Where the arm could not be drawn, nothing is compared to it.
    """
    known = [one for one in could_draw(moments, [arm]) if one.before is not None and one.after is not None]
    if not known:
        return Checked(arm, guardrail, False, "no outcome yet")
    outcome, before, probability = (
        np.array([getattr(one, name) for one in known], np.float64) for name in ("after", "before", "probability")
    )
    drawn = np.array([one.arm for one in known])
    control = experiment.control.label
    level = 1 - _alpha(experiment)
    mean, low, high = effect_sequence(outcome, drawn == arm, drawn == control, probability, before, level=level)
    seen = f"{mean[-1]:+.1f} points, any-time interval {low[-1]:+.1f} to {high[-1]:+.1f}, {len(known)} opportunities"
    return Checked(arm, guardrail, bool(high[-1] < -guardrail.bound), seen)


def check_share(experiment: Experiment, arm: str, guardrail: Guardrail, count: Count) -> Checked:
    """Whether a share is above the bound."""
    broken = log_evidence(count, guardrail.bound) >= log(1 / _alpha(experiment))
    share = f" ({count.bad / count.of:.0%})" if count.of else ""
    return Checked(arm, guardrail, broken, f"{count.bad} of {count.of}{share} {guardrail.metric}")


def could_draw(moments: Sequence[Moment], arms: Sequence[str]) -> list[Moment]:
    """The moments at which each of these arms was possible, as far as was logged."""
    return [one for one in moments if one.chances is None or set(arms) <= set(one.chances)]


def log_evidence(count: Count, bound: float) -> float:
    """log e of the above; −inf where the data speak for the bound beyond what numbers hold."""
    bad, good = count.bad, count.of - count.bad
    above = stats.beta.logsf(bound, bad + 1, good + 1)
    likelihood = bad * log(bound) + good * log(1 - bound)
    found = special.betaln(bad + 1, good + 1) + above - log(1 - bound) - likelihood
    return float(found) if found > -inf else -inf


def evidence(count: Count, bound: float) -> float:
    """e itself."""
    return exp(log_evidence(count, bound))


def _alpha(experiment: Experiment) -> float:
    """Shared out among the guardrails and the arms that they watch."""
    return ALPHA / max(1, len(experiment.guardrails) * (len(experiment.arms) - 1))
