"""Stored boosted trees, ready to judge: XGBoost's JSON form as the native ``Forest``'s arrays.

Log-odds and Shapley values of one row take microseconds a hundred trees. The values are exact, against a row of
reference: a typical moment of the person (``native/src/core/forest.hpp`` has the game and the formula).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neural_focus._native import Forest as Trees
from neural_focus.errors import ContractError

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]
_LEAF = -1


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees on top of the log-odds ``base``; ``width`` is the number of input columns."""

    trees: Trees
    base: float
    width: int

    def margins(self, rows: Rows) -> Floats:
        """Log-odds of rows float32[n, width] → float64[n]."""
        margins: Floats = self.trees.margins(np.ascontiguousarray(rows, np.float32)) + self.base
        return margins

    def contributions(self, row: Rows, reference: Rows) -> Floats:
        """Shapley values float64[width] of a row float32[width]; they sum to its margin − the reference's."""
        return np.asarray(self.trees.contributions(np.ascontiguousarray(row), np.ascontiguousarray(reference)))


def compile_forest(model_json: bytes, width: int) -> Forest:
    """The trees of an XGBoost model (its JSON form, ``binary:logistic`` or ``reg:*``).

    Raises:
        ContractError: the trees use columns beyond ``width``, or are none.
    """
    learner = json.loads(model_json)["learner"]
    trees = learner["gradient_booster"]["model"]["trees"]
    probability = float(str(learner["learner_model_param"]["base_score"]).strip("[]"))
    feature, threshold, left, right, roots = [], [], [], [], []
    count = 0
    for tree in trees:
        children = np.array(tree["left_children"], np.int32)
        leaf = children == _LEAF
        roots.append(count)
        feature.append(np.where(leaf, _LEAF, np.array(tree["split_indices"], np.int32)))
        threshold.append(np.array(tree["split_conditions"], np.float32))
        left.append(children + count)
        right.append(np.array(tree["right_children"], np.int32) + count)
        count += len(children)
    try:
        native = Trees(
            np.concatenate(feature, dtype=np.int32),
            np.concatenate(threshold),
            np.concatenate(left, dtype=np.int32),
            np.concatenate(right, dtype=np.int32),
            np.array(roots, np.int32),
            width,
        )
    except ValueError as error:
        raise ContractError("the stored trees do not fit the inputs", why=str(error)) from error
    return Forest(native, float(np.log(probability / (1 - probability))), width)
