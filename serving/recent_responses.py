"""The last minutes as the REST endpoints tell them: readings, switches, warnings, their outcomes, and what was drawn.

Times and scores as in ``responses``.
"""

from __future__ import annotations

from dataclasses import dataclass

from neural_focus.messages import RiskName, StoredResponse, UndoneReason
from neural_focus.prediction import WarningKind


@dataclass(frozen=True, slots=True)
class PredictionPoint:
    """One prediction of the past."""

    t_us: int
    focus_score: float
    distraction_risk: float
    break_risk: float | None
    risk_category: RiskName
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Switch:
    """The person left one app for another, within the second that ends at ``t_us``; ``count`` switches in it."""

    t_us: int
    count: int


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From ``from_us`` to ``to_us``."""

    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class WarningGiven:
    """A warning and whether it came true within its horizon; null while pending or where nothing was captured."""

    t_us: int
    kind: WarningKind
    risk: float
    horizon_seconds: int
    came_true: bool | None
    lead_s: float | None
    """Seconds from the warning to what it warned of."""
    acted_on: bool = False
    """Help was shown at this moment: the outcome is not counted for or against the model."""
    intervention_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """Of ``n`` moments the risk was said to be ``said`` on average, and it happened in ``came_true`` of them, 0–1."""

    said: float
    came_true: float
    n: int


@dataclass(frozen=True, slots=True)
class HitRate:
    """Warned and came true over the last ``days`` days, beside how often it happens anyway (``base_rate``).

    Only warnings on which nobody acted count; ``undecided`` ones are pending or not covered by capture. ``reliability``
    is of all untouched ``moments`` (one in ten seconds), warned or not; counted once an hour.
    """

    kind: WarningKind
    days: int
    warned: int
    came_true: int
    undecided: int
    rate: float | None
    base_rate: float | None
    moments: int = 0
    calibration_error: float | None = None
    reliability: tuple[ReliabilityPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Recent:
    """The last minutes: predictions, switches, when nobody was at the keys, and what was warned."""

    from_us: int
    to_us: int
    predictions: tuple[PredictionPoint, ...]
    switches: tuple[Switch, ...]
    idle: tuple[TimeSpan, ...]
    warnings: tuple[WarningGiven, ...]
    hit_rates: tuple[HitRate, ...]


@dataclass(frozen=True, slots=True)
class InterventionRow:
    """One row of a drawn opportunity, no-op draws included. ``probability`` is that of the arm drawn.

    What was done is only what was reported: ``applied_at`` and ``applied_where``, or ``refused_reason``; ``undone_at``
    and why. Null after ``ends_at``: nobody reported it. ``rested_at``: the person really had rested.
    """

    id: int
    triggered_at: str
    arm: str
    probability: float
    type: str
    action: str
    target: str | None
    predicted_risk: float
    contributing_factors: tuple[str, ...]
    user_response: StoredResponse | None
    response_time_ms: int | None
    focus_score_before: float | None
    focus_score_after_5min: float | None
    model_version: str | None
    opportunity_id: str | None
    ends_at: str | None
    applied_at: str | None
    applied_where: str | None
    refused_reason: str | None
    undone_at: str | None
    undone_reason: UndoneReason | None
    rested_at: str | None
