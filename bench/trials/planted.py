"""Planted effects through the report's own estimators: bias, coverage, false alarms, power, beside naive tests.

For 1, 10, 40 and 200 people, with partial compliance and habituation, and with probabilities learned on the way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from scipy import stats

from bench.figure import Figure
from bench.trials._planted_world import FIXED, Size, World, planted
from bench.trials.report import report
from neural_focus.experiments.arm_effects import (
    LEAST_PEOPLE,
    average_effects,
    column,
    complier_averages,
    with_outcome,
    within_person,
)
from neural_focus.experiments.clustered_equations import Effect
from neural_focus.experiments.confidence_sequence import effect_sequence
from neural_focus.experiments.design import BASELINE, logged_design
from neural_focus.experiments.effect import Moment
from neural_focus.experiments.heterogeneity import contexts
from neural_focus.experiments.person_level import person_level_effect

SIZES = (Size(1, 20, 6), Size(10, 10, 6), Size(40, 8, 6), Size(200, 4, 5))
RUNS, PEOPLE_RUNS = 500, 150
DRAWS = 400
LEVEL, POWER, LOOKS = 0.05, 0.8, 20
HELP, PLACEBO = "BLOCK_SITES", "SUGGEST_BREAK"


class Tally:
    """Numbers by name, and their means."""

    def __init__(self) -> None:
        self._seen: dict[str, list[float]] = defaultdict(list)

    def add(self, name: str, value: float | bool) -> None:
        self._seen[name].append(float(value))

    def judge(self, name: str, effect: Effect | None, truth: float) -> None:
        """Whether an interval holds the truth, by how much the estimate is off, and whether it is told from zero."""
        self.add(f"{name}: said", effect is not None)
        if effect is not None:
            self.add(f"{name}: holds", effect.low <= truth <= effect.high)
            self.add(f"{name}: error", effect.estimate - truth)
            self.add(f"{name}: alarm", effect.p_value < LEVEL)

    def __contains__(self, name: str) -> bool:
        return name in self._seen

    def mean(self, name: str) -> float:
        return float(np.mean(self._seen[name]))

    def noise(self, name: str) -> float:
        """Standard error of the mean."""
        return float(np.std(self._seen[name]) / np.sqrt(len(self._seen[name])))


def figures(runs: int = RUNS, sizes: tuple[Size, ...] = SIZES, people_runs: int = PEOPLE_RUNS) -> Iterator[Figure]:
    """All of them, size by size."""
    for size in sizes:
        who = f"{size.people} {'person' if size.people == 1 else 'people'}"
        yield from _fixed(who, size, runs)
        yield from _adaptive(who, size, runs)
    for size in sizes:
        if size.people > 1 and people_runs:
            yield from _whole_people(f"{size.people} people", size, people_runs)


def detectable(size: Size, power: float = POWER) -> float:
    """The effect of being assigned that is found with ``power``, planned from a pilot in which nothing helps.

    σ of the outcome given the person and the focus before, and (z₁₋α/₂ + z_power)·σ·√(1/n + 1/n₀).
    """
    rows = planted(np.random.default_rng(99), Size(50, 20, size.a_day), 0.0).moments
    after, before = (np.array([getattr(m, name) for m in rows]) for name in ("after", "before"))
    person = np.array([m.user_id for m in rows])
    center = [v - (np.bincount(person, v) / np.bincount(person))[person] for v in (after, before)]
    residual = center[0] - center[1] * (center[0] @ center[1] / (center[1] @ center[1]))
    count = size.people * size.days * size.a_day
    error = residual.std() * np.sqrt(1 / (count * FIXED[1]) + 1 / (count * FIXED[0]))
    return float((stats.norm.ppf(1 - LEVEL / 2) + stats.norm.ppf(power)) * error)


def _fixed(who: str, size: Size, runs: int) -> Iterator[Figure]:
    """Three arms with the platform's probabilities; the effect is the one that was planned for."""
    wanted = detectable(size)
    unit = float(np.mean([planted(np.random.default_rng((8, run)), size, 1.0).truth for run in range(100)]))
    tally = Tally()
    for run in range(runs):
        world = planted(np.random.default_rng((size.people, run)), size, wanted / unit)
        _judge_run(tally, world, size, wanted)
        # power is planned for an effect, not for people among whom it varies: these have it exactly
        scaled = planted(np.random.default_rng((size.people, run)), size, wanted / unit * wanted / world.truth)
        found = within_person(scaled.moments, HELP, logged_design(scaled.moments), draws=DRAWS)
        tally.add("power", found is not None and found.p_value < LEVEL)
    yield from _told(f"{who}", tally, wanted, runs)
    yield Figure(f"{who}: power of the effect planned for", tally.mean("power"), "", "planned", POWER)
    for name in ("row-level z-test", "naive t-test of who got it"):
        yield Figure(f"{who}: {name}, false alarms", tally.mean(name), "", "nominal", LEVEL)


