"""How far a prediction can be trusted at this point: sure of itself, and at home with the input.

::

    confidence = max(p, 1 − p) · in-distribution score
    in-distribution score = min(1, home / distance)²

The first factor ranks the errors of a calibrated probability by definition. The second is 1 for whoever works like the
people of the training: ``home`` is the distance that only five in a thousand moments exceed which the measure had not
seen (split conformal: Vovk et al. 2005; Laxhammar and Falkman 2010). The distance is Mahalanobis', so it knows which
inputs go together; over a hundred inputs no single odd one undoes a prediction. It looks at the engine's features only:
what they say is there from the first minutes on, while the history of somebody new is empty without being strange.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from neural_focus.features import FEATURE_INDEX
from neural_focus.models.inputs import InputContract, Rows

Floats = npt.NDArray[np.float64]
_FAR = 8.0
"""Standard deviations beyond which one input is as strange as it gets."""
_RIDGE = 0.02
"""Least variance of a direction, as a share of the mean one: training's own flat directions are not exact."""
_STRANGERS = 0.005
"""Share of training's own kind that lies beyond ``home``."""
_ENOUGH = 500


@dataclass(frozen=True, slots=True)
class InDistribution:
    """What the first ``width`` inputs, the engine's, were like in training.

    ``mean``, ``reach`` float32[width]: centre, and how far from it an input counts. ``directions`` float32[width,
    width] make deviations uncorrelated, with variance 1. ``home``: the distance within which nearly all lie.
    """

    mean: Rows
    reach: Rows
    directions: Rows
    home: float

    def of(self, rows: Rows) -> Floats:
        """1 where training was at home, towards 0 away from it; float64[n] of inputs float32[n, ≥ width]."""
        near: Floats = self.home / np.maximum(self.distance(rows), self.home)
        return near * near

    def distance(self, rows: Rows) -> Floats:
        """Root of the sum of squares along the directions, float64[n]."""
        deviation = rows[:, : len(self.mean)] - self.mean
        along = np.minimum(np.maximum(deviation, -self.reach), self.reach) @ self.directions
        return np.asarray(np.sqrt(np.square(along).sum(axis=1)), np.float64)

    def to_json(self) -> dict[str, object]:
        """A plain form for the bundle."""
        arrays = {name: getattr(self, name).astype(float).tolist() for name in ("mean", "reach", "directions")}
        return {**arrays, "home": self.home}

    @staticmethod
    def from_json(data: Mapping[str, object]) -> InDistribution:
        """What ``to_json`` wrote."""
        mean, reach, directions = (np.array(data[name], np.float32) for name in ("mean", "reach", "directions"))
        return InDistribution(mean, reach, directions, float(str(data["home"])))


def learn_in_distribution(contract: InputContract, rows: Rows, unseen: Rows) -> InDistribution:
    """From training inputs float32[n, width] of a contract, and ``unseen`` float32[m, width] of other people or days.

    With too few of the latter, training's own moments tell how far is far.
    """
    width = sum(name in FEATURE_INDEX for name in contract.names)  # they come first
    known = rows[:, :width].astype(np.float64)
    mean, deviation = known.mean(axis=0), known.std(axis=0)
    # what never varied in training says nothing about who is strange
    scale = np.where(deviation > 1e-6, deviation, np.inf)
    reach = _FAR * np.where(deviation > 1e-6, deviation, 1.0)
    known -= mean
    standard = np.divide(np.clip(known, -reach, reach, out=known), scale, out=known)
    variance, directions = np.linalg.eigh(standard.T @ standard / len(standard))
    spread = np.sqrt(np.maximum(variance, 0.0) + _RIDGE * float(variance.mean()))
    apart = directions / spread / scale[:, None]
    measure = InDistribution(mean.astype(np.float32), reach.astype(np.float32), apart.astype(np.float32), home=1.0)
    distances = measure.distance(unseen if len(unseen) >= _ENOUGH else rows)
    return replace(measure, home=max(float(np.quantile(distances, 1 - _STRANGERS)), 1e-3))


def confidence(probability: Floats, in_distribution: Floats) -> Floats:
    """0–1, float64[n]; at most 0.5 where the model cannot tell, less on input unlike training's."""
    sure: Floats = np.maximum(probability, 1 - probability) * in_distribution
    return sure
