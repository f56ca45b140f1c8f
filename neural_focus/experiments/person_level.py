"""Effect of an arm that whole people were given: one value a person, with what was known before taken into account.

Rows of one person are not independent: a test on rows is wrong 42–47 % of the time at a nominal 5 %. A mean a person is
one independent value (Deng et al. 2018, "Applying the delta method in metric analytics", KDD); what the same person did
before makes it less noisy (CUPED: Deng et al. 2013, WSDM). Both as in tea-tasting, with Welch's t.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neural_focus.experiments.clustered_equations import Effect, Floats, group_numbers


def person_level_effect(
    outcome: Floats,
    person: Sequence[object],
    treated: Sequence[bool],
    before: Floats | None = None,
    level: float = 0.95,
) -> Effect:
    """Difference of the arms' means of person means. outcome, before: [n] rows; person, treated: of each row.

    Raises:
        ValueError: fewer than two people on a side, or a person on both.
    """
    import pandas as pd
    import tea_tasting as tt

    groups = group_numbers(person)
    size = np.bincount(groups)
    side = np.bincount(groups, np.array(treated, dtype=np.float64)) / size
    if not np.all((side == 0) | (side == 1)):
        raise ValueError("a person is on both sides: compare within the person")
    if min(np.sum(side == 0), np.sum(side == 1)) < 2:
        raise ValueError("each side needs at least two people")
    table = pd.DataFrame({"treated": side.astype(int), "outcome": np.bincount(groups, outcome) / size})
    if before is not None:
        table["before"] = np.bincount(groups, before) / size
    metric = tt.Mean("outcome", None if before is None else "before", confidence_level=level)
    found = tt.Experiment({"outcome": metric}, variant="treated").analyze(table, control=0)["outcome"]
    return Effect(
        float(found.effect_size),
        float(found.effect_size_ci_lower),
        float(found.effect_size_ci_upper),
        float(found.pvalue),
    )
