"""The flow `evaluation`: how each newest model does on held-out snapshots, beside the baselines.

Report and figures are kept in the model's folder and published under ``<home>/reports``:

    models/<version>.html, .json    of each model
    models/over-days.html           what people were served, day by day, whichever model that was
    evaluation/index.html           of the newest one, with figures.json beside it
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flows.artifacts import Cell, publish_markdown, publish_page, publish_plot, publish_table
from flows.label_files import join_moments, read_labels
from flows.personal_learning import served_days, served_people
from flows.platform_flow import Platform, log, platform_flow
from flows.promotion import held_out_of
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ConfigurationError, ContractError, StoreError
from neural_focus.evaluation.importance import important_inputs
from neural_focus.evaluation.model_index import OVER_DAYS
from neural_focus.evaluation.over_days import Days, rows_of
from neural_focus.evaluation.over_days_page import over_days_page
from neural_focus.evaluation.report import model_report, sentence
from neural_focus.models.champion import load, usable_champion
from neural_focus.models.held_out import FILE, HeldOut
from neural_focus.prediction import TARGET_WORDS
from neural_focus.registry.model_store import (
    REPORT,
    StoredModel,
    keep_report,
    list_models,
    newest_of_each_kind,
    read_file,
)
from neural_focus.validation import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAMPLE = 600
"""Held-out moments on which it is judged which inputs matter."""
SHOWN = (
    *("target", "split", "model", "n", "base_rate", "auc", "auc_low", "auc_high", "average_precision"),
    *("brier", "log_loss", "ece", "precision_1", "precision_2", "precision_4", "lead_s"),
)


@platform_flow(
    name="evaluation",
    description="Reports on the newest models on held-out days: figures with intervals, alerts, reliability, segments.",
    stale_after=timedelta(hours=6),
)
def evaluation(platform: Platform) -> float:
    """Writes the reports on the newest models; returns the newest one's AUC for a switch on held-out days."""
    publish_over_days(platform, datetime.now(UTC))
    return evaluate_newest(platform)


def evaluate_newest(platform: Platform) -> float:
    """The work of the flow.

    Raises:
        ConfigurationError: there is no model yet.
    """
    models = list_models(platform.settings)
    if not models:
        raise ConfigurationError("There is no model to evaluate", hint="Run the flow 'training' first")
    # the champion's too: the page links to the report on the model that answers
    serving = usable_champion(platform.settings)[0]
    answers = [model for model in models if model.tag == serving]
    for model in {one.tag: one for one in (*answers, *newest_of_each_kind(models).values())}.values():
        if read_file(platform.settings, model.tag, FILE) is None:
            continue  # an older version kept no held-out moments
        if read_file(platform.settings, model.tag, REPORT) is None:
            publish_report(platform, model)
        publish_page(
            "evaluation-report", platform.settings, f"models/{model.version}.html", f"Report on {model.version}"
        )
    newest = models[-1]
    figures = newest.manifest["metrics"]["switch"]
    log(f"{newest.tag}: AUC {figures['auc']:.3f}, the time since the last switch alone: {figures['recency_auc']:.3f}")
    return float(figures["auc"])


def publish_over_days(platform: Platform, now: datetime) -> None:
    """How everybody was served, day by day beside the time since the last switch; nothing where nobody was yet."""
    results: dict[str, list[Days]] = {}
    rows: list[dict[str, Any]] = []
    people = served_people(platform.connection, now)
    for name, is_demo in (("people", False), ("demo people, simulated", True)):
        mine = {person.user_id: person.name for person in people if person.is_demo == is_demo}
        found = [days for person in people if person.user_id in mine for days in served_days(platform, person)]
        if any(len(days.label) for days in found):
            results[name] = found
            rows += rows_of(found, name, mine)
    if results:
        page = over_days_page(results, rows, ["What was served and what came true, of moments that help left alone."])
        atomic_write(platform.settings.reports / OVER_DAYS, page.encode())
        publish_page("served-over-days", platform.settings, OVER_DAYS, "How people were served, day by day")


