"""The report on a stored model: what it says of confidence, in the JSON and on the page."""

from __future__ import annotations

import json

import numpy as np
import pytest
from synthetic_streams import random_moments

from neural_focus.models.held_out import FILE, read_held_out
from neural_focus.models.report import model_report, risk_coverage
from neural_focus.models.training import train_moments


def test_the_error_rises_with_the_coverage_where_probabilities_mean_something() -> None:
    rng = np.random.default_rng(1)
    probability = rng.random(4_000)
    label = (rng.random(4_000) < probability).astype(np.int8)
    curve = risk_coverage(label, probability)
    assert [point["n"] for point in curve] == list(range(400, 4_001, 400))
    assert curve[0]["error"] < 0.06 < curve[4]["error"] < curve[-1]["error"]
    assert curve[-1]["error"] == pytest.approx(((probability >= 0.5) != (label == 1)).mean())
    assert curve[0]["error"] < risk_coverage(label, rng.permutation(probability))[0]["error"] - 0.3


def test_a_report_has_every_part_that_was_promised() -> None:
    bundle = train_moments(*random_moments(1), is_demo=True, input_version=1)
    page, figures = model_report("m:v1", bundle.manifest, read_held_out(bundle.files[FILE]))
    json.dumps(figures, default=str)
    switch = figures["risk_coverage"]["switch"]
    assert switch[0]["error"] < switch[-1]["error"] and figures["reliability"]["switch"]
    models = {row["model"] for row in figures["rows"] if row["target"] == "switch"}
    assert models >= {"base_rate", "recency", "switches_5min", "logistic", "xgboost"}
    broken = [row for row in figures["rows"] if row["target"] == "break"]
    named = [f"{what}_{budget}" for what in ("precision", "recall") for budget in (1, 2, 4)]
    assert broken and all(name in row for row in broken for name in named)
    for words in ("By segment", "Reliability", "Error among the most confident", "simulated", "Where it comes from"):
        assert words in page
