"""The flow `learning`, each night: from the newest labels to a model that serves, or to the reason why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.artifacts import page_address, publish_markdown, who_started
from flows.catch_up import SKIP_AFTER
from flows.data_quality import data_quality
from flows.evaluation import evaluation
from flows.labels import labels
from flows.platform_flow import Platform, log, platform_flow
from flows.promotion import promotion
from flows.training import blend_newest, train_network, train_only
from neural_focus.errors import ConfigurationError, ContractError, InputError
from neural_focus.models.champion import usable_champion
from neural_focus.registry.decision_log import decisions
from neural_focus.registry.decision_words import not_passed, short, what_was_decided
from neural_focus.registry.model_store import list_models
from neural_focus.settings import Settings


@platform_flow(
    name="learning",
    description="Labels, data quality, training, evaluation, promotion, in this order. A failing step stops the rest; "
    "the champion keeps serving.",
    stale_after=SKIP_AFTER,
)
def learning(platform: Platform, reason: str = "") -> str:
    """Returns the champion's tag afterwards; ``reason``: why it was started, by default who did."""
    settings, why = platform.settings, reason or who_started()
    log(f"learning: {why}")
    publish_markdown("learning-run", f"Started: {why}.", "Why this run was started")
    known, decided = {model.tag for model in list_models(settings)}, len(decisions(settings))
    labels()
    data_quality()
    train_only()
    _learn_sequences()
    evaluation()
    promotion()
    serving = usable_champion(settings)[0] or ""
    made = [model.version for model in list_models(settings) if model.tag not in known]
    publish_markdown("learning-outcome", _outcome(settings, made, decisions(settings)[decided:], serving), "Result")
    return serving


def _outcome(settings: Settings, made: Sequence[str], decided: Sequence[Mapping[str, Any]], serving: str) -> str:
    """Models made, what was decided and why, who serves now, and where to read more; Markdown."""
    lines = [f"New models: {', '.join(made)}." if made else "No new model: data and code have not changed."]
    lines += [f"{short(line['model'])}: {_decision(line)}." for line in decided]
    lines += [] if decided else ["There is no new decision."]
    lines.append(f"**{short(serving)}** serves." if serving else "No model serves: rules of thumb answer.")
    links = [f"[All models]({page_address(settings, 'models/index.html')})"]
    links += [f"[report on {one}]({page_address(settings, f'models/{one}.html')})" for one in made]
    return "\n\n".join([*lines, " · ".join(links)])


def _decision(line: Mapping[str, Any]) -> str:
    return "; ".join([what_was_decided(line), *not_passed(line["gates"])])


def _learn_sequences() -> None:
    """Too little data for the LSTM is no reason to keep the trees from serving; its own run says why it failed."""
    try:
        train_network()
    except InputError as error:
        log(f"no LSTM this time: {error}")
        publish_markdown("learning-network", f"No LSTM this time: {error}", "Why only the trees were trained")
        return
    try:
        blend_newest()
    except (ConfigurationError, ContractError) as error:
        log(f"no blend this time: {error}")
        publish_markdown("learning-network", f"No blend this time: {error}", "Why trees and LSTM were not blended")
