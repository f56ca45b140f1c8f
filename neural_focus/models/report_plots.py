"""The pictures of a report: ROC, precision and recall, reliability, risk and coverage, the learning curve."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_focus.models.confidence import confidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from neural_focus.models.evaluation import Judged

_COLOURS = {"recency": "#b0772d", "logistic": "#7a8b99", "xgboost": "#2f6f9f", "lstm": "#4a9a6a", "blend": "#8a4a9a"}


def plots(judged: Judged) -> str:
    """Four panels on one target as an image element, data and all."""
    return picture(
        [
            ("ROC", lambda axes: _roc(axes, judged)),
            ("precision and recall", lambda axes: _precision_recall(axes, judged)),
            ("reliability", lambda axes: _reliability(axes, judged)),
            ("risk and coverage", lambda axes: _risk_coverage(axes, judged)),
        ]
    )


def picture(panels: Sequence[tuple[str, Callable[[Axes], None]]]) -> str:
    """Panels side by side as an image element."""
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


def learning(axes: Axes, curve: Sequence[Mapping[str, float]]) -> None:
    """AUC by the number of moments learned from."""
    axes.plot([point["moments"] for point in curve], [point["auc"] for point in curve], "o-", color=_COLOURS["xgboost"])
    axes.set_xlabel("training moments")
    axes.set_ylabel("AUC on the test days")
