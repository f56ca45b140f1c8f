"""The page beside the figures of an evaluation: tables and plots in one self-contained HTML file."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_focus.models.confidence import confidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from neural_focus.models.evaluation import Judged

_COLOURS = {"recency": "#b0772d", "logistic": "#7a8b99", "xgboost": "#2f6f9f", "lstm": "#4a9a6a"}
_FIGURES = ("n", "base_rate", "auc", "average_precision", "brier", "log_loss", "ece")
_ALERTS = ("precision_1", "precision_2", "precision_4", "recall_2", "lead_s")
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2a33}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .8rem;text-align:right;border-bottom:1px solid #dde}
td:first-child,th:first-child{text-align:left}img{max-width:100%}"""


def write_page(
    path: Path,
    rows: Sequence[Mapping[str, Any]],
    results: Sequence[tuple[str, Judged]],
    curves: Mapping[str, Sequence[Mapping[str, float]]],
) -> None:
    """One HTML file: for each table and target its figures, its people, and five plots."""
    parts = [f"<!doctype html><meta charset=utf-8><title>Evaluation</title><style>{_STYLE}</style><h1>Evaluation</h1>"]
    for file, judged in results:
        mine = [row for row in rows if (row["file"], row["target"]) == (file, judged.target)]
        parts.append(f"<h2>{html.escape(file)}: {_WORDS[judged.target]}</h2><p>{_sentence(mine)}</p>")
        shown = [row for row in mine if row["person"] == mine[0]["person"]]
        parts.append(_table(shown, ("model", *_FIGURES, *(_ALERTS if judged.target == "break" else ()))))
        parts.append(_plots(judged))
        if judged.target == "switch" and curves.get(file):
            curve = curves[file]
            parts.append(_picture([("learning curve", partial(_learning, curve=curve))]))
        parts.append(
            f"<h3>By segment</h3>{_table(_segments(judged), ('segment', 'n', 'base_rate', 'xgboost', 'recency'))}"
        )
        people = [row for row in mine if row["person"] != "all" and row["model"] in ("recency", "xgboost", "lstm")]
        if len(people) > 3:
            parts.append(
                f"<details><summary>Each person</summary>{_table(people, ('person', 'model', *_FIGURES))}</details>"
            )
    path.write_text("\n".join(parts), "utf-8")


_WORDS = {"switch": "an app switch within 30 s", "break": "settled focus breaks within 60 s"}


def _sentence(rows: Sequence[Mapping[str, Any]]) -> str:
    by_model = {row["model"]: row for row in rows if row["person"] == rows[0]["person"]}
    model, bar = by_model.get("xgboost"), by_model["recency"]
    if model is None or model["auc"] is None or bar["auc"] is None:
        return "There were too few moments to train a model."
    gain = model["auc"] - bar["auc"]
    word = "better" if gain > 0 else "worse"
    span = f" (95 % interval {model['auc_low']:.3f} to {model['auc_high']:.3f})" if model.get("auc_low") else ""
    return f"The trees reach AUC {model['auc']:.3f}{span}: {abs(gain):.3f} {word} than the time since the last switch."


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{_cell(row.get(name))}" for name in columns) for row in rows)
    return f"<table><tr>{head}{body}</table>"


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


def _plots(judged: Judged) -> str:
    return _picture(
        [
            ("ROC", lambda axes: _roc(axes, judged)),
            ("precision and recall", lambda axes: _precision_recall(axes, judged)),
            ("reliability", lambda axes: _reliability(axes, judged)),
            ("risk and coverage", lambda axes: _risk_coverage(axes, judged)),
        ]
    )


def _picture(panels: Sequence[tuple[str, Callable[[Axes], None]]]) -> str:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * len(panels), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    for index, (title, draw) in enumerate(panels, 1):
        axes = figure.add_subplot(1, len(panels), index)
        axes.set_title(title, fontsize=10)
        draw(axes)
        axes.grid(alpha=0.2)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=90)
    return f'<img alt="{", ".join(title for title, _ in panels)}" src="data:image/png;base64,{_base64(data)}">'


def _base64(data: io.BytesIO) -> str:
    return base64.b64encode(data.getvalue()).decode()


def _shown(judged: Judged) -> list[tuple[str, np.ndarray[Any, np.dtype[np.float64]]]]:
    return [(name, p) for name, p in judged.probabilities.items() if name in _COLOURS]


def _ordered(judged: Judged, probability: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return judged.label[np.argsort(-probability, kind="stable")]


def _roc(axes: Axes, judged: Judged) -> None:
    for name, probability in _shown(judged):
        label = _ordered(judged, probability)
        axes.plot(
            np.cumsum(1 - label) / (1 - label).sum(), np.cumsum(label) / label.sum(), label=name, color=_COLOURS[name]
        )
    axes.plot([0, 1], [0, 1], ":", color="#999")
    axes.set_xlabel("false alarms")
    axes.set_ylabel("found")
    axes.legend(fontsize=8, frameon=False)


def _precision_recall(axes: Axes, judged: Judged) -> None:
    for name, probability in _shown(judged):
        label = _ordered(judged, probability)
        hits = np.cumsum(label)
        axes.plot(hits / label.sum(), hits / np.arange(1, len(hits) + 1), color=_COLOURS[name])
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")


def _reliability(axes: Axes, judged: Judged) -> None:
    for name, probability in _shown(judged):
        bins = np.array_split(np.argsort(probability, kind="stable"), 12)
        axes.plot(
            [probability[b].mean() for b in bins],
            [judged.label[b].mean() for b in bins],
            "o-",
            ms=3,
            color=_COLOURS[name],
        )
    axes.plot([0, 1], [0, 1], ":", color="#999")
    axes.set_xlabel("said")
    axes.set_ylabel("came true")


def _risk_coverage(axes: Axes, judged: Judged) -> None:
    """The error among the most confident share of predictions: it has to fall with the share."""
    for name, probability in _shown(judged):
        sure = confidence(probability, np.ones(len(probability)))
        wrong = ((probability >= 0.5) != (judged.label == 1))[np.argsort(-sure, kind="stable")]
        count = np.arange(1, len(wrong) + 1)
        axes.plot(count / len(wrong), np.cumsum(wrong) / count, color=_COLOURS[name])
    axes.set_xlabel("most confident share")
    axes.set_ylabel("error in it")


def _learning(axes: Axes, curve: Sequence[Mapping[str, float]]) -> None:
    axes.plot([point["moments"] for point in curve], [point["auc"] for point in curve], "o-", color=_COLOURS["xgboost"])
    axes.set_xlabel("training moments")
    axes.set_ylabel("AUC on the test days")
