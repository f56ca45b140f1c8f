"""Noise in, chance out: on labels dealt out at random the whole evaluation must find nothing.

Two simulated people; twenty times their labels are permuted, and the models trained and judged as ``neural-focus
evaluate`` does. An input that holds its own label, or a split that leaks, would show as an AUC away from one half.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from bench.figure import Figure
from bench.trials.report import report
from neural_focus.evaluation.evaluate import TARGETS, day_split, judge_split, permuted
from neural_focus.models import metrics
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments, Stays, cut_moments
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.person import live
from neural_focus.simulation.stream import stream_of

PEOPLE, DAYS, PERMUTATIONS = (1_000, 1_001), 14, 20
WITHIN = 0.02
MODELS = ("xgboost", "lstm", "blend")


def figures() -> Iterator[Figure]:
    """AUC of each model on days held out: with the true labels, and the mean, lowest and highest of the permuted."""
    streams = [stream_of(live(draw_person(seed), DAYS, number=seed, trials=False), seed) for seed in PEOPLE]
    moments, stays = cut_moments(streams, V6, sequences=True)
    true = aucs(moments, stays)
    found = [aucs(permuted(moments, seed), stays) for seed in range(PERMUTATIONS)]
    for target, model in product(TARGETS, MODELS):
        by_chance = np.array([one[target, model] for one in found])
        name = f"{target}, {model}"
        yield Figure(f"{name}, true labels", true[target, model], "AUC")
        yield Figure(f"{name}, mean of {PERMUTATIONS} permutations", by_chance.mean(), "AUC", f"0.50 ± {WITHIN}", 0.5)
        yield Figure(f"{name}, lowest permutation", by_chance.min(), "AUC", "chance", 0.5)
        yield Figure(f"{name}, highest permutation", by_chance.max(), "AUC", "chance", 0.5)


def aucs(moments: Moments, stays: tuple[Stays, ...]) -> dict[tuple[str, str], float]:
    """AUC by target and model, on each person's last days."""
    (split,) = day_split(moments)
    judged = judge_split(moments, stays, split, lambda step: None)
    return {(one.target, model): metrics.auc(one.label, one.probabilities[model]) for one in judged for model in MODELS}


def main() -> None:
    """Print and keep the figures."""
    report("permuted_labels", "Labels dealt out at random: chance and nothing else", figures())


if __name__ == "__main__":
    main()
