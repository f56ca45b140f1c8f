"""Shallow boosted trees as lookup tables: margins and exact SHAP values of one row in microseconds.

A tree of depth three asks at most seven questions. Its answer *and* the Shapley values of that answer depend only
on the seven yes/no bits, so both are tabulated once for the 128 patterns:

    bit_j = x[feature_j] < threshold_j          j = 0..6 in heap order
    pattern = Σ bit_j · 2^j                     0..127
    value[tree, pattern]                        the leaf reached
    shap[tree, pattern, j]                      share of node j's feature in (value − expectation)

The values are those of path-dependent TreeSHAP (Lundberg et al. 2020, Nature Machine Intelligence 2:56): for one
leaf the game is a product over the ≤ 3 features on its path, whose Shapley values have a closed form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neural_focus.errors import ContractError

DEPTH = 3
NODES = 2**DEPTH - 1
LEAVES = 2**DEPTH
PATTERNS = 2**NODES
_CHUNK = 2048

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Forest:
    """Tables of T trees: feature int64[T, 7], threshold float32[T, 7], value float64[T, 128], shap float32[T, 128, 7].

    ``expectation`` is the cover-weighted mean margin; ``width`` the number of input columns. ``asked``, ``limit`` and
    ``offset`` are the same questions laid out for one comparison: eight a tree, and where its table begins.
    """

    feature: npt.NDArray[np.int64]
    threshold: Rows
    value: Floats
    shap: Rows
    expectation: float
    base: float
    width: int
    asked: npt.NDArray[np.int64]
    limit: Rows
    offset: npt.NDArray[np.int64]

    def margins(self, rows: Rows) -> Floats:
        """Log-odds of rows float32[n, width] → float64[n]."""
        out = np.empty(len(rows))
        for start in range(0, len(rows), _CHUNK):
            patterns = self._patterns(rows[start : start + _CHUNK])
            out[start : start + _CHUNK] = self.value.ravel()[self.offset + patterns].sum(axis=1)
        return out + self.base

    def contributions(self, row: Rows) -> Floats:
        """SHAP values float64[width] of one row float32[width]; they sum to its margin − ``expectation``."""
        patterns = self._patterns(row[None, :])[0]
        shares = self.shap.reshape(-1, NODES)[self.offset + patterns]
        weights = shares.ravel().astype(np.float64)
        return np.bincount(self.feature.ravel(), weights, minlength=self.width).astype(np.float64)

    def _patterns(self, rows: Rows) -> npt.NDArray[np.uint8]:
        """Which of its 128 patterns each tree sees, uint8[n, T]; an eighth question, never passed, fills the byte."""
        return np.packbits(rows[:, self.asked] < self.limit, axis=1, bitorder="little")


def compile_forest(model_json: bytes, width: int) -> Forest:
    """Tables of an XGBoost model (its JSON form, ``binary:logistic`` or ``reg:*`` with depth ≤ 3).

    Raises:
        ContractError: the trees are deeper, categorical, or use columns beyond ``width``.
    """
    learner = json.loads(model_json)["learner"]
    trees = learner["gradient_booster"]["model"]["trees"]
    probability = float(str(learner["learner_model_param"]["base_score"]).strip("[]"))
    base = float(np.log(probability / (1 - probability)))
    return forest_from_trees(trees, base, width)


def forest_from_trees(trees: list[dict[str, list[float]]], base: float, width: int) -> Forest:
    """Tables of XGBoost's JSON trees on top of the log-odds ``base``."""
    count = len(trees)
    feature = np.zeros((count, NODES), np.int64)
    threshold = np.full((count, NODES), np.inf, np.float32)
    leaf = np.zeros((count, LEAVES))
    left_share = np.ones((count, NODES))  # padding nodes send everything left
    for index, tree in enumerate(trees):
        _unroll(tree, feature[index], threshold[index], leaf[index], left_share[index])
    if count and feature.max(initial=0) >= width:
        raise ContractError("a tree asks for a column that the input does not have", why=f"{feature.max()} ≥ {width}")
    value, shap, mean = _tabulate(feature, leaf, left_share)
    asked = np.concatenate([feature, np.zeros((count, 1), np.int64)], axis=1).ravel()
    limit = np.concatenate([threshold, np.full((count, 1), -np.inf, np.float32)], axis=1).ravel()
    offset = np.arange(count) * PATTERNS
    return Forest(feature, threshold, value, shap, base + float(mean.sum()), base, width, asked, limit, offset)


