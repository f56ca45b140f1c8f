"""How many weeks an experiment needs until its report can say that the smallest effect worth knowing is there.

Within a person the plan is of the test that decides the report's verdict, randomisation within the person
(``randomization``). As in Liao, Klasnja, Tewari, Murphy (2016), "Sample size calculations for micro-randomized trials
in mHealth", Statistics in Medicine 35(12), the statistic is F with noncentrality

    c = people · opportunities · τ · pₐ p₀ / (pₐ + p₀) · (effect / sd)²

for a constant effect of arm a against the no-op, of the τ of all opportunities at which an offer can be seen. Three
things are not the paper's, whose test has people as its units:

- What is drawn is the opportunity, so those that drew one of the two are counted, and each person's mean and the slope
  on what was known before are taken off their number.
- Of an arm that is carried out in a share s of its opportunities the effect is a mixture, effect/s or nothing, which
  adds effect² · (1 − s) / s to the variance of its outcomes.
- The verdict is after Holm among the arms: the level is the one that the first of them has to pass.

Between people: the two-sample t-test of statsmodels on people's means. ``bench.trials.planted`` holds the plan against
what is found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from scipy import stats

from neural_focus.experiments.declaration import ArmSpec, Experiment

SLOPE_AND_ARM = 2
"""Coefficients of the analysis beside each person's mean."""
MOST_WEEKS = 104


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan says of one arm against the control. ``weeks`` is None where two years are not enough."""

    arm: str
    probability: float
    weeks: int | None
    power: float
    """After ``weeks``, or after two years."""
    opportunities: float
    """Of the arm and the control, in all the people and weeks."""


def plan(experiment: Experiment) -> list[Planned]:
    """Weeks, power and size, an arm each."""
    others = [arm for arm in experiment.arms if not arm.control]
    return [_planned(experiment, arm) for arm in others]


def weeks_needed(planned: list[Planned]) -> int | None:
    """Those of the slowest arm; None where one of them never has the power."""
    weeks = [one.weeks for one in planned]
    return None if None in weeks else max(week for week in weeks if week is not None)


def power_after(experiment: Experiment, arm: ArmSpec, weeks: int) -> float:
    """The chance to find the planned effect of one arm after so many weeks, 0–1."""
    return (_between_people if experiment.unit == "person" else _within_person)(experiment, arm, weeks)


def level(experiment: Experiment) -> float:
    """Of the test that an arm has to pass where no other one helps: Holm's smallest among the arms."""
    return experiment.plan.alpha / (len(experiment.arms) - 1)


def people_in(experiment: Experiment) -> float:
    """How many of the planned people take part."""
    return experiment.plan.people * experiment.traffic


def assumptions(experiment: Experiment) -> list[str]:
    """What the answer rests on, a sentence each."""
    asked, many = experiment.plan, people_in(experiment)
    who = "1 person takes part" if many == 1 else f"{many:g} people take part"
    notes = [f"{who} all the time; the effect is {asked.effect:g} from the first day to the last."]
    if experiment.unit == "person":
        notes.append(
            f"People's means differ with a standard deviation of {asked.sd_people:g}, a person's days with "
            f"{asked.sd:g} around their mean; days are independent given the person."
        )
        return [*notes, "Two-sided t-test on people's means (statsmodels); nothing known before is used (CUPED)."]
    if experiment.unit == "day":
        notes.append(f"Each of their days counts; days vary by {asked.sd:g} (standard deviation) around the person.")
    else:
        notes += _of_opportunities(experiment)
    among = "" if len(experiment.arms) == 2 else f", at {level(experiment):.3g} for Holm among the arms"
    notes.append(f"Two-sided test by randomisation within the person (Liao et al. 2016, changed){among}.")
    if experiment.adaptive.on:
        notes.append("Probabilities stay as declared; an arm that they move away from takes longer to know.")
    return notes


def _of_opportunities(experiment: Experiment) -> list[str]:
    asked = experiment.plan
    return [
        f"Each has {asked.opportunities_a_day:g} opportunities a day, at {asked.available:.0%} of which an offer can "
        f"be seen and every arm can be done; outcomes vary with a standard deviation of {asked.sd:g} around what was "
        "known before the draw.",
        f"An arm is carried out at {asked.carried_out:.0%} of its opportunities; the effect is of all of them, whether "
        "or not it was carried out.",
    ]


def _planned(experiment: Experiment, arm: ArmSpec) -> Planned:
    enough = _first(lambda weeks: power_after(experiment, arm, weeks) >= experiment.plan.power)
    weeks = enough or MOST_WEEKS
    asked, share = experiment.plan, arm.probability + experiment.control.probability
    drawn = people_in(experiment) * 7 * weeks * asked.opportunities_a_day * asked.available * share
    return Planned(arm.label, arm.probability, enough, power_after(experiment, arm, weeks), drawn)


def _first(enough: Callable[[int], bool]) -> int | None:
    """The first week that is enough: power only grows with the weeks."""
    return next((weeks for weeks in range(1, MOST_WEEKS + 1) if enough(weeks)), None)


def _within_person(experiment: Experiment, arm: ArmSpec, weeks: int) -> float:
    asked, many, control = experiment.plan, people_in(experiment), experiment.control.probability
    drawn = many * 7 * weeks * asked.opportunities_a_day * asked.available
    counted = drawn * (arm.probability + control) - many
    free = counted - SLOPE_AND_ARM
    if free < 1:
        return 0.0
    chance = arm.probability / (arm.probability + control)
    mixture = asked.effect**2 * (1 - asked.carried_out) / asked.carried_out
    variance = (1 - chance) * (asked.sd**2 + mixture) + chance * asked.sd**2
    noncentrality = counted * chance * (1 - chance) * asked.effect**2 / variance
    return float(stats.ncf.sf(stats.f.ppf(1 - level(experiment), 1, free), 1, free, noncentrality))


def _between_people(experiment: Experiment, arm: ArmSpec, weeks: int) -> float:
    from statsmodels.stats.power import TTestIndPower

    asked, many = experiment.plan, people_in(experiment)
    controls, treated = many * experiment.control.probability, many * arm.probability
    if min(controls, treated) < 2:
        return 0.0
    deviation = sqrt(asked.sd_people**2 + asked.sd**2 / (7 * weeks))
    return float(TTestIndPower().power(asked.effect / deviation, controls, level(experiment), ratio=treated / controls))
