"""What a model says about one moment, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

HORIZON_SECONDS = 30
"""``distraction_risk`` looks at (t, t + 30 s]."""
BREAK_HORIZON_SECONDS = 60
"""``break_risk`` looks at a break that begins in (t, t + 60 s]."""
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
class Prediction:
    """One moment, judged. Times are seconds since the Unix epoch, probabilities 0–1, scores 0–100."""

    timestamp: float
    focus_score: float
    distraction_risk: float
    risk_category: RiskCategory
    confidence: float
    break_risk: float | None
    """Null when focus is not settled (less than 60 s in one app, or idle)."""
    model_version: str
    contributing_factors: tuple[str, ...] = field(default=())
    prediction_horizon_seconds: int = HORIZON_SECONDS
    intervention_type: str | None = None
    intervention_target: str | None = None
    intervention_reason: str = ""
    ab_test_group: str | None = None