def _unroll(
    tree: dict[str, list[float]], feature: npt.NDArray[np.int64], threshold: Rows, leaf: Floats, share: Floats
) -> None:
    """Write one tree into the heap-ordered arrays of its row."""
    left, right = tree["left_children"], tree["right_children"]
    cover = tree["sum_hessian"]

    def visit(node: int, place: int, depth: int) -> None:
        if left[node] == -1:
            # a leaf above the bottom fills the leftmost leaf below it: its padding nodes always go left
            leaf[(place + 1) * 2 ** (DEPTH - depth) - LEAVES] = tree["split_conditions"][node]
            return
        if depth == DEPTH:
            raise ContractError("a tree is deeper than three", todo="Train with max_depth 3")
        feature[place], threshold[place] = int(tree["split_indices"][node]), np.float32(tree["split_conditions"][node])
        total = cover[int(left[node])] + cover[int(right[node])]
        share[place] = cover[int(left[node])] / total if total else 0.5
        visit(int(left[node]), 2 * place + 1, depth + 1)
        visit(int(right[node]), 2 * place + 2, depth + 1)

    visit(0, 0, 0)


def _tabulate(feature: npt.NDArray[np.int64], leaf: Floats, left_share: Floats) -> tuple[Floats, Rows, Floats]:
    """value[T, 128], shap[T, 128, 7] and the expectation [T] of each tree."""
    count = len(leaf)
    bits = (np.arange(PATTERNS)[:, None] >> np.arange(NODES)) & 1  # 1 = goes left
    value, shap, mean = np.zeros((count, PATTERNS)), np.zeros((count, PATTERNS, NODES)), np.zeros(count)
    for index in range(LEAVES):
        path, goes_left = _path(index)
        agree = np.where(goes_left, bits[:, path], 1 - bits[:, path]).astype(float)  # [128, 3]
        zero = np.where(goes_left, left_share[:, path], 1 - left_share[:, path])  # [T, 3]
        value += leaf[:, index, None] * agree.prod(axis=1)
        mean += leaf[:, index] * zero.prod(axis=1)
        one, zero = _merge_repeated(np.broadcast_to(agree, (count, PATTERNS, DEPTH)), zero, feature[:, path])
        for slot in range(DEPTH):
            j, k = (other for other in range(DEPTH) if other != slot)
            weight = (
                zero[:, None, j] * zero[:, None, k] / 3
                + (one[:, :, j] * zero[:, None, k] + zero[:, None, j] * one[:, :, k]) / 6
                + one[:, :, j] * one[:, :, k] / 3
            )
            shap[:, :, path[slot]] += leaf[:, index, None] * (one[:, :, slot] - zero[:, None, slot]) * weight
    return value, shap.astype(np.float32), mean


def _path(leaf: int) -> tuple[list[int], npt.NDArray[np.bool_]]:
    """Heap indices of the three nodes above a leaf, root first, and whether the way goes left there."""
    path, left, place = [], [], leaf + NODES
    while place:
        left.append(place % 2 == 1)
        place = (place - 1) // 2
        path.append(place)
    return path[::-1], np.array(left[::-1])


def _merge_repeated(one: Floats, zero: Floats, features: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """A feature asked twice on a path is one player: fold the later question into the first, make it a dummy."""
    one, zero = one.copy(), zero.copy()
    for later in range(1, DEPTH):
        for first in range(later):
            same = features[:, later] == features[:, first]
            one[same, :, first] *= one[same, :, later]
            zero[same, first] *= zero[same, later]
            one[same, :, later], zero[same, later] = 1.0, 1.0
    return one, zero
