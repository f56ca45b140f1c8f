"""The page beside the figures of ``neural-focus evaluate``: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from neural_focus.evaluation.evaluate import Judged
from neural_focus.evaluation.report import REACH, section
from neural_focus.evaluation.report_plots import learning, picture
from neural_focus.evaluation.report_tables import table
from neural_focus.models.metrics import auc
from neural_focus.pages import render
from neural_focus.prediction import TARGET_WORDS


def evaluation_page(
    rows: Sequence[Mapping[str, Any]],
    results: Sequence[tuple[str, Judged]],
    curves: Mapping[str, Sequence[Mapping[str, float]]],
    notes: Sequence[str],
) -> str:
    """For each table and target its figures, its people, and five plots; at the end the ``notes`` on the data."""
    sections = []
    for file, evaluated in results:
        mine = [row for row in rows if (row["file"], row["target"]) == (file, evaluated.target)]
        curve = curves.get(file) if evaluated.target == "switch" else None
        sections.append(
            section(
                evaluated,
                mine,
                title=f"{file}: {TARGET_WORDS[evaluated.target]}",
                kinds=tuple(REACH),
                tables={"By segment": table(_segments(evaluated), ("segment", "n", "base_rate", "xgboost", "recency"))},
                curve=picture([("learning curve", partial(learning, curve=curve))]) if curve else None,
            )
        )
    return render("evaluation", title="Evaluation", sections=sections, notes=notes)


def _segments(evaluated: Judged) -> list[dict[str, Any]]:
    """AUC in parts of the test moments: by time of day (UTC) and by the app that holds the focus."""
    hours = evaluated.moments.times_us // 3_600_000_000 % 24
    segments = {f"{h:02d}–{h + 6:02d} h UTC": (hours >= h) & (hours < h + 6) for h in (0, 6, 12, 18)}
    apps, counts = np.unique(evaluated.moments.app, return_counts=True)
    segments |= {f"in {apps[i] or 'no app'}": evaluated.moments.app == apps[i] for i in np.argsort(-counts)[:6]}
    rows = []
    for name, chosen in segments.items():
        if chosen.sum() >= 100:
            label = evaluated.label[chosen]
            row: dict[str, Any] = {"segment": name, "n": int(chosen.sum()), "base_rate": float(label.mean())}
            for model in ("xgboost", "recency"):
                if model in evaluated.probabilities:
                    row[model] = auc(label, evaluated.probabilities[model][chosen])
            rows.append(row)
    return rows
