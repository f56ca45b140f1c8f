"""The pictures of a report: ROC, precision and recall, reliability, risk and coverage, the learning curve."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from neural_focus.evaluation.report_tables import MODEL_NAMES
from neural_focus.models.confidence import confidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from neural_focus.evaluation.evaluate import Judged

_LOOKS: dict[str, dict[str, Any]] = {
    "recency": {"color": "#b0772d", "linestyle": (0, (1, 1.5))},
    "logistic": {"color": "#6b7885", "linestyle": "-."},
    "xgboost": {"color": "#1f6fb0", "linestyle": "-"},
    "lstm": {"color": "#2f9a5f", "linestyle": "--"},
    "blend": {"color": "#a0359a", "linestyle": (0, (6, 1.5, 1, 1.5))},
}
"""A colour and a kind of line each, so that curves differ for who does not tell the colours apart."""


class Picture(NamedTuple):
    """An image for a page: what it shows in words, and its PNG as base64."""

    words: str
    png: str


def plots(evaluated: Judged) -> Picture:
    """Four panels on one target."""
    return picture(
        [
            ("ROC", lambda axes: _roc(axes, evaluated)),
            ("precision and recall", lambda axes: _precision_recall(axes, evaluated)),
            ("reliability", lambda axes: _reliability(axes, evaluated)),
            ("risk and coverage", lambda axes: _risk_coverage(axes, evaluated)),
        ]
    )


def picture(
    panels: Sequence[tuple[str, Callable[[Axes], None]]], *, height: float = 3.6, width: float = 4.2
) -> Picture:
    """Panels side by side, inches each; no background, so that the page's own shows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * len(panels), height), layout="constrained")
    FigureCanvasAgg(figure)
    for index, (title, draw) in enumerate(panels, 1):
        axes = figure.add_subplot(1, len(panels), index)
        axes.set_title(title, fontsize=10)
        draw(axes)
        axes.grid(alpha=0.2)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=90, transparent=True)
    return Picture(", ".join(title for title, _ in panels), base64.b64encode(data.getvalue()).decode())


def _shown(evaluated: Judged) -> list[tuple[str, np.ndarray[Any, np.dtype[np.float64]]]]:
    return [(name, p) for name, p in evaluated.probabilities.items() if name in _LOOKS]


def _ranked(evaluated: Judged) -> list[tuple[str, np.ndarray[Any, Any]]]:
    """Labels by falling probability, of each model; none where all moments are of one kind: nothing to tell apart."""
    if evaluated.label.min() == evaluated.label.max():
        return []
    return [(name, evaluated.label[np.argsort(-p, kind="stable")]) for name, p in _shown(evaluated)]


def _roc(axes: Axes, evaluated: Judged) -> None:
    for name, label in _ranked(evaluated):
        axes.plot(np.cumsum(1 - label) / (1 - label).sum(), np.cumsum(label) / label.sum(), **_look(name))
    axes.plot([0, 1], [0, 1], ":", color="#999")
    axes.set_xlabel("false alarms")
    axes.set_ylabel("found")
    _legend(axes, "lower right")


def _precision_recall(axes: Axes, evaluated: Judged) -> None:
    for name, label in _ranked(evaluated):
        hits = np.cumsum(label)
        axes.plot(hits / label.sum(), hits / np.arange(1, len(hits) + 1), **_look(name))
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    _legend(axes, "upper right")


def _reliability(axes: Axes, evaluated: Judged) -> None:
    for name, probability in _shown(evaluated):
        bins = [b for b in np.array_split(np.argsort(probability, kind="stable"), 12) if len(b)]
        axes.plot(
            [probability[b].mean() for b in bins],
            [evaluated.label[b].mean() for b in bins],
            marker="o",
            ms=3,
            **_look(name),
        )
    axes.plot([0, 1], [0, 1], ":", color="#999")
    axes.set_xlabel("predicted")
    axes.set_ylabel("observed")
    _legend(axes, "upper left")


def _risk_coverage(axes: Axes, evaluated: Judged) -> None:
    """The error among the most confident share of predictions: it has to fall with the share."""
    for name, probability in _shown(evaluated):
        sure = confidence(probability, np.ones(len(probability)))
        wrong = ((probability >= 0.5) != (evaluated.label == 1))[np.argsort(-sure, kind="stable")]
        count = np.arange(1, len(wrong) + 1)
        axes.plot(count / len(wrong), np.cumsum(wrong) / count, **_look(name))
    axes.set_xlabel("most confident share")
    axes.set_ylabel("error in it")
    _legend(axes, "upper left")


def learning(axes: Axes, curve: Sequence[Mapping[str, float]]) -> None:
    """AUC by the number of moments learned from."""
    axes.plot(
        [point["moments"] for point in curve], [point["auc"] for point in curve], "o-", color="#1f6fb0", label="trees"
    )
    axes.set_xlabel("training moments")
    axes.set_ylabel("AUC on the test days")
    _legend(axes, "lower right")


def bars(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    """What ``important_inputs`` found, the largest on top."""
    places = range(len(rows))[::-1]
    drawn = axes.barh(places, [100 * row["share"] for row in rows], color="#1f6fb0")
    axes.bar_label(drawn, fmt="%.1f", fontsize=8, padding=2)
    axes.set_yticks(places, [row["input"] for row in rows], fontsize=8)
    axes.margins(x=0.12)
    axes.set_xlabel("% of all contributions")


def _look(name: str) -> dict[str, Any]:
    return {"label": MODEL_NAMES[name], **_LOOKS[name]}


def _legend(axes: Axes, place: Literal["lower right", "upper right", "upper left"]) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, frameon=False, loc=place)
