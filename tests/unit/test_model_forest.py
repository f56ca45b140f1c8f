"""Stored trees against XGBoost's own margins, and Shapley values against every coalition there is."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import xgboost

from neural_focus._native import Forest as Trees
from neural_focus.errors import ContractError
from neural_focus.models.trees import Forest, TreeEnsemble, compile_forest


def booster(depth: int, features: int = 6) -> tuple[xgboost.Booster, np.ndarray]:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(3000, features)).astype(np.float32)
    rows[:, 2] = np.round(rows[:, 2])  # equal values meet thresholds
    label = (rows[:, 0] + rows[:, 1] * rows[:, 2] + rng.normal(size=3000) > 0.3).astype(int)
    settings = {"objective": "binary:logistic", "max_depth": depth, "eta": 0.3, "nthread": 1}
    return xgboost.train(settings, xgboost.DMatrix(rows, label, nthread=1), 40), rows


def shapley(forest: Forest, row: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """From the definition: the mean worth that a column adds over all orders of joining."""
    width = len(row)
    coalitions = list(itertools.product((False, True), repeat=width))
    worth = dict(zip(coalitions, forest.margins(np.where(coalitions, row, reference)), strict=True))
    shares = np.zeros(width)
    for joined, column in itertools.product(coalitions, range(width)):
        if not joined[column]:
            before = sum(joined)
            weight = math.factorial(before) * math.factorial(width - before - 1) / math.factorial(width)
            together = (*joined[:column], True, *joined[column + 1 :])
            shares[column] += weight * (worth[together] - worth[joined])
    return shares


@pytest.mark.parametrize("depth", [1, 3, 8])
def test_margins_are_xgboosts_and_contributions_are_shapley_values(depth: int) -> None:
    model, rows = booster(depth)
    forest = TreeEnsemble.of(bytes(model.save_raw("ubj")), rows.shape[1], None).forest
    wanted = model.predict(xgboost.DMatrix(rows[:200], nthread=1), output_margin=True)
    assert np.abs(forest.margins(rows[:200]) - wanted).max() < 1e-5
    for row, reference in zip(rows[:20], rows[20:40], strict=True):
        shares = forest.contributions(row, reference)
        assert np.abs(shares - shapley(forest, row, reference)).max() < 1e-9
        assert shares.sum() == pytest.approx(np.subtract(*forest.margins(np.stack([row, reference]))), abs=1e-9)
    assert not forest.contributions(rows[0], rows[0]).any()


def test_unknown_columns_and_rows_of_another_width_are_refused() -> None:
    model, rows = booster(3)
    with pytest.raises(ContractError, match=r"stored trees.*column 5 of 2"):
        compile_forest(bytes(model.save_raw("json")), 2)
    forest = compile_forest(bytes(model.save_raw("json")), rows.shape[1])
    with pytest.raises(ValueError, match="columns: 5 found, 6 expected"):
        forest.margins(rows[:, :5])
    with pytest.raises(ValueError, match="columns of the reference: 5 found, 6 expected"):
        forest.contributions(rows[0], rows[0, :5])


def test_what_is_no_tree_is_refused() -> None:
    def trees(left: list[int], right: list[int], roots: list[int], feature: int = 0) -> Trees:
        split, count = np.full(len(left), feature, np.int32), len(left)
        split[np.array(left) < 0] = -1
        arrays = (np.array(one, np.int32) for one in (left, right, roots))
        return Trees(split, np.zeros(count, np.float32), *arrays, width=1)

    assert trees([1, -1, -1], [2, -1, -1], [0]).margins(np.zeros((3, 1), np.float32)).tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="node 1 has the child 0, not one behind it"):
        trees([1, 0, -1], [2, 2, -1], [0])
    with pytest.raises(ValueError, match="node 0 has the child 3"):
        trees([3, -1, -1], [2, -1, -1], [0])
    with pytest.raises(ValueError, match="no node has the root's number 3"):
        trees([1, -1, -1], [2, -1, -1], [3])
    chain = 30
    with pytest.raises(ValueError, match="deeper than 23"):
        trees([*range(1, chain), -1], [*range(1, chain), -1], [0])
