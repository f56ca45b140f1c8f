"""A table's splits side by side, with what its learning curve takes.

::

    core 1   ├─ fold 1 ─┤├─ fold 3 ─┤├─ fold 5: switch ─┤
    core 2   ├─ fold 2 ─┤├─ fold 4 ─┤├─ fold 5: break ──┤

Folds share the table's moments; each adds a copy of what its trees are fitted on, so there are never many at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from neural_focus.evaluation.evaluate import Judged, Report, Split, judge_split
from neural_focus.models import metrics
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments, Stays, slices_by_days
from neural_focus.models.inputs import InputContract
from neural_focus.models.model import probabilities_of
from neural_focus.models.training_data import TrainingData, labelled_rows, step_of
from neural_focus.models.tree_model import TreeModel
from neural_focus.side_by_side import side_by_side, usable_cores

Curve = list[dict[str, float]]


def judge_splits(
    moments: Moments,
    stays: Sequence[Stays],
    splits: Sequence[Split],
    report: Callable[[int], Report],
    *,
    contract: InputContract = V6,
    network: bool = True,
    curve: bool = False,
    at_once: int | None = None,
) -> tuple[list[list[Judged]], Curve]:
    """What each split's models predict of its test side (``judge_split``), and with ``curve`` the learning curve of the
    first split, else an empty one.

    ``report``: of a split's number, who hears how far it is. ``at_once``: so many steps at the same time, by default as
    many as there are cores to use; the result is the same with any number. With ``network`` it is one: PyTorch draws
    all its random numbers from one generator.
    """
    steps = 1 if network else usable_cores() if at_once is None else at_once
    alone = 0 if curve else len(splits) % steps  # what the other cores would only wait for

    def judge(number: int, targets_at_once: int) -> list[Judged]:
        heard = report(number)
        options: dict[str, Any] = {"contract": contract, "network": network, "at_once": targets_at_once}
        return judge_split(moments, stays, splits[number], heard, **options)

    def learn() -> list[Judged]:
        points.extend(learning_curve(moments, stays, splits[0]))
        return []

    points, together = Curve(), len(splits) - alone
    shared = [partial(judge, number, 1) for number in range(together)]
    with threadpool_limits(1):  # with another number of threads the libraries' sums have another order
        folds = side_by_side([*shared, learn] if curve else shared, steps)[:together]
        folds += [judge(number, steps) for number in range(together, len(splits))]
    return folds, points


def learning_curve(
    moments: Moments, stays: Sequence[Stays], split: Split, shares: Sequence[float] = (0.1, 0.25, 0.5, 1.0)
) -> list[dict[str, float]]:
    """AUC for a switch on the test side from growing parts of the training side, each person's latest days first."""
    moments = moments.without_sequences()
    asked, label = labelled_rows(moments, "switch", np.flatnonzero(split.test))
    curve = []
    for share in shares:
        part = np.flatnonzero(latest(moments, split.train, share))
        trees = TreeModel.fit(TrainingData.of_rows(moments, part, stays, V6, targets=("switch",)))
        if "switch" in trees.ensembles:
            auc = metrics.auc(label, probabilities_of(trees, "switch", moments.take(asked)))
            curve.append({"moments": len(part) // step_of(part), "auc": auc})
    return curve


def latest(moments: Moments, train: npt.NDArray[np.bool_], share: float) -> npt.NDArray[np.bool_]:
    """Each person's last days of the training side: that share of their moments, to the nearest whole day."""
    if share == 1.0:
        return train
    places = np.flatnonzero(train)
    part = slices_by_days(moments.times_us[places], moments.person[places], (1 - share,))
    out = np.zeros(len(moments), bool)
    out[places[part == 1]] = True
    return out
