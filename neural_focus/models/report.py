"""The page beside the figures of an evaluation, and the report on one stored model: one self-contained HTML file each.

A model's report is made from the held-out moments that are kept with it; nothing is trained or predicted again.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from neural_focus.models.confidence import confidence
from neural_focus.models.datasets import Moments
from neural_focus.models.evaluation import Judged, rows_of
from neural_focus.models.gates import segment_table
from neural_focus.models.held_out import DAYS, PERSON, HeldOut
from neural_focus.models.report_plots import learning, picture, plots
from neural_focus.models.sequences import no_steps

_FIGURES = ("n", "base_rate", "auc", "average_precision", "brier", "log_loss", "ece")
_ALERTS = ("precision_1", "precision_2", "precision_4", "recall_1", "recall_2", "recall_4", "lead_s")
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2a33}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .8rem;text-align:right;border-bottom:1px solid #dde}
td:first-child,th:first-child{text-align:left}img{max-width:100%}h1+p{font-size:1.2rem}
.demo{border:1px solid #b8860b;border-radius:.4rem;padding:.5rem 1rem}.scroll{overflow-x:auto}"""


def write_page(
    path: Path,
    rows: Sequence[Mapping[str, Any]],
    results: Sequence[tuple[str, Judged]],
    curves: Mapping[str, Sequence[Mapping[str, float]]],
) -> None:
    """One HTML file: for each table and target its figures, its people, and five plots."""
    parts = [head("Evaluation")]
    for file, judged in results:
        mine = [row for row in rows if (row["file"], row["target"]) == (file, judged.target)]
        parts.append(f"<h2>{html.escape(file)}: {_WORDS[judged.target]}</h2><p>{_sentence(mine)}</p>")
        shown = [row for row in mine if row["person"] == mine[0]["person"]]
        parts.append(_table(shown, ("model", *_FIGURES, *(_ALERTS if judged.target == "break" else ()))))
        parts.append(plots(judged))
        if judged.target == "switch" and curves.get(file):
            curve = curves[file]
            parts.append(picture([("learning curve", partial(learning, curve=curve))]))
        parts.append(
            f"<h3>By segment</h3>{_table(_segments(judged), ('segment', 'n', 'base_rate', 'xgboost', 'recency'))}"
        )
        people = [row for row in mine if row["person"] != "all" and row["model"] in ("recency", *_REACH)]
        if len(people) > 3:
            parts.append(
                f"<details><summary>Each person</summary>{_table(people, ('person', 'model', *_FIGURES))}</details>"
            )
    path.write_text("\n".join(parts), "utf-8")


_WORDS = {
    "switch": "an app switch within 30 s",
    "break": "settled focus breaks within 60 s",
    "outcome": "the outcome is focused",
}
_REACH = {"xgboost": "trees reach", "lstm": "network reaches", "blend": "blend of both reaches"}
_SPLITS = {DAYS: "later days of people it knows", PERSON: "people it does not know"}


