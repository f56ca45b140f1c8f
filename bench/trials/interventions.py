"""Does the A/B report find the effects that the simulated people truly have, and none where there is none?

Micro-randomised trials of simulated people go through the report's own ``analyse``. Beside it: what a test on rows
makes of whole people who were given nothing at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.figure import Figure
from bench.trials.report import report
from neural_focus.experiments.analysis import ArmFindings, analyse
from neural_focus.experiments.assignment import DEMO_ARMS, Arm
from neural_focus.experiments.effect import SIMULATED, Moment
from neural_focus.experiments.person_level import person_level_effect
from neural_focus.simulation.parameters import PersonParameters, draw_person
from neural_focus.simulation.person import EFFECT_WINDOW_S, SimulatedTrial
from neural_focus.simulation.timeline import SimulatedTimeline, focus_share, live_through, workdays
from neural_focus.simulation.trial_truth import true_effects_of

PEOPLE, DAYS = 12, 7
RUNS, NULL_POOLS, NULL_RUNS = 150, 4, 60
FLEET, FLEET_RUNS = 24, 400
LEVEL = 0.05
_LAST_DAY = dt.date(2025, 3, 28)
_WINDOW = EFFECT_WINDOW_S


@dataclass(frozen=True, slots=True)
class _Tally:
    """Of how many intervals, how many held the truth."""

    held: int
    all: int

    @property
    def share(self) -> float:
        return self.held / self.all


def figures(*, runs: int = RUNS, pools: int = NULL_POOLS, null_runs: int = NULL_RUNS) -> Iterator[Figure]:
    """Coverage under the true effects, error under none, and the error of tests on rows."""
    yield from _coverage(runs)
    yield from no_effect(pools, null_runs)
    yield from _whole_people(FLEET_RUNS)


def _coverage(runs: int) -> Iterator[Figure]:
    found: dict[str, list[tuple[float, float, float]]] = {}
    for run in range(runs):
        moments, truth = simulated_trial(1_000 + run)
        for arm in _arms(moments, truth):
            for name, (low, high) in _intervals(arm).items():
                found.setdefault(name, []).append((truth[arm.arm], low, high))
            if arm.effect is not None:
                error = arm.effect.estimate - truth[arm.arm]
                found.setdefault(f"error {arm.arm}", []).append((truth[arm.arm], error, 0.0))
    for name in ("within the person", "weighted and centred", "any time"):
        tally = _tally(found[name])
        yield Figure(f"{name}: intervals that hold the truth, of {tally.all}", tally.share, "", "nominal", 0.95)
    for arm_name in (arm.value for arm in Arm if arm is not Arm.NO_OP):
        rows = np.array(found[f"error {arm_name}"])
        yield Figure(f"{arm_name}: mean error of the estimate", rows[:, 1].mean(), "points", "truth", rows[:, 0].mean())


def no_effect(pools: int, draws: int) -> Iterator[Figure]:
    """People who reject whatever comes: the arms are drawn again and again over the same moments."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    rows, rng = [], np.random.default_rng(5)
    for pool in range(pools):
        moments, _ = simulated_trial(9_000 + pool, indifferent=True)
        for _ in range(draws):
            drawn = rng.choice([arm.value for arm in DEMO_ARMS], p=list(DEMO_ARMS.values()), size=len(moments))
            again = [
                replace(moment, arm=str(arm), probability=DEMO_ARMS[Arm(arm)])
                for moment, arm in zip(moments, drawn, strict=True)
            ]
            for arm in _arms(again, {}):
                for name, (low, high) in _intervals(arm).items():
                    found.setdefault(name, []).append((0.0, low, high))
            rows.append(_row_test(again))
    for name in ("within the person", "weighted and centred", "any time"):
        tally = _tally(found[name])
        yield Figure(f"{name}: false alarms without an effect, of {tally.all}", 1 - tally.share, "", "nominal", LEVEL)
    yield Figure("z-test on the trial's rows: false alarms", float(np.mean(rows)), "", "nominal", LEVEL)


