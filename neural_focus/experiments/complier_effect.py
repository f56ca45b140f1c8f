"""Effect among those to whom the help was really applied: the complier average, with the draw as instrument.

Two-stage least squares (Imbens and Angrist 1994, "Identification and estimation of local average treatment effects",
Econometrica 62), weighted and centred as the effect of the assignment is. It rests on one assumption more than that
one: being assigned an arm changes the outcome only through what was applied. An offer that was seen, refused and
annoying breaks it. Nobody assigned to nothing gets the help, so the compliers are those who got it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neural_focus.experiments.clustered_equations import Effect, Floats, group_numbers, solve_clustered

STRONG = 10.0
"""F of the first stage below which the interval of two-stage least squares is not to be believed (Staiger, Stock)."""


def complier_effects(
    outcome: Floats,
    arm: Sequence[str],
    applied: NDArray[np.bool_],
    probability: Floats,
    cluster: Sequence[object],
    controls: Floats,
    *,
    baseline: str,
    design: Mapping[str, float],
) -> dict[str, Effect]:
    """By arm, the effect of its being applied; arms that were applied too seldom to say are left out.

    Arguments as ``excursion_effects``; applied: [n] whether what the arm asks for was really done.

    Raises:
        ValueError: too few clusters to say anything.
    """
    drawn, groups = np.array(arm), group_numbers(cluster)
    weight = np.array([design[name] for name in arm]) / probability
    known = np.column_stack([np.ones(len(outcome)), controls])
    arms = [name for name in design if name != baseline]
    centred = {name: (drawn == name) - design[name] for name in arms}
    received = {name: ((drawn == name) & applied).astype(np.float64) for name in arms}
    strong = [name for name in arms if _first_stage(known, centred, received[name], weight, groups, name) >= STRONG]
    others = [centred[name] for name in arms if name not in strong]
    instruments = np.column_stack([known, *others, *(centred[name] for name in strong)])
    regressors = np.column_stack([known, *others, *(received[name] for name in strong)])
    if not strong:
        return {}
    solution = solve_clustered(instruments, regressors, weight, outcome, groups)
    start = regressors.shape[1] - len(strong)
    return {name: solution.effect(np.eye(regressors.shape[1])[start + at]) for at, name in enumerate(strong)}


def _first_stage(
    known: Floats, centred: Mapping[str, Floats], received: Floats, weight: Floats, groups: NDArray[np.intp], arm: str
) -> float:
    """F of the assignment in what was applied; infinite where all who were assigned got it."""
    table = np.column_stack([known, *centred.values()])
    solution = solve_clustered(table, table, weight, received, groups)
    at = table.shape[1] - len(centred) + list(centred).index(arm)
    share, variance = solution.coefficients[at], solution.covariance[at, at]
    if share <= 0:
        return 0.0
    return float(share**2 / variance) if variance > 0 else float("inf")
