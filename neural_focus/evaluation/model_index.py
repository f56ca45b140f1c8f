"""Every stored model on one page: its figures, the decisions about it with their reasons, and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neural_focus.pages import render
from neural_focus.prediction import TARGET_WORDS
from neural_focus.registry.champion_pointer import champion
from neural_focus.registry.decision_log import decisions
from neural_focus.registry.decision_words import not_passed, what_was_decided, when
from neural_focus.registry.model_store import StoredModel, list_models
from neural_focus.registry.shadow_run import shadow
from neural_focus.settings import Settings
from neural_focus.time import utc_date

OVER_DAYS = "models/over-days.html"
"""Below the reports: how people were served, day by day."""
_FILES = {"html": "report", "json": "figures (JSON)"}


def model_index(settings: Settings) -> str:
    """The page as HTML, as the store is now."""
    serving, beside = champion(settings), shadow(settings)
    decided = decisions(settings)[::-1]
    models = []
    for model in reversed(list_models(settings)):
        now = "serves" if model.tag == serving else "in the shadow" if beside and beside.tag == model.tag else ""
        mine = [decision for decision in decided if decision["model"] == model.tag]
        models.append(_shown(model, settings.reports / "models") | {"now": now, "decisions": mine})
    words = {"when": when, "what_was_decided": what_was_decided, "not_passed": not_passed}
    over_days = OVER_DAYS if (settings.reports / OVER_DAYS).exists() else ""
    return render("model_index", title="Models", models=models, targets=TARGET_WORDS, over_days=over_days, **words)


def _shown(model: StoredModel, reports: Path) -> dict[str, Any]:
    data, metrics = model.manifest["data"], model.manifest["metrics"]
    switch, broken = metrics.get("switch", {}), metrics.get("break", {})
    names = {f"{model.version}.{ending}": words for ending, words in _FILES.items()}
    return {
        "version": model.version,
        "trained_on": model.manifest["trained_on"],
        "first": utc_date(data["first_us"]),
        "last": utc_date(data["last_us"]),
        "moments": data["moments"],
        "figures": [*(switch.get(name) for name in ("auc", "recency_auc", "ece")), broken.get("auc")],
        "files": {name: words for name, words in names.items() if (reports / name).exists()},
    }