def _whole_people(runs: int) -> Iterator[Figure]:
    """Half of a fleet is called treated and gets nothing; every 5 min of every person is a row."""
    days = workdays(_LAST_DAY, DAYS)
    slots = []
    for number in range(2 * FLEET):
        timeline, _ = live_through(draw_person(70_000 + number), days, np.random.default_rng((number, 3)), trials=False)
        slots.append(_five_minutes(timeline))
    rng, wrong_rows, wrong_means = np.random.default_rng(6), 0, 0
    for _ in range(runs):
        order = rng.permutation(2 * FLEET)[:FLEET]
        sides = [order[: FLEET // 2], order[FLEET // 2 :]]
        values = [np.concatenate([slots[i] for i in side]) for side in sides]
        users = [np.repeat(side, [len(slots[i]) for i in side]) for side in sides]
        wrong_rows += stats.ttest_ind(values[0], values[1]).pvalue < LEVEL
        treated = [True] * len(values[0]) + [False] * len(values[1])
        found = person_level_effect(np.concatenate(values), np.concatenate(users).tolist(), treated)
        wrong_means += found.p_value < LEVEL
    yield Figure(
        f"whole people, {runs} draws of {FLEET}: z-test on rows, false alarms", wrong_rows / runs, "", "nominal", LEVEL
    )
    yield Figure("whole people: Welch's test on user means, false alarms", wrong_means / runs, "", "nominal", LEVEL)


def simulated_trial(
    seed: int, *, indifferent: bool = False, people: int = PEOPLE, days: int = DAYS
) -> tuple[list[Moment], dict[str, float]]:
    """One trial's opportunities and the true effect of each arm in points of focus; ``indifferent``: nobody accepts.

    The lives are those that ``write_history`` writes for the same seed, people and days.
    """
    moments: list[Moment] = []
    held: list[tuple[PersonParameters, SimulatedTimeline, list[SimulatedTrial]]] = []
    for number in range(1, people + 1):
        person = draw_person(seed * 1_000 + number)
        if indifferent:
            person = replace(person, answers={arm: (0.0, 1.0, 0.0) for arm in person.answers})
        timeline, drawn = live_through(person, workdays(_LAST_DAY, days), np.random.default_rng((person.seed, 1)))
        trials = [
            SimulatedTrial(at, trial, focus_share(timeline, at, -_WINDOW), focus_share(timeline, at, _WINDOW))
            for at, trial in drawn
        ]
        held.append((person, timeline, trials))
        moments += [_moment(number, simulated) for simulated in trials]
    truth = {arm.value: 100 * effect for arm, effect in true_effects_of(held).items()}
    return sorted(moments, key=lambda moment: moment.at), truth


def _moment(number: int, simulated: SimulatedTrial) -> Moment:
    trial = simulated.trial
    at = dt.datetime.fromtimestamp(simulated.at_us / 1e6, dt.UTC)
    return Moment(
        number, f"demo-{number}", True, SIMULATED, at, trial.arm.value, trial.probability, trial.response,
        trial.response_ms, 100 * simulated.focus_before, 100 * simulated.focus_after,
        applied=simulated.done_us is not None, ordered_parts=int(simulated.done_us is not None),
        applied_parts=int(simulated.done_us is not None),
    )  # fmt: skip


def _arms(moments: Sequence[Moment], truth: dict[str, float]) -> list[ArmFindings]:
    (findings,) = analyse(moments, truth)
    return [arm for arm in findings.arms if arm.arm != Arm.NO_OP.value]


def _intervals(arm: ArmFindings) -> dict[str, tuple[float, float]]:
    found = {}
    if arm.effect is not None:
        found["within the person"] = (arm.effect.low, arm.effect.high)
    if arm.average_effect is not None:
        found["weighted and centred"] = (arm.average_effect.low, arm.average_effect.high)
    if arm.any_time is not None:
        found["any time"] = arm.any_time
    return found


def _tally(rows: Sequence[tuple[float, float, float]]) -> _Tally:
    return _Tally(sum(low <= truth <= high for truth, low, high in rows), len(rows))


def _row_test(moments: Sequence[Moment]) -> bool:
    """Whether a plain test on rows finds SUGGEST_BREAK to differ from doing nothing."""
    sides = [[m.after for m in moments if m.arm == arm.value] for arm in (Arm.SUGGEST_BREAK, Arm.NO_OP)]
    return bool(stats.ttest_ind(*sides).pvalue < LEVEL)


def _five_minutes(timeline: SimulatedTimeline) -> NDArray[np.float64]:
    """Share on task of each whole five minutes at the desk."""
    whole = len(timeline.state) // _WINDOW * _WINDOW
    return np.asarray(timeline.on_task[:whole].reshape(-1, _WINDOW).mean(axis=1), np.float64)


def main() -> None:
    """Print and keep the figures."""
    report("interventions", "Trials of simulated people: effects found and not", figures())


if __name__ == "__main__":
    main()
