"""Where and when an arm helps: excursion effects by what was known before the draw, one moderator at a time.

"Offers already made that day" is the burden: whether the fifth offer of a day still helps. Differences between contexts
are a family of their own, adjusted by Holm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from neural_focus.experiments.arm_effects import (
    LEAST_PER_ARM,
    before,
    clusters_of,
    column,
    comparisons,
    focus_after,
    with_outcome,
)
from neural_focus.experiments.centered_least_squares import excursion_effects
from neural_focus.experiments.clustered_equations import Effect, Floats
from neural_focus.experiments.design import BASELINE, Design
from neural_focus.experiments.effect import Moment
from neural_focus.experiments.multiplicity import holm

MOST_CATEGORIES = 4


@dataclass(frozen=True, slots=True)
class Context:
    """The effect at two values of a moderator, and by how much it changes from the one to the other."""

    arm: str
    moderator: str
    here_name: str
    here: Effect
    there_name: str
    there: Effect
    change: Effect
    adjusted_p: float = float("nan")


@dataclass(frozen=True, slots=True)
class _Moderator:
    name: str
    values: Floats
    here: tuple[str, float]
    there: tuple[str, float]


def contexts(trial: Sequence[Moment], design: Design) -> list[Context]:
    """Of every arm and moderator of which both ends were seen often enough."""
    people = len({moment.user_id for moment in trial})
    found = [
        context
        for arms, both, probability in comparisons(with_outcome(trial), design)
        for one in _moderators(trial, both)
        for context in _fit(both, one, arms, probability, people)
    ]
    adjusted = holm({number: context.change.p_value for number, context in enumerate(found)})
    return [_adjusted(context, adjusted[number]) for number, context in enumerate(found)]


def offers_before(trial: Sequence[Moment]) -> dict[int, int]:
    """By ``id`` of the moment: how many offers the person had been made on that local day before it."""
    made: Counter[tuple[int, object]] = Counter()
    seen = {}
    for moment in trial:
        day = (moment.user_id, (moment.local or moment.at).date())
        seen[id(moment)] = made[day]
        made[day] += moment.arm != BASELINE
    return seen


def _adjusted(context: Context, p_value: float) -> Context:
    return Context(
        context.arm, context.moderator, context.here_name, context.here, context.there_name, context.there,
        context.change, p_value,
    )  # fmt: skip


def _moderators(trial: Sequence[Moment], both: Sequence[Moment]) -> Iterator[_Moderator]:
    made, first = offers_before(trial), trial[0].at
    offers = column(both, lambda moment: made[id(moment)])
    yield from _line("offers already made that day", offers, 0, 4, lambda at: f"offer {at + 1:.0f} of the day")
    hours = column(both, lambda moment: (moment.local or moment.at).hour + (moment.local or moment.at).minute / 60)
    yield from _line("hour of the day", hours, 10, 16, lambda at: f"at {at:.0f}:00")
    days = column(both, lambda moment: (moment.at - first).total_seconds() / 86_400)
    yield from _line("day of the experiment", days, 0, np.floor(days.max()), lambda at: f"on day {at + 1:.0f}")
    categories = Counter(moment.category or "" for moment in both).most_common(MOST_CATEGORIES)
    # of two the one says all of the other
    for category, _ in [one for one in (categories[:1] if len(categories) == 2 else categories) if one[0]]:
        there = column(both, lambda moment, wanted=category: float(moment.category == wanted))  # type: ignore[misc]
        yield _Moderator("category", there, (f"in {category}", 1.0), ("elsewhere", 0.0))


def _line(
    name: str, values: Floats, here: float, there: float, formatted: Callable[[float], str]
) -> Iterator[_Moderator]:
    """A moderator with a linear effect, if it was seen at both ends and is not all but constant."""
    last = min(there, float(np.quantile(values, 0.99)) // 1)
    if last > here >= np.quantile(values, 0.01) - 1 and len(set(values)) > 1:
        yield _Moderator(name, values, (formatted(here), here), (formatted(last), last))


def _fit(
    both: Sequence[Moment], one: _Moderator, arms: dict[str, float], probability: Floats, people: int
) -> Iterator[Context]:
    kinds = set(one.values)
    if len(kinds) == 2 and min(np.sum(one.values == kind) for kind in kinds) < 2 * LEAST_PER_ARM:
        return
    try:
        fit = excursion_effects(
            column(both, focus_after),
            [moment.arm for moment in both],
            probability,
            clusters_of(both, people),
            np.column_stack([before(both), one.values]),
            baseline=BASELINE,
            design=arms,
            moderators=one.values[:, None],
        )
    except (ValueError, np.linalg.LinAlgError):
        return  # too few clusters, or the moderator hardly varies
    for arm in fit.arms:
        step = one.there[1] - one.here[1]
        slope = fit.slope(arm)
        low, high = sorted((slope.low * step, slope.high * step))
        change = Effect(slope.estimate * step, low, high, slope.p_value)
        yield Context(
            arm, one.name, one.here[0], fit.at(arm, [one.here[1]]), one.there[0], fit.at(arm, [one.there[1]]), change
        )
