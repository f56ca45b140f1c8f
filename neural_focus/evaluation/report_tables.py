"""The tables of a report: headings in words, digits that mean something, and what the columns say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

FIGURES = ("auc", "average_precision", "brier", "log_loss", "ece")
ALERTS = ("precision_1", "precision_2", "precision_4", "recall_1", "recall_2", "recall_4", "lead_s")
MODEL_NAMES = {
    "base_rate": "base rate alone",
    "recency": "time since the last switch",
    "switches_5min": "switches in 5 min",
    "logistic": "logistic regression",
    "xgboost": "trees (XGBoost)",
    "lstm": "LSTM",
    "blend": "blend of both",
}
_HEADINGS = {
    "auc": "AUC",
    "brier": "Brier",
    "ece": "ECE",
    "base_rate": "base rate",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "interval": "95 % interval",
    "lead_s": "lead, s",
    "over_recency": "over recency",
    "xgboost": "trees' AUC",
    "recency": "recency's AUC",
} | {f"{what}_{budget}": f"{what}, {budget}/h" for what in ("precision", "recall") for budget in (1, 2, 4)}
_MEANINGS = {
    "n": "n: moments",
    "base_rate": "base rate: share of them in which it happened",
    "auc": "AUC: 1 tells all such moments from the others, 0.5 none",
    "average_precision": "average precision: mean share of true ones among the highest ranked, at best 1",
    "brier": "Brier: mean squared error of the probabilities, less is better",
    "log_loss": "log loss: mean surprise in nats, less is better",
    "ece": "ECE: how far the probabilities are from the observed shares, on average",
    "precision_1": "precision, k/h: share of true alerts where k are given an hour of activity",
    "recall_1": "recall, k/h: share of the true moments that these alerts meet",
    "lead_s": "lead: median seconds from a true alert, at 2 an hour, until it happens",
    "over_recency": "over recency: AUC more than the time since the last switch reaches, with its 95 % interval",
    "recency": "recency: the time since the last switch alone",
    "predicted": "predicted: mean probability in a tenth of the moments, least first",
    "observed": "observed: share of them in which it happened",
    "coverage": "coverage: the most confident share of the moments",
    "error": "error: share of wrong ones among them, counting 50 % and more as a yes",
}
_FORMATS = {"lead_s": "{:.0f}", "coverage": "{:.0%}", "over_recency": "{:+.3f}"}
_KINDS = dict.fromkeys(("model", "person", "segment"), "text")
_KINDS |= {"interval": "whole", "over_recency": "whole"}


class Cell(NamedTuple):
    """Words, and their class in the style sheet, None for plain figures."""

    words: str
    kind: str | None


class Table(NamedTuple):
    """A table in words, and what its columns mean."""

    headings: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    meanings: str


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    """The ``columns`` of ``rows``; the interval only where a row has one."""
    shown = [name for name in columns if name != "interval" or any("auc_low" in row for row in rows)]
    meanings = "; ".join(_MEANINGS[name] for name in shown if name in _MEANINGS)
    if meanings:
        meanings = (meanings[0].upper() + meanings[1:] if meanings[1].islower() else meanings) + "."
    return Table(
        [Cell(_HEADINGS.get(name, name), _KINDS.get(name)) for name in shown],
        [[Cell(_words(row, name), _KINDS.get(name)) for name in shown] for row in rows],
        meanings,
    )


def named_person(person: object) -> str:
    """A person's name: "person 3" where there is but a number."""
    return f"person {person}" if str(person).isdecimal() else str(person)


def _words(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if name == "interval":
        return _span(row.get("auc_low"), row.get("auc_high"), "{:.3f}")
    if name == "over_recency" and value is not None:
        return f"{_signed(value)} ({_span(row.get('low'), row.get('high'), '{:+.3f}')})"
    if value is None:
        return "–"
    if isinstance(value, float):
        return _FORMATS.get(name, "{:.3f}").format(value).replace("%", " %")
    if isinstance(value, int):
        return f"{value:,}"
    if name == "person":
        return named_person(value)
    return MODEL_NAMES.get(str(value), str(value)) if name == "model" else str(value)


def _signed(value: float, form: str = "{:+.3f}") -> str:
    return form.format(value).replace("-", "−")


def _span(low: float | None, high: float | None, form: str) -> str:
    return "–" if low is None or high is None else f"{_signed(low, form)} to {_signed(high, form)}"
