"""What a model foresees of one snapshot, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

HORIZON_SECONDS = 30
"""``distraction_risk`` looks at (t, t + 30 s]."""
BREAK_HORIZON_SECONDS = 60
"""``break_risk`` looks at a break that begins in (t, t + 60 s]."""
AWAY_SECONDS, MANY_SWITCHES = 10, 3
"""A break: leaving work for so long at least, or switching so often."""
TARGET_WORDS = {
    "switch": f"an app switch within {HORIZON_SECONDS} s",
    "break": f"settled focus breaks within {BREAK_HORIZON_SECONDS} s",
    "outcome": "focused or not",
}
WarningKind = Literal["HIGH_RISK", "BREAK"]
"""What is warned of: a switch at a risk that became HIGH, or a break of settled focus."""
TrainedOn = Literal["rules", "demo", "people"]
"""Whose data made a model."""
LOW_BELOW = 0.3
HIGH_FROM = 0.7


class RiskCategory(StrEnum):
    """LOW < 0.3 ≤ MEDIUM < 0.7 ≤ HIGH."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


def categorize_risk(risk: float) -> RiskCategory:
    """The category of a probability; 0.7 itself is HIGH."""
    if risk < LOW_BELOW:
        return RiskCategory.LOW
    return RiskCategory.MEDIUM if risk < HIGH_FROM else RiskCategory.HIGH


@dataclass(frozen=True, slots=True)
class Mixture:
    """What each of ``personal.mixture.EXPERTS`` said of one moment, nan for nothing, and the weight of each."""

    said: tuple[float, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model foresees of the snapshot at ``t_us``, made at ``predicted_us``, and what was decided upon it.

    Scores 0–100, probabilities 0–1, momentum in points; ``break_risk`` is None while focus is not settled. ``factors``:
    why each risk that there is is what it is, by target, in words, the largest reason first; none as long as nobody
    looks. ``mixtures``: what each risk was mixed of, by target. What is stored, shown and sent of a prediction is taken
    from this object.
    """

    t_us: int
    predicted_us: int
    focus_score: float
    distraction_risk: float
    break_risk: float | None
    confidence: float
    factors: Mapping[str, tuple[str, ...]]
    focus_momentum: float
    model_version: str
    trained_on: TrainedOn
    intervention_type: str | None = None
    intervention_target: str | None = None
    intervention_reason: str = ""
    ab_test_group: str | None = None
    mixtures: Mapping[str, Mixture] = field(default_factory=dict)

    @property
    def timestamp(self) -> float:
        """When it was made, in seconds since the Unix epoch."""
        return self.predicted_us / 1e6

    @property
    def risk_category(self) -> RiskCategory:
        """Of the risk of a switch."""
        return categorize_risk(self.distraction_risk)

    @property
    def prediction_horizon_seconds(self) -> int:
        """How far ahead the risk of a switch looks."""
        return HORIZON_SECONDS

    @property
    def contributing_factors(self) -> tuple[str, ...]:
        """Why the risk of a switch is what it is."""
        return self.factors.get("switch", ())

    @property
    def risk(self) -> float:
        """The risk that help is for: the break's, where focus is settled."""
        return self.distraction_risk if self.break_risk is None else self.break_risk

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why ``risk`` is what it is."""
        return self.factors.get("switch" if self.break_risk is None else "break", ())
