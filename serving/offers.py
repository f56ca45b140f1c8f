"""Offers in words: what a stored opportunity says to the person, how long it lasts, whether it acts by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neural_focus.experiments.budget import Trigger
from neural_focus.help_settings import HelpSettings
from neural_focus.messages import InterventionOffered
from neural_focus.prediction import Prediction
from neural_focus.store.interventions import Opportunity, StoredOffer
from neural_focus.time import iso

CLOCK_SLACK_US = 5_000_000


@dataclass(slots=True)
class OpenOffer:
    """An offer somebody has to answer, and what the person allowed when it was made. ``time.monotonic()`` seconds."""

    offer: StoredOffer
    help: HelpSettings
    shown: float
    deadline: float

    def described(self) -> InterventionOffered:
        """The offer in the words of the API."""
        made = self.offer.opportunity
        return InterventionOffered(
            id=self.offer.id,
            timestamp=iso(made.triggered_us),
            action=made.targets[0][0],
            reason=_reason(made),
            predicted_risk=made.predicted_risk,
            timeout_seconds=made.timeout_seconds,
            type=made.type,
            targets=tuple(target for _, target in made.targets if target),
            offer=2 if made.snooze_of else 1,
            minutes=minutes_of(made, self.help),
            acts_by_itself=self.help.acts_by_itself,
        )


def with_arm(prediction: Prediction, stored: StoredOffer | None) -> Prediction:
    """A prediction with what was drawn for its snapshot."""
    if stored is None:
        return prediction
    made = stored.opportunity
    if made.type == "NO_OP":
        return replace(prediction, ab_test_group=made.arm)
    return replace(
        prediction,
        ab_test_group=made.arm,
        intervention_type=made.arm,
        intervention_target=", ".join(target for _, target in made.targets if target) or None,
        intervention_reason="Focus is at risk",
    )


def minutes_of(made: Opportunity, settings: HelpSettings) -> int:
    """How long the help lasts once it is accepted."""
    return settings.break_minutes if made.type == "SUGGEST_BREAK" else settings.block_minutes


def plausible(answered_us: int | None, now_us: int) -> int:
    """When the desktop says it took the answer, if that was just now; else now."""
    if answered_us is None or abs(now_us - answered_us) > CLOCK_SLACK_US:
        return now_us
    return answered_us


def _reason(made: Opportunity) -> str:
    if made.experiment.endswith(Trigger.WARM_START.value):  # settled or not: it may be about no break at all
        likely = f"An example of help, at a risk of {made.predicted_risk:.0%}"
    else:
        likely = f"Your focus breaks within a minute with a probability of {made.predicted_risk:.0%}"
    return f"{likely}: {made.contributing_factors[0]}" if made.contributing_factors else likely
