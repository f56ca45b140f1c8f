"""The personal layer: the prior's word and recency's, weighed for one person, with offsets for them and their apps.

A logistic regression on [prior, recency, 1, one column an app], drawn to "half of each, and nothing of their own" like
a normal prior would (maximum a posteriori): nobody's data moves it at first, and an app that was seen rarely keeps the
person's offset (partial pooling, Gelman and Hill 2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.models.calibration import fit_logistic

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
MOST_APPS = 64
_SHARE_STD, _PERSON_STD, _APP_STD = 0.3, 0.7, 0.3
"""Of the two shares, of a person's log-odds and of an app's, by prior belief."""
_EFFECTIVE = 20.0
"""Neighbouring moments tell nearly the same story: this many count as one."""


@dataclass(frozen=True, slots=True)
class PersonalLayer:
    """log-odds = prior_share · prior + recency_share · recency + offset + app_offset[app]."""

    prior_share: float = 0.5
    recency_share: float = 0.5
    offset: float = 0.0
    app_offset: Mapping[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """A plain form to keep."""
        return {
            "prior_share": self.prior_share,
            "recency_share": self.recency_share,
            "offset": self.offset,
            "app_offset": dict(self.app_offset or {}),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> PersonalLayer:
        """What ``to_json`` wrote."""
        return PersonalLayer(**data)


def layer_log_odds(
    layers: Sequence[PersonalLayer], prior: Floats, recency: Floats, app: npt.NDArray[np.str_]
) -> Floats:
    """float64[n] by the layer of each moment, of both calibrated log-odds float64[n] and the apps in focus str[n]."""
    shares = np.array([(one.prior_share, one.recency_share, one.offset) for one in layers]).reshape(len(layers), 3)
    offsets = [(one.app_offset or {}).get(name, 0.0) for one, name in zip(layers, app.tolist(), strict=True)]
    return np.asarray(shares[:, 0] * prior + shares[:, 1] * recency + shares[:, 2] + np.array(offsets), np.float64)


def fit_layer(prior: Floats, recency: Floats, app: npt.NDArray[np.str_], label: Labels) -> PersonalLayer:
    """The layer of a person's labelled moments; of apps the ``MOST_APPS`` in which most of them lie."""
    names, count = np.unique(app, return_counts=True)
    names = np.sort(names[np.argsort(-count, kind="stable")[:MOST_APPS]])
    columns = [prior, recency, np.ones(len(label)), *(np.asarray(app == name, np.float64) for name in names)]
    centre = np.concatenate([[0.5, 0.5], np.zeros(1 + len(names))])
    std = np.concatenate([[_SHARE_STD, _SHARE_STD, _PERSON_STD], np.full(len(names), _APP_STD)])
    weight = fit_logistic(np.stack(columns, axis=1), label, centre=centre, ridge=_EFFECTIVE / std**2, tolerance=1e-6)
    offsets = dict(zip((str(name) for name in names), weight[3:].tolist(), strict=True))
    return PersonalLayer(float(weight[0]), float(weight[1]), float(weight[2]), offsets)
