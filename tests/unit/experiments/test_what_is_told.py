"""What the report makes of deeds, contexts and several arms, on moments whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from trial_moments import NOW, draw_moments

from neural_focus.experiments.analysis import ArmFindings, TrialFindings, analyse
from neural_focus.experiments.effect import Moment, Unavailable
from neural_focus.experiments.multiplicity import holm
from neural_focus.experiments.report import report_html, report_json
from neural_focus.experiments.wording import next_step, verdict


def arm_of(found: TrialFindings, name: str) -> ArmFindings:
    return next(arm for arm in found.arms if arm.arm == name)


def applied_help(effect: float, people: int = 10, each: int = 60) -> list[Moment]:
    """BLOCK_SITES raises focus where it was applied, and only there."""
    drawn = draw_moments(people, each, block=0.0)
    return [replace(m, after=(m.after or 0.0) + effect) if m.arm == "BLOCK_SITES" and m.applied else m for m in drawn]


def test_being_assigned_comes_first_and_what_was_applied_second() -> None:
    (found,) = analyse(applied_help(20.0), {})
    block = arm_of(found, "BLOCK_SITES")
    assert block.effect is not None and block.applied_effect is not None and block.applied_average is not None
    share = block.carried_out.in_time / block.exposures
    assert 0.2 < share < 0.4
    assert block.effect.low < 20 * share < block.effect.high
    assert block.applied_effect.low < 20 < block.applied_effect.high
    assert block.applied_average.low < 20 < block.applied_average.high
    page, told = report_html([found], NOW), report_json([found], NOW)
    assert page.index("Effect of being assigned") < page.index("Effect of what was applied")
    assert "rests on\none" in page and "only through what was applied" in told["applied_effect"]


def test_nothing_applied_has_no_effect_of_what_was_applied_and_says_what_to_do() -> None:
    moments = [
        replace(m, applied=False, applied_parts=0, refused=("No browser is paired.",) if m.ordered_parts else ())
        for m in draw_moments(6, 60, block=0.0)
    ]
    (found,) = analyse(moments, {})
    block = arm_of(found, "BLOCK_SITES")
    assert block.applied_effect is None and block.applied_average is None
    assert block.carried_out.applied == 0 and block.carried_out.refused["No browser is paired."] > 0
    assert "nothing of it was ever applied" in next_step(found)
    assert "No browser is paired." in report_html([found], NOW)


def test_the_fifth_offer_of_a_day_is_told_from_the_first() -> None:
    """Each offer made before on that day takes three points of the twelve away."""
    made: dict[tuple[int, object], int] = {}
    moments = []
    for m in draw_moments(12, 90, block=0.0):
        day = (m.user_id, m.at.date())
        before = made.get(day, 0)
        made[day] = before + (m.arm != "NO_OP")
        gain = 12.0 - 3.0 * before if m.arm == "BLOCK_SITES" else 0.0
        moments.append(replace(m, after=(m.after or 0.0) + gain))
    (found,) = analyse(moments, {})
    block, rest = arm_of(found, "BLOCK_SITES"), arm_of(found, "SUGGEST_BREAK")
    burden = next(context for context in block.contexts if context.moderator == "offers already made that day")
    assert (burden.here_name, burden.there_name[:6]) == ("offer 1 of the day", "offer ")
    last = int(burden.there_name.split()[1]) - 1
    assert burden.here.low < 12 < burden.here.high and burden.change.low < -3 * last < burden.change.high
    assert burden.adjusted_p < 0.05
    assert all(context.adjusted_p > 0.05 for context in rest.contexts)
    assert "offer 1 of the day" in report_html([found], NOW)


def test_the_finding_follows_the_adjusted_p_and_not_the_interval_alone() -> None:
    (found,) = analyse(draw_moments(), {})
    raw = {arm.arm: arm.effect.p_value for arm in found.arms if arm.effect is not None}
    assert {arm.arm: arm.adjusted_p for arm in found.arms if arm.effect is not None} == holm(raw)
    block = arm_of(found, "BLOCK_SITES")
    assert block.effect is not None and block.adjusted_p == pytest.approx(2 * block.effect.p_value)
    assert verdict(block) == "helped"
    among_many = replace(block, adjusted_p=0.2)
    assert verdict(among_many) == "no clear difference" and block.effect.low > 0


def test_learned_probabilities_are_weighed_and_unknown_ones_are_not_redrawn() -> None:
    rng, moments = np.random.default_rng(4), []
    for m in draw_moments(12, 60, block=0.0):
        chance = 0.8 if m.category == "coding" else 0.2
        treated = rng.random() < chance
        gain = 10.0 if treated and m.category == "writing" else 0.0
        arm, probability = ("BLOCK_SITES", chance) if treated else ("NO_OP", 1 - chance)
        moments.append(replace(m, arm=arm, probability=probability, after=(m.after or 0.0) + gain))
    (found,) = analyse(moments, {})
    block = arm_of(found, "BLOCK_SITES")
    truth = 10 * sum(m.category == "writing" for m in moments) / len(moments)
    assert block.effect is not None and block.effect.low < truth < block.effect.high
    assert abs(block.effect.estimate - truth) < 2.5
    assert found.ratio.method == "weights" and not found.ratio.mismatch
    third = [replace(m, arm="SUGGEST_BREAK", probability=0.3) if n % 4 == 0 else m for n, m in enumerate(moments)]
    (among_three,) = analyse(third, {})
    block = arm_of(among_three, "BLOCK_SITES")
    assert block.effect == block.average_effect, "rows do not tell the other arms' probabilities"


def test_an_arm_is_compared_only_where_it_could_be_drawn() -> None:
    """Sites can be blocked on one of two computers; on the other focus is 20 points lower anyhow."""
    rng, moments = np.random.default_rng(6), []
    here = {"NO_OP": 0.4, "SUGGEST_BREAK": 0.3, "BLOCK_SITES": 0.3}
    there = {"NO_OP": 0.6, "SUGGEST_BREAK": 0.4}
    for number, m in enumerate(draw_moments(10, 60, block=0.0)):
        chances = here if number // 10 % 2 else there
        arm = str(rng.choice(list(chances), p=list(chances.values())))
        after = (m.after or 0.0) + (8.0 if arm == "BLOCK_SITES" else 0.0) - (20.0 if chances is there else 0.0)
        moments.append(replace(m, arm=arm, probability=chances[arm], chances=chances, after=after))
    (found,) = analyse(moments, {})
    assert found.ratio.method == "redrawn" and not found.ratio.mismatch
    block, rest = arm_of(found, "BLOCK_SITES"), arm_of(found, "SUGGEST_BREAK")
    for effect in (block.effect, block.average_effect):
        assert effect is not None and effect.low < 8 < effect.high < 14
    assert block.any_time is not None and block.any_time[0] < 8 < block.any_time[1]
    for effect in (rest.effect, rest.average_effect):
        assert effect is not None and effect.low < 0 < effect.high
    broken = [
        replace(m, arm="NO_OP", probability=0.4) if m.arm == "BLOCK_SITES" and n % 2 else m
        for n, m in enumerate(moments)
    ]
    assert analyse(broken, {})[0].ratio.mismatch


def test_people_who_were_given_one_arm_for_good_are_compared_as_people() -> None:
    moments = [
        replace(m, arm="BLOCK_SITES" if m.user_id % 2 else "NO_OP", probability=0.5) for m in draw_moments(12, 40)
    ]
    (found,) = analyse(moments, {})
    block = arm_of(found, "BLOCK_SITES")
    assert found.unit == "people" and block.effect is not None
    assert block.applied_effect is None and block.average_effect is None and not block.over_time


def test_what_gets_worse_breaks_a_guardrail() -> None:
    moments = [
        replace(m, later=70.0 - (15.0 if m.arm == "BLOCK_SITES" else 0.0) + m.user_id % 3, minutes=60.0 + m.user_id)
        for m in draw_moments(12, 40)
    ]
    (found,) = analyse(moments, {})
    states = {rail.name: rail.state for rail in arm_of(found, "BLOCK_SITES").guardrails}
    assert states["focus half an hour later"] == "broken"
    assert states["sessions completed, of 100"] == "unknown"
    assert "Stop or change what breaks a guardrail" in next_step(found)
    needed = [replace(m, undone=("needed",)) if m.applied_parts else m for m in draw_moments(12, 40)]
    (found,) = analyse(needed, {})
    states = {rail.name: rail.state for rail in arm_of(found, "BLOCK_SITES").guardrails}
    assert states["help that the person ended early"] == "broken" and states["offers that were turned down"] == "ok"


def test_outcomes_that_miss_after_one_arm_raise_the_alarm() -> None:
    moments = draw_moments(6, 60)
    assert np.isnan(analyse(moments, {})[0].missing_p)
    gone = [replace(m, after=None) if m.arm == "BLOCK_SITES" and n % 2 else m for n, m in enumerate(moments)]
    (found,) = analyse(gone, {})
    assert found.missing_p < 0.001 and "missing more often after one arm" in report_html([found], NOW)


def test_experiments_stay_apart_and_unavailable_moments_are_only_counted() -> None:
    second = [replace(m, at=m.at + timedelta(days=9)) for m in draw_moments(3, 60, experiment="quieter")]
    away = [Unavailable(False, "quieter", "locked", 7), Unavailable(False, "mrt-1", "call", 3)]
    findings = analyse(draw_moments() + second, {}, [*away, Unavailable(True, "quieter", "call", 5)])
    assert [found.key for found in findings] == ["people-mrt-1", "people-quieter"]
    assert [found.opportunities for found in findings] == [240, 180]
    assert [found.unavailable for found in findings] == [{"call": 3}, {"locked": 7}]
    assert report_json(findings, NOW)["trials"][1]["data_quality"]["unavailable"] == {"locked": 7}


@pytest.mark.parametrize("arm", ["BLOCK_SITES", "SUGGEST_BREAK"])
def test_the_interval_over_time_ends_with_the_one_of_now(arm: str) -> None:
    (found,) = analyse(draw_moments(), {})
    block = arm_of(found, arm)
    assert block.any_time == (block.over_time[-1].low, block.over_time[-1].high)
    widths = [point.high - point.low for point in block.over_time]
    assert len(widths) <= 80 and widths[-1] < 0.8 * widths[0]
    assert [point.at for point in block.over_time] == sorted(point.at for point in block.over_time)
