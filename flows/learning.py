"""The flow `learning`, each night: from the newest labels to a model that serves, or to the reason why not."""

from __future__ import annotations

from datetime import timedelta

from flows.artifacts import leave_words
from flows.data_quality import data_quality
from flows.evaluation import evaluation
from flows.labels import labels
from flows.promotion import promotion
from flows.running import Platform, platform_flow, tell
from flows.training import blend_newest, train_network, train_only
from neural_focus.errors import ConfigurationError, ContractError, InputError
from neural_focus.models.registry import usable_champion


@platform_flow(
    name="learning",
    description="Labels, data quality, training, evaluation, promotion, in this order. A failing step stops the rest; "
    "the champion goes on serving.",
    stale_after=timedelta(hours=6),
)
def learning(platform: Platform, reason: str = "by schedule") -> str:
    """Returns the champion's tag afterwards; ``reason``: why it was started."""
    tell(f"learning: {reason}")
    leave_words("learning-run", f"Started: {reason}.", "Why this run learns")
    labels()
    data_quality()
    train_only()
    _learn_sequences()
    evaluation()
    promotion()
    return usable_champion(platform.settings)[0] or ""


def _learn_sequences() -> None:
    """Too little data for the LSTM is no reason to keep the trees from serving; its own run says why it failed."""
    try:
        train_network()
    except InputError as error:
        tell(f"no LSTM this time: {error}")
        leave_words("learning-network", f"No LSTM this time: {error}", "Why only the trees were trained")
        return
    try:
        blend_newest()
    except (ConfigurationError, ContractError) as error:
        tell(f"no blend this time: {error}")
        leave_words("learning-network", f"No blend this time: {error}", "Why trees and LSTM were not blended")
