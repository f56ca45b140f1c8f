"""Which inputs a model's predictions hang on: the mean size of their contributions over many moments."""

from __future__ import annotations

from typing import Any

import numpy as np

from neural_focus.models.datasets import Moments
from neural_focus.models.predict import Predictor
from neural_focus.models.training_data import labelled
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
        known, _ = labelled(moments, target)
        if target in predictor.targets and len(known):
            found[target] = _largest(predictor, target, known)
    return found


def _largest(predictor: Predictor, target: str, known: Moments) -> list[dict[str, Any]]:
    rows = zip(predictor.inputs_of(known), known.person.tolist(), strict=True)
    sizes = [np.abs(predictor.explain(target, row, person)) for row, person in rows]
    mean = np.mean(sizes, axis=0)
    share = mean / max(float(mean.sum()), 1e-12)
    order = np.argsort(-mean, kind="stable")[:MOST_INPUTS]
    return [
        {"input": VOCABULARY[predictor.model.names[i]].label, "share": float(share[i]), "n": len(known)} for i in order
    ]
