"""Shallow, strongly regularised boosted trees: the XGBoost half of the two models."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xgboost

from neural_focus.models.forest import DEPTH, Forest, compile_forest
from neural_focus.models.inputs import Rows

ROUNDS = 160
PARAMETERS: dict[str, object] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": DEPTH,
    "eta": 0.05,
    "subsample": 0.6,
    "colsample_bytree": 0.4,
    "min_child_weight": 20.0,
    "reg_lambda": 10.0,
    "max_bin": 64,
    "nthread": 1,
}
"""One setting for every log; nothing is tuned to one file."""


def fit_trees(
    rows: Rows, label: npt.NDArray[np.int8], weight: npt.NDArray[np.float64] | None = None, *, seed: int = 7
) -> bytes:
    """Boosted trees on float32[n, width] and labels 0/1, as XGBoost's UBJ. Same data and seed, same bytes."""
    data = xgboost.DMatrix(rows, label=label.astype(np.float32), weight=weight, nthread=1)
    booster = xgboost.train({**PARAMETERS, "seed": seed}, data, ROUNDS)
    return bytes(booster.save_raw("ubj"))


def load_trees(ubj: bytes, width: int) -> Forest:
    """The lookup tables of stored trees."""
    booster = xgboost.Booster()
    booster.load_model(bytearray(ubj))
    return compile_forest(bytes(booster.save_raw("json")), width)
