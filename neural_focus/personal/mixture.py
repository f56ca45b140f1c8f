"""A mixture of experts that is never served worse than recency for long: weights by how well each has foreseen.

The aggregating forecaster for log-loss (Vovk 1998; Cesa-Bianchi and Lugosi 2006, §9.2): probabilities are averaged
with weights, and each outcome multiplies an expert's weight by the ``RATE``-th power of the probability that it gave
it. If outcomes were known at once and ``SHARE`` were 0, the mixture's summed log-loss would exceed an expert's by at
most ln(1 / first weight) / RATE: for recency that is 1.05 nats, less than ln K of the five experts, whatever happens.
The others' first weights are small, so that what they have not shown they do not decide; a good one needs some
hundred moments.

Labels of neighbouring moments overlap, so a moment counts as ``RATE`` of an independent one. Outcomes are known up to
an hour late, which costs a factor of the delay at worst (Weinberger and Ordentlich 2002): the bound is then no theorem
but a figure, which the evaluation prints. A share ``SHARE`` of all weight goes back to the first weights at each moment
(fixed share, Herbster and Warmuth 1998): who was wrong all summer may be right in autumn.

An expert that says nothing of a moment (nan) is taken as the mixture of those that do (Freund et al. 1997).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
EXPERTS = ("recency", "prior", "personal", "linear", "trees")
FIRST = np.array([0.9, 0.01, 0.04, 0.025, 0.025])
FIRST_KNOWN = np.array([0.04, 0.87, 0.04, 0.025, 0.025])
"""Of somebody from whose days the prior has learned: its gates have shown it better on their later ones."""
RATE, SHARE = 0.1, 0.0002
Voice = Literal["recency", "model", "own"]
VOICES: Mapping[Voice, tuple[str, ...]] = {
    "recency": ("recency",),
    "model": ("prior",),
    "own": ("personal", "linear", "trees"),
}
"""Whose word it is, as people are told: of the time since the last switch, of everybody's model, of what is theirs."""
_CERTAIN = 1e-6


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of ``EXPERTS``, float64[K]; they sum to one."""

    of: Floats

    @staticmethod
    def first(*, known: bool = False) -> Weights:
        """Before anything was seen; ``known``: the prior has learned from this person."""
        first = FIRST_KNOWN if known else FIRST
        return Weights(first / first.sum())

    def mix(self, said: Floats) -> Floats:
        """The served probability float64[n] of what the experts said, float64[n, K] with nan where nothing.

        Where nobody says anything it is nan.
        """
        awake = np.isfinite(said)
        weight = np.where(awake, self.of, 0.0)
        with np.errstate(invalid="ignore"):
            return np.asarray((weight * np.where(awake, said, 0.0)).sum(axis=1) / weight.sum(axis=1))

    def learn(self, said: Floats, label: Labels, *, known: bool = False) -> Weights:
        """The weights after outcomes int8[n] of moments in their order, of which the experts said float64[n, K]."""
        weight, first = self.of, Weights.first(known=known).of
        for row, came in zip(said, label, strict=True):
            awake = np.isfinite(row)
            if not awake.any():
                continue
            mixed = weight[awake] @ row[awake] / weight[awake].sum()
            given = np.clip(np.where(awake, row, mixed), _CERTAIN, 1 - _CERTAIN)
            weight = weight * (given if came else 1 - given) ** RATE
            weight = (1 - SHARE) * weight / weight.sum() + SHARE * first
        return Weights(weight)

    @property
    def voices(self) -> dict[Voice, float]:
        """The weight of each of ``VOICES``."""
        return {voice: float(sum(self.of[EXPERTS.index(one)] for one in whose)) for voice, whose in VOICES.items()}

    @property
    def leader(self) -> Voice:
        """The one of ``VOICES`` that has the most weight."""
        voices = self.voices
        return max(voices, key=lambda voice: voices[voice])

    def meet(self) -> Weights:
        """The weights once the prior has learned from this person, too: halfway to those that it then begins with."""
        return Weights((self.of + Weights.first(known=True).of) / 2)

    def to_json(self) -> dict[str, float]:
        """By expert."""
        return dict(zip(EXPERTS, self.of.tolist(), strict=True))

    @staticmethod
    def from_json(data: Mapping[str, float]) -> Weights:
        """What ``to_json`` wrote."""
        return Weights(np.array([data[name] for name in EXPERTS], np.float64))
