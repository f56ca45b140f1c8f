"""Effects of a micro-randomised trial by weighted and centred least squares.

Boruvka, Almirall, Witkiewitz, Murphy (2018), "Assessing time-varying causal effect moderation in mobile health", JASA
113(523). The standard errors are clustered by person with the small-sample correction of Mancl and DeRouen (2001) and
t quantiles, as that paper recommends for few people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate with its interval and p-value, in the unit of the outcome."""

    estimate: float
    low: float
    high: float
    p_value: float


def centered_effects(
    outcome: Floats,
    arm: Sequence[str],
    probability: Floats,
    cluster: Sequence[object],
    controls: Floats,
    *,
    baseline: str,
    design: dict[str, float],
    level: float = 0.95,
) -> dict[str, Effect]:
    """Effect of each arm against ``baseline`` on the proximal outcome, averaged over the opportunities.

    outcome: [n]; arm: the drawn arm; probability: [n] its logged probability; cluster: the person (or their day);
    controls: [n, k] known before the draw (an intercept is added); design: every arm's probability on average. The
    weights design/probability make opportunities with other probabilities count as if drawn by the design.

    Raises:
        ValueError: too few clusters to say anything (needs more than coefficients).
    """
    arms = [name for name in design if name != baseline]
    drawn = np.array(arm)
    weight = np.array([design[name] for name in arm]) / probability
    treated = np.stack([(drawn == name) - design[name] for name in arms], axis=1)
    table = np.column_stack([np.ones(len(outcome)), controls, treated])
    groups = np.unique(np.array([str(value) for value in cluster]), return_inverse=True)[1]
    free = int(groups.max()) + 1 - table.shape[1]
    if free < 1:
        raise ValueError(
            f"{groups.max() + 1} clusters for {table.shape[1]} coefficients: more people or days are needed"
        )
    bread = np.asarray(np.linalg.inv(table.T @ (table * weight[:, None])), dtype=np.float64)
    solution = bread @ (table.T @ (weight * outcome))
    covariance = bread @ _meat(table, weight, outcome - table @ solution, groups, bread) @ bread
    quantile = float(stats.t.ppf(0.5 + level / 2, free))
    effects = {}
    for position, name in enumerate(arms, start=table.shape[1] - len(arms)):
        value, error = float(solution[position]), float(np.sqrt(covariance[position, position]))
        p_value = float(2 * stats.t.sf(abs(value) / error, free)) if error > 0 else 1.0
        effects[name] = Effect(value, value - quantile * error, value + quantile * error, p_value)
    return effects


def _meat(table: Floats, weight: Floats, residual: Floats, groups: NDArray[np.intp], bread: Floats) -> Floats:
    """Σ over people of X'W (I − H)⁻¹ r r' (I − H')⁻¹ W X: each person's residuals, freed of their own leverage."""
    total = np.zeros((table.shape[1], table.shape[1]))
    for group in range(int(groups.max()) + 1):
        mine = groups == group
        own, weights = table[mine], weight[mine]
        wide, tall = own @ bread, (own * weights[:, None]).T
        # (I − wide·tall)⁻¹ r by Woodbury: k × k instead of n × n
        freed = residual[mine] + wide @ np.linalg.solve(np.eye(len(tall)) - tall @ wide, tall @ residual[mine])
        score = own.T @ (weights * freed)
        total += np.outer(score, score)
    return total
