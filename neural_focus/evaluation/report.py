"""The report on one stored model: one self-contained HTML file.

It is made from the held-out moments that are kept with it; nothing is trained or predicted again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from neural_focus.evaluation.evaluate import Judged, rows_of
from neural_focus.evaluation.gates import segment_table
from neural_focus.evaluation.report_plots import Picture, bars, learning, picture, plots
from neural_focus.evaluation.report_tables import ALERTS, FIGURES, Table, table
from neural_focus.models.confidence import confidence
from neural_focus.models.datasets import Moments
from neural_focus.models.held_out import DAYS, PERSON, HeldOut
from neural_focus.models.sequences import no_steps
from neural_focus.pages import render
from neural_focus.prediction import TARGET_WORDS
from neural_focus.time import utc_date

REACH = {"xgboost": "trees reach", "lstm": "network reaches", "blend": "blend of both reaches"}
_SPLITS = {DAYS: "later days of people it knows", PERSON: "people it does not know"}


def section(
    evaluated: Judged,
    rows: Sequence[Mapping[str, Any]],
    *,
    title: str,
    kinds: Sequence[str],
    tables: Mapping[str, Table],
    curve: Picture | None = None,
) -> dict[str, Any]:
    """One target's part of a page: every model's figures, for breaks also its alerts, and people's where several are.

    ``kinds``: of the models that are shown for each person; the sentence is about the first one.
    """
    everybody = [row for row in rows if row["person"] == rows[0]["person"]]
    people = [row for row in rows if row["person"] != "all" and row["model"] in ("recency", *kinds)]
    return dict(
        title=title,
        sentence=beside_recency(everybody, kinds[0]),
        moments=everybody[0]["n"],
        base_rate=everybody[0]["base_rate"],
        figures=table(everybody, ("model", FIGURES[0], "interval", *FIGURES[1:])),
        alerts=table(everybody, ("model", *ALERTS)) if evaluated.target == "break" else None,
        plots=plots(evaluated),
        curve=curve,
        tables=tables,
        people=table(people, ("person", "model", "n", "base_rate", *FIGURES)) if len(people) > 3 else None,
    )


def beside_recency(rows: Sequence[Mapping[str, Any]], kind: str) -> str:
    """How much better or worse one kind of model ranks the moments of ``rows`` than recency does."""
    by_model = {row["model"]: row for row in rows}
    model, bar = by_model.get(kind), by_model["recency"]
    if model is None or model["auc"] is None or bar["auc"] is None:
        return "There were too few moments to train a model."
    gain = model["auc"] - bar["auc"]
    word = "better" if gain > 0 else "worse"
    span = f" (95 % interval {model['auc_low']:.3f} to {model['auc_high']:.3f})" if model.get("auc_low") else ""
    name = REACH.get(kind, "model reaches")
    return f"The {name} AUC {model['auc']:.3f}{span}: {abs(gain):.3f} {word} than the time since the last switch."


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
    kind = str(manifest["kind"])
    figures: dict[str, Any] = {"tag": tag, "manifest": dict(manifest), "rows": []}
    figures |= {"segments": {}, "reliability": {}, "risk_coverage": {}, "important": dict(important or {})}
    sections = []
    for split in (DAYS, PERSON):
        for target in held.said:
            evaluated = evaluated_of(held, target, split)
            if not len(evaluated.label):
                continue
            rows = rows_of(evaluated, tag, {int(one): str(one) for one in np.unique(evaluated.moments.person)})
            figures["rows"] += rows
            tables = {}
            if split == DAYS:
                probability = evaluated.probabilities[kind]
                figures["segments"][target] = _by_segment(held, target, kind)
                figures["reliability"][target] = reliability(evaluated.label, probability)
                figures["risk_coverage"][target] = risk_coverage(evaluated.label, probability)
                tables = {title: table(figures[name][target], columns) for title, (name, columns) in _TABLES.items()}
            words = TARGET_WORDS[target]
            title = f"{words[0].upper()}{words[1:]}: {_SPLITS[split]}"
            sections.append(section(evaluated, rows, title=title, kinds=(kind,), tables=tables))
    curve = manifest.get("learning_curve")
    page = render(
        "model_report",
        title=f"{tag}: model report",
        sentence=sentence(tag, manifest),
        version=tag.split(":")[-1],
        inputs=_inputs(important) if important else None,
        sections=sections,
        curve=picture([(TARGET_WORDS["switch"], partial(learning, curve=curve))]) if curve else None,
        manifest=manifest,
        utc_date=utc_date,
    )
    return page, figures


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


def evaluated_of(held: HeldOut, target: str, split: str) -> Judged:
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
    """Mean probability beside the share in which it happened, in bins of equal counts."""
    order = np.argsort(probability, kind="stable")
    return [
        {"predicted": float(probability[part].mean()), "observed": float(label[part].mean()), "n": len(part)}
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


_TABLES = {
    "By segment (hours of the person's own day, people by their number)": (
        "segments",
        ("segment", "n", "base_rate", "auc", "over_recency"),
    ),
    "Reliability": ("reliability", ("predicted", "observed", "n")),
    "Error among the most confident": ("risk_coverage", ("coverage", "error", "n")),
}
"""The tables of held-out days: heading → name among the figures, columns."""


def _inputs(important: Mapping[str, Sequence[Mapping[str, Any]]]) -> Picture:
    """The inputs that matter most: a panel of bars a target."""
    panels = [
        (f"{TARGET_WORDS[target]} ({rows[0]['n']:,} moments)", partial(bars, rows=rows))
        for target, rows in important.items()
    ]
    return picture(panels, height=4.6, width=6.6)


def _by_segment(held: HeldOut, target: str, kind: str) -> list[dict[str, Any]]:
    moments = held.of(target)
    probability = moments.said[target]
    rows = segment_table(moments, target, probability[kind], {"recency": probability["recency"]})
    return [
        {**row, "over_recency": gain.gain, "low": gain.low, "high": gain.high}
        for row in rows
        for gain in [row.pop("over")["recency"]]
    ]
