"""One person's experts on one target, and what they learn each hour from the person's own labelled moments.

::

    what is known of a moment ──► recency, prior, personal layer, own regression, own trees ──► mixture ──► probability
                                     ▲                 ▲                  ▲                        ▲
    outcomes, once an hour ──────────┴─────────────────┘                  │                        │
    outcomes, on a new day, once there are a fifth more ──────────────────┘                        │
    outcomes, once an hour, beside what each expert had said ──────────────────────────────────────┘

An expert is fitted on moments before those on which its weight is learned: nobody is weighed by what it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from neural_focus.labelling.labels import MARGIN_US
from neural_focus.models.calibrate import logit, sigmoid
from neural_focus.models.fitting import trainable
from neural_focus.models.inputs import Rows
from neural_focus.personal.hazard import Hazard
from neural_focus.personal.layer import PersonalLayer, fit_layer
from neural_focus.personal.mixture import EXPERTS, Weights
from neural_focus.personal.residual import Residual, fit_residual
from neural_focus.time import DAY_US

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
Times = npt.NDArray[np.int64]
PERSONAL = EXPERTS.index("personal")
MOST_MOMENTS = 30_000
"""The latest that are learned from: three months of work."""
_MORE_FOR_LAYER, _MORE_FOR_RESIDUAL = 1.05, 1.2
_FEWEST_FOR_RESIDUAL = 300
_LATER = 0.75


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of n moments of a person, in their order.

    ``rows`` float32[n, width] of the prior's contract, ``prior`` its calibrated log-odds float64[n], ``recency_s``
    seconds since the last switch, ``app`` in focus str[n].
    """

    rows: Rows
    prior: Floats
    recency_s: Floats
    app: npt.NDArray[np.str_]
    times_us: Times

    def take(self, part: slice) -> Known:
        """Some of them, as they lie."""
        return Known(*(getattr(self, name)[part] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Learner:
    """The experts of one person and target as they are at one time, and how many moments each had seen."""

    start: Hazard
    seed: int = 7
    hazard: Hazard | None = None
    layer: PersonalLayer = field(default_factory=PersonalLayer)
    residual: Residual | None = None
    weights: Weights = field(default_factory=Weights.first)
    seen_by_layer: int = 0
    seen_by_residual: int = 0
    weighed: int = 0
    residual_day: int = -1

    def said(self, known: Known) -> Floats:
        """Each expert's probability float64[n, len(EXPERTS)]; nan where it has nothing to say yet."""
        recency = (self.hazard or self.start).probabilities(known.recency_s)
        layer = self.layer.log_odds(known.prior, logit(recency), known.app)
        if self.residual is None:
            linear = trees = np.full(len(layer), np.nan)
        else:
            linear = sigmoid(layer + self.residual.of_linear(known.rows))
            trees = sigmoid(layer + self.residual.of_trees(known.rows))
        return np.stack([recency, sigmoid(known.prior), sigmoid(layer), linear, trees], axis=1)

    def learn(self, known: Known, said: Floats, label: Labels, now_us: int) -> Learner:
        """The learner after the outcomes int8[n] of the person's moments so far, of which ``said`` was said.

        Of moments less than ``MARGIN_US`` before ``now_us`` nothing is known yet.
        """
        until = int(np.searchsorted(known.times_us, now_us - MARGIN_US))
        weights = self.weights.learn(said[self.weighed : until], label[self.weighed : until])
        after = replace(self, weights=weights, weighed=until)
        first = max(0, until - MOST_MOMENTS)
        recent, came = known.take(slice(first, until)), label[first:until]
        if until and until >= _MORE_FOR_LAYER * self.seen_by_layer:
            hazard = self.start.with_own(recent.recency_s, came)
            prior, recency = recent.prior, logit(hazard.probabilities(recent.recency_s))
            layer = fit_layer(prior, recency, recent.app, came)
            after = replace(after, hazard=hazard, layer=layer, seen_by_layer=until)
        day = now_us // DAY_US
        enough = until >= max(_FEWEST_FOR_RESIDUAL, _MORE_FOR_RESIDUAL * self.seen_by_residual)
        if day > self.residual_day and enough and trainable(came):
            residual = self._fit_residual(recent, logit(said[first:until, PERSONAL]), came)
            after = replace(after, residual=residual, seen_by_residual=until, residual_day=day)
        return after

    def _fit_residual(self, recent: Known, layer: Floats, came: Labels) -> Residual:
        days = np.unique(recent.times_us // DAY_US)
        border = days[int(len(days) * _LATER)] * DAY_US if len(days) > 1 else 0
        later = int(np.searchsorted(recent.times_us, border))
        if not 0 < later < len(came):
            later = int(len(came) * _LATER)
        return fit_residual(recent.rows, came, layer, later, seed=self.seed)