def _adaptive(who: str, size: Size, runs: int) -> Iterator[Figure]:
    """Two arms, learned probabilities: half the runs with an effect, half with none."""
    unit = float(np.mean([planted(np.random.default_rng((9, run)), size, 1.0).truth for run in range(100)]))
    wanted, tally = detectable(size), Tally()
    for run in range(runs):
        for effect in (wanted / unit, 0.0):
            world = planted(np.random.default_rng((size.people, run, 7)), size, effect, adaptive=True)
            design = logged_design(world.moments)
            found = within_person(world.moments, HELP, design, draws=DRAWS)
            average = average_effects(world.moments, design).get(HELP)
            if effect:
                tally.judge("assigned", found, world.truth)
                tally.judge("average", average, _aimed(world, size, wanted))
            else:
                tally.judge("placebo", found, 0.0)
                tally.judge("placebo average", average, 0.0)
                tally.add("any time", _ever_told(world.moments, HELP))
    yield from _told(f"{who}, learned probabilities", tally, wanted, runs)


def _judge_run(tally: Tally, world: World, size: Size, wanted: float) -> None:
    """Each estimator on the rows of one run."""
    moments, design = world.moments, logged_design(world.moments)
    averages, compliers = average_effects(moments, design), complier_averages(moments, design)
    tally.judge("assigned", within_person(moments, HELP, design, draws=DRAWS), world.truth)
    tally.judge("average", averages.get(HELP), _aimed(world, size, wanted))
    tally.judge("applied", within_person(moments, HELP, design, received=True, draws=DRAWS), world.applied_truth)
    tally.judge("applied average", compliers.get(HELP), world.applied_truth)
    tally.judge("placebo", within_person(moments, PLACEBO, design, draws=DRAWS), 0.0)
    tally.judge("placebo average", averages.get(PLACEBO), 0.0)
    tally.add("any time", _ever_told(moments, PLACEBO))
    for context in contexts(moments, design):
        if context.moderator == "offers already made that day" and context.arm == HELP:
            last = float(context.there_name.split()[1]) - 1
            tally.judge("change", context.change, world.slope * last)
        elif context.moderator == "offers already made that day":
            tally.judge("placebo change", context.change, 0.0)
    _judge_naive(tally, moments)


def _aimed(world: World, size: Size, wanted: float) -> float:
    """What an interval by least squares is about: people like these, or these alone where their days are clusters."""
    return wanted if size.people >= LEAST_PEOPLE else world.truth


def _judge_naive(tally: Tally, moments: list[Moment]) -> None:
    after = np.array([m.after for m in moments])
    arm = np.array([m.arm for m in moments])
    got = np.array([m.applied for m in moments])
    one, nothing = after[arm == PLACEBO], after[arm == BASELINE]
    z = (one.mean() - nothing.mean()) / np.sqrt(one.var() / len(one) + nothing.var() / len(nothing))
    tally.add("row-level z-test", 2 * stats.norm.sf(abs(z)) < LEVEL)
    received = after[(arm == PLACEBO) & got]
    left = after[((arm == PLACEBO) & ~got) | (arm == BASELINE)]
    tally.add("naive t-test of who got it", stats.ttest_ind(received, left, equal_var=False).pvalue < LEVEL)


