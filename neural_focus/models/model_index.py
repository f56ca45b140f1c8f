"""Every stored model on one page: its figures, what was decided of it and why, and its report."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from neural_focus.models import registry
from neural_focus.models.registry import StoredModel
from neural_focus.models.report import head
from neural_focus.settings import Settings

_COLUMNS = (
    *("model", "now", "trained on", "days", "moments"),
    *("switch AUC", "recency alone", "switch ECE", "break AUC", "last decision", "report"),
)


def model_index(settings: Settings) -> str:
    """The page as HTML, as the registry is now."""
    models, beside = registry.list_models(settings), registry.shadow(settings)
    decided = registry.decisions(settings)
    reports = settings.reports / "models"
    rows = []
    for model in reversed(models):
        now = "serves" if model.champion else "in the shadow" if beside and beside.tag == model.tag else ""
        last = next((line for line in reversed(decided) if line["model"] == model.tag), None)
        links = [name for name in (f"{model.version}.html", f"{model.version}.json") if (reports / name).exists()]
        rows.append(_row(model, now, last, links))
    header = "".join(f"<th scope=col>{name}" for name in _COLUMNS)
    nobody = "" if any(model.champion for model in models) else "<p>No model serves: rules of thumb answer.</p>"
    return (
        f"{head('Models', 'Figures are of days that each had not seen. Newest first.')}{nobody}"
        f"<div class=scroll><table><tr>{header}{''.join(rows)}</table></div>"
        "<p>Back to the champion before: <code>neural-focus models rollback</code></p>"
    )


def _row(model: StoredModel, now: str, last: Mapping[str, Any] | None, links: Sequence[str]) -> str:
    data, metrics = model.manifest["data"], model.manifest["metrics"]
    first, until = (datetime.fromtimestamp(data[name] / 1e6, UTC).date() for name in ("first_us", "last_us"))
    switch, broken = metrics.get("switch", {}), metrics.get("break", {})
    cells = (
        *(model.version, now, model.manifest["trained_on"], f"{first} to {until}", f"{data['moments']:,}"),
        *(_figure(switch.get(name)) for name in ("auc", "recency_auc", "ece")),
        *(_figure(broken.get("auc")), _decision(last)),
    )
    linked = " ".join(f"<a href='/reports/models/{name}'>{name.rsplit('.')[-1]}</a>" for name in links)
    return "<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in cells) + f"<td>{linked or '–'}"


def _decision(line: Mapping[str, Any] | None) -> str:
    """In a few words, with the gates that failed."""
    if line is None:
        return "–"
    failed = [str(gate["name"]) for gate in line["gates"] if not gate["passed"]]
    return f"{line['decision']} by {line['by']}, {line['at'][:16]}" + (f": {'; '.join(failed)}" if failed else "")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
