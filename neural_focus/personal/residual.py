"""A person's own models, on top of the personal layer: they learn what it gets wrong.

Both start from the layer's log-odds as it was served, which had not seen the moment, so they learn its errors only.
The regression is drawn to zero; the trees are as many as lower the log-loss of the latest quarter of the days (none,
where they do not).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from neural_focus.models.calibration import fit_logistic, sigmoid
from neural_focus.models.inputs import Rows
from neural_focus.models.linear import Linear
from neural_focus.models.metrics import log_loss
from neural_focus.models.trees import PARAMETERS, TreeEnsemble

if TYPE_CHECKING:
    import xgboost  # where it is used, as in ``models.trees``

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
STRENGTH = 400.0
_CLIP, _ROUNDS, _PATIENCE, _MORE = 4.0, 300, 40, 1.2
_SETTINGS: dict[str, object] = {**PARAMETERS, "eta": 0.05, "min_child_weight": 10.0, "base_score": 0.5}


@dataclass(frozen=True, slots=True)
class Residual:
    """What a person's own regression and trees add to the layer's log-odds; no trees where they would add nothing."""

    linear: Linear
    trees: TreeEnsemble | None

    @staticmethod
    def of(linear: Linear, ubj: bytes) -> Residual:
        """With trees as XGBoost keeps them, b"" for none."""
        return Residual(linear, TreeEnsemble.of(ubj, len(linear.mean), None) if ubj else None)

    @property
    def width(self) -> int:
        """Of the rows that it reads."""
        return len(self.linear.mean)

    def of_linear(self, rows: Rows) -> Floats:
        """float64[n] of rows float32[n, width]."""
        return self.linear.margins(rows)

    def of_trees(self, rows: Rows) -> Floats:
        """float64[n], zeros without trees."""
        return np.zeros(len(rows)) if self.trees is None else self.trees.log_odds(rows)

    def to_json(self) -> dict[str, Any]:
        """A plain form to keep."""
        return {"linear": self.linear.to_json(), "trees": b64encode(self.trees.ubj if self.trees else b"").decode()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Residual:
        """What ``to_json`` wrote."""
        return Residual.of(Linear.from_json(data["linear"]), b64decode(data["trees"]))


def fit_residual(rows: Rows, label: Labels, layer: Floats, later: int, *, seed: int = 7) -> Residual:
    """Fit on moments in their order, float32[n, width]; ``layer``: the log-odds float64[n] that the layer served.

    ``later``: where the latest quarter begins, on which the number of trees is decided.
    """
    return Residual.of(_fit_linear(rows, label, layer), _fit_trees(rows, label, layer, later, seed))


def _fit_linear(rows: Rows, label: Labels, layer: Floats) -> Linear:
    mean, scale = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    scale = np.where(scale < 1e-5, 1.0, scale)  # what never varied gets no weight
    x = np.ones((len(rows), rows.shape[1] + 1), np.float32)
    x[:, :-1] = np.clip((rows - mean) / scale, -_CLIP, _CLIP)
    ridge = np.full(x.shape[1], STRENGTH)
    weight = fit_logistic(x, label, centre=np.zeros(x.shape[1]), ridge=ridge, offset=layer, tolerance=1e-4)
    return Linear(mean, scale, weight[:-1], float(weight[-1]))


def _fit_trees(rows: Rows, label: Labels, layer: Floats, later: int, seed: int) -> bytes:
    import xgboost

    settings = {**_SETTINGS, "seed": seed, "eval_metric": "logloss"}
    fit, check = (_matrix(rows[part], label[part], layer[part]) for part in (slice(0, later), slice(later, None)))
    curve: dict[str, dict[str, list[float]]] = {}
    xgboost.train(
        settings,
        fit,
        _ROUNDS,
        evals=[(check, "later")],
        evals_result=curve,
        early_stopping_rounds=_PATIENCE,
        verbose_eval=False,
    )
    found = np.array(curve["later"]["logloss"])
    if found.min() >= log_loss(label[later:], sigmoid(layer[later:])):
        return b""
    rounds = round((int(found.argmin()) + 1) * _MORE)
    booster = xgboost.train(settings, _matrix(rows, label, layer), rounds)
    return bytes(booster.save_raw("ubj"))


def _matrix(rows: Rows, label: Labels, layer: Floats) -> xgboost.DMatrix:
    import xgboost

    return xgboost.DMatrix(rows, label=label.astype(np.float32), base_margin=layer, nthread=1)
