"""The report on one stored model: one self-contained HTML file.

It is made from the held-out moments that are kept with it; nothing is trained or predicted again.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from neural_focus.evaluation.evaluate import Judged, rows_of
from neural_focus.evaluation.gates import segment_table
from neural_focus.evaluation.report_head import head
from neural_focus.evaluation.report_plots import bars, learning, picture, plots
from neural_focus.evaluation.report_tables import ALERTS, FIGURES, table
from neural_focus.models.confidence import confidence
from neural_focus.models.datasets import Moments
from neural_focus.models.held_out import DAYS, PERSON, HeldOut
from neural_focus.models.sequences import no_steps
from neural_focus.prediction import TARGET_WORDS
from neural_focus.time import utc_date

REACH = {"xgboost": "trees reach", "lstm": "network reaches", "blend": "blend of both reaches"}
_SPLITS = {DAYS: "later days of people it knows", PERSON: "people it does not know"}


def beside_recency(rows: Sequence[Mapping[str, Any]], kind: str = "xgboost") -> str:
    by_model = {row["model"]: row for row in rows if row["person"] == rows[0]["person"]}
    model, bar = by_model.get(kind), by_model["recency"]
    if model is None or model["auc"] is None or bar["auc"] is None:
        return "There were too few moments to train a model."
    gain = model["auc"] - bar["auc"]
    word = "better" if gain > 0 else "worse"
    span = f" (95 % interval {model['auc_low']:.3f} to {model['auc_high']:.3f})" if model.get("auc_low") else ""
    name = REACH.get(kind, "model reaches")
    return f"The {name} AUC {model['auc']:.3f}{span}: {abs(gain):.3f} {word} than the time since the last switch."


def everybody(rows: Sequence[Mapping[str, Any]], target: str) -> str:
    """How many moments, and the figures of every model on all of them; for breaks also its alerts."""
    shown = [row for row in rows if row["person"] == rows[0]["person"]]
    count, rate = shown[0]["n"], shown[0]["base_rate"]
    told = f"<p>{count:,} moments; it happened in {100 * rate:.1f} % of them.</p>"
    alerts = f"<h3>As alerts</h3>{table(shown, ('model', *ALERTS))}" if target == "break" else ""
    return f"{told}{table(shown, ('model', FIGURES[0], 'interval', *FIGURES[1:]))}{alerts}"


def each_person(rows: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> str:
    """Each person's figures behind a click, where there are several."""
    people = [row for row in rows if row["person"] != "all" and row["model"] in ("recency", *kinds)]
    if len(people) <= 3:
        return ""
    figures = table(people, ("person", "model", "n", "base_rate", *FIGURES))
    return f"<details><summary>Each person</summary>{figures}</details>"


def model_report(
    tag: str,
    manifest: Mapping[str, Any],
    held: HeldOut,
    important: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> tuple[str, dict[str, Any]]:
    """The report on one stored model as HTML, and its figures.

    Figures are of moments that it had not seen, with a bootstrap interval over people (or days, hours), beside the base
    rate, the time since the last switch, the switches in 5 min and a logistic regression. ``important``: what
    ``importance.important_inputs`` found; None where its inputs are not at hand.
    """
    kind, demo = str(manifest["kind"]), manifest["trained_on"] == "demo"
    title = f"{tag}: model report"
    parts = [head(title, html.escape(sentence(tag, manifest))), _links(tag)]
    if demo:
        parts.append(_DEMO)
    figures: dict[str, Any] = {"tag": tag, "manifest": dict(manifest), "rows": []}
    figures |= {"segments": {}, "reliability": {}, "risk_coverage": {}, "important": dict(important or {})}
    parts.append(_important(important or {}))
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
                    parts.append("<h3>By segment</h3>" + table(figures["segments"][target], _SEGMENT))
                    parts.append("<p class=soft>Hours are of the person's own day; people by their number.</p>")
                    figures["risk_coverage"][target] = risk_coverage(judged.label, judged.probabilities[kind])
                    said = figures["reliability"][target]
                    parts.append("<h3>Reliability</h3>" + table(said, ("said", "came_true", "n")))
                    kept = figures["risk_coverage"][target]
                    parts.append("<h3>Error among the most confident</h3>" + table(kept, ("coverage", "error", "n")))
    if manifest.get("learning_curve"):
        parts.append("<h2>Learning curve</h2>")
        parts.append(picture([(TARGET_WORDS["switch"], partial(learning, curve=manifest["learning_curve"]))]))
    parts.append(_provenance(manifest))
    return "\n".join(parts), figures


def sentence(tag: str, manifest: Mapping[str, Any]) -> str:
    """What a person wants to know first."""
    figures = manifest["metrics"]["switch"]
    gain = figures["auc"] - figures["recency_auc"]
    whose = "demo (simulated) people" if manifest["trained_on"] == "demo" else "real people"
    verdict = f"better by {gain:.3f} than" if gain > 0 else f"worse by {-gain:.3f} than"
    return (
        f"{tag}, trained on {whose}, predicts a switch with AUC {figures['auc']:.3f} on days "
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


_SEGMENT = ("segment", "n", "base_rate", "auc", "over_recency")
_DEMO = (
    "<p class=demo>Trained on simulated demo people. For a real person it is a starting point; their own data "
    "replace it.</p>"
)


def _links(tag: str) -> str:
    here = "/reports/models/index.html"
    return f"<p><a href='{here}'>All models</a> · <a href='{here}#{tag.split(':')[-1]}'>decisions about this model</a>"


def _important(important: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The inputs that matter most: a panel of bars a target."""
    if not important:
        return ""
    panels = [
        (f"{TARGET_WORDS[target]} ({rows[0]['n']:,} moments)", partial(bars, rows=rows))
        for target, rows in important.items()
    ]
    return (
        f"<h2>Which inputs matter</h2>{picture(panels, height=4.6, width=6.6)}"
        "<p class=soft>Mean size of each input's contribution to the log-odds against a typical moment, as a "
        "share of all inputs', over a sample of the held-out moments.</p>"
    )


def _section(judged: Judged, rows: Sequence[Mapping[str, Any]], kind: str) -> str:
    return (
        f"<h2>{TARGET_WORDS[judged.target]}: {_SPLITS[judged.split]}</h2><p>{beside_recency(rows, kind)}</p>"
        f"{everybody(rows, judged.target)}{plots(judged)}{each_person(rows, (kind,))}"
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
    first, last = (utc_date(data[name]) for name in ("first_us", "last_us"))
    facts = {
        "people": data["people"],
        "moments": data["moments"],
        "days": f"{first} to {last}",
        "outcome labels": _labelled_by(manifest),
        "input contract": f"version {manifest['input_version']}, {manifest['input_hash']}",
        "code": f"{manifest['code_version']} {manifest.get('code_commit') or ''}",
        "libraries": ", ".join(f"{name} {version}" for name, version in manifest.get("libraries", {}).items()),
        "seed": manifest["seed"],
    }
    if "parts" in manifest:
        facts["blend of"] = " and ".join(manifest["parts"])
    rows = [{"what": name, "it is": value} for name, value in facts.items()]
    return (
        "<h2>Where it comes from</h2><p>The evaluated model was trained on each person's earlier days and calibrated "
        "on a part of them. The last quarter of the days measures it. 330 s between them count for neither.</p>"
        + table(rows, ("what", "it is"))
    )


def _labelled_by(manifest: Mapping[str, Any]) -> str:
    if manifest["outcome_labels"] != "people":
        return "rules (weak labels)"
    return "simulated people" if manifest["trained_on"] == "demo" else "people"
