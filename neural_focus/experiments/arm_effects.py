"""Effects of one experiment's arms from its opportunities: each estimator on the rows it may use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from neural_focus.experiments.centered_least_squares import centered_effects
from neural_focus.experiments.clustered_equations import Effect, Floats
from neural_focus.experiments.complier_effect import complier_effects
from neural_focus.experiments.confidence_sequence import effect_sequence
from neural_focus.experiments.design import BASELINE, Design, could_draw
from neural_focus.experiments.effect import Moment
from neural_focus.experiments.person_level import person_level_effect
from neural_focus.experiments.randomization import randomization_effect

LEAST_PER_ARM = 8
"""Fewer opportunities with an outcome on either side say nothing."""
LEAST_PEOPLE = 25
"""With fewer people the days of each are the clusters, and intervals are about these people, not others like them.

Ten people as clusters leave so few degrees of freedom that an effect that is not there is found in 2 % of trials and a
change with the context in 0.5 %, not in 5 %; by their days it is 4.5 and 5.5 % (``bench.trials.planted``)."""
DRAWS = 2_000
"""Other assignments that an effect by randomisation is held against."""
MOST_POINTS = 80
"""Points of the interval over time that are kept."""

Outcome = Callable[[Moment], float | None]


@dataclass(frozen=True, slots=True)
class SequencePoint:
    """The interval that is valid at any time, as it stood after an opportunity."""

    at: datetime
    estimate: float
    low: float
    high: float


def focus_after(moment: Moment) -> float | None:
    """The proximal outcome."""
    return moment.after


def with_outcome(trial: Sequence[Moment], outcome: Outcome = focus_after) -> list[Moment]:
    """Those of which the outcome and the focus before are known."""
    return [moment for moment in trial if moment.before is not None and outcome(moment) is not None]


def column(moments: Sequence[Moment], value: Outcome) -> Floats:
    """float64[n]"""
    return np.array([value(moment) for moment in moments], dtype=np.float64)


def before(moments: Sequence[Moment]) -> Floats:
    """Focus before, float64[n]."""
    return column(moments, lambda moment: moment.before)


def enough(moments: Sequence[Moment], arm: str) -> bool:
    """Whether both sides have so many opportunities that something can be said."""
    counts = Counter(moment.arm for moment in moments)
    return arm != BASELINE and min(counts[arm], counts[BASELINE]) >= LEAST_PER_ARM


def clusters_of(moments: Sequence[Moment], people: int) -> list[object]:
    """The person of each, or the person's day where there are few people."""
    if people >= LEAST_PEOPLE:
        return [moment.user_id for moment in moments]
    return [(moment.user_id, (moment.local or moment.at).date()) for moment in moments]


def whole_people(trial: Sequence[Moment]) -> bool:
    """Whether each person was given one arm for good: then people are compared, not moments."""
    arms: dict[int, set[str]] = {}
    for moment in trial:
        arms.setdefault(moment.user_id, set()).add(moment.arm)
    mean_count = len(trial) / max(len(arms), 1)
    return mean_count >= LEAST_PER_ARM and len(arms) > 1 and all(len(mine) == 1 for mine in arms.values())


def within_person(
    trial: Sequence[Moment],
    arm: str,
    design: Design,
    outcome: Outcome = focus_after,
    *,
    received: bool = False,
    draws: int = DRAWS,
) -> Effect | None:
    """Effect by randomisation within the person, or of what was really applied (``received``)."""
    possible = could_draw(with_outcome(trial, outcome), arm, BASELINE)
    two = [moment for moment in possible if moment.arm in (arm, BASELINE)]
    chance = design.against(arm, two) if enough(two, arm) else None
    if chance is None:
        return None
    treated = np.array([moment.arm == arm for moment in two])
    got = treated & np.array([moment.applied for moment in two])
    if received and got.sum() < LEAST_PER_ARM:
        return None
    try:
        found = randomization_effect(
            column(two, outcome), treated, chance, [moment.user_id for moment in two], before(two),
            received=got if received else None, draws=draws,
        )  # fmt: skip
    except ValueError:
        return None  # nobody had both: there is nothing within the person to compare
    return found if np.isfinite([found.low, found.high]).all() else None


