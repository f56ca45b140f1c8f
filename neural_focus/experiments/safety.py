"""What must not get worse while a help is tried: in every report, whatever its experiment declared as guardrails.

The rule is that of the guardrails (``guardrails``): a report may be read every day, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neural_focus.experiments.arm_effects import Outcome
from neural_focus.experiments.declaration import Guardrail
from neural_focus.experiments.design import BASELINE
from neural_focus.experiments.effect import Moment
from neural_focus.experiments.guardrails import Checked, check_outcome, check_share, shared_alpha

SHARES = {
    "offers that were turned down": Guardrail("rejected", 0.7),
    "help that the person ended early": Guardrail("undone", 0.5),
}
LOWER = Guardrail("outcome", 0.0)
"""Of every other outcome: not surely lower than after nothing."""


@dataclass(frozen=True, slots=True)
class SafetyMeasure:
    """``state``: ok, broken, or unknown where too little is there. A broken one is surely beyond its limit."""

    arm: str
    name: str
    state: str
    what: str


def safety_measures(
    arm: str, trial: Sequence[Moment], arms: int, others: dict[str, tuple[Outcome, str]], *, by_person: bool
) -> list[SafetyMeasure]:
    """Of one of so many ``arms``. others: by name, the outcomes beside the primary one and their unit.

    by_person: each person has one arm, so no outcome is compared within the person.
    """
    alpha = shared_alpha(len(SHARES) + len(others), arms)
    mine = [moment for moment in trial if moment.arm == arm]
    found = [
        _measure(name, check_share(arm, rail, mine, alpha=alpha), "none yet", f"; the limit is {rail.bound:.0%}")
        for name, rail in SHARES.items()
    ]
    for name, (outcome, unit) in others.items():
        told = [] if by_person else trial
        check = check_outcome(arm, LOWER, told, control=BASELINE, alpha=alpha, outcome=outcome, unit=unit)
        found.append(_measure(name, check, "too few to say"))
    return found


def _measure(name: str, check: Checked, nothing: str, limit: str = "") -> SafetyMeasure:
    if not check.known:
        return SafetyMeasure(check.arm, name, "unknown", nothing)
    what = f"{check.seen.replace('-', '−')}{limit}"
    return SafetyMeasure(check.arm, name, "broken" if check.broken else "ok", what)
