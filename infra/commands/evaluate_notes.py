"""What a reader of an evaluation's figures has to know beside them, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from neural_focus.evaluation.evaluate import MODELS, TARGETS, Judged, Split
from neural_focus.models.datasets import Moments
from neural_focus.time import DAY_US

FEWEST_DAYS = 7


def few_days(moments: Moments, splits: Sequence[Split]) -> Iterator[str]:
    """Whether there is too little to learn from; each person's days (UTC) count for themselves."""
    sides = [np.stack([moments.person[one.train], moments.times_us[one.train] // DAY_US]) for one in splits]
    days = min(np.unique(side, axis=1).shape[1] for side in sides)
    if days < FEWEST_DAYS:
        yield f"{days} day{'s' * (days != 1)} to learn from; models need a week or more, so these figures say little"


def untrained(folds: Sequence[Sequence[Judged]], names: Mapping[int, str], *, network: bool) -> Iterator[str]:
    """Which models could not be trained, and in which folds."""
    wanted = [name for name in MODELS if network or name not in ("lstm", "blend")]
    for target in TARGETS:
        parts = {number: one for number, fold in enumerate(folds, 1) for one in fold if one.target == target}
        lacking = {number: [name for name in wanted if name not in one.probabilities] for number, one in parts.items()}
        if not parts:
            yield f"{target}: nothing can be evaluated, because no split has labels on both sides"
        elif lacking and all(missing == lacking[min(lacking)] for missing in lacking.values()):
            if missing := lacking[min(lacking)]:
                yield f"{target}: too few labels to train {', '.join(missing)}"
        else:
            for number, missing in lacking.items():
                if missing:
                    people = ", ".join(names[int(one)] for one in np.unique(parts[number].moments.person))
                    yield (
                        f"{target}: too few labels to train {', '.join(missing)} in fold {number} of {len(folds)}, "
                        f'which tests {people}; "all" is of the other folds'
                    )
