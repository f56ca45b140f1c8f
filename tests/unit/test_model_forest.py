"""Tabulated trees against XGBoost's own margins and SHAP values."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost

from neural_focus.errors import ContractError
from neural_focus.models.boosted import load_trees
from neural_focus.models.forest import compile_forest


def booster(depth: int, features: int = 6) -> tuple[xgboost.Booster, np.ndarray]:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(3000, features)).astype(np.float32)
    rows[:, 2] = np.round(rows[:, 2])  # equal values meet thresholds
    label = (rows[:, 0] + rows[:, 1] * rows[:, 2] + rng.normal(size=3000) > 0.3).astype(int)
    settings = {"objective": "binary:logistic", "max_depth": depth, "eta": 0.3, "nthread": 1}
    return xgboost.train(settings, xgboost.DMatrix(rows, label, nthread=1), 40), rows


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_margins_and_shap_values_are_xgboosts(depth: int) -> None:
    model, rows = booster(depth)
    forest = load_trees(bytes(model.save_raw("ubj")), rows.shape[1])
    data = xgboost.DMatrix(rows[:200], nthread=1)
    assert np.abs(forest.margins(rows[:200]) - model.predict(data, output_margin=True)).max() < 1e-5
    shap = model.predict(data, pred_contribs=True)
    for row, wanted in zip(rows[:200], shap, strict=True):
        assert np.abs(forest.contributions(row) - wanted[:-1]).max() < 1e-5
    assert forest.expectation == pytest.approx(shap[0, -1], abs=1e-5)


def test_deeper_trees_and_unknown_columns_are_refused() -> None:
    model, rows = booster(4)
    with pytest.raises(ContractError, match="deeper than three"):
        compile_forest(bytes(model.save_raw("json")), rows.shape[1])
    with pytest.raises(ContractError, match="column"):
        compile_forest(bytes(booster(3)[0].save_raw("json")), 2)
