"""Whether a moment is an opportunity to help, and what it is assigned: a pure function of what is known at the moment.

::

    prediction ─┐
    person ─────┤                     ┌─ why not: a reason, nothing is shown
    machine ────┼─► decide ─► Decision ┤
    experiments ┤                     └─ an opportunity: experiment, arm, probability, what it does
    time, draw ─┘

It has no clock and no chance of its own, and remembers nothing: the same arguments give the same decision for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from neural_focus.experiments.assignment import (
    DEMO_SEED,
    WARM_START_ARMS,
    Arm,
    Draw,
    Exposure,
    among,
    draw_arm,
)
from neural_focus.experiments.budget import Budget, Trigger
from neural_focus.experiments.running import Allocation, Participant, Running, allocate
from neural_focus.messages import InterventionType, Unavailable
from neural_focus.prediction import Prediction
from neural_focus.time import moment
from serving.reach import Reach, block_action, program_action

STALE_SECONDS = 10.0
"""A snapshot older than this is history: nobody is interrupted for it."""
TYPE_OF: dict[Arm, InterventionType] = {
    Arm.NO_OP: "NO_OP",
    Arm.SUGGEST_BREAK: "SUGGEST_BREAK",
    Arm.BLOCK_SITES: "PREDICTIVE_BLOCK",
    Arm.PLACEBO: "NO_OP",
}


class Offer(StrEnum):
    """Where the person's last offer stands."""

    NONE = "none"
    OPEN = "open"
    """It waits for an answer."""
    SNOOZED = "snoozed"


class WhyNot(StrEnum):
    """Why a moment is no opportunity."""

    NOT_IN_USE = "another machine of the person is in use"
    OFFER_OPEN = "an offer waits for an answer"
    PAST = "the snapshot is history"
    OFFER_SNOOZED = "an offer is snoozed"
    NO_EXPERIMENT = "no experiment has anything to draw for it"
    NOT_SETTLED = "focus is not settled"
    LOW_RISK = "the risk is below the person's threshold"
    BUDGET_SPENT = "the last opportunity is too near, or the hour had too many"
    UNAVAILABLE = "nobody could see an offer"


@dataclass(frozen=True, slots=True)
class PersonState:
    """A person before the moment. ``participant`` is None until their experiments are known."""

    budget: Budget
    participant: Participant | None
    offer: Offer = Offer.NONE


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that the moment is of: what can be done there, and what the person does."""

    reach: Reach
    in_use: bool = True
    category: str = ""
    unavailable: Unavailable = ""
    """Why an offer could not be seen."""
    minutes_in_app: int = 0
    """What a placebo's card says."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a moment. ``why_not`` is None for an opportunity, which has a ``draw`` then; a moment that would
    have been one, had an offer been visible, has its ``trigger`` alone."""

    why_not: WhyNot | None
    trigger: Trigger | None = None
    unavailable: Unavailable = ""
    """Why nobody could see an offer."""
    allocation: Allocation | None = None
    """The experiment that it belongs to; None for a warm start, which is in none."""
    draw: Draw | None = None
    targets: tuple[tuple[str, str | None], ...] = ()
    """(action, target) of each row."""
    exposures: tuple[Exposure, ...] = ()
    """To the experiment of the draw, and to those that assigned the person."""

    @property
    def experiment(self) -> str:
        """As rows have it: the seed of the draw, with the trigger where that is not the budget."""
        seed = DEMO_SEED if self.allocation is None else self.allocation.spec.seed
        return seed if self.trigger is Trigger.BUDGET else f"{seed}:{self.trigger}"


def decide(
    prediction: Prediction,
    person: PersonState,
    machine: Machine,
    running: Sequence[Running],
    *,
    now_s: float,
    draw: Callable[[str], float],
) -> Decision:
    """What becomes of the moment of ``prediction`` at ``now_s``, seconds since the Unix epoch.

    ``draw``: from the seed of an experiment to the moment's number in [0, 1). What cannot be carried out on the machine
    is not drawn; while an offer is snoozed, and where no experiment has two arms for the moment, only a warm start is.
    """
    t_s, eligible, who = prediction.t_us / 1e6, machine.reach.eligible, person.participant
    if not machine.in_use:
        return Decision(WhyNot.NOT_IN_USE)
    if person.offer is Offer.OPEN:
        return Decision(WhyNot.OFFER_OPEN)
    if now_s - t_s > STALE_SECONDS:
        return Decision(WhyNot.PAST)
    at = moment(prediction.t_us)
    allocation = None if who is None else allocate(running, who, at, machine.category, eligible)
    visible = not machine.unavailable or (
        allocation is not None and machine.unavailable not in allocation.spec.availability.unavailable
    )
    if person.budget.warm_start_at(t_s, visible=visible) and (eligible & WARM_START_ARMS.keys()) - {Arm.NO_OP}:
        if not visible:
            return Decision(WhyNot.UNAVAILABLE, Trigger.WARM_START, machine.unavailable)
        drawn = draw_arm(draw(DEMO_SEED), among(WARM_START_ARMS, eligible))
        return Decision(None, Trigger.WARM_START, draw=drawn, targets=_targets(drawn.arm, machine))
    if person.offer is Offer.SNOOZED:
        return Decision(WhyNot.OFFER_SNOOZED)
    if who is None or allocation is None:
        return Decision(WhyNot.NO_EXPERIMENT)
    if (why_not := _why_not(prediction.break_risk, t_s, person.budget, visible=visible)) is not None:
        return Decision(why_not)
    if not visible:
        return Decision(WhyNot.UNAVAILABLE, Trigger.BUDGET, machine.unavailable, allocation)
    drawn = draw_arm(draw(allocation.spec.seed), allocation.arms)
    chances = {arm.value: share for arm, share in allocation.arms.items()}
    exposures = (
        Exposure(allocation.experiment_id, drawn.arm.value, drawn.probability, chances),
        *who.exposures(at, prediction.model_version),
    )
    return Decision(None, Trigger.BUDGET, "", allocation, drawn, _targets(drawn.arm, machine), exposures)


def _why_not(risk: float | None, t_s: float, budget: Budget, *, visible: bool) -> WhyNot | None:
    if risk is None:
        return WhyNot.NOT_SETTLED
    if risk < budget.threshold:
        return WhyNot.LOW_RISK
    return None if budget.has_room(t_s, visible=visible) else WhyNot.BUDGET_SPENT


def _targets(arm: Arm, machine: Machine) -> tuple[tuple[str, str | None], ...]:
    if arm is Arm.BLOCK_SITES:
        return (
            *((block_action(site), site) for site in machine.reach.sites),
            *((program_action("MINIMIZE", app), app) for app in machine.reach.apps),
        )
    return ((arm.value, str(machine.minutes_in_app) if arm is Arm.PLACEBO else None),)
