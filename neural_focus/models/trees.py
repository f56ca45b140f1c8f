"""Shallow, strongly regularised boosted trees steadied by a logistic regression: the XGBoost half of the two models.

Trees alone overfit one person's drift; the regression alone misses what depends on what. Their margins are averaged
with fixed weights. How many trees is decided inside the training data, on people or days that the trees have not seen.
Many people cannot be learned by heart: trees of theirs go deeper, and need no steadying.

Stored trees predict with the native ``Forest``: log-odds and Shapley values of one row take microseconds a hundred
trees. The values are exact, against a row of reference: a typical moment of the person (``native/src/core/forest.hpp``
has the game and the formula).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from neural_focus._native import Forest as Trees
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ContractError
from neural_focus.models.datasets import folds_by_person, slices_by_days
from neural_focus.models.inputs import Rows
from neural_focus.models.linear import Linear
from neural_focus.models.training_data import MANY_PEOPLE

if TYPE_CHECKING:
    import xgboost  # where it is used: it brings scikit-learn and pandas, a third of the service's start

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
TREES_SHARE = 0.8
FEWEST_ROUNDS, MOST_ROUNDS, PATIENCE = 40, 600, 30
_PROBE_ROWS = 40_000
PARAMETERS: dict[str, object] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 3,
    "eta": 0.08,
    "subsample": 0.4,
    "colsample_bytree": 0.3,
    "min_child_weight": 20.0,
    "reg_lambda": 10.0,
    "max_bin": 64,
    "nthread": 1,
}
"""One setting for every log; nothing is tuned to one file."""
FEW_ROWS, BAG = 25_000, 4
"""With few moments, or deep trees on rare breaks, each round is the mean of four trees, each on its own sample."""
_OF_MANY: dict[str, object] = {
    "max_depth": 8,
    "eta": 0.05,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "min_child_weight": 50.0,
    "max_bin": 128,
}
_OF_MANY_OUTCOMES: dict[str, object] = {
    "eta": 0.06,
    "subsample": 0.7,
    "colsample_bytree": 0.2,
    "min_child_weight": 10.0,
    "max_bin": 128,
}
"""People label stretches of dozens of rows at once: deep trees would learn the stretches by heart."""


@dataclass(frozen=True, slots=True)
class TreeEnsemble:
    """One trained target: log-odds = 0.8 · trees + 0.2 · regression, or the trees' alone.

    ``ubj``: the trees as XGBoost keeps them, fitted in so many ``rounds``.
    """

    ubj: bytes
    forest: Forest
    rounds: int
    linear: Linear | None

    @staticmethod
    def of(ubj: bytes, width: int, linear: Linear | None) -> TreeEnsemble:
        """From stored trees over ``width`` inputs."""
        import xgboost

        booster = xgboost.Booster()
        booster.load_model(bytearray(ubj))
        forest = compile_forest(bytes(booster.save_raw("json")), width)
        return TreeEnsemble(ubj, forest, booster.num_boosted_rounds(), linear)

    def log_odds(self, rows: Rows) -> Floats:
        """float64[n] of rows float32[n, width]."""
        of_trees = self.forest.margins(rows)
        if self.linear is None:
            return of_trees
        return TREES_SHARE * of_trees + (1 - TREES_SHARE) * self.linear.margins(rows)

    def explain(self, row: Rows, reference: Rows) -> Floats:
        """SHAP values float64[width] of one row's log-odds against a reference's float32[width]."""
        shares = self.forest.contributions(row, reference)
        if self.linear is None:
            return shares
        return TREES_SHARE * shares + (1 - TREES_SHARE) * self.linear.contributions(row, reference)


def fit_trees(
    rows: Rows, label: Labels, rounds: int, *, target: str, people: int = 1, seed: int = 7, folder: Path | None = None
) -> bytes:
    """Boosted trees on float32[n, width] and labels 0/1 of so many people, as XGBoost's UBJ.

    Same data and seed, same bytes. From the folder if they are there whole: so a killed training goes on.
    """
    kept = folder / f"{_digest(rows, label, f'{rounds} {people} {target} {seed}')}.ubj" if folder else None
    if kept and kept.exists():
        return kept.read_bytes()
    import xgboost

    settings = _settings(len(rows), people, target, seed)
    booster = xgboost.train(settings, _binned(rows, label, settings), rounds)
    ubj = bytes(booster.save_raw("ubj"))
    if kept:
        atomic_write(kept, ubj)
    return ubj


def choose_rounds(
    rows: Rows,
    label: Labels,
    person: npt.NDArray[np.int64],
    times_us: npt.NDArray[np.int64],
    *,
    target: str,
    seed: int = 7,
) -> int:
    """The number of trees with the least log-loss on a part of the training data that was held out for it."""
    people = len(np.unique(person))
    if people >= MANY_PEOPLE:
        fold = folds_by_person(person, 4, seed)
        fit, check = fold != 0, fold == 0
    else:
        part = slices_by_days(times_us, person, (0.75,))
        fit, check = part == 0, part == 1
    fit, check = _every_kth(fit), _every_kth(check)
    if not _both(label[fit]) or not _both(label[check]):
        return 2 * FEWEST_ROUNDS
    import xgboost

    settings = _settings(len(rows), people, target, seed)
    booster = xgboost.train(
        {**settings, "eval_metric": "logloss"},
        _binned(rows[fit], label[fit], settings),
        MOST_ROUNDS,
        evals=[(xgboost.DMatrix(rows[check], label=label[check].astype(np.float32), nthread=1), "check")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    return min(max(booster.best_iteration + 1, FEWEST_ROUNDS), MOST_ROUNDS)


def _settings(rows: int, people: int, target: str, seed: int) -> dict[str, object]:
    many = people >= MANY_PEOPLE
    closer = {} if not many else _OF_MANY_OUTCOMES if target == "outcome" else _OF_MANY
    bag = rows < FEW_ROWS or (many and target == "break")
    return {**PARAMETERS, **closer, "seed": seed, "num_parallel_tree": BAG if bag else 1}


def _binned(rows: Rows, label: Labels, settings: Mapping[str, object]) -> xgboost.QuantileDMatrix:
    """The rows in bins, a byte a value: a plain matrix keeps eight more for the same trees (a test compares them)."""
    import xgboost

    return xgboost.QuantileDMatrix(rows, label=label.astype(np.float32), max_bin=settings["max_bin"], nthread=1)


def _digest(rows: Rows, label: Labels, words: str) -> str:
    whole = hashlib.sha256(np.ascontiguousarray(rows).data)
    whole.update(label.tobytes())
    whole.update(words.encode())
    return whole.hexdigest()[:24]


def _every_kth(chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    places = np.flatnonzero(chosen)
    return places[:: max(1, -(-len(places) // _PROBE_ROWS))]


def _both(label: Labels) -> bool:
    return len(label) > 0 and bool(label.min() != label.max())


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
