"""Randomisation inference within the person: what the arms' own lottery could have made of the same outcomes.

Fisher's sharp null of a constant effect, tested by drawing the assignment again by the logged probabilities, and turned
into an interval by inverting the test (Imbens and Rubin 2015, "Causal Inference", ch. 5; Basse and Bojinov 2023).
No assumption on the outcomes of a person being independent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neural_focus.experiments.centered_least_squares import Effect

Floats = NDArray[np.float64]


def randomization_effect(
    outcome: Floats,
    treated: NDArray[np.bool_],
    chance: Floats,
    person: Sequence[object],
    before: Floats,
    *,
    draws: int = 2_000,
    level: float = 0.95,
    seed: int = 0,
) -> Effect:
    """Effect of one arm against the no-op, with an interval by inversion. All arrays are [n].

    Give only the opportunities that drew one of the two. treated: whether it was the arm; chance: the probability of
    the arm given that it was one of the two, p / (p + p₀); before: an outcome known before the draw. The statistic
    compares within persons: Σ (treated − chance) · residual of outcome on person and ``before``.

    Raises:
        ValueError: nobody was drawn to one of the two sides.
    """
    if not treated.any() or treated.all():
        raise ValueError("both sides need at least one opportunity")
    rng = np.random.default_rng(seed)
    lottery = rng.random((draws, len(outcome))) < chance
    assigned = np.concatenate([treated[None], lottery]).astype(np.float64)
    remove = _residual_maker(person, before)
    centered = assigned - chance
    # the statistic is linear: under effect e it is slope_y − e · slope_a for each draw
    toward_outcome = centered @ remove(outcome)
    toward_treated = centered @ remove(treated.astype(np.float64))
    if abs(toward_treated[0]) < 1e-12:
        raise ValueError("no person has both sides")
    estimate = float(toward_outcome[0] / toward_treated[0])

    def p_value(effect: float) -> float:
        distance = np.abs(toward_outcome - effect * toward_treated)
        return float((1 + np.sum(distance[1:] >= distance[0] - 1e-12)) / (draws + 1))

    scale = float(np.std(toward_outcome[1:]) / abs(toward_treated[0])) or 1e-9
    low = _edge(p_value, estimate, -scale, 1.0 - level)
    high = _edge(p_value, estimate, scale, 1.0 - level)
    return Effect(estimate, low, high, p_value(0.0))


def _residual_maker(person: Sequence[object], before: Floats):  # type: ignore[no-untyped-def]
    """A function that takes the person's mean and the pooled slope on ``before`` out of a vector."""
    groups = np.unique(np.array([str(value) for value in person]), return_inverse=True)[1]
    size = np.bincount(groups)

    def center(values: Floats) -> Floats:
        return np.asarray(values - (np.bincount(groups, values) / size)[groups])

    known = center(before)
    spread = float(known @ known)

    def remove(values: Floats) -> Floats:
        mine = center(values)
        return np.asarray(mine - known * (known @ mine / spread) if spread > 1e-12 else mine)

    return remove


def _edge(p_value, inside: float, step: float, alpha: float) -> float:  # type: ignore[no-untyped-def]
    """The effect where the p-value falls to ``alpha``, walking from ``inside`` in the direction of ``step``."""
    outside = inside + step
    for _ in range(40):
        if p_value(outside) <= alpha:
            break
        inside, outside = outside, outside + step
        step *= 2
    else:
        return float(np.copysign(np.inf, step))
    for _ in range(40):
        middle = (inside + outside) / 2
        if p_value(middle) > alpha:
            inside = middle
        else:
            outside = middle
    return (inside + outside) / 2
