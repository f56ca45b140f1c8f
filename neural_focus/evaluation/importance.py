"""Which inputs a model's word hangs on: the mean size of their contributions over many moments."""

from __future__ import annotations

from typing import Any

import numpy as np

from neural_focus.models.datasets import Moments
from neural_focus.models.fitting import labelled
from neural_focus.models.predict import Predictor
from neural_focus.models.vocabulary import VOCABULARY

MOST_INPUTS = 15
IMPORTANT_FOR = ("switch", "break")


def important_inputs(predictor: Predictor, moments: Moments) -> dict[str, list[dict[str, Any]]]:
    """By target the ``MOST_INPUTS`` inputs with the largest mean |contribution| to the log-odds, largest first.

    Contributions are Shapley values against a typical moment of the person, as live reasons are. A row has the
    ``input`` in people's words, its ``share`` of all inputs' and ``n``: how many of ``moments`` have such a label.
    """
    found = {}
    for target in IMPORTANT_FOR:
        judged, _ = labelled(moments, target)
        if target in predictor.targets and len(judged):
            found[target] = _largest(predictor, target, judged)
    return found


def _largest(predictor: Predictor, target: str, judged: Moments) -> list[dict[str, Any]]:
    model, rows = predictor.targets[target], predictor.inputs_of(judged)
    names = getattr(model, "names", predictor.contract.names)
    typical = [predictor.reference(target, int(person)) for person in judged.person]
    sizes = [np.abs(model.contributions(row, beside)) for row, beside in zip(rows, typical, strict=True)]
    mean = np.mean(sizes, axis=0)
    share = mean / max(float(mean.sum()), 1e-12)
    order = np.argsort(-mean, kind="stable")[:MOST_INPUTS]
    return [{"input": VOCABULARY[names[i]].label, "share": float(share[i]), "n": len(judged)} for i in order]
