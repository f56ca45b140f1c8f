"""What the report says of trials whose truth is known, and what it refuses to say."""

from __future__ import annotations

import json

import pytest
from trial_moments import NOW, draw_moments

from neural_focus.experiments.analysis import TrialFindings, analyse
from neural_focus.experiments.declaration import demo_experiment
from neural_focus.experiments.effect import Moment
from neural_focus.experiments.report import report_html, report_json
from neural_focus.experiments.wording import headline
from neural_focus.store.arm_changes import ArmMove, ArmStop
from neural_focus.store.experiments import Started


def only(findings: list[TrialFindings], group: str) -> TrialFindings:
    return next(found for found in findings if found.group == group)


def test_real_people_come_first_and_simulated_ones_stay_apart() -> None:
    moments = draw_moments() + draw_moments(12, demo=True, experiment="simulated") + draw_moments(1, 20, demo=True)
    findings = analyse(moments, {"BLOCK_SITES": 11.0, "SUGGEST_BREAK": 0.1})
    assert [found.group for found in findings] == ["people", "demo_live", "simulated"]
    real, simulated = findings[0], findings[2]
    assert (real.people, real.opportunities, real.simulated) == (3, 240, False)
    assert (simulated.people, simulated.opportunities, simulated.simulated) == (12, 960, True)
    arms = {arm.arm: arm for arm in simulated.arms}
    block = arms["BLOCK_SITES"]
    assert block.effect is not None
    assert block.average_effect is not None
    assert block.any_time is not None
    assert block.effect.low < 12 < block.effect.high
    assert block.average_effect.low < 12 < block.average_effect.high
    assert block.any_time[0] < 12 < block.any_time[1]
    assert block.true_effect == 11.0
    assert arms["NO_OP"].effect is None
    assert next(arm for arm in real.arms if arm.arm == "BLOCK_SITES").true_effect is None
    assert "With real people (3 people, 240 opportunities)" in headline(findings)
    assert "offering to block distracting sites raised focus" in headline(findings)


def test_the_sentence_says_simulated_while_nobody_real_took_part() -> None:
    findings = analyse(draw_moments(12, demo=True, experiment="simulated"), {})
    assert headline(findings).startswith("In the SIMULATED experiment (12 people, 960 opportunities)")
    assert headline(findings).endswith("no real person has taken part yet.")
    assert headline([]).startswith("Nothing has been tried yet")


def test_answers_are_counted_and_a_timeout_is_none_of_them() -> None:
    moments = draw_moments()
    arms = {arm.arm: arm for arm in only(analyse(moments, {}), "people").arms}
    suggest = [moment for moment in moments if moment.arm == "SUGGEST_BREAK"]
    assert arms["SUGGEST_BREAK"].exposures == len(suggest)
    for answer in ("ACCEPTED", "REJECTED", "TIMEOUT"):
        assert arms["SUGGEST_BREAK"].answers[answer] == sum(moment.response == answer for moment in suggest) > 0
    assert sum(arms["NO_OP"].answers.values()) == 0
    assert arms["SUGGEST_BREAK"].median_answer_s == 2.0


def test_warm_start_offers_are_left_out_of_effects() -> None:
    warm = draw_moments(1, 3, demo=True, experiment="mrt-1:warm_start", shares=(0.0, 0.5, 0.5))
    assert analyse(warm, {}) == []
    found = only(analyse(warm + draw_moments(1, 30, demo=True), {}), "demo_live")
    assert (found.opportunities, found.left_out) == (30, 3)


def test_few_moments_say_nothing() -> None:
    findings = analyse(draw_moments(1, 6), {})
    assert all(arm.effect is None and arm.average_effect is None for arm in findings[0].arms)
    assert "too seldom to say" in headline(findings)


def test_few_assignments_are_tested_exactly_and_one_is_a_singular() -> None:
    few = analyse(draw_moments(1, 4, shares=(0.0, 0.0, 1.0)), {})
    assert few[0].ratio.p_value == pytest.approx(0.0081 + 0.0081) and not few[0].ratio.mismatch
    assert "exact multinomial test, p = 0.02" in report_html(few, NOW)
    assert analyse(draw_moments(1, 8, shares=(0.0, 0.0, 1.0)), {})[0].ratio.mismatch
    one = analyse(draw_moments(1, 1), {})
    assert "(1 person, 1 opportunity)" in headline(one) and "1 person, 1 opportunity," in report_html(one, NOW)


def test_a_limited_report_says_its_range() -> None:
    findings = analyse(draw_moments(), {})
    assert "only opportunities since 2025-03-26 12:00 UTC" in report_html(findings, NOW, 3)
    assert report_json(findings, NOW, 3)["days"] == 3
    assert "Limited" not in report_html(findings, NOW) and report_json(findings, NOW)["days"] is None


def test_a_broken_lottery_forbids_conclusions() -> None:
    findings = analyse(draw_moments(3, 200, shares=(0.2, 0.2, 0.6)), {})
    assert findings[0].ratio.mismatch
    assert "no effect can be trusted" in headline(findings)
    assert "do not trust the effects" in report_html(findings, NOW)


def test_an_arm_that_a_guardrail_stopped_is_said_with_its_reason() -> None:
    findings = analyse(draw_moments(12), {})
    why = "rejected, bound 0.4: 9 of 10 <rejected>"
    moved = ArmMove("SUGGEST_BREAK", "category=Building", 0.65, NOW, "how likely each arm is the best, by 80")
    one = Started(1, demo_experiment(), None, NOW, None, None, 12, {}, {"SUGGEST_BREAK": ArmStop(NOW, why)}, [moved])
    started = {findings[0].experiment: one}
    page = report_html(findings, NOW, started=started)
    assert "was stopped</strong> by a guardrail of the experiment on 2025-03-29 12:00 UTC" in page
    assert "9 of 10 &lt;rejected&gt;" in page
    assert "<td>0.30</td>\n<td>0.65</td>" in page and "by 80" in page, "what was declared, what holds now, and why"
    told = report_json(findings, NOW, started=started)["trials"][0]
    assert told["stopped_arms"] == {"SUGGEST_BREAK": {"since": NOW.isoformat(), "why": why}}
    [there] = told["moved"]
    assert (there["context"], there["probability"], there["since"]) == ("category=Building", 0.65, NOW.isoformat())
    assert "was stopped" not in report_html(findings, NOW) and "moved" not in report_html(findings, NOW)


def test_json_and_page_tell_the_same_and_the_page_loads_nothing() -> None:
    moments = draw_moments(12, demo=True, experiment="simulated")
    findings = analyse(moments, {"BLOCK_SITES": 11.0, "SUGGEST_BREAK": 0.1})
    written = json.loads(json.dumps(report_json(findings, NOW), allow_nan=False))
    trial = written["trials"][0]
    assert trial["label"] == "SIMULATED"
    assert trial["arms"][2]["true_effect"] == 11.0
    assert sum(trial["sample_ratio"]["counts"].values()) == len(moments)
    page = report_html(findings, NOW)
    assert written["sentence"] in page
    assert page.count("SIMULATED") >= 2
    assert "<svg" in page
    assert "<script" not in page
    assert "http://" not in page.replace("http-equiv", "")
    assert "+11.0" in page


@pytest.mark.parametrize("name", ["<b>x</b>"])
def test_nothing_from_the_database_becomes_markup(name: str) -> None:
    moments = [
        Moment(1, name, False, "mrt-1", NOW, name, 0.5, name, 1, 50.0, 60.0),
        *draw_moments(2, 40, shares=(0.5, 0.25, 0.25)),
    ]
    assert name not in report_html(analyse(moments, {}), NOW)
