"""Experiments with planted effects: people, opportunities and outcomes as the platform's rows would tell them.

Everything that makes analysis hard is in it. People differ; neighbouring moments resemble each other; who is distracted
accepts more often and scores lower anyhow; help is applied to some of those who get the arm, and ever fewer over the
days; it helps less with each offer of the day. SUGGEST_BREAK is applied to as many and does nothing. Arms are drawn by
what the platform's own experiment code gives each moment; each night it moves the probabilities that may move.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neural_focus.experiments.adaptation import moves
from neural_focus.experiments.assignment import TRIAL_ARMS, Arm
from neural_focus.experiments.declaration import Experiment, default_experiment, parse_experiment
from neural_focus.experiments.effect import Moment
from neural_focus.experiments.running import Running, context_key, context_of, possible_arms

Floats = NDArray[np.float64]
ARMS = tuple(TRIAL_ARMS)
WEARS = 0.12
"""Share of the first offer's effect that each offer made before on that day takes away."""
TIRES = 0.3
"""Share of acceptance that is gone on the last day."""
START = dt.datetime(2025, 3, 3, 9, tzinfo=dt.UTC)
APART = dt.timedelta(minutes=90)
FIXED = default_experiment()
LEARNED = parse_experiment("""
name = "learned"
version = 1
hypothesis = "Blocking sites helps, and the more often it is drawn where it does, the better."
layer = "help"
unit = "opportunity"
arms = [{action = "NO_OP", probability = 0.5}, {action = "BLOCK_SITES", probability = 0.5}]
outcome = {metric = "focus_score", horizon_seconds = 300}
adaptive = {on = true, context = ["part_of_day"]}
plan = {effect = 4.0, sd = 6.5, people = 1}
""")


@dataclass(frozen=True, slots=True)
class Size:
    """How large an experiment is: people × weeks × opportunities a day."""

    people: int
    weeks: int
    a_day: int


@dataclass(frozen=True, slots=True)
class World:
    """One run. truth: mean effect of being assigned BLOCK_SITES; applied_truth: of its being applied, over its own
    opportunities; slope: by how much the former changes with each offer made before on that day."""

    moments: list[Moment]
    truth: float
    applied_truth: float
    slope: float


def planted(rng: np.random.Generator, size: Size, effect: float, experiment: Experiment = FIXED) -> World:
    """A run in which the first offer of a day, applied, raises focus by ``effect`` points in the mean person."""
    days = 7 * size.weeks
    shape = (size.people, days, size.a_day)
    level = rng.normal(62, 8, size.people)[:, None, None]
    drift = _drift(rng, shape)
    before = level + drift + rng.normal(0, 4, shape)
    untreated = level + 0.7 * drift + rng.normal(0, 6, shape)
    day = np.arange(days)[None, :, None]
    own = rng.beta(6, 4, size.people)[:, None, None]
    accepts = np.clip(own - 0.2 * np.sign(drift), 0.02, 0.98) * (1 - TIRES * day / max(days - 1, 1))
    helped = effect * np.clip(rng.normal(1, 0.3, size.people), 0.2, 1.8)[:, None, None]
    would = rng.random(shape) < accepts
    gain = np.zeros(shape)
    running, moments, by_context = Running(0, experiment, None, START), list[Moment](), dict[str, list[Moment]]()
    for today in range(days):
        contexts = [context_of(_at(today, number).replace(tzinfo=None), "", number) for number in range(size.a_day)]
        chances = [possible_arms(running, context, ARMS) for context in contexts]
        arm = _drawn(rng, size.people, chances)
        offers = (arm != ARMS.index(Arm.NO_OP)).astype(np.float64)
        gain[:, today] = helped[:, 0] * (1 - WEARS * (np.cumsum(offers, axis=-1) - offers))
        after = untreated[:, today] + gain[:, today] * (would[:, today] & (arm == ARMS.index(Arm.BLOCK_SITES)))
        for number, context in enumerate(contexts):
            rows = [values[:, number] for values in (arm, before[:, today], after, would[:, today])]
            new = _moments(experiment.seed, _at(today, number), chances[number], *rows)
            moments += new
            by_context.setdefault(context_key(experiment.adaptive.context, context), []).extend(new)
        if experiment.adaptive.on:
            running = replace(running, moved={**running.moved, **moves(running, by_context)})
    assigned = accepts * gain
    return World(
        moments,
        float(assigned.mean()),
        float(assigned.mean() / accepts.mean()),
        float(-WEARS * (accepts * helped).mean()),
    )


def _at(today: int, number: int) -> dt.datetime:
    return START + dt.timedelta(days=today) + number * APART


def _drift(rng: np.random.Generator, shape: tuple[int, int, int]) -> Floats:
    """Moments of a day resemble each other."""
    drift = rng.normal(0, 6, shape)
    for number in range(1, shape[2]):
        drift[..., number] = 0.6 * drift[..., number - 1] + 0.8 * drift[..., number]
    return drift


def _drawn(rng: np.random.Generator, people: int, chances: list[dict[Arm, float]]) -> NDArray[np.intp]:
    """[people, a day] numbers of the arms drawn."""
    edges = np.cumsum([[chance.get(arm, 0.0) for arm in ARMS] for chance in chances], axis=1)
    lots = rng.random((people, len(chances), 1))
    return np.asarray((lots > edges[None, :, :-1]).sum(axis=-1), np.intp)


def _moments(
    experiment: str,
    at: dt.datetime,
    chances: dict[Arm, float],
    arm: NDArray[np.intp],
    before: Floats,
    after: Floats,
    would: NDArray[np.bool_],
) -> list[Moment]:
    """Everybody's at one time."""
    logged, local = {one.value: share for one, share in chances.items()}, at.replace(tzinfo=None)
    found = []
    for person, (which, first, then, agrees) in enumerate(
        zip(arm.tolist(), before.tolist(), after.tolist(), would.tolist(), strict=True)
    ):
        name, offered = ARMS[which].value, ARMS[which] != Arm.NO_OP
        done = offered and agrees
        response = ("ACCEPTED" if done else "REJECTED") if offered else None
        found.append(
            Moment(
                person, "", False, experiment, at, name, logged[name], response, None, first, then, logged,
                done, False, int(done), int(done), (), (), local,
            )
        )  # fmt: skip
    return found
