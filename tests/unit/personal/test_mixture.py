"""The mixture's weights: its bound, what it does without an expert, and that the old do not count for ever."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_focus.personal import mixture
from neural_focus.personal.mixture import EXPERTS, FIRST, RATE, Weights

RECENCY = EXPERTS.index("recency")


def loss(p: np.ndarray, label: np.ndarray) -> np.ndarray:
    return -np.log(np.where(label == 1, p, 1 - p))


def served(said: np.ndarray, label: np.ndarray) -> np.ndarray:
    """What is served where every outcome is known before the next moment."""
    weights, out = Weights.first(), []
    for row, came in zip(said, label, strict=True):
        out.append(weights.mix(row[None])[0])
        weights = weights.learn(row[None], np.array([came]))
    return np.array(out)


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.sampled_from(["random", "right", "wrong", "alternating"]))
def test_its_loss_is_within_the_bound_of_each_expert(seed: int, moments: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    label = (rng.random(moments) < rng.random()).astype(np.int8)
    if kind == "alternating":
        label = (np.arange(moments) // 7 % 2).astype(np.int8)
    said = rng.uniform(0.001, 0.999, (moments, len(EXPERTS)))
    if kind in ("right", "wrong"):
        one = int(rng.integers(len(EXPERTS)))
        said[:, one] = np.where((label == 1) == (kind == "right"), 0.99, 0.01)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mixture, "SHARE", 0.0)
        above = np.cumsum(loss(served(said, label), label)[:, None] - loss(said, label[:, None]), axis=0)
    assert (above.max(axis=0) <= np.log(1 / (FIRST / FIRST.sum())) / RATE + 1e-9).all()
    assert np.log(1 / FIRST[RECENCY]) / RATE < np.log(len(EXPERTS)), "recency's is below ln K"


def test_an_expert_that_foresees_gets_the_weight_and_loses_it_to_a_better_one() -> None:
    label = np.tile([0, 1], 1_000).astype(np.int8)
    said = np.full((2_000, len(EXPERTS)), 0.5)
    said[:, 2] = np.where(label == 1, 0.8, 0.2)
    weights = Weights.first().learn(said, label)
    assert weights.of[2] > 0.9
    said[:, 2], said[:, 3] = 0.5, np.where(label == 1, 0.8, 0.2)
    later = weights.learn(said[:400], label[:400])
    assert later.of[3] > 0.5 and later.of.sum() == pytest.approx(1)


def test_who_says_nothing_is_not_asked_and_neither_gains_nor_loses() -> None:
    said = np.full((50, len(EXPERTS)), np.nan)
    said[:, RECENCY], said[:, 2] = 0.2, 0.6
    first = FIRST / FIRST.sum()
    mixed = (first[RECENCY] * 0.2 + first[2] * 0.6) / (first[RECENCY] + first[2])
    assert Weights.first().mix(said) == pytest.approx(mixed)
    after = Weights.first().learn(said[:1], np.array([1], np.int8)).of
    silent = [1, 3, 4]
    awake = [RECENCY, 2]
    assert after[silent].sum() / after[awake].sum() == pytest.approx(
        (first[silent] * mixed**RATE).sum() / (first[awake] * np.array([0.2, 0.6]) ** RATE).sum(), rel=1e-2
    )
    assert after[2] / after[RECENCY] == pytest.approx(first[2] / first[RECENCY] * 3**RATE, rel=1e-2)
    nobody = np.full((3, len(EXPERTS)), np.nan)
    assert np.isnan(Weights.first().mix(nobody)).all()
    assert (Weights.first().learn(nobody, np.zeros(3, np.int8)).of == Weights.first().of).all()


def test_weights_are_kept_by_name() -> None:
    weights = Weights.first().learn(np.full((9, len(EXPERTS)), 0.3), np.ones(9, np.int8))
    assert (Weights.from_json(weights.to_json()).of == weights.of).all()
    assert set(weights.to_json()) == set(EXPERTS)
