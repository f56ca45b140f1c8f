"""Randomisation inference within the person: what the arms' own lottery could have made of the same outcomes.

Fisher's sharp null of a constant effect, tested by drawing the assignment again by the logged probabilities, and turned
into an interval by inverting the test (Imbens and Rubin 2015, "Causal Inference", ch. 5; Basse and Bojinov 2023). The
statistic is studentised, so the interval holds for the average of effects that differ as well (Wu and Ding 2021,
"Randomization tests for weak null hypotheses", JASA 116). No assumption on the outcomes of a person being independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from neural_focus.experiments.clustered_equations import Effect, Floats, group_numbers

BLOCK = 4_000_000
"""Redrawn assignments held at a time."""


def randomization_effect(
    outcome: Floats,
    treated: NDArray[np.bool_],
    chance: Floats,
    person: Sequence[object],
    before: Floats,
    *,
    received: NDArray[np.bool_] | None = None,
    draws: int = 2_000,
    level: float = 0.95,
    seed: int = 0,
) -> Effect:
    """Effect of one arm against the no-op, with an interval by inversion. All arrays are [n].

    Give only the opportunities that drew one of the two. treated: whether it was the arm; chance: the probability of
    the arm given that it was one of the two, p / (p + p₀), which may differ from row to row; before: an outcome known
    before the draw. The statistic compares within persons: Σ (treated/chance − (1 − treated)/(1 − chance)) · residual
    of outcome on person and ``before``, over its standard error.

    received: where given, the effect is that of receiving rather than of being assigned, the assignment being the
    instrument (Imbens and Rosenbaum 2005); its interval is infinite where too few received anything.

    Raises:
        ValueError: nobody was drawn to one of the two sides, or nobody has both.
    """
    if not treated.any() or treated.all():
        raise ValueError("both sides need at least one opportunity")
    remove = _residual_maker(person, before)
    y, a = remove(outcome), remove((treated if received is None else received).astype(np.float64))
    # under effect e the residual is y − e·a for each draw, so sums and their variances are polynomials in e
    values = np.column_stack([y, a]), np.column_stack([y * y, y * a, a * a])
    sums, squares = _redrawn(treated, chance, values, draws, np.random.default_rng(seed))
    if abs(sums[0, 1]) < 1e-12:
        raise ValueError("no person has both sides")
    estimate = float(sums[0, 0] / sums[0, 1])

    def p_value(effect: float) -> float:
        top = np.abs(sums[:, 0] - effect * sums[:, 1])
        below = np.sqrt(np.maximum(squares @ np.array([1.0, -2 * effect, effect**2]), 0.0))
        distance = np.divide(top, below, out=np.zeros_like(top), where=below > 1e-12)
        return float((1 + np.sum(distance[1:] >= distance[0] - 1e-9)) / (draws + 1))

    scale = float(np.sqrt(squares[:, 0].mean()) / abs(sums[0, 1])) or 1e-9
    low = _edge(p_value, estimate, -scale, 1.0 - level)
    high = _edge(p_value, estimate, scale, 1.0 - level)
    return Effect(estimate, low, high, p_value(0.0))


def _redrawn(
    treated: NDArray[np.bool_],
    chance: Floats,
    values: tuple[Floats, Floats],
    draws: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Σ score·value and Σ score²·square of the draw as it was, then of ``draws`` others: [1 + draws, 2 and 3]."""
    gain, loss = 1.0 / chance, -1.0 / (1.0 - chance)
    # a sum over scores that are gain or loss is one over assignments, and a constant
    tables = [(values[0], gain, loss), (values[1], gain**2, loss**2)]
    step = np.column_stack([table * (up - down)[:, None] for table, up, down in tables])
    base = np.concatenate([down @ table for table, _, down in tables])
    found = [treated.astype(np.float64)[None] @ step]
    size = max(BLOCK // len(treated), 1)
    for begin in range(0, draws, size):
        lots = rng.random((min(size, draws - begin), len(treated)), dtype=np.float32)
        found.append((lots < chance).astype(np.float64) @ step)
    sums = np.concatenate(found) + base
    return sums[:, :2], sums[:, 2:]


def _residual_maker(person: Sequence[object], before: Floats) -> Callable[[Floats], Floats]:
    """A function that takes the person's mean and the pooled slope on ``before`` out of a vector."""
    groups = group_numbers(person)
    size = np.bincount(groups)

    def center(values: Floats) -> Floats:
        return np.asarray(values - (np.bincount(groups, values) / size)[groups])

    known = center(before)
    spread = float(known @ known)

    def remove(values: Floats) -> Floats:
        mine = center(values)
        return np.asarray(mine - known * (known @ mine / spread) if spread > 1e-12 else mine)

    return remove


def _edge(p_value: Callable[[float], float], inside: float, step: float, alpha: float) -> float:
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
