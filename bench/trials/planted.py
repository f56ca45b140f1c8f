"""Planted effects through the platform's own code: bias, coverage, false alarms and power, beside naive tests.

For 1, 10, 40 and 200 people, with partial compliance and habituation, and with probabilities learned on the way
(``adaptation``); the effect is the one that ``planning`` says such an experiment finds four times out of five.
"""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
from scipy import optimize, stats
from threadpoolctl import threadpool_limits

from bench.trials._cells import Place, TrialCell, report_cells
from bench.trials._planted_world import FIXED, LEARNED, Size, World, planted
from neural_focus.experiments.arm_effects import (
    LEAST_PEOPLE,
    average_effects,
    column,
    complier_averages,
    family,
    with_outcome,
    within_person,
)
from neural_focus.experiments.clustered_equations import Effect
from neural_focus.experiments.confidence_sequence import effect_sequence
from neural_focus.experiments.declaration import Experiment
from neural_focus.experiments.design import BASELINE, logged_design
from neural_focus.experiments.effect import Moment
from neural_focus.experiments.heterogeneity import contexts
from neural_focus.experiments.multiplicity import holm
from neural_focus.experiments.person_level import person_level_effect
from neural_focus.experiments.planning import power_after

SIZES = (Size(1, 3, 6), Size(10, 1, 6), Size(40, 1, 6), Size(200, 1, 4))
RUNS = 500
PILOT_PEOPLE, MANY, MOST_WORLDS = 50, 10_000, 250
DRAWS = 400
LEVEL, POWER, LOOKS = 0.05, 0.8, 20
HELP, USELESS = "BLOCK_SITES", "SUGGEST_BREAK"
COVERAGE, ALARMS, POWERS = (0.93, 0.97), (0.03, 0.07), (POWER - 0.03, POWER + 0.03)
NAMES = {
    "assigned": "being assigned, by randomisation",
    "average": "being assigned, by centred least squares",
    "applied": "what was applied, by randomisation",
    "applied average": "what was applied, by two-stage least squares",
    "change": "change with the day's offers",
}
TABLES = {False: "Probabilities as declared", True: "Learned probabilities"}
WHOLE_PEOPLE = "People drawn as wholes"
NAIVE = {"rows": "row-level z-test", "got": "naive t-test of who got it"}
Seen = list[tuple[str, float]]
"""Values by name, of one run."""


def cells(runs: int = RUNS, sizes: tuple[Size, ...] = SIZES, workers: int = 1, many: int = MANY) -> Iterator[TrialCell]:
    """All of them, size by size. many: people whose mean effect is that of everybody."""
    for size in sizes:
        for experiment, work in ((FIXED, _fixed_run), (LEARNED, _learned_run)):
            asked = planned_for(experiment, size)
            effect = asked.plan.effect / _mean_truth(experiment, size, 1.0, many)
            # learned probabilities follow the effect, and habituation follows them: the truth is not in proportion
            aimed = _mean_truth(experiment, size, effect, many)
            tally = _tally(partial(work, size, aimed, effect), runs, workers)
            yield from _of_moments((TABLES[experiment.adaptive.on], _who(size)), tally)
    for size in sizes:
        if size.people > 1:
            yield from _of_people((WHOLE_PEOPLE, _who(size)), _tally(partial(_people_run, size), runs, workers))


