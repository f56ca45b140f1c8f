"""What serves a person: the mixture of their experts on top of a loaded model, whichever that is.

::

    snapshot ──► the model's inputs ──► the model's word ──┐
                        │                                  ├──► Learner.said ──► Weights.mix ──► risks, and reasons
                        └── time since the last switch ────┘

Champion, shadow and the models of experiments' arms each get it, or a comparison of two would be one of how long each
has known the person. Where no model is, the rules of thumb are the prior.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from neural_focus.errors import NeuralFocusError
from neural_focus.features import FEATURE_INDEX
from neural_focus.models.calibration import logit
from neural_focus.models.hazard import Hazard
from neural_focus.models.inputs import Rows
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Contributions, Judgement, Predictor
from neural_focus.personal.learner import Known, Learner
from neural_focus.prediction import Mixture

Floats = npt.NDArray[np.float64]
Target = Literal["switch", "break"]
TARGETS: tuple[Target, ...] = ("switch", "break")
RECENCY = "time_in_current_app"
_LOG = logging.getLogger("neural_focus.personal")
NOBODY = 0
"""The number of somebody of whom nothing is known."""
_NO_TIME = np.zeros(1, np.int64)


def read_learners(stored: Mapping[str, Mapping[str, Any]], user_id: int) -> dict[Target, Learner]:
    """A person's experts from their ``stored`` states. One that this code cannot read is left out and said so: the
    flow ``personal`` learns it anew from the log."""
    found: dict[Target, Learner] = {}
    for target in TARGETS:
        try:
            if target in stored:
                found[target] = Learner.from_json(stored[target], Hazard.by_rule(target))
        except (LookupError, TypeError, ValueError, NeuralFocusError) as error:
            _LOG.warning("the experts of person %d on %s are learned anew: %s", user_id, target, error)
    return found


def learners_of(predictor: Predictor, user_id: int, found: Mapping[Target, Learner]) -> dict[Target, Learner]:
    """A person's experts on top of a model: those that were ``found``, or else beginners."""
    knows = str(user_id) in predictor.manifest.get("data", {}).get("until_us", {})
    learners: dict[Target, Learner] = {}
    for target in TARGETS:
        start = predictor.context.hazards.get(target) or Hazard.by_rule(target)
        known = replace(found[target], start=start) if target in found else Learner.beginning(start, known=knows)
        learners[target] = known.meet() if knows else known
    return learners


def judge(
    predictor: Predictor, learners: Mapping[Target, Learner], features: Rows, past: PastRows, user_id: int
) -> tuple[Judgement, dict[str, Mixture]]:
    """One snapshot float32[32] of a person whose experts ``learners`` are, by target; and what it was mixed of."""
    alone = predictor.judge(features, past, user_id=user_id)
    asked: dict[str, Learner] = {
        name: learners[name] for name in TARGETS if name in alone.probability and (name == "switch" or alone.settled)
    }
    known = {name: _known(alone, name, past) for name in asked}
    said = {name: one.said(known[name]) for name, one in asked.items()}
    mixed: dict[str, Floats] = {name: one.weights.mix(said[name]) for name, one in asked.items()}

    def weigh(target: str, found: Contributions) -> Contributions:
        return _mixed(asked[target], known[target], said[target][0], found) if target in asked else found

    mixtures: dict[str, Mixture] = {
        name: Mixture(tuple(said[name][0].tolist()), tuple(one.weights.of.tolist())) for name, one in asked.items()
    }
    return replace(alone, probability={**alone.probability, **mixed}, weigh=weigh), mixtures


def _known(alone: Judgement, target: str, past: PastRows) -> Known:
    """The moment as the experts see it: of a model that reads sequences, its inputs without them."""
    recency_s = np.array([alone.features[FEATURE_INDEX[RECENCY]]], np.float64)
    own = alone.rows[:, : len(alone.predictor.contract.names)]
    return Known(own, logit(alone.probability[target]), recency_s, past.app, _NO_TIME)


def _mixed(learner: Learner, known: Known, said: Floats, found: Contributions) -> Contributions:
    """The contributions to the mixture's log-odds, to the first order: each expert's, as far as it was listened to."""
    place, width = found.names.index(RECENCY), known.rows.shape[1]
    both = np.array([known.recency_s[0], max(float(found.reference[place]), 0.0)])
    by_recency = np.zeros(len(found.names))
    by_recency[place] = np.subtract(*logit(learner.curve.probabilities(both)))
    layer = learner.layer.prior_share * found.shares + learner.layer.recency_share * by_recency
    heard = np.where(np.isfinite(said), learner.weights.of, 0.0)
    recency, prior, personal, linear, trees = heard / heard.sum()
    shares = recency * by_recency + prior * found.shares + (personal + linear + trees) * layer
    if (residual := learner.residual) is not None and linear + trees:
        row, reference = known.rows[0], np.ascontiguousarray(found.reference[:width])
        shares[:width] += linear * residual.linear.contributions(row, reference)
        if residual.trees is not None:
            shares[:width] += trees * residual.trees.explain(row, reference)
    return Contributions(found.names, found.row, found.reference, shares)
