"""The page beside the figures of ``neural-focus evaluate --over-days``: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_focus.evaluation.over_days import MODELS, TARGETS, Days, excess
from neural_focus.evaluation.report_plots import picture
from neural_focus.evaluation.report_tables import table
from neural_focus.pages import render
from neural_focus.personal.mixture import EXPERTS
from neural_focus.prediction import TARGET_WORDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("day", "model", "n", "base_rate", "auc", "brier", "log_loss", "ece")
ALERTS = ("precision_1", "precision_2")
_COLOURS = ("#b0772d", "#6b7885", "#2f9a5f", "#a0359a", "#1f6fb0", "#888888", "#c0392b")


def over_days_page(
    results: Mapping[str, Sequence[Days]], rows: Sequence[Mapping[str, Any]], notes: Sequence[str]
) -> str:
    """For each table and target its plots and figures by day; at the end the ``notes`` on the data."""
    sections = []
    for file, days in results.items():
        for target in TARGETS:
            mine = [one for one in days if one.target == target and len(one.label)]
            if not mine:
                continue
            people = {row["person"] for row in rows if (row["file"], row["target"]) == (file, target)}
            who = "all" if "all" in people else next(iter(people))
            found = [row for row in rows if (row["file"], row["target"], row["person"]) == (file, target, who)]
            columns = (*COLUMNS, *(ALERTS if target == "break" else ()))
            sections.append(
                {
                    "title": f"{file}: {TARGET_WORDS[target]}",
                    "sentence": sentence(mine),
                    "plots": _plots(mine, found),
                    "that_day": table([row for row in found if row["days"] == "that day"], columns),
                    "up_to_it": table([row for row in found if row["days"] == "up to it"], columns),
                }
            )
    return render("over_days", title="Evaluation over days", sections=sections, notes=notes)


def sentence(days: Sequence[Days]) -> str:
    """What the mixture cost beside recency, in the worst hour of the person who had the worst."""
    worst, bound = max(excess(one) for one in days), float(np.log(len(EXPERTS)))
    word = "at most" if worst <= bound else "more than"
    return (
        f"Of {len(days)} {'people' if len(days) > 1 else 'person'}, the mixture's summed log loss was never more than "
        f"{worst:.2f} nats above that of the time since the last switch: {word} ln {len(EXPERTS)} = {bound:.2f}."
    )


def _plots(days: Sequence[Days], rows: Sequence[Mapping[str, Any]]) -> Any:
    return picture(
        [
            ("log loss beside recency, summed", lambda axes: _regret(axes, days)),
            ("AUC of all days up to it", lambda axes: _by_day(axes, rows)),
            ("weights, mean of the people", lambda axes: _weights(axes, days)),
        ]
    )


def _regret(axes: Axes, days: Sequence[Days]) -> None:
    """Nats above recency's, a line per person: below zero is better, and the dashed line is what is allowed."""
    for one in days:
        loss = -np.log(np.clip(np.where(one.label[:, None] == 1, one.said, 1 - one.said), 1e-6, 1))
        above = np.cumsum(loss[:, -1] - loss[:, EXPERTS.index("recency")])
        axes.plot(_days(one), above, color="#1f6fb0", linewidth=0.8, alpha=0.6)
    axes.axhline(np.log(len(EXPERTS)), color="#c0392b", linestyle="--", linewidth=1, label=f"ln {len(EXPERTS)}")
    axes.set_yscale("symlog", linthresh=2)
    axes.set_xlabel("active days before")
    axes.set_ylabel("nats above recency")
    axes.legend(fontsize=7, frameon=False, loc="upper left")


def _days(one: Days) -> Any:
    """Days before, with each moment's share of its own day."""
    _, first, count = np.unique(one.day, return_index=True, return_counts=True)
    return one.day + (np.arange(len(one.day)) - np.repeat(first, count)) / np.repeat(count, count)


def _by_day(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    for model, colour in zip(MODELS, _COLOURS, strict=True):
        mine = [row for row in rows if row["model"] == model and row["days"] == "up to it" and row["auc"] is not None]
        if mine:
            axes.plot([row["day"] for row in mine], [row["auc"] for row in mine], "o-", color=colour, label=model)
    axes.set_xlabel("active days before")
    axes.set_ylabel("AUC")
    axes.legend(fontsize=7, frameon=False, loc="lower right")


def _weights(axes: Axes, days: Sequence[Days]) -> None:
    last = max(int(one.day[-1]) for one in days)
    mean = np.full((last + 1, len(EXPERTS)), np.nan)
    for day in range(last + 1):
        parts = [one.weights[one.day == day] for one in days if (one.day == day).any()]
        mean[day] = np.mean([part[-1] for part in parts], axis=0)
    axes.stackplot(np.arange(last + 1), mean.T, labels=EXPERTS, colors=_COLOURS[: len(EXPERTS)])
    axes.set_xlabel("active days before")
    axes.set_ylabel("weight at the end of the day")
    axes.legend(fontsize=7, loc="lower left")
