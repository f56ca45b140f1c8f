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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from neural_focus.labelling.labels import MARGIN_US
from neural_focus.models.calibration import logit, sigmoid
from neural_focus.models.hazard import Hazard
from neural_focus.models.inputs import Rows
from neural_focus.models.training_data import trainable
from neural_focus.personal.layer import PersonalLayer, fit_layer, layer_log_odds
from neural_focus.personal.mixture import EXPERTS, Weights
from neural_focus.personal.residual import Residual, fit_residual
from neural_focus.time import DAY_US

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
Times = npt.NDArray[np.int64]
T = TypeVar("T")
PERSONAL = EXPERTS.index("personal")
MOST_MOMENTS = 30_000
"""The latest that are learned from."""
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
    """The experts of one person and target as they are at one time, and how many moments each had seen.

    ``known``: the prior has learned from this person. Outcomes of moments before ``learned_us`` are in the weights;
    ``seen`` is how many those were. Since ``leads_us`` the same one of ``VOICES`` has had the most weight.
    """

    start: Hazard
    seed: int = 7
    known: bool = False
    hazard: Hazard | None = None
    layer: PersonalLayer = field(default_factory=PersonalLayer)
    residual: Residual | None = None
    weights: Weights = field(default_factory=Weights.first)
    seen: int = 0
    learned_us: int = 0
    leads_us: int = 0
    seen_by_layer: int = 0
    seen_by_residual: int = 0
    residual_day: int = -1

    @staticmethod
    def beginning(start: Hazard, *, known: bool = False, seed: int = 7) -> Learner:
        """Of a person of whom nothing was seen, who begins with other people's hazard ``start``."""
        return Learner(start, seed, known, weights=Weights.first(known=known))

    def said(self, known: Known) -> Floats:
        """Each expert's probability float64[n, len(EXPERTS)]; nan where it has nothing to say yet."""
        return say([self] * len(known.prior), known)

    @property
    def curve(self) -> Hazard:
        """Recency's: other people's until the person's own was counted."""
        return self.hazard or self.start

    def learn(self, known: Known, said: Floats, label: Labels, now_us: int) -> Learner:
        """The learner after the outcomes int8[n] of the person's moments so far, of which ``said`` was said.

        Of moments less than ``MARGIN_US`` before ``now_us`` nothing is known yet.
        """
        weighed = self.weigh(known.times_us, said, label, now_us)
        return weighed.refit(known, said, label, now_us) if weighed.is_due(now_us) else weighed

    def weigh(self, times_us: Times, said: Floats, label: Labels, now_us: int) -> Learner:
        """The weights after outcomes that were not in them yet; what else they are of is passed over."""
        until_us = max(now_us - MARGIN_US, self.learned_us)
        first, until = np.searchsorted(times_us, [self.learned_us, until_us])
        weights = self.weights.learn(said[first:until], label[first:until], known=self.known)
        leads_us = self.leads_us if weights.leader == self.weights.leader else now_us
        seen = self.seen + int(until - first)
        return replace(self, weights=weights, seen=seen, learned_us=until_us, leads_us=leads_us)

    def is_due(self, now_us: int) -> bool:
        """Whether there is enough that is new for ``refit``."""
        return self._layer_is_due or self._residual_is_due(now_us)

    @property
    def _layer_is_due(self) -> bool:
        return self.seen > 0 and self.seen >= _MORE_FOR_LAYER * self.seen_by_layer

    def _residual_is_due(self, now_us: int) -> bool:
        enough = self.seen >= max(_FEWEST_FOR_RESIDUAL, _MORE_FOR_RESIDUAL * self.seen_by_residual)
        return enough and now_us // DAY_US > self.residual_day

    def refit(self, known: Known, said: Floats, label: Labels, now_us: int) -> Learner:
        """The experts fitted anew, as far as they are due, on the latest ``MOST_MOMENTS`` before ``learned_us``."""
        until = int(np.searchsorted(known.times_us, self.learned_us))
        first = max(0, until - MOST_MOMENTS)
        with threadpool_limits(1):  # the libraries' sums have another order with another number of threads
            return self._fit_anew(known.take(slice(first, until)), said[first:until], label[first:until], now_us)

    def _fit_anew(self, recent: Known, said: Floats, came: Labels, now_us: int) -> Learner:
        after = self
        if self._layer_is_due and len(came):
            hazard = self.start.with_own(recent.recency_s, came)
            prior, recency = recent.prior, logit(hazard.probabilities(recent.recency_s))
            layer = fit_layer(prior, recency, recent.app, came)
            after = replace(after, hazard=hazard, layer=layer, seen_by_layer=self.seen)
        if self._residual_is_due(now_us) and trainable(came):
            residual = self._fit_residual(recent, logit(said[:, PERSONAL]), came)
            after = replace(after, residual=residual, seen_by_residual=self.seen, residual_day=now_us // DAY_US)
        return after

    def meet(self) -> Learner:
        """The learner once the prior has learned from this person."""
        return self if self.known else replace(self, known=True, weights=self.weights.meet())

    def _fit_residual(self, recent: Known, layer: Floats, came: Labels) -> Residual:
        days = np.unique(recent.times_us // DAY_US)
        border = days[int(len(days) * _LATER)] * DAY_US if len(days) > 1 else 0
        later = int(np.searchsorted(recent.times_us, border))
        if not 0 < later < len(came):
            later = int(len(came) * _LATER)
        return fit_residual(recent.rows, came, layer, later, seed=self.seed)

    def to_json(self) -> dict[str, Any]:
        """A plain form to keep, without what everybody starts from."""
        return {
            "hazard": None if self.hazard is None else self.hazard.to_json(),
            "layer": self.layer.to_json(),
            "residual": None if self.residual is None else self.residual.to_json(),
            "weights": self.weights.to_json(),
            **{name: getattr(self, name) for name in _COUNTS},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any], start: Hazard) -> Learner:
        """What ``to_json`` wrote, with what everybody starts from."""
        return Learner(
            start,
            hazard=None if data["hazard"] is None else Hazard.from_json(data["hazard"]),
            layer=PersonalLayer.from_json(data["layer"]),
            residual=None if data["residual"] is None else Residual.from_json(data["residual"]),
            weights=Weights.from_json(data["weights"]),
            **{name: data[name] for name in _COUNTS},
        )


def say(learners: Sequence[Learner], known: Known) -> Floats:
    """What the experts of each moment's person say of it: float64[n, len(EXPERTS)], nan for nothing yet."""
    recency = np.empty(len(learners))
    for curve, at in _groups([one.curve for one in learners]):
        recency[at] = curve.probabilities(known.recency_s[at])
    layer = layer_log_odds([one.layer for one in learners], known.prior, logit(recency), known.app)
    linear, trees = np.full((2, len(learners)), np.nan)
    for residual, at in _groups([one.residual for one in learners]):
        if residual is not None and residual.width == known.rows.shape[1]:
            rows = known.rows[at]
            linear[at], trees[at] = residual.of_linear(rows), residual.of_trees(rows)
    return np.stack(
        [recency, sigmoid(known.prior), sigmoid(layer), sigmoid(layer + linear), sigmoid(layer + trees)], axis=1
    )


def _groups(things: Sequence[T]) -> Iterator[tuple[T, slice | npt.NDArray[np.int64]]]:
    """Each thing that there is, by identity, with the places where it is."""
    if all(one is things[0] for one in things):
        if things:
            yield things[0], slice(None)
        return
    places: dict[int, list[int]] = {}
    for place, one in enumerate(things):
        places.setdefault(id(one), []).append(place)
    for at in places.values():
        yield things[at[0]], np.array(at)


_COUNTS = ("seed", "known", "seen", "learned_us", "leads_us", "seen_by_layer", "seen_by_residual", "residual_day")
