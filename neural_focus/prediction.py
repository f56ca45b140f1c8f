"""What a model foresees of one moment, and the words for it."""

from __future__ import annotations

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
