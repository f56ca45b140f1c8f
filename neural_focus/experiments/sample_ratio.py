"""Sample ratio mismatch: whether the arms were drawn as often as their logged probabilities say.

Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments", KDD. A mismatch means the
assignment or the logging is broken; effects are not to be believed then.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

MISMATCH_BELOW = 0.001
"""The usual bar: the check runs every day, so it must seldom cry wolf."""
MOST_COUNTED = 200_000
"""Outcomes that are enumerated; with more assignments than that the chi-square is exact enough."""


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Counts against expectation, by arm; ``method``: exact, chi-square, redrawn or weights."""

    expected: Mapping[str, float]
    p_value: float
    method: str = "exact"

    @property
    def mismatch(self) -> bool:
        """Whether the counts are too unlikely to be the design's."""
        return self.p_value < MISMATCH_BELOW


def sample_ratio(counts: Mapping[str, int], design: Mapping[str, float]) -> SampleRatio:
    """Test of ``counts`` by arm against the probabilities in ``design``: the exact multinomial one while it can be
    enumerated (about 600 assignments to three arms), Pearson's chi-square beyond.

    Raises:
        ValueError: an arm was drawn that the design does not know, or its probabilities do not sum to 1.
    """
    unknown = set(counts) - set(design)
    if unknown or abs(sum(design.values()) - 1.0) > 1e-6:
        raise ValueError(f"arms {sorted(unknown)} are not in the design" if unknown else "the design must sum to 1")
    total, arms = sum(counts.values()), [arm for arm, share in design.items() if share > 0]
    expected = {arm: total * share for arm, share in design.items()}
    if any(counts.get(arm, 0) for arm in design if arm not in arms):
        return SampleRatio(expected, 0.0)
    seen = np.array([counts.get(arm, 0) for arm in arms])
    shares = np.array([design[arm] for arm in arms])
    if math.comb(total + len(arms) - 1, len(arms) - 1) <= MOST_COUNTED:
        return SampleRatio(expected, _exact(seen, shares / shares.sum()))
    statistic = _pearson(seen, total * shares)
    return SampleRatio(expected, float(stats.chi2.sf(statistic, len(arms) - 1)), "chi-square")


def redrawn_sample_ratio(
    arm: Sequence[str],
    chances: Sequence[Mapping[str, float]],
    arms: Sequence[str],
    *,
    draws: int = 4_000,
    seed: int = 0,
) -> SampleRatio:
    """The test where every arm's probability was logged at each draw: the draws are made again, Pearson's statistic
    of the counts is held against theirs (a Monte-Carlo test, exact whatever the probabilities).

    An arm that a draw's mapping lacks could not be drawn then.
    """
    table = np.array([[chance.get(name, 0.0) for name in arms] for chance in chances])
    table /= table.sum(axis=1, keepdims=True)
    expected = table.sum(axis=0)
    seen = np.array([sum(one == name for one in arm) for name in arms])
    edges, rng = np.cumsum(table, axis=1)[:, :-1], np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = (rng.random((len(table), 1)) >= edges).sum(axis=1)
        found.append(_pearson(np.bincount(drawn, minlength=len(arms)), expected))
    more = sum(one >= _pearson(seen, expected) - 1e-9 for one in found)
    return SampleRatio(dict(zip(arms, expected.tolist(), strict=True)), (1 + more) / (1 + draws), "redrawn")


def _pearson(seen: NDArray[np.int64], expected: NDArray[np.float64]) -> float:
    there = expected > 0
    return float(np.sum((seen[there] - expected[there]) ** 2 / expected[there]))


def weighted_sample_ratio(arm: Sequence[str], probability: Sequence[float], arms: Sequence[str]) -> SampleRatio:
    """The test where probabilities differ from draw to draw and each row knows its own arm's alone.

    Σ 1/p over the rows of an arm is the number of draws on average, with variance below Σ (1 − p)/p² of them; the arms'
    p-values are joined by Bonferroni. Expected counts are the draws' share that each arm's mean probability gives.
    """
    total, drawn, chance = len(arm), np.array(arm), np.array(probability)
    p_values, mean = [], {}
    for name in arms:
        mine = chance[drawn == name]
        mean[name] = float(len(mine) / np.sum(1.0 / mine)) if len(mine) else 0.0
        spread = math.sqrt(float(np.sum((1.0 - mine) / mine**2)))
        if spread > 0:
            p_values.append(2 * stats.norm.sf(abs(float(np.sum(1.0 / mine)) - total) / spread))
    share = sum(mean.values()) or 1.0
    expected = {name: total * value / share for name, value in mean.items()}
    return SampleRatio(expected, float(min(1.0, min(p_values, default=1.0) * len(arms))), "weights")


def _exact(seen: NDArray[np.int64], shares: NDArray[np.float64]) -> float:
    """Probability of all counts no likelier than those seen."""
    log_share = np.log(shares)

    def weight(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(
            special.gammaln(seen.sum() + 1.0) - special.gammaln(counts + 1.0).sum(-1) + counts @ log_share
        )

    likely = weight(_compositions(int(seen.sum()), len(seen)))
    return float(min(1.0, np.exp(likely[likely <= weight(seen) + 1e-9]).sum()))


def _compositions(total: int, parts: int) -> NDArray[np.int64]:
    """[number of them, parts] all ways to write ``total`` as a sum of ``parts`` numbers from 0."""
    rows, left = np.empty((1, 0), np.int64), np.array([total])
    for _ in range(parts - 1):
        ways = left + 1
        own = np.arange(ways.sum()) - np.repeat(np.cumsum(ways) - ways, ways)
        rows, left = np.column_stack([np.repeat(rows, ways, axis=0), own]), np.repeat(left, ways) - own
    return np.column_stack([rows, left])
