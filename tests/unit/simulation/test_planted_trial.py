"""A short form of ``python -m bench.trials planted``: planted effects are found, absent ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from bench.trials._planted_world import BOUNDS, Size, planted
from bench.trials.planted import figures

SIZE = Size(6, 8, 6)


def test_planted_effects_are_held_and_absent_ones_are_not_found() -> None:
    found = {figure.name: figure for figure in figures(30, (SIZE,), people_runs=0)}
    assert len(found) >= 20
    for name, figure in found.items():
        if name.endswith("intervals that hold the truth"):
            assert figure.value >= 0.8, name
        elif "mean error" in name:
            assert figure.peer_value is not None and abs(figure.value) <= 4 * figure.peer_value, name
        elif name.endswith("looks, false alarms"):
            assert figure.value <= 0.1, name
        elif name.endswith("false alarms") and "naive" not in name:
            assert figure.value <= 0.2, name
    assert 0.5 <= found["6 people: power of the effect planned for"].value <= 0.98


def test_the_planted_world_is_what_it_says() -> None:
    """What was applied did it; the rest of the arm did nothing; the distracted accept and score lower."""
    rng, nothing = np.random.default_rng(1), np.random.default_rng(1)
    with_effect, without = planted(rng, Size(30, 10, 6), 10.0), planted(nothing, Size(30, 10, 6), 0.0)
    pairs = list(zip(with_effect.moments, without.moments, strict=True))
    gains = np.array([a.after - b.after for a, b in pairs])  # type: ignore[operator]
    helped = np.array([a.applied and a.arm == "BLOCK_SITES" for a, _ in pairs])
    assert np.all(gains[~helped] == 0) and np.all(gains[helped] > 0)
    assert 0.3 * helped.sum() < with_effect.truth / 10 * len(pairs) * 0.3 < 1.2 * helped.sum()
    accepted = np.array([m.after for m in without.moments if m.arm == "SUGGEST_BREAK" and m.applied])
    refused = np.array([m.after for m in without.moments if m.arm == "SUGGEST_BREAK" and not m.applied])
    assert accepted.mean() < refused.mean() - 1
    assert without.truth == 0.0
    learned = planted(np.random.default_rng(2), Size(10, 12, 6), 12.0, adaptive=True).moments
    chances = np.array([m.chances["BLOCK_SITES"] for m in learned if m.chances])
    assert chances.min() >= BOUNDS[0] and chances.max() <= BOUNDS[1] and chances[-40:].mean() > 0.7
    assert chances[:40].mean() == pytest.approx(0.5)
