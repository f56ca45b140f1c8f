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

from neural_focus.experiments.arm_effects import Outcome, before, column, focus_after, with_outcome
from neural_focus.experiments.carried_out import BY_PERSON
from neural_focus.experiments.confidence_sequence import effect_sequence
from neural_focus.experiments.declaration import Guardrail
from neural_focus.experiments.design import could_draw
from neural_focus.experiments.effect import Moment

ALPHA = 0.05
"""The chance that any guardrail of an experiment ever stops an arm that keeps within all of them."""
ANSWERED = ("ACCEPTED", "REJECTED", "SNOOZED")
"""Answers of a person; a timeout is none."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of an arm: how many of ``of`` offers or actions were ``bad``."""

    bad: int
    of: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A guardrail of one arm: whether it broke, and what was seen, in words. ``known``: whether there is anything."""

    arm: str
    guardrail: Guardrail
    broken: bool
    seen: str
    known: bool = True


def check_outcome(
    arm: str,
    guardrail: Guardrail,
    moments: Sequence[Moment],
    *,
    control: str,
    alpha: float,
    outcome: Outcome = focus_after,
    unit: str = "points",
) -> Checked:
    """Whether ``arm`` lowers the outcome by more than the bound. ``moments``: the experiment's, oldest first.

    Where the arm could not be drawn, nothing is compared to it.
    """
    known = could_draw(with_outcome(moments, outcome), arm)
    if not known:
        return Checked(arm, guardrail, False, "no outcome yet", known=False)
    drawn, probability = np.array([one.arm for one in known]), column(known, lambda one: one.probability)
    mean, low, high = effect_sequence(
        column(known, outcome), drawn == arm, drawn == control, probability, before(known), level=1 - alpha
    )
    seen = f"{mean[-1]:+.1f} {unit}, any-time interval {low[-1]:+.1f} to {high[-1]:+.1f}, {len(known)} opportunities"
    return Checked(arm, guardrail, bool(high[-1] < -guardrail.bound), seen, known=bool(np.isfinite(high[-1])))


def check_share(arm: str, guardrail: Guardrail, moments: Sequence[Moment], *, alpha: float) -> Checked:
    """Whether a share among the arm's ``moments`` is above the bound."""
    count = count_of(guardrail, moments)
    broken = log_evidence(count, guardrail.bound) >= log(1 / alpha)
    share = f" ({count.bad / count.of:.0%})" if count.of else ""
    return Checked(arm, guardrail, broken, f"{count.bad} of {count.of}{share} {guardrail.metric}", known=count.of > 0)


def count_of(guardrail: Guardrail, moments: Sequence[Moment]) -> Count:
    """rejected: of the answered offers; undone: by hand, of the actions that ended. A first answer counts, and an
    opportunity counts once, whatever the number of its targets."""
    if guardrail.metric == "rejected":
        answered = [one.response for one in moments if one.response in ANSWERED]
        return Count(answered.count("REJECTED"), len(answered))
    ended = [one for one in moments if one.applied_parts and one.undone]
    return Count(sum(any(reason in BY_PERSON for reason in one.undone) for one in ended), len(ended))


def shared_alpha(guardrails: int, arms: int) -> float:
    """``ALPHA`` shared out among the guardrails and the arms that they watch, the control not counted."""
    return ALPHA / max(1, guardrails * arms)


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