def publish_report(platform: Platform, model: StoredModel) -> dict[str, Any]:
    """Publishes one model's report among those that the service shows, then keeps it with the model: it is done.

    Returns its figures.
    """
    held = held_out_of(platform, model)
    page, figures = model_report(model.tag, model.manifest, held, _important(platform, model, held))
    document = json.dumps(plain(figures), indent=1, sort_keys=True, default=str, allow_nan=False)
    reports = platform.settings.reports
    for path, text in (
        (reports / "models" / f"{model.version}.html", page),
        (reports / "models" / f"{model.version}.json", document),
        (reports / "evaluation" / "index.html", page),
        (reports / "evaluation" / "figures.json", document),
    ):
        atomic_write(path, text.encode())
    keep_report(platform.settings, model.tag, page, document)
    publish_markdown("evaluation-run", sentence(model.tag, model.manifest), "How good the model is")
    publish_table("evaluation-figures", _rows(figures), f"{model.tag} on held-out snapshots")
    publish_plot("evaluation-plot", lambda axes: draw(axes, model.manifest["metrics"]), "AUC beside the baselines")
    return figures


def _important(platform: Platform, model: StoredModel, held: HeldOut) -> dict[str, list[dict[str, Any]]]:
    """The inputs that matter on a sample of the held-out moments; nothing where their inputs are no longer kept."""
    labels = read_labels(platform.settings.feast, is_demo=model.manifest["trained_on"] == "demo")
    later = held.of("switch") if "switch" in held.said else held.take(np.zeros(len(held), bool))
    asked = pd.DataFrame({"user_id": later.person, "at": later.times_us})
    asked = asked.drop_duplicates().sample(min(len(asked), SAMPLE), random_state=7)
    at = labels["event_timestamp"].dt.as_unit("us").astype("int64")
    chosen = labels.assign(at=at).merge(asked, on=["user_id", "at"]).drop_duplicates(["user_id", "at"])
    if chosen.empty:
        return {}
    try:
        predictor = load(platform.settings, model.tag)
        version, sequences = predictor.contract.version, predictor.reads_sequences
        moments = join_moments(platform, chosen.drop(columns="at"), version, sequences=sequences)
        return important_inputs(predictor, moments)
    except (ContractError, StoreError) as error:
        log(f"which inputs matter to {model.tag} cannot be said: {error}")
        return {}


def draw(axes: Axes, metrics: Mapping[str, Any]) -> None:
    """AUC of the model and of both baselines, by target."""
    shown = [target for target in TARGET_WORDS if metrics.get(target, {}).get("n")]
    series = {"model": "auc", "time since last switch": "recency_auc", "switches in 5 min": "switches_5min_auc"}
    for offset, (label, name) in enumerate(series.items()):
        places = [index + (offset - 1) * 0.26 for index in range(len(shown))]
        heights = [metrics[target].get(name, math.nan) for target in shown]
        bars = axes.bar(places, heights, 0.24, label=label, color=("#2f6f9f", "#b8c4cc", "#d9dee2")[offset])
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.set_xticks(range(len(shown)), [TARGET_WORDS[target] for target in shown])
    axes.set_ylim(0.5, 1.0)
    axes.set_ylabel("AUC on held-out days")
    axes.legend(frameon=False, fontsize=8)


def _rows(figures: Mapping[str, Any]) -> list[dict[str, Cell]]:
    """Everybody's figures: a row a target, split and model."""
    first = next((row["person"] for row in figures["rows"]), "all")
    return [{name: _cell(row.get(name)) for name in SHOWN} for row in figures["rows"] if row["person"] == first]


def _cell(value: object) -> Cell:
    return f"{value:.3f}" if isinstance(value, float) else "–" if value is None else str(value)