def _mean_truth(experiment: Experiment, size: Size, effect: float, many: int) -> float:
    """Of so many people, in experiments of this size."""
    worlds = range(min(MOST_WORLDS, max(many // size.people, 1)))
    return float(np.mean([planted(np.random.default_rng((8, n)), size, effect, experiment).truth for n in worlds]))


def _who(size: Size) -> str:
    return f"{size.people} {'person' if size.people == 1 else 'people'}"


def planned_for(experiment: Experiment, size: Size, power: float = POWER) -> Experiment:
    """With a plan of this size, from a pilot in which nothing helps, and the effect that has ``power``."""
    rows = planted(np.random.default_rng(99), replace(size, people=PILOT_PEOPLE), 0.0, experiment).moments
    after, before = column(rows, lambda m: m.after), column(rows, lambda m: m.before)
    person = np.array([m.user_id for m in rows])
    center = [v - (np.bincount(person, v) / np.bincount(person))[person] for v in (after, before)]
    residual = center[0] - center[1] * (center[0] @ center[1] / (center[1] @ center[1]))
    plan = replace(
        experiment.plan,
        sd=float(np.sqrt(residual @ residual / (len(rows) - PILOT_PEOPLE - 1))),
        people=size.people,
        opportunities_a_day=float(size.a_day),
        available=1.0,
        carried_out=float(np.mean([m.applied for m in rows if m.arm == HELP])),
    )
    arm = next(arm for arm in experiment.arms if arm.label == HELP)

    def asking(effect: float) -> Experiment:
        return replace(experiment, plan=replace(plan, effect=effect))

    return asking(optimize.brentq(lambda effect: power_after(asking(effect), arm, size.weeks) - power, 0.01, 100.0))


def _fixed_run(size: Size, wanted: float, effect: float, run: int) -> Seen:
    """Three arms with the platform's probabilities."""
    world = planted(np.random.default_rng((size.people, run)), size, effect)
    moments, design, seen = world.moments, logged_design(world.moments), Seen()
    averages, compliers = average_effects(moments, design), complier_averages(moments, design)
    _judge(seen, "assigned", within_person(moments, HELP, design, draws=DRAWS), world.truth)
    _judge(seen, "average", averages.get(HELP), _aimed(world, size, wanted))
    _judge(seen, "applied", within_person(moments, HELP, design, received=True, draws=DRAWS), world.applied_truth)
    _judge(seen, "applied average", compliers.get(HELP), world.applied_truth)
    _judge(seen, "null assigned", within_person(moments, USELESS, design, draws=DRAWS), 0.0)
    _judge(seen, "null average", averages.get(USELESS), 0.0)
    seen.append(("any time", _ever_told(moments, USELESS)))
    for context in contexts(moments, design):
        if context.moderator == "offers already made that day":
            last = float(context.there_name.split()[1]) - 1
            slope = world.slope * last if context.arm == HELP else 0.0
            _judge(seen, "change" if context.arm == HELP else "null change", context.change, slope)
    # power is planned for an effect, not for people among whom it varies: these have it exactly
    exact = planted(np.random.default_rng((size.people, run)), size, effect * wanted / world.truth)
    logged = logged_design(exact.moments)
    verdict = holm(family({arm: within_person(exact.moments, arm, logged, draws=DRAWS) for arm in (HELP, USELESS)}))
    seen.append(("power", verdict.get(HELP, 1.0) < LEVEL))
    return seen + _naive(moments)


def _learned_run(size: Size, wanted: float, effect: float, run: int) -> Seen:
    """Two arms, learned probabilities: the run with the effect and with none."""
    seen = Seen()
    for planned, made in ((wanted, effect), (0.0, 0.0)):
        world = planted(np.random.default_rng((size.people, run, 7)), size, made, LEARNED)
        design, which = logged_design(world.moments), "" if made else "null "
        _judge(seen, f"{which}assigned", within_person(world.moments, HELP, design, draws=DRAWS), world.truth)
        average = average_effects(world.moments, design).get(HELP)
        _judge(seen, f"{which}average", average, _aimed(world, size, planned))
    seen.append(("any time", _ever_told(world.moments, HELP)))
    return seen


def _people_run(size: Size, run: int) -> Seen:
    """Half of the people are called treated and get nothing."""
    rng = np.random.default_rng((size.people, run, 3))
    rows = planted(rng, size, 0.0).moments
    chosen = set(rng.permutation(size.people)[: size.people // 2].tolist())
    people, treated = [m.user_id for m in rows], [m.user_id in chosen for m in rows]
    after, first = column(rows, lambda m: m.after), {m.user_id: m.before for m in reversed(rows)}
    before = column(rows, lambda m: first[m.user_id])
    sides = [after[np.array(treated) == side] for side in (True, False)]
    return [
        ("means", person_level_effect(after, people, treated).p_value < LEVEL),
        ("cuped", person_level_effect(after, people, treated, before).p_value < LEVEL),
        ("rows", stats.ttest_ind(*sides).pvalue < LEVEL),
    ]


def _judge(seen: Seen, name: str, effect: Effect | None, truth: float) -> None:
    """Whether an interval holds the truth, by how much the estimate is off, and whether it is told from zero."""
    seen.append((f"{name}: said", effect is not None))
    if effect is not None:
        seen.append((f"{name}: holds", effect.low <= truth <= effect.high))
        seen.append((f"{name}: error", effect.estimate - truth))
        seen.append((f"{name}: alarm", effect.p_value < LEVEL))


def _aimed(world: World, size: Size, wanted: float) -> float:
    """What an interval by least squares is about: people like these, or these alone where their days are clusters."""
    return wanted if size.people >= LEAST_PEOPLE else world.truth


def _naive(moments: list[Moment]) -> Seen:
    after = column(moments, lambda m: m.after)
    arm, got = np.array([m.arm for m in moments]), np.array([m.applied for m in moments])
    one, nothing = after[arm == USELESS], after[arm == BASELINE]
    z = (one.mean() - nothing.mean()) / np.sqrt(one.var() / len(one) + nothing.var() / len(nothing))
    received, left = after[(arm == USELESS) & got], after[((arm == USELESS) & ~got) | (arm == BASELINE)]
    return [
        ("naive rows", 2 * stats.norm.sf(abs(z)) < LEVEL),
        ("naive got", stats.ttest_ind(received, left, equal_var=False).pvalue < LEVEL),
    ]


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


def _tally(work: Callable[[int], Seen], runs: int, workers: int) -> dict[str, list[float]]:
    """Every run's values by name, in the order of the runs."""
    found: dict[str, list[float]] = defaultdict(list)
    for seen in _in_processes(work, runs, workers) if workers > 1 else map(work, range(runs)):
        for name, value in seen:
            found[name].append(float(value))
    return found


def _in_processes(work: Callable[[int], Seen], runs: int, workers: int) -> Iterable[Seen]:
    with ProcessPoolExecutor(workers, initializer=_settle) as pool:
        yield from pool.map(work, range(runs), chunksize=10)


def _settle() -> None:
    """One thread a process; and what is loaded is no garbage: statsmodels collects it at each of its corrections."""
    threadpool_limits(1)
    gc.freeze()


def _of_moments(place: Place, tally: dict[str, list[float]]) -> Iterator[TrialCell]:
    for key, name in NAMES.items():
        if f"{key}: holds" in tally:
            yield TrialCell.share(place, f"{name}: intervals hold the truth", tally[f"{key}: holds"], COVERAGE)
            yield TrialCell.error(place, f"{name}: mean error, points", tally[f"{key}: error"])
        if f"null {key}: alarm" in tally:
            yield TrialCell.share(place, f"{name}: false alarms", tally[f"null {key}: alarm"], ALARMS)
        if f"{key}: said" in tally and key.startswith("applied"):
            yield TrialCell.share(place, f"{name}: runs that had one", tally[f"{key}: said"])
    yield TrialCell.share(place, f"any-time interval, {LOOKS} looks: false alarms", tally["any time"], (0.0, LEVEL))
    if "power" in tally:
        yield TrialCell.share(place, "power of the effect planned for", tally["power"], POWERS)
    for key, name in NAIVE.items():
        if f"naive {key}" in tally:
            yield TrialCell.share(place, f"{name}: false alarms", tally[f"naive {key}"])


def _of_people(place: Place, tally: dict[str, list[float]]) -> Iterator[TrialCell]:
    yield TrialCell.share(place, "Welch on means: false alarms", tally["means"], ALARMS)
    yield TrialCell.share(place, "Welch with CUPED: false alarms", tally["cuped"], ALARMS)
    yield TrialCell.share(place, "t-test on rows: false alarms", tally["rows"])


def main() -> bool:
    """Print and keep the cells; returns whether each is within its band."""
    found = cells(workers=len(os.sched_getaffinity(0)))
    return report_cells("planted", found)


if __name__ == "__main__":
    raise SystemExit(not main())
