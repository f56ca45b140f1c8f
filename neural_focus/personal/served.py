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
from collections.abc import Mapping, Sequence
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
from neural_focus.personal.learner import Known, Learner, say
from neural_focus.personal.mixture import Weights
from neural_focus.prediction import Mixture
from neural_focus.timeline import Times

Floats = npt.NDArray[np.float64]
Target = Literal["switch", "break"]
TARGETS: tuple[Target, ...] = ("switch", "break")
RECENCY = "time_in_current_app"
_LOG = logging.getLogger("neural_focus.personal")
NOBODY = 0
"""The number of somebody of whom nothing is known."""


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


def learners_of(
    predictor: Predictor, user_id: int, found: Mapping[Target, Learner], *, is_demo: bool = False
) -> dict[Target, Learner]:
    """A person's experts on top of a model: those that were ``found``, or else beginners.

    A demo person is known to every model of demo people: all of them are drawn by the same simulator.
    """
    learned_from = str(user_id) in predictor.manifest.get("data", {}).get("until_us", {})
    knows = learned_from or (is_demo and predictor.trained_on == "demo")
    learners: dict[Target, Learner] = {}
    for target in TARGETS:
        start = predictor.context.hazards.get(target) or Hazard.by_rule(target)
        known = replace(found[target], start=start) if target in found else Learner.beginning(start, known=knows)
        learners[target] = known.meet() if knows else known
    return learners


def judge(
    predictor: Predictor, learners: Sequence[Mapping[Target, Learner]], features: Rows, past: PastRows, person: Times
) -> tuple[Judgement, list[dict[str, Mixture]]]:
    """Snapshots float32[n, 32] of the people int64[n] whose experts ``learners`` are, by target; and what each was
    mixed of."""
    alone = predictor.judge(features, past, person=person)
    mixtures: list[dict[str, Mixture]] = [{} for _ in learners]
    probability, known, asked = dict(alone.probability), dict[str, Known](), dict[str, list[Learner]]()
    for target in TARGETS:
        at = np.arange(len(features)) if target == "switch" else np.flatnonzero(alone.settled)
        if target not in probability or not len(at):
            continue
        asked[target] = [learners[place][target] for place in at.tolist()]
        known[target] = _known(alone, target, past, at)
        said = say(asked[target], known[target])
        weights = np.stack([one.weights.of for one in asked[target]])
        probability[target] = probability[target].copy()
        probability[target][at] = Weights(weights).mix(said)
        for place, words, heard in zip(at.tolist(), said.tolist(), weights.tolist(), strict=True):
            mixtures[place][target] = Mixture(tuple(words), tuple(heard))
    order = np.cumsum(alone.settled) - 1

    def weigh(target: str, place: int, found: Contributions) -> Contributions:
        if (mixture := mixtures[place].get(target)) is None:
            return found
        at = place if target == "switch" else int(order[place])
        return _mixed(asked[target][at], known[target].take(slice(at, at + 1)), np.array(mixture.said), found)

    return replace(alone, probability=probability, weigh=weigh), mixtures


def _known(alone: Judgement, target: str, past: PastRows, at: npt.NDArray[np.int64]) -> Known:
    """Some moments as the experts see them: of a model that reads sequences, its inputs without them."""
    recency_s = alone.features[at, FEATURE_INDEX[RECENCY]].astype(np.float64)
    own = alone.rows[at, : len(alone.predictor.contract.names)]
    return Known(own, logit(alone.probability[target][at]), recency_s, past.app[at], np.zeros(len(at), np.int64))


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
