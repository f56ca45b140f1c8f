"""The flow `evaluation`: how each newest model does on moments it had not seen, beside the baselines.

Report and figures are kept in the model's folder and published under ``<home>/reports``:

    models/<version>.html, .json    of each model
    evaluation/index.html           of the newest one, with figures.json beside it
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.artifacts import Cell, leave_page, leave_plot, leave_table, leave_words
from flows.promotion import held_out_of
from flows.running import Platform, platform_flow, tell
from neural_focus.errors import ConfigurationError
from neural_focus.models import registry
from neural_focus.models.held_out import FILE
from neural_focus.models.registry import StoredModel
from neural_focus.models.report import model_report, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TARGETS = {
    "switch": "a switch within 30 s",
    "break": "settled focus breaks within 60 s",
    "outcome": "the outcome is focused",
}


SHOWN = (
    *("target", "split", "model", "n", "base_rate", "auc", "auc_low", "auc_high", "average_precision"),
    *("brier", "log_loss", "ece", "precision_1", "precision_2", "precision_4", "lead_s"),
)


@platform_flow(
    name="evaluation",
    description="Reports how the newest models do on moments they had not seen: figures with intervals, alerts, "
    "reliability, segments.",
    stale_after=timedelta(hours=6),
)
def evaluation(platform: Platform) -> float:
    """Writes the reports on the newest models; returns the newest one's AUC for a switch on held-out days."""
    return evaluate_newest(platform)


def evaluate_newest(platform: Platform) -> float:
    """The work of the flow.

    Raises:
        ConfigurationError: there is no model yet.
    """
    models = registry.list_models(platform.settings)
    if not models:
        raise ConfigurationError("There is no model to evaluate", todo="Run the flow 'training' first")
    shown = {model.version.split("_v")[0]: model for model in models}
    # the champion's too: the page links to the report on the model that answers
    for model in {one.tag: one for one in models if one.champion or one in shown.values()}.values():
        if registry.read_file(platform.settings, model.tag, FILE) is None:
            continue  # an older version kept no held-out moments
        if registry.read_file(platform.settings, model.tag, registry.REPORT) is None:
            publish_report(platform, model)
    newest = models[-1]
    figures = newest.manifest["metrics"]["switch"]
    tell(f"{newest.tag}: AUC {figures['auc']:.3f}, the time since the last switch alone {figures['recency_auc']:.3f}")
    return float(figures["auc"])


def publish_report(platform: Platform, model: StoredModel) -> dict[str, Any]:
    """Writes one model's report to its folder and to the reports that the service shows; returns its figures."""
    page, figures = model_report(model.tag, model.manifest, held_out_of(platform, model))
    told = json.dumps(figures, indent=1, sort_keys=True, default=str)
    registry.keep_report(platform.settings, model.tag, page, told)
    reports = platform.settings.reports
    for path, text in (
        (reports / "models" / f"{model.version}.html", page),
        (reports / "models" / f"{model.version}.json", told),
        (reports / "evaluation" / "index.html", page),
        (reports / "evaluation" / "figures.json", told),
    ):
        _replace(path, text)
    leave_words("evaluation-run", sentence(model.tag, model.manifest), "How good the model is")
    leave_table("evaluation-figures", _rows(figures), f"{model.tag} on moments it had not seen")
    leave_plot("evaluation-plot", lambda axes: draw(axes, model.manifest["metrics"]), "AUC beside the baselines")
    leave_page("evaluation-report", platform.settings, f"models/{model.version}.html", f"Report on {model.version}")
    return figures


def draw(axes: Axes, metrics: Mapping[str, Any]) -> None:
    """AUC of the model and of both baselines, by target."""
    shown = [target for target in TARGETS if metrics.get(target, {}).get("n")]
    series = {"model": "auc", "time since last switch": "recency_auc", "switches in 5 min": "switches_5min_auc"}
    for offset, (label, name) in enumerate(series.items()):
        places = [index + (offset - 1) * 0.26 for index in range(len(shown))]
        heights = [metrics[target].get(name) or 0.5 for target in shown]
        bars = axes.bar(places, heights, 0.24, label=label, color=("#2f6f9f", "#b8c4cc", "#d9dee2")[offset])
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.set_xticks(range(len(shown)), [TARGETS[target] for target in shown])
    axes.set_ylim(0.5, 1.0)
    axes.set_ylabel("AUC on held-out days")
    axes.legend(frameon=False, fontsize=8)


def _rows(figures: Mapping[str, Any]) -> list[dict[str, Cell]]:
    """Everybody's figures: a row a target, split and model."""
    first = next((row["person"] for row in figures["rows"]), "all")
    return [{name: _cell(row.get(name)) for name in SHOWN} for row in figures["rows"] if row["person"] == first]


def _cell(value: object) -> Cell:
    return f"{value:.3f}" if isinstance(value, float) else "–" if value is None else str(value)


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)
