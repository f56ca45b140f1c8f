"""What must not get worse while a help is tried: in every report, whatever its experiment declared as guardrails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neural_focus.experiments.carried_out import CarriedOut
from neural_focus.experiments.clustered_equations import Effect
from neural_focus.experiments.effect import Moment

MOST_ENDED_EARLY = 0.5
MOST_REJECTED = 0.7


@dataclass(frozen=True, slots=True)
class SafetyMeasure:
    """``state``: ok, broken, or unknown where too little is there. A broken one is surely beyond its limit."""

    arm: str
    name: str
    state: str
    what: str


def safety_measures(
    arm: str, moments: Sequence[Moment], done: CarriedOut, others: dict[str, Effect | None]
) -> list[SafetyMeasure]:
    """Of one arm. others: its effects on the outcomes by name; shares are beyond a limit if their 95 % interval is."""
    answered = sum(moment.response is not None for moment in moments)
    rejected = sum(moment.response == "REJECTED" for moment in moments)
    found = [
        _share(arm, "offers that were turned down", rejected, answered, MOST_REJECTED),
        _share(arm, "help that the person ended early", done.ended_early, done.applied, MOST_ENDED_EARLY),
    ]
    return found + [_effect(arm, name, effect) for name, effect in others.items()]


def _share(arm: str, name: str, count: int, total: int, limit: float) -> SafetyMeasure:
    from scipy import stats

    if total == 0:
        return SafetyMeasure(arm, name, "unknown", "none yet")
    low = float(stats.binomtest(count, total).proportion_ci(0.95, "wilson").low)
    state = "broken" if low > limit else "ok"
    return SafetyMeasure(arm, name, state, f"{count} of {total}; the limit is {limit:.0%}")


def _effect(arm: str, name: str, effect: Effect | None) -> SafetyMeasure:
    if effect is None:
        return SafetyMeasure(arm, name, "unknown", "too few to say")
    span = f"{effect.estimate:+.1f} ({effect.low:+.1f} to {effect.high:+.1f})".replace("-", "−")
    return SafetyMeasure(arm, name, "broken" if effect.high < 0 else "ok", span)
