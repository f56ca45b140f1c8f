"""The page beside the figures of ``neural-focus evaluate``: one self-contained HTML file."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from neural_focus.evaluation.evaluate import Judged
from neural_focus.evaluation.report import REACH, beside_recency, each_person, everybody
from neural_focus.evaluation.report_head import head
from neural_focus.evaluation.report_plots import learning, picture, plots
from neural_focus.evaluation.report_tables import table
from neural_focus.models.measures import auc
from neural_focus.prediction import TARGET_WORDS


def evaluation_page(
    rows: Sequence[Mapping[str, Any]],
    results: Sequence[tuple[str, Judged]],
    curves: Mapping[str, Sequence[Mapping[str, float]]],
    notes: Sequence[str],
) -> str:
    """For each table and target its figures, its people, and five plots; at the end what was said of the data."""
    parts = [head("Evaluation")]
    for file, judged in results:
        mine = [row for row in rows if (row["file"], row["target"]) == (file, judged.target)]
        parts.append(f"<h2>{html.escape(file)}: {TARGET_WORDS[judged.target]}</h2><p>{beside_recency(mine)}</p>")
        parts.append(everybody(mine, judged.target))
        parts.append(plots(judged))
        if judged.target == "switch" and curves.get(file):
            curve = curves[file]
            parts.append(picture([("learning curve", partial(learning, curve=curve))]))
        parts.append(
            f"<h3>By segment</h3>{table(_segments(judged), ('segment', 'n', 'base_rate', 'xgboost', 'recency'))}"
        )
        parts.append(each_person(mine, tuple(REACH)))
    parts += [f"<p>{html.escape(note)}</p>" for note in notes]
    return "\n".join(parts)


def _segments(judged: Judged) -> list[dict[str, Any]]:
    """AUC in parts of the test moments: by time of day (UTC) and by the app that holds the focus."""
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
