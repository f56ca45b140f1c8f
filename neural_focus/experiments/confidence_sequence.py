"""An interval that may be looked at every day: it holds at all times together, not once.

Asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), "Time-uniform central limit
theory and asymptotic confidence sequences", Annals of Statistics 52(6), on inverse-probability scores of each draw.
Ordinary intervals looked at 20 times are wrong 24 % of the time at a nominal 5 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def effect_sequence(
    outcome: Floats,
    treated: NDArray[np.bool_],
    control: NDArray[np.bool_],
    probability: Floats,
    before: Floats,
    *,
    level: float = 0.95,
    tightest_at: int = 300,
) -> tuple[Floats, Floats, Floats]:
    """(estimate, low, high), each [n]: the effect after each opportunity, in the order of time.

    probability: [n] of the arm that was drawn; ``treated`` and ``control`` say which it was, other arms count zero.
    ``before`` is known before the draw; taking it off makes the scores less noisy and keeps them unbiased.
    """
    change = outcome - before
    score = change * (treated / probability - control / probability)
    count = np.arange(1, len(score) + 1)
    mean = np.cumsum(score) / count
    variance = np.maximum(np.cumsum(score**2) / count - mean**2, 0.0)
    alpha = 1.0 - level
    # the width is smallest around ``tightest_at`` draws (their equation for ρ)
    rho2 = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / tightest_at
    widen = count * rho2 + 1.0
    margin = np.sqrt(variance * 2 * widen / (count**2 * rho2) * np.log(np.sqrt(widen) / alpha))
    margin[: min(20, len(margin))] = np.inf  # the variance is not known yet
    return mean, mean - margin, mean + margin
