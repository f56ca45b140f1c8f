"""Experiments with planted effects: people, opportunities and outcomes as the platform's rows would tell them.

Everything that makes analysis hard is in it. People differ; neighbouring moments resemble each other; who is distracted
accepts more often and scores lower anyhow; help is applied to some of those who get the arm, and ever fewer over the
days; it helps less with each offer of the day. BREAK is applied to as many and does nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from neural_focus.experiments.effect import Moment

Floats = NDArray[np.float64]
ARMS = ("NO_OP", "BLOCK_SITES", "SUGGEST_BREAK")
FIXED = (0.4, 0.3, 0.3)
BOUNDS = (0.2, 0.8)
WEARS = 0.12
"""Share of the first offer's effect that each offer made before on that day takes away."""
TIRES = 0.3
"""Share of acceptance that is gone on the last day."""
START = dt.datetime(2025, 3, 3, 9, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Size:
    """How large an experiment is: people × days × opportunities a day."""

    people: int
    days: int
    a_day: int


@dataclass(frozen=True, slots=True)
class World:
    """One run. truth: mean effect of being assigned BLOCK_SITES; applied_truth: of its being applied, over its own
    opportunities; slope: by how much the former changes with each offer made before on that day."""

    moments: list[Moment]
    truth: float
    applied_truth: float
    slope: float


def planted(rng: np.random.Generator, size: Size, effect: float, *, adaptive: bool = False) -> World:
    """A run in which the first offer of a day, applied, raises focus by ``effect`` points in the mean person.

    adaptive: two arms alone, and each day the probability of BLOCK_SITES moves towards what did better so far in the
    morning and in the afternoon, within ``BOUNDS``; everybody's days are learned from together.
    """
    shape = (size.people, size.days, size.a_day)
    level = rng.normal(62, 8, size.people)[:, None, None]
    drift = _drift(rng, shape)
    before = level + drift + rng.normal(0, 4, shape)
    untreated = level + 0.7 * drift + rng.normal(0, 6, shape)
    day, number = np.arange(size.days)[None, :, None], np.arange(size.a_day)
    own = rng.beta(6, 4, size.people)[:, None, None]
    accepts = np.clip(own - 0.2 * np.sign(drift), 0.02, 0.98) * (1 - TIRES * day / max(size.days - 1, 1))
    helped = effect * np.clip(rng.normal(1, 0.3, size.people), 0.2, 1.8)[:, None, None]
    would = rng.random(shape) < accepts
    arm, chance = np.zeros(shape, np.intp), np.zeros((*shape, len(ARMS)))
    after, gain, made = untreated.copy(), np.zeros(shape), np.zeros(shape)
    afternoon = np.broadcast_to(number >= size.a_day / 2, shape)
    for today in range(size.days):
        chance[:, today] = FIXED
        if adaptive:
            chance[:, today] = _learned(
                after[:, :today], arm[:, :today], chance[:, :today], before[:, :today], afternoon
            )
        lots = rng.random((size.people, size.a_day, 1))
        arm[:, today] = (lots > np.cumsum(chance[:, today], axis=-1)[..., :-1]).sum(axis=-1)
        offers = (arm[:, today] != 0).astype(np.float64)
        made[:, today] = np.cumsum(offers, axis=-1) - offers
        gain[:, today] = helped[:, 0] * (1 - WEARS * made[:, today])
        after[:, today] += gain[:, today] * (would[:, today] & (arm[:, today] == 1))
    assigned = accepts * gain
    return World(
        _moments(shape, arm, chance, before, after, would, adaptive=adaptive),
        float(assigned.mean()),
        float(assigned.mean() / accepts.mean()),
        float(-WEARS * (accepts * helped).mean()),
    )


def _drift(rng: np.random.Generator, shape: tuple[int, int, int]) -> Floats:
    """Moments of a day resemble each other."""
    drift = rng.normal(0, 6, shape)
    for number in range(1, shape[2]):
        drift[..., number] = 0.6 * drift[..., number - 1] + 0.8 * drift[..., number]
    return drift


def _learned(
    after: Floats, arm: NDArray[np.intp], chance: Floats, before: Floats, afternoon: NDArray[np.bool_]
) -> Floats:
    """[a day, arms] tomorrow's probabilities: that of BLOCK_SITES being better, from weighted differences so far."""
    half = np.zeros((afternoon.shape[-1], len(ARMS)))
    for part in (False, True):
        here = np.broadcast_to(afternoon[0, 0] == part, arm.shape)
        probability = 0.5
        if arm.shape[1] and here.sum() >= 10:
            change = (after - before)[here] - (after - before)[here].mean()
            score = change * np.where(arm[here] == 1, 1 / chance[here][:, 1], -1 / chance[here][:, 0])
            better = score.mean() / max(score.std() / np.sqrt(len(score)), 1e-9)
            probability = float(np.clip(stats.norm.cdf(better), *BOUNDS))
        half[afternoon[0, 0] == part] = (1 - probability, probability, 0.0)
    return half


def _moments(
    shape: tuple[int, int, int],
    arm: NDArray[np.intp],
    chance: Floats,
    before: Floats,
    after: Floats,
    would: NDArray[np.bool_],
    *,
    adaptive: bool,
) -> list[Moment]:
    """In the order of time, as the report reads them."""
    moments = []
    for today in range(shape[1]):
        for number in range(shape[2]):
            at = START + dt.timedelta(days=today, minutes=90 * number)
            local = at.replace(tzinfo=None)
            for person in range(shape[0]):
                here = (person, today, number)
                which, done = int(arm[here]), bool(would[here]) and arm[here] > 0
                moments.append(
                    Moment(
                        person, "", False, "planted", at, ARMS[which], float(chance[here][which]),
                        None if which == 0 else "ACCEPTED" if done else "REJECTED", None,
                        float(before[here]), float(after[here]),
                        {ARMS[0]: float(chance[here][0]), ARMS[1]: float(chance[here][1])} if adaptive else None,
                        done, False, int(done), int(done), (), (), local,
                    )
                )  # fmt: skip
    return moments