def between_people(trial: Sequence[Moment], arm: str) -> Effect | None:
    """Effect of an arm that whole people were given; the focus before each one's first moment is taken off (CUPED)."""
    two = [moment for moment in with_outcome(trial) if moment.arm in (arm, BASELINE)]
    first: dict[int, float | None] = {}
    for moment in two:
        first.setdefault(moment.user_id, moment.before)
    people = [moment.user_id for moment in two]
    treated = [moment.arm == arm for moment in two]
    try:
        return person_level_effect(
            column(two, focus_after), people, treated, column(two, lambda moment: first[moment.user_id])
        )
    except ValueError:
        return None  # fewer than two people on a side


def average_effects(trial: Sequence[Moment], design: Design, outcome: Outcome = focus_after) -> dict[str, Effect]:
    """By weighted and centred least squares, of every arm that has enough opportunities."""
    return _clustered(trial, design, outcome, centered_effects)


def complier_averages(trial: Sequence[Moment], design: Design) -> dict[str, Effect]:
    """Of what was really applied, by two-stage least squares."""

    def estimate(outcome: Floats, arm: Sequence[str], *rest: object, **keywords: object) -> dict[str, Effect]:
        got = keywords.pop("applied")
        return complier_effects(outcome, arm, got, *rest, **keywords)  # type: ignore[arg-type]

    return _clustered(trial, design, focus_after, estimate, with_applied=True)


def _clustered(
    trial: Sequence[Moment],
    design: Design,
    outcome: Outcome,
    estimate: Callable[..., dict[str, Effect]],
    *,
    with_applied: bool = False,
) -> dict[str, Effect]:
    people = len({moment.user_id for moment in trial})
    found: dict[str, Effect] = {}
    for arms, both, probability in comparisons(with_outcome(trial, outcome), design):
        more: dict[str, object] = {"applied": np.array([moment.applied for moment in both])} if with_applied else {}
        try:
            found |= estimate(
                column(both, outcome),
                [moment.arm for moment in both],
                probability,
                clusters_of(both, people),
                before(both)[:, None],
                baseline=BASELINE,
                design=arms,
                **more,
            )
        except (ValueError, np.linalg.LinAlgError):
            continue  # too few clusters yet
    return found


def comparisons(known: Sequence[Moment], design: Design) -> Iterator[tuple[dict[str, float], list[Moment], Floats]]:
    """What least squares may be fitted to: (arms with their shares, moments, [n] probability of the arm drawn).

    One table of all arms that have enough opportunities; or, where some could not be drawn at every moment, one table
    an arm of the moments at which it and the no-op could be, with probabilities given that it was one of the two.
    """
    arms = [arm for arm in design.shares if arm != BASELINE and enough(known, arm)]
    if not arms or BASELINE not in design.shares:
        return
    everywhere = len(could_draw(known, BASELINE, *arms)) == len(known)
    for chosen in [arms] if everywhere else [[arm] for arm in arms]:
        sides = [BASELINE, *chosen]
        both = [moment for moment in could_draw(known, *sides) if moment.arm in sides]
        if not all(enough(both, arm) for arm in chosen):
            continue
        total = sum(design.shares[arm] for arm in sides)
        of = [sum(m.chances[arm] for arm in sides) if m.chances is not None else total for m in both]
        probability = column(both, lambda moment: moment.probability) / np.array(of)
        yield {arm: design.shares[arm] / total for arm in sides}, both, probability


def over_time(trial: Sequence[Moment], arm: str) -> list[SequencePoint]:
    """The any-time interval after each opportunity from the first that has one, thinned; the last is the newest."""
    both = could_draw(with_outcome(trial), arm, BASELINE)
    if not enough(both, arm):
        return []
    drawn = np.array([moment.arm for moment in both])
    chance = column(both, lambda moment: moment.probability)
    mean, low, high = effect_sequence(column(both, focus_after), drawn == arm, drawn == BASELINE, chance, before(both))
    there = np.flatnonzero(np.isfinite(low))
    kept = (
        there[np.unique(np.linspace(0, len(there) - 1, min(MOST_POINTS, len(there))).astype(int))] if len(there) else []
    )
    return [SequencePoint(both[at].at, float(mean[at]), float(low[at]), float(high[at])) for at in kept]


def family(effects: Mapping[str, Effect | None]) -> dict[str, float]:
    """p-values of the effects that there are."""
    return {name: effect.p_value for name, effect in effects.items() if effect is not None}
