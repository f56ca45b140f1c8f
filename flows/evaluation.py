"""The flow `evaluation`: how a model does on days it had not seen, beside the time since the last switch alone.

The figures were taken while training, by models that had seen only earlier days; here they become a page, a table and
a plot. The page is ``<home>/reports/evaluation/index.html``, with ``figures.json`` beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined

from flows.artifacts import Cell, leave_page, leave_plot, leave_table, leave_words
from flows.running import Platform, platform_flow, tell
from neural_focus.errors import ConfigurationError
from neural_focus.models import registry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TARGETS = {
    "switch": "a switch within 30 s",
    "break": "settled focus breaks within 60 s",
    "outcome": "the outcome is focused",
}
FIGURES = {
    "n": "moments",
    "base_rate": "how often it happens",
    "auc": "AUC of the model",
    "recency_auc": "AUC of the time since the last switch",
    "switches_5min_auc": "AUC of the switches in 5 min",
    "average_precision": "average precision",
    "brier": "Brier score",
    "log_loss": "log loss",
    "ece": "calibration error",
}


@platform_flow(
    name="evaluation",
    description="Shows how the newest model does on held-out days, beside the time since the last switch alone.",
    stale_after=timedelta(hours=6),
)
def evaluation(platform: Platform) -> float:
    """Writes the report on the newest model; returns its AUC for a switch on held-out days."""
    return evaluate_newest(platform)


def evaluate_newest(platform: Platform) -> float:
    """The work of the flow.

    Raises:
        ConfigurationError: there is no model yet.
    """
    models = registry.list_models(platform.settings)
    if not models:
        raise ConfigurationError("There is no model to evaluate", todo="Run the flow 'training' first")
    newest = models[-1]
    write_page(platform.settings.reports / "evaluation", newest.tag, newest.manifest)
    figures = newest.manifest["metrics"]["switch"]
    tell(f"{newest.tag}: AUC {figures['auc']:.3f}, the time since the last switch alone {figures['recency_auc']:.3f}")
    leave_words("evaluation-run", sentence(newest.tag, newest.manifest), "How good the model is")
    leave_table("evaluation-figures", rows(newest.manifest), "On held-out days")
    leave_plot("evaluation-plot", lambda axes: draw(axes, newest.manifest["metrics"]), "AUC beside the baselines")
    leave_page("evaluation-report", platform.settings, "evaluation/index.html", "Model report")
    return float(figures["auc"])


def sentence(tag: str, manifest: Mapping[str, Any]) -> str:
    """What a person wants to know first."""
    figures = manifest["metrics"]["switch"]
    gain = figures["auc"] - figures["recency_auc"]
    whose = "demo (simulated) people" if manifest["trained_on"] == "demo" else "real people"
    verdict = f"better by {gain:.3f} than" if gain > 0 else f"worse by {-gain:.3f} than"
    return (
        f"{tag}, trained on {whose}, tells moments before a switch from others with AUC {figures['auc']:.3f} on days "
        f"it had not seen: {verdict} the time since the last switch alone."
    )


def rows(manifest: Mapping[str, Any]) -> list[dict[str, Cell]]:
    """A row a target, a column a figure."""
    return [
        {"predicts": words, **{label: _cell(manifest["metrics"][target].get(name)) for name, label in FIGURES.items()}}
        for target, words in TARGETS.items()
        if manifest["metrics"].get(target, {}).get("n")
    ]


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


def write_page(folder: Path, tag: str, manifest: Mapping[str, Any]) -> Path:
    """``index.html`` for people and ``figures.json`` for programs."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(resources.files("flows").joinpath("evaluation.html.j2").read_text("utf-8"))
    page = template.render(
        tag=tag,
        manifest=manifest,
        sentence=sentence(tag, manifest),
        rows=rows(manifest),
        first=_day(manifest["data"]["first_us"]),
        last=_day(manifest["data"]["last_us"]),
    )
    _replace(folder / "figures.json", json.dumps({"tag": tag, **manifest}, indent=1, sort_keys=True, default=str))
    return _replace(folder / "index.html", page)


def _day(t_us: int) -> str:
    return datetime.fromtimestamp(t_us / 1e6, UTC).date().isoformat()


def _cell(value: object) -> Cell:
    return f"{value:.3f}" if isinstance(value, float) else "–" if value is None else f"{value:,}"


def _replace(path: Path, text: str) -> Path:
    temporary = path.with_suffix(".new")
    temporary.write_text(text, "utf-8")
    return temporary.replace(path)
