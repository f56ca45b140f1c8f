"""Welch's t-test on each person's mean, for arms that whole people were given.

Rows of one person are not independent: a test on rows is wrong 42–47 % of the time at a nominal 5 %. A mean a person is
one independent value (Deng et al. 2018, "Applying the delta method in metric analytics", KDD).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from neural_focus.experiments.centered_least_squares import Effect

Floats = NDArray[np.float64]


def welch_of_user_means(
    treated: Floats,
    treated_user: Sequence[object],
    control: Floats,
    control_user: Sequence[object],
    level: float = 0.95,
) -> Effect:
    """Difference of the arms' means of user means, people of the two sides being different ones.

    Raises:
        ValueError: fewer than two people on a side.
    """
    sides = [_user_means(treated, treated_user), _user_means(control, control_user)]
    if min(len(side) for side in sides) < 2:
        raise ValueError("each side needs at least two people")
    result = stats.ttest_ind(*sides, equal_var=False)
    interval = result.confidence_interval(level)
    return Effect(
        float(sides[0].mean() - sides[1].mean()), float(interval.low), float(interval.high), float(result.pvalue)
    )


def _user_means(values: Floats, user: Sequence[object]) -> Floats:
    groups = np.unique(np.array([str(name) for name in user]), return_inverse=True)[1]
    return np.asarray(np.bincount(groups, values) / np.bincount(groups))