def _ever_told(moments: list[Moment], arm: str) -> bool:
    """Whether the any-time interval left zero out at one of the looks."""
    both = with_outcome(moments)
    drawn = np.array([m.arm for m in both])
    _, low, high = effect_sequence(
        column(both, lambda m: m.after), drawn == arm, drawn == BASELINE, column(both, lambda m: m.probability),
        column(both, lambda m: m.before),
    )  # fmt: skip
    looks = np.linspace(0, len(both) - 1, LOOKS + 1).astype(int)[1:]
    return bool(np.any((low[looks] > 0) | (high[looks] < 0)))


NAMES = {
    "assigned": "effect of being assigned, by randomisation",
    "average": "the same, by centred least squares",
    "applied": "effect of what was applied, by randomisation",
    "applied average": "the same, by two-stage least squares",
    "change": "change with offers of the day",
}


def _told(who: str, tally: Tally, wanted: float, runs: int) -> Iterator[Figure]:
    for key, name in NAMES.items():
        if f"{key}: holds" not in tally:
            continue
        yield Figure(
            f"{who}: {name}, intervals that hold the truth", tally.mean(f"{key}: holds"), "", "nominal", 1 - LEVEL
        )
        error, noise = tally.mean(f"{key}: error"), tally.noise(f"{key}: error")
        yield Figure(f"{who}: {name}, mean error (truth {wanted:.1f} assigned)", error, "points", "its noise", noise)
        if (said := tally.mean(f"{key}: said")) < 1:
            yield Figure(f"{who}: {name}, runs that had one", said, "", "of runs", runs)
    for key, name in (("placebo", "assigned"), ("placebo average", "average"), ("placebo change", "change")):
        if f"{key}: alarm" in tally:
            yield Figure(f"{who}: {NAMES[name]}, false alarms", tally.mean(f"{key}: alarm"), "", "nominal", LEVEL)
    yield Figure(
        f"{who}: any-time interval at {LOOKS} looks, false alarms", tally.mean("any time"), "", "at most", LEVEL
    )


def _whole_people(who: str, size: Size, runs: int) -> Iterator[Figure]:
    """Half of the people are called treated and get nothing."""
    wrong = Tally()
    for run in range(runs):
        rng = np.random.default_rng((size.people, run, 3))
        rows = planted(rng, size, 0.0).moments
        chosen = set(rng.permutation(size.people)[: size.people // 2].tolist())
        people, treated = [m.user_id for m in rows], [m.user_id in chosen for m in rows]
        after = np.array([m.after for m in rows])
        first = {m.user_id: m.before for m in reversed(rows)}
        before = np.array([first[person] for person in people])
        wrong.add("means", person_level_effect(after, people, treated).p_value < LEVEL)
        wrong.add("cuped", person_level_effect(after, people, treated, before).p_value < LEVEL)
        sides = [after[np.array(treated) == side] for side in (True, False)]
        wrong.add("rows", stats.ttest_ind(*sides).pvalue < LEVEL)
    yield Figure(f"{who} drawn as wholes: Welch on means, false alarms", wrong.mean("means"), "", "nominal", LEVEL)
    yield Figure(f"{who} drawn as wholes: with CUPED, false alarms", wrong.mean("cuped"), "", "nominal", LEVEL)
    yield Figure(f"{who} drawn as wholes: t-test on rows, false alarms", wrong.mean("rows"), "", "nominal", LEVEL)


def main() -> None:
    """Print and keep the figures."""
    report("planted", f"Planted effects, {RUNS} runs of each size", figures())


if __name__ == "__main__":
    main()