def _sentence(rows: Sequence[Mapping[str, Any]], kind: str = "xgboost") -> str:
    by_model = {row["model"]: row for row in rows if row["person"] == rows[0]["person"]}
    model, bar = by_model.get(kind), by_model["recency"]
    if model is None or model["auc"] is None or bar["auc"] is None:
        return "There were too few moments to train a model."
    gain = model["auc"] - bar["auc"]
    word = "better" if gain > 0 else "worse"
    span = f" (95 % interval {model['auc_low']:.3f} to {model['auc_high']:.3f})" if model.get("auc_low") else ""
    name = _REACH.get(kind, "model reaches")
    return f"The {name} AUC {model['auc']:.3f}{span}: {abs(gain):.3f} {word} than the time since the last switch."


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    head = "".join(f"<th scope=col>{html.escape(name.replace('_', ' '))}" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{_cell(row.get(name))}" for name in columns) for row in rows)
    return f"<div class=scroll><table><tr>{head}{body}</table></div>"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else html.escape(str(value))


def _segments(judged: Judged) -> list[dict[str, Any]]:
    """AUC in parts of the test moments: by time of day (UTC) and by the app that holds the focus."""
    from neural_focus.models.measures import auc

    hours = judged.moments.times_us // 3_600_000_000 % 24
    segments = {f"{h:02d}–{h + 6:02d} h UTC": (hours >= h) & (hours < h + 6) for h in (0, 6, 12, 18)}
    apps, counts = np.unique(judged.moments.app, return_counts=True)
    segments |= {f"in {apps[i] or 'no app'}": judged.moments.app == apps[i] for i in np.argsort(-counts)[:6]}
    rows = []
    for name, chosen in segments.items():
        if chosen.sum() >= 100:
            label = judged.label[chosen]
            row: dict[str, Any] = {"segment": name, "n": int(chosen.sum()), "base_rate": float(label.mean())}
            for model in ("xgboost", "recency"):
                if model in judged.probabilities:
                    row[model] = auc(label, judged.probabilities[model][chosen])
            rows.append(row)
    return rows


def model_report(tag: str, manifest: Mapping[str, Any], held: HeldOut) -> tuple[str, dict[str, Any]]:
    """The report on one stored model as HTML, and its figures.

    Figures are of moments that it had not seen, with a bootstrap interval over people (or days, hours), beside the base
    rate, the time since the last switch, the switches in 5 min and a logistic regression.
    """
    kind, demo = str(manifest["kind"]), manifest["trained_on"] == "demo"
    title = f"{tag}: model report"
    parts = [head(title, html.escape(sentence(tag, manifest)))]
    if demo:
        parts.append(_DEMO)
    figures: dict[str, Any] = {"tag": tag, "manifest": dict(manifest), "rows": []}
    figures |= {"segments": {}, "reliability": {}, "risk_coverage": {}}
    for split in (DAYS, PERSON):
        for target in held.said:
            judged = judged_of(held, target, split)
            if len(judged.label):
                rows = rows_of(judged, tag, {int(one): str(one) for one in np.unique(judged.moments.person)})
                figures["rows"] += rows
                parts.append(_section(judged, rows, kind))
                if split == DAYS:
                    figures["segments"][target] = _by_segment(held, target, kind)
                    figures["reliability"][target] = reliability(judged.label, judged.probabilities[kind])
                    parts.append("<h3>By segment</h3>" + _table(figures["segments"][target], _SEGMENT))
                    figures["risk_coverage"][target] = risk_coverage(judged.label, judged.probabilities[kind])
                    said = figures["reliability"][target]
                    parts.append("<h3>Reliability</h3>" + _table(said, ("said", "came_true", "n")))
                    kept = figures["risk_coverage"][target]
                    parts.append("<h3>Error among the most confident</h3>" + _table(kept, ("coverage", "error", "n")))
    if manifest.get("learning_curve"):
        parts.append("<h2>Learning curve</h2>")
        parts.append(picture([("a switch within 30 s", partial(learning, curve=manifest["learning_curve"]))]))
    parts.append(_provenance(manifest))
    return "\n".join(parts), figures


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


def judged_of(held: HeldOut, target: str, split: str) -> Judged:
    """Held-out moments of one target and split, in the shape that figures and plots take."""
    found = held.of(target, split)
    empty, nothing = np.zeros((len(found), 0), np.float32), np.zeros(len(found))
    settled = found.label.get("break", np.zeros(len(found), np.int8))
    moments = Moments(
        own=empty,
        app=found.app,
        previous_app=found.app,
        times_us=found.times_us,
        person=found.person,
        switch=found.label["switch"],
        settled_break=settled,
        outcome=found.label["outcome"],
        outcome_source=np.zeros(len(found), np.int8),
        recency_s=nothing,
        switches_5min=nothing,
        lead_s=found.lead_s,
        recent=no_steps(len(found)),
    )
    hours = len(found) * held.step_s() / 3600
    return Judged(target, split, moments, found.label[target], found.said[target], hours)


def reliability(label: np.ndarray[Any, Any], probability: np.ndarray[Any, Any], bins: int = 10) -> list[dict[str, Any]]:
    """Said beside came true in bins of equal counts."""
    order = np.argsort(probability, kind="stable")
    return [
        {"said": float(probability[part].mean()), "came_true": float(label[part].mean()), "n": len(part)}
        for part in np.array_split(order, bins)
        if len(part)
    ]


def risk_coverage(
    label: np.ndarray[Any, Any], probability: np.ndarray[Any, Any], steps: int = 10
) -> list[dict[str, Any]]:
    """The error among the most confident tenth, two tenths … of the moments, familiar as held-out days are."""
    sure = confidence(probability, np.ones(len(probability)))
    wrong = ((probability >= 0.5) != (label == 1))[np.argsort(-sure, kind="stable")]
    counts = [-(-len(wrong) * step // steps) for step in range(1, steps + 1)]
    return [{"coverage": count / len(wrong), "error": float(wrong[:count].mean()), "n": count} for count in counts]


_SEGMENT = ("segment", "n", "base_rate", "auc", "over_recency", "low", "high")
_DEMO = (
    "<p class=demo>Trained on simulated demo people. For a real person it is a starting point that gives way to their "
    "own data.</p>"
)


def _section(judged: Judged, rows: Sequence[Mapping[str, Any]], kind: str) -> str:
    shown = [row for row in rows if row["person"] == rows[0]["person"]]
    alerts = _ALERTS if judged.target == "break" else ()
    columns = ("model", *_FIGURES[:3], "auc_low", "auc_high", *_FIGURES[3:], *alerts)
    people = [row for row in rows if row["person"] != "all" and row["model"] in ("recency", kind)]
    each = _table(people, ("person", "model", *_FIGURES)) if len(people) > 3 else ""
    return (
        f"<h2>{_WORDS[judged.target]}: {_SPLITS[judged.split]}</h2><p>{_sentence(rows, kind)}</p>"
        f"{_table(shown, columns)}{plots(judged)}"
        + (f"<details><summary>Each person</summary>{each}</details>" if each else "")
    )


def _by_segment(held: HeldOut, target: str, kind: str) -> list[dict[str, Any]]:
    moments = held.of(target)
    said = moments.said[target]
    rows = segment_table(moments, target, said[kind], {"recency": said["recency"]})
    return [
        {**row, "over_recency": gain.gain, "low": gain.low, "high": gain.high}
        for row in rows
        for gain in [row.pop("over")["recency"]]
    ]


def _provenance(manifest: Mapping[str, Any]) -> str:
    data = manifest["data"]
    first, last = (datetime.fromtimestamp(data[name] / 1e6, UTC).date() for name in ("first_us", "last_us"))
    facts = {
        "people": data["people"],
        "moments": data["moments"],
        "days": f"{first} to {last}",
        "outcome labels": manifest["outcome_labels"],
        "input contract": f"version {manifest['input_version']}, {manifest['input_hash']}",
        "code": f"{manifest['code_version']} {manifest.get('code_commit') or ''}",
        "libraries": ", ".join(f"{name} {version}" for name, version in manifest.get("libraries", {}).items()),
        "seed": manifest["seed"],
    }
    if "parts" in manifest:
        facts["blend of"] = " and ".join(manifest["parts"])
    rows = [{"what": name, "it is": value} for name, value in facts.items()]
    return (
        "<h2>Where it comes from</h2><p>Each person's earlier days trained the model that is judged here, part of them "
        "calibrated it, the last quarter of the days measured it, with 330 s between them that count for neither.</p>"
        + _table(rows, ("what", "it is"))
    )


def head(title: str, first: str = "") -> str:
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style><h1>{html.escape(title)}</h1>"
        + (f"<p>{first}</p>" if first else "")
    )
