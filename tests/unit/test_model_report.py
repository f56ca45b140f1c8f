"""The report on a stored model: what it says of confidence, in the JSON and on the page."""

from __future__ import annotations

import json

import numpy as np
import pytest
from synthetic_streams import random_moments

from neural_focus.evaluation.importance import MOST_INPUTS, important_inputs
from neural_focus.evaluation.report import model_report, risk_coverage
from neural_focus.evaluation.report_tables import table
from neural_focus.models.held_out import FILE, read_held_out
from neural_focus.models.predict import Predictor
from neural_focus.models.vocabulary import VOCABULARY
from neural_focus.registry.bundle import TrainedBundle


def test_the_error_rises_with_the_coverage_where_probabilities_mean_something() -> None:
    rng = np.random.default_rng(1)
    probability = rng.random(4_000)
    label = (rng.random(4_000) < probability).astype(np.int8)
    curve = risk_coverage(label, probability)
    assert [point["n"] for point in curve] == list(range(400, 4_001, 400))
    assert curve[0]["error"] < 0.06 < curve[4]["error"] < curve[-1]["error"]
    assert curve[-1]["error"] == pytest.approx(((probability >= 0.5) != (label == 1)).mean())
    assert curve[0]["error"] < risk_coverage(label, rng.permutation(probability))[0]["error"] - 0.3


def test_a_report_has_every_part_that_was_promised(synthetic_trees: TrainedBundle) -> None:
    bundle = synthetic_trees
    matter = {"switch": [{"input": "time in this app", "share": 0.25, "n": 500}]}
    manifest = {**bundle.manifest, "outcome_labels": "people"}
    page, figures = model_report("m:v1", manifest, read_held_out(bundle.files[FILE]), matter)
    json.dumps(figures, default=str)
    switch = figures["risk_coverage"]["switch"]
    assert switch[0]["error"] < switch[-1]["error"] and figures["reliability"]["switch"]
    models = {row["model"] for row in figures["rows"] if row["target"] == "switch"}
    assert models >= {"base_rate", "recency", "switches_5min", "logistic", "xgboost"}
    broken = [row for row in figures["rows"] if row["target"] == "break"]
    named = [f"{what}_{budget}" for what in ("precision", "recall") for budget in (1, 2, 4)]
    assert broken and all(name in row for row in broken for name in named)
    assert figures["important"] == matter
    for words in ("By segment", "Reliability", "Error among the most confident", "simulated", "Where it comes from"):
        assert words in page
    for words in (
        "prefers-color-scheme: dark",
        '<div class="scroll">',
        '<td class="text">time since the last switch</td>',
        "Which inputs matter",
        "/reports/models/index.html#v1",
        "simulated people",
    ):
        assert words in page
    assert "Which inputs matter" not in model_report("m:v1", bundle.manifest, read_held_out(bundle.files[FILE]))[0]


def test_a_table_says_what_its_columns_mean_with_digits_that_mean_something() -> None:
    row = {"model": "recency", "person": "3", "n": 1234, "auc": 0.5, "auc_low": 0.45, "auc_high": 0.55}
    row |= {"precision_2": None, "lead_s": 19.9, "over_recency": -0.01, "low": -0.02, "high": 0.0, "coverage": 0.1}
    columns = ("model", "person", "n", "auc", "interval", "precision_2", "lead_s", "over_recency", "coverage")
    shown = table([row], columns)
    cells = [cell.words for cell in shown.rows[0]]
    for cell in ("time since the last switch", "person 3", "1,234", "0.500", "0.450 to 0.550", "–", "20", "10 %"):
        assert cell in cells
    assert "−0.010 (−0.020 to +0.000)" in cells
    assert "lead: median seconds" in shown.meanings and "n: moments" in shown.meanings


def test_the_input_that_decides_matters_most(synthetic_trees: TrainedBundle) -> None:
    moments, _ = random_moments(1)
    predictor = Predictor.from_files(synthetic_trees.files, synthetic_trees.manifest, "v1")
    found = important_inputs(predictor, moments.take(slice(0, 200)))
    shares = [row["share"] for row in found["switch"]]
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1.001 and len(shares) <= MOST_INPUTS
    assert all(row["input"] and row["n"] <= 200 for row in found["break"])
    assert found["switch"][0]["input"] == VOCABULARY[predictor.contract.names[3]].label, "as the labels were drawn"
