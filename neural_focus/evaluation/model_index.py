"""Every stored model on one page: its figures, the decisions about it with their reasons, and its report."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from neural_focus.evaluation.report_head import head
from neural_focus.prediction import TARGET_WORDS
from neural_focus.registry.champion_pointer import champion
from neural_focus.registry.decision_log import decisions
from neural_focus.registry.decision_words import not_passed, what_was_decided, when
from neural_focus.registry.model_store import StoredModel, list_models
from neural_focus.registry.shadow_run import shadow
from neural_focus.settings import Settings
from neural_focus.time import utc_date

_COLUMNS = (
    *("model", "now", "trained on", "days", "moments"),
    *("switch AUC", "recency alone", "switch ECE", "break AUC", "report"),
)
_READ = (
    f"Switch: {TARGET_WORDS['switch']}; break: {TARGET_WORDS['break']}. AUC: 1 ranks every such snapshot above "
    "all others, 0.5 is chance; recency alone: the AUC of the time since the last switch; ECE: the mean error of the "
    "probabilities. Each model's figures come from its own held-out snapshots, so do not compare the AUCs of two "
    "models: only the gates compare models on the same snapshots."
)
_LINKS = {"html": "report", "json": "figures (JSON)"}


def model_index(settings: Settings) -> str:
    """The page as HTML, as the store is now."""
    models, serving, beside = list_models(settings), champion(settings), shadow(settings)
    decided = decisions(settings)
    reports = settings.reports / "models"
    rows, told = [], []
    for model in reversed(models):
        now = "serves" if model.tag == serving else "in the shadow" if beside and beside.tag == model.tag else ""
        links = [name for name in (f"{model.version}.html", f"{model.version}.json") if (reports / name).exists()]
        rows.append(_row(model, now, links))
        mine = [line for line in reversed(decided) if line["model"] == model.tag]
        told.append(f"<h3 id='{model.version}'>{model.version}</h3>{_decisions(mine)}")
    header = "".join(f"<th scope=col>{name}" for name in _COLUMNS)
    nobody = "" if any(model.tag == serving for model in models) else "<p>No model serves: rules of thumb answer.</p>"
    return (
        f"{head('Models', 'The figures come from days that each model had not seen. Newest first.')}{nobody}"
        f"<div class=scroll><table class=models><tr>{header}{''.join(rows)}</table></div><p class=soft>{_READ}</p>"
        f"<h2>Decisions</h2>{''.join(told) or '<p>None yet.</p>'}"
        "<p>Back to the champion before: <code>neural-focus models rollback</code></p>"
    )


def _row(model: StoredModel, now: str, links: Sequence[str]) -> str:
    data, metrics = model.manifest["data"], model.manifest["metrics"]
    first, until = (utc_date(data[name]) for name in ("first_us", "last_us"))
    switch, broken = metrics.get("switch", {}), metrics.get("break", {})
    cells = (
        *(model.version, now, model.manifest["trained_on"], f"{first} to {until}", f"{data['moments']:,}"),
        *(_figure(switch.get(name)) for name in ("auc", "recency_auc", "ece")),
        _figure(broken.get("auc")),
    )
    linked = " · ".join(f"<a href='/reports/models/{name}'>{_LINKS[name.rsplit('.')[-1]]}</a>" for name in links)
    return "<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in cells) + f"<td>{linked or '–'}"


def _decisions(lines: Sequence[Mapping[str, Any]]) -> str:
    """Newest first, each with its gates: those that failed in the open, the others behind a click."""
    if not lines:
        return "<p>Nothing yet.</p>"
    items = []
    for line in lines:
        failed = "".join(f"<li class=failed>{html.escape(words)}" for words in not_passed(line["gates"]))
        passed = [gate for gate in line["gates"] if gate["passed"]]
        others = "".join(f"<li>{html.escape(gate['name'])} ({html.escape(gate['found'])})" for gate in passed)
        items.append(
            f"<li><time>{when(line)}</time> {html.escape(what_was_decided(line))}"
            + (f"<ul>{failed}</ul>" if failed else "")
            + (f"<details><summary>Passed: {len(passed)}</summary><ul>{others}</ul></details>" if passed else "")
        )
    return f"<ul class=decisions>{''.join(items)}</ul>"


def _figure(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"
