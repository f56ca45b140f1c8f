"""The decision upon a moment is a pure function, and never offers what must not be offered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from experiment_files import PEOPLE, changed
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_focus.experiments.assignment import DEMO_ARMS, TRIAL_ARMS, Arm
from neural_focus.experiments.budget import Budget, OpportunityWatch, Policy, Trigger
from neural_focus.experiments.declaration import Experiment, default_experiment, demo_experiment, parse_experiment
from neural_focus.experiments.running import Assignment, Participant, Running
from neural_focus.help_settings import HelpSettings
from neural_focus.messages import Ability, DesktopStatus, Unavailable
from neural_focus.prediction import Prediction
from serving.policy import STALE_SECONDS, Decision, Machine, Offer, PersonState, WhyNot, decide
from serving.reach import Reach, block_action, program_action

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
NOW_S = NOW.timestamp()
EVERYTHING = tuple(Ability(action, True) for action in ("SUGGEST_BREAK", "MINIMIZE", "KILL", "PLACEBO"))
SITES, APPS = ("reddit.com", "youtube.com"), ("spotify",)
LISTED = HelpSettings(block_sites=SITES, minimize_apps=APPS)
UNSEEN: list[Unavailable] = [why for why in get_args(Unavailable) if why]


def running(spec: Experiment | None = None) -> tuple[Running, ...]:
    return (Running(1, spec or default_experiment(), None, NOW), Running(2, demo_experiment(), None, NOW))


def reach(listed: HelpSettings = LISTED, abilities: tuple[Ability, ...] = EVERYTHING, *, no_block: str = "") -> Reach:
    return Reach.of(listed, DesktopStatus("capturing", "", abilities=abilities), no_block=no_block)


PARTICIPANT = Participant(7, False, ZoneInfo("UTC"), NOW.date(), 0)
READY = PersonState(Budget(Policy(), 0.25), PARTICIPANT)
HERE, RUNNING = Machine(reach()), running()


def made(risk: float | None, t_s: float = NOW_S) -> Prediction:
    factors = {"switch": ("a",), "break": ("b",)}
    return Prediction(int(t_s * 1e6), int(t_s * 1e6), 60.0, 0.1, risk, 0.9, factors, 50.0, "xgboost_v1", "people")


def mostly(ordinary: st.SearchStrategy[Any], any_: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """So that most examples are opportunities but for one thing."""
    return st.sampled_from(range(10)).flatmap(lambda number: any_ if number == 5 else ordinary)


risks = mostly(st.floats(0.5, 1), st.one_of(st.none(), st.floats(0, 1)))
numbers = st.sampled_from([number / 20 for number in range(20)])
past_s = st.lists(st.floats(1, 7_200).map(lambda ago: NOW_S - ago), max_size=3).map(tuple)
abilities = mostly(st.just(EVERYTHING), st.lists(st.sampled_from(EVERYTHING), unique=True).map(tuple))
lists = st.builds(
    HelpSettings,
    block_sites=st.lists(st.sampled_from(SITES), unique=True).map(tuple),
    minimize_apps=st.lists(st.sampled_from(APPS), unique=True).map(tuple),
)
reaches = st.builds(reach, lists, abilities, no_block=mostly(st.just(""), st.just("No browser is paired")))
budgets = st.builds(
    Budget,
    st.builds(
        Policy,
        alerts_per_hour=st.floats(0.2, 4),
        gap_s=st.floats(300, 3_600),
        warm_start_s=st.sampled_from([None, 0.0, 20.0]),
    ),
    mostly(st.floats(0, 0.5), st.floats(0, 1)),
    held=past_s,
    missed=past_s,
    first_s=st.one_of(st.none(), st.floats(0, 100).map(lambda ago: NOW_S - ago)),
    warm_start=mostly(st.just(False), st.booleans()),
)
participants = st.builds(
    Participant,
    st.integers(1, 50),
    st.booleans(),
    st.sampled_from([ZoneInfo("UTC"), ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Denver")]),
    st.sampled_from([NOW.date(), date(2026, 11, 30)]),
    st.integers(0, 9),
)
people = st.builds(
    PersonState, budgets, mostly(participants, st.none()), mostly(st.just(Offer.NONE), st.sampled_from(Offer))
)
machines = st.builds(
    Machine,
    reaches,
    mostly(st.just(True), st.booleans()),
    st.sampled_from(["", "Building", "Entertainment"]),
    mostly(st.just(""), st.sampled_from(["", *UNSEEN])),
    st.integers(0, 90),
)
ages = mostly(st.floats(-1, STALE_SECONDS), st.floats(-1, 30))


def decided(
    risk: float | None = 0.9,
    person: PersonState = READY,
    machine: Machine = HERE,
    *,
    experiments: tuple[Running, ...] = RUNNING,
    now_s: float = NOW_S,
    number: float = 0.5,
) -> Decision:
    return decide(made(risk), person, machine, experiments, now_s=now_s, draw=lambda _seed: number)


@settings(deadline=None)
@given(risks, people, machines, ages, numbers)
def test_the_same_arguments_give_the_same_decision(
    risk: float | None, person: PersonState, machine: Machine, age_s: float, number: float
) -> None:
    first, again = (decided(risk, person, machine, now_s=NOW_S + age_s, number=number) for _ in range(2))
    assert first == again
    assert (first.why_not is None) == (first.draw is not None)
    assert (first.trigger is not None) == (first.why_not in (None, WhyNot.UNAVAILABLE))


@settings(deadline=None)
@given(risks, people, machines, ages, numbers)
def test_an_opportunity_breaks_no_rule(
    risk: float | None, person: PersonState, machine: Machine, age_s: float, number: float
) -> None:
    decision = decided(risk, person, machine, now_s=NOW_S + age_s, number=number)
    if decision.draw is None:
        assert not decision.targets and not decision.exposures
        return
    assert machine.in_use and person.offer is not Offer.OPEN and age_s <= STALE_SECONDS and not machine.unavailable
    assert decision.draw.arm in machine.reach.eligible
    if decision.trigger is Trigger.WARM_START:
        assert person.budget.warm_start
        assert decision.draw.arm is not Arm.NO_OP and not decision.exposures
        return
    budget = person.budget
    assert risk is not None and risk >= budget.threshold and person.offer is Offer.NONE
    assert all(NOW_S - held >= budget.policy.gap_s for held in budget.held), "a cool-down"
    assert sum(NOW_S - held < 3600 for held in budget.held) < budget.policy.alerts_per_hour + 1


@settings(deadline=None)
@given(people, machines, numbers)
def test_only_what_the_person_listed_and_the_machine_can_do_is_offered(
    person: PersonState, machine: Machine, number: float
) -> None:
    decision = decided(0.99, person, machine, number=number)
    allowed: set[tuple[str, str | None]] = {(block_action(site), site) for site in machine.reach.sites}
    allowed |= {(program_action("MINIMIZE", app), app) for app in machine.reach.apps}
    allowed |= {(arm, None) for arm in ("NO_OP", "SUGGEST_BREAK") if arm in {"NO_OP", *machine.reach.able}}
    allowed |= {("PLACEBO", str(machine.minutes_in_app))} if "PLACEBO" in machine.reach.able else set()
    assert set(decision.targets) <= allowed


@settings(deadline=None)
@given(st.booleans(), reaches)
def test_the_logged_probabilities_are_those_of_the_draw(is_demo: bool, here: Reach) -> None:
    person = replace(READY, participant=replace(PARTICIPANT, is_demo=is_demo))
    grid = (np.arange(100) + 0.5) / 100
    decisions = [decided(0.9, person, Machine(here), number=number) for number in grid.tolist()]
    if decisions[0].draw is None:
        assert here.eligible <= {Arm.NO_OP, Arm.PLACEBO} and decisions[0].why_not is WhyNot.NO_EXPERIMENT
        return
    declared = DEMO_ARMS if is_demo else TRIAL_ARMS
    possible = {arm: share for arm, share in declared.items() if arm in here.eligible}
    chances = {arm.value: share / sum(possible.values()) for arm, share in possible.items()}
    logged: dict[str, list[float]] = {arm: [] for arm in chances}
    for one in decisions:
        assert one.draw is not None
        logged[one.draw.arm].append(one.draw.probability)
        [exposure] = one.exposures
        assert (exposure.arm, exposure.probability) == (one.draw.arm, one.draw.probability)
        assert exposure.chances == pytest.approx(chances)
    for arm, chance in chances.items():
        assert logged[arm] == pytest.approx([chance] * len(logged[arm]))
        assert len(logged[arm]) / len(grid) == pytest.approx(chance, abs=0.02), "drawn as often as logged"


@settings(deadline=None)
@given(people, machines, st.floats(0, 1), st.floats(0, 1), past_s, numbers)
def test_more_risk_never_ends_an_opportunity_and_more_spent_never_begins_one(
    person: PersonState, machine: Machine, low: float, high: float, more: tuple[float, ...], number: float
) -> None:
    low, high = sorted((low, high))
    at_low, at_high = (decided(risk, person, machine, number=number) for risk in (low, high))
    assert at_low.trigger is None or at_low == at_high
    spent = replace(person, budget=replace(person.budget, held=(*person.budget.held, *more)))
    if person.budget.warm_start is False:
        assert at_low.trigger is not None or decided(low, spent, machine, number=number).trigger is None
    higher = replace(person, budget=replace(person.budget, threshold=1.0))
    assert at_low.trigger is not None or decided(low, higher, machine, number=number).trigger is None


@settings(deadline=None)
@given(people, machines, risks, st.sampled_from(UNSEEN), numbers)
def test_a_moment_that_nobody_can_see_an_offer_in_is_never_an_opportunity(
    person: PersonState, machine: Machine, risk: float | None, why: Unavailable, number: float
) -> None:
    decision = decided(risk, person, replace(machine, unavailable=why), number=number)
    assert decision.why_not is not None and decision.draw is None
    assert decision.unavailable == (why if decision.why_not is WhyNot.UNAVAILABLE else "")


@pytest.mark.parametrize(
    ("why", "asked"),
    [
        (WhyNot.NOT_IN_USE, {"machine": Machine(reach(), in_use=False)}),
        (WhyNot.OFFER_OPEN, {"person": replace(READY, offer=Offer.OPEN)}),
        (WhyNot.PAST, {"now_s": NOW_S + 10.1}),
        (WhyNot.OFFER_SNOOZED, {"person": replace(READY, offer=Offer.SNOOZED)}),
        (WhyNot.NO_EXPERIMENT, {"person": replace(READY, participant=None)}),
        (WhyNot.NO_EXPERIMENT, {"experiments": ()}),
        (WhyNot.NO_EXPERIMENT, {"machine": Machine(reach(abilities=(), no_block="none"))}),
        (WhyNot.NOT_SETTLED, {"risk": None}),
        (WhyNot.LOW_RISK, {"risk": 0.2499}),
        (WhyNot.BUDGET_SPENT, {"person": replace(READY, budget=Budget(Policy(), 0.25, held=(NOW_S - 299,)))}),
        (WhyNot.UNAVAILABLE, {"machine": Machine(reach(), unavailable="do_not_disturb")}),
        (None, {}),
    ],
)
def test_each_reason_has_its_name(why: WhyNot | None, asked: dict[str, object]) -> None:
    assert decided(**asked).why_not is why  # type: ignore[arg-type]


def test_the_cap_is_of_the_persons_own_day() -> None:
    spec = default_experiment()
    capped = running(replace(spec, eligibility=replace(spec.eligibility, first_of_day=3)))
    for opportunities, day, why in (
        (2, NOW.date(), None),
        (3, NOW.date(), WhyNot.NO_EXPERIMENT),
        (3, date(2026, 11, 30), None),
    ):
        person = replace(READY, participant=replace(PARTICIPANT, opportunities=opportunities, day=day))
        assert decided(person=person, experiments=capped).why_not is why


def test_an_experiment_may_draw_where_its_design_says_that_an_offer_is_seen() -> None:
    spec = default_experiment()
    seen = replace(spec, availability=replace(spec.availability, unavailable=("locked",)))
    in_call = Machine(reach(), unavailable="call")
    assert decided(machine=in_call, experiments=running(seen)).why_not is None
    locked = Machine(reach(), unavailable="locked")
    decision = decided(machine=locked, experiments=running(seen))
    assert (decision.why_not, decision.trigger, decision.experiment) == (WhyNot.UNAVAILABLE, Trigger.BUDGET, "mrt-1")


def test_a_moment_is_an_exposure_to_the_persons_own_arms_too() -> None:
    of_people = Running(3, parse_experiment(changed(PEOPLE)), (0.0, 1.0), NOW)
    kept = ((of_people, Assignment("seldom", 0.5)),)
    person = replace(READY, participant=replace(PARTICIPANT, assigned=kept))
    assert [one.experiment_id for one in decided(person=person).exposures] == [1, 3]
    stopped = ((replace(of_people, stopped=frozenset({"seldom"})), kept[0][1]),)
    person = replace(READY, participant=replace(PARTICIPANT, assigned=stopped))
    assert [one.experiment_id for one in decided(person=person).exposures] == [1]


def second(watch: OpportunityWatch, t_s: float, risk: float | None, machine: Machine = HERE) -> Decision:
    """One second as the service goes through it."""
    watch.remember(t_s, risk)
    person = PersonState(watch.budget, replace(PARTICIPANT, day=date(1970, 1, 1)))
    decision = decide(made(risk, t_s), person, machine, RUNNING, now_s=t_s, draw=lambda _seed: 0.5)
    if decision.trigger is not None:
        watch.spend(decision.trigger, t_s, visible=decision.why_not is None)
    return decision


def test_offers_adapt_to_the_person_and_keep_five_minutes_apart() -> None:
    generator = np.random.default_rng(5)
    watch = OpportunityWatch(Policy(alerts_per_hour=2.0))
    held: list[float] = []
    for t_s in range(5 * 3600):
        risk = None if t_s % 97 < 20 else float(generator.beta(2, 60))  # never near the prior threshold
        if second(watch, float(t_s), risk).trigger is Trigger.BUDGET:
            held.append(float(t_s))
    assert watch.budget.threshold < Policy().prior_threshold
    assert 5 <= len(held) <= 15
    assert min(np.diff(held)) >= 300
    assert max(sum(1 for other in held if 0 <= other - t < 3600) for t in held) <= 3


def test_the_warm_start_comes_once_and_on_time_even_unsettled() -> None:
    watch = OpportunityWatch(Policy(warm_start_s=20.0))
    triggers = [second(watch, float(t_s), None).trigger for t_s in range(60)]
    assert triggers[20] is Trigger.WARM_START
    assert sum(trigger is not None for trigger in triggers) == 1


def test_a_warm_start_without_an_answer_comes_again_and_a_real_person_has_none() -> None:
    watch = OpportunityWatch(Policy(warm_start_s=0.0))
    decision = second(watch, 0.0, None)
    assert (decision.trigger, decision.experiment, decision.exposures) == (Trigger.WARM_START, "demo-1:warm_start", ())
    assert second(watch, 1.0, None).trigger is None
    watch.repeat_warm_start()
    assert second(watch, 2.0, None).trigger is Trigger.WARM_START
    real = OpportunityWatch(Policy())
    real.repeat_warm_start()
    assert second(real, 0.0, None).trigger is None


def test_a_warm_start_waits_until_something_can_be_shown_and_somebody_can_see_it() -> None:
    watch = OpportunityWatch(Policy(warm_start_s=1.0))
    nothing, locked = Machine(reach(abilities=(), no_block="none")), Machine(reach(), unavailable="locked")
    assert [second(watch, float(t_s), None, nothing).trigger for t_s in range(5)] == [None] * 5
    assert [second(watch, t_s, None, locked).trigger for t_s in (5.0, 6.0)] == [Trigger.WARM_START, None]
    assert [second(watch, t_s, None).trigger for t_s in (7.0, 8.0)] == [Trigger.WARM_START, None]


def test_a_moment_that_nobody_could_see_spends_nothing_and_is_counted_as_one_would_have_been() -> None:
    watch, locked = OpportunityWatch(Policy()), Machine(reach(), unavailable="locked")
    missed = [t_s for t_s in range(1_000) if second(watch, float(t_s), 0.9, locked).trigger is not None]
    assert missed == [0, 300, 600], "five minutes apart, three an hour"
    assert second(watch, 1_000.0, 0.9).why_not is None
    assert second(watch, 1_300.0, 0.9, locked).trigger is None, "the hour's three would have been held"
    assert second(watch, 1_301.0, 0.9).why_not is None, "in truth one was"
