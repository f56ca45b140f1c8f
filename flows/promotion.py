"""The flow `promotion`: a trained model serves only if it passes every gate.

1. It beats the time since the last switch alone on held-out days.
2. Its probabilities mean what they say (expected calibration error).
3. It is not clearly worse than the champion was, if that was trained on the same kind of people.
4. A model of demo people never replaces one of real people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flows.artifacts import leave_table, leave_words
from flows.running import Platform, platform_flow, tell
from neural_focus.errors import ConfigurationError
from neural_focus.models import registry

LARGEST_ECE = 0.08
ALLOWED_LOSS = 0.02
"""AUC that a new model may be below the champion's: less than chance moves it from one night to the next."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition, the figures behind it, and whether it holds."""

    name: str
    found: str
    passed: bool


@platform_flow(
    name="promotion",
    description="Lets the newest model serve if it beats the time since the last switch, is calibrated, and is no step "
    "back from the champion.",
    stale_after=timedelta(hours=6),
)
def promotion(platform: Platform) -> str:
    """Judges the newest model; returns the champion's tag after that."""
    return promote_newest(platform)


def promote_newest(platform: Platform) -> str:
    """The work of the flow.

    Raises:
        ConfigurationError: there is no model yet.
    """
    models = registry.list_models(platform.settings)
    if not models:
        raise ConfigurationError("There is no model to promote", todo="Run the flow 'training' first")
    newest = models[-1]
    champion = next((model for model in models if model.champion), None)
    if champion is not None and champion.tag == newest.tag:
        leave_words("promotion-run", f"{newest.tag} serves already.", "What was decided")
        return newest.tag
    gates = judge(newest.manifest, champion.manifest if champion else None)
    passed = all(gate.passed for gate in gates)
    if passed:
        registry.promote(platform.settings, newest.tag)
    serving = registry.champion(platform.settings) or ""
    _leave(newest.tag, champion.tag if champion else None, gates, passed)
    return serving


def judge(challenger: Mapping[str, Any], champion: Mapping[str, Any] | None) -> list[Gate]:
    """The gates for a challenger's manifest beside the champion's, if there is one."""
    figures = challenger["metrics"]["switch"]
    gates = [
        Gate(
            "beats the time since the last switch",
            f"AUC {figures['auc']:.3f}, alone {figures['recency_auc']:.3f}",
            figures["auc"] > figures["recency_auc"],
        ),
        Gate(
            "probabilities mean what they say",
            f"calibration error {figures['ece']:.3f}, at most {LARGEST_ECE}",
            figures["ece"] <= LARGEST_ECE,
        ),
    ]
    if champion is not None:
        gates.append(_no_step_back(challenger, champion))
    return gates


def _no_step_back(challenger: Mapping[str, Any], champion: Mapping[str, Any]) -> Gate:
    ours, theirs = challenger["trained_on"], champion["trained_on"]
    if ours != theirs:
        return Gate("real people's model comes first", f"{ours} after {theirs}", theirs == "demo")
    now, before = challenger["metrics"]["switch"]["auc"], champion["metrics"]["switch"]["auc"]
    return Gate("no step back", f"AUC {now:.3f} after {before:.3f}", now >= before - ALLOWED_LOSS)


def _leave(tag: str, champion: str | None, gates: list[Gate], passed: bool) -> None:
    before = champion or "no model"
    decision = f"**{tag} serves now**, after {before}." if passed else f"**{tag} does not serve**; {before} stays."
    tell(decision.replace("*", ""))
    leave_words("promotion-run", decision, "What was decided")
    leave_table(
        "promotion-gates",
        [{"gate": gate.name, "found": gate.found, "passed": "yes" if gate.passed else "no"} for gate in gates],
        f"Gates for {tag}",
    )
