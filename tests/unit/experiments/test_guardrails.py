"""Guardrails break where harm is real, and hardly ever where it is not, however often they are looked at."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from scipy import integrate
from trial_moments import draw_moments

from neural_focus.experiments.declaration import Guardrail
from neural_focus.experiments.effect import Moment
from neural_focus.experiments.guardrails import (
    ALPHA,
    Checked,
    Count,
    check_outcome,
    check_share,
    count_of,
    evidence,
    log_evidence,
    shared_alpha,
)

REJECTED, UNDONE = Guardrail("rejected", 0.5), Guardrail("undone", 0.5)


def test_the_evidence_is_the_integral_that_it_says() -> None:
    for bad, of, bound in ((3, 10, 0.2), (9, 10, 0.5), (0, 5, 0.9), (5, 5, 0.9)):
        integral, _ = integrate.quad(lambda q, bad=bad, of=of: q**bad * (1 - q) ** (of - bad), bound, 1)
        expected = integral / ((1 - bound) * bound**bad * (1 - bound) ** (of - bad))
        assert evidence(Count(bad, of), bound) == pytest.approx(expected, rel=1e-6)
    assert evidence(Count(0, 0), 0.5) == pytest.approx(1.0)
    assert -inf <= log_evidence(Count(0, 100_000), 0.9) < 0 < log_evidence(Count(100_000, 100_000), 0.9) < inf


def test_a_share_at_its_bound_is_hardly_ever_stopped_by_looking_after_every_offer() -> None:
    rng, ever = np.random.default_rng(5), 0
    stops, bad = list[int](), 0
    for of in range(1, 301):  # with more offers it takes as many bad ones or more
        while bad <= of and evidence(Count(bad, of), 0.5) < 1 / ALPHA:
            bad += 1
        stops.append(bad)
    for _ in range(400):
        ever += bool(np.any(np.cumsum(rng.random(300) < 0.5) >= stops))
    assert 0 < ever / 400 <= ALPHA


def answered(*responses: str | None) -> list[Moment]:
    return [replace(draw_moments(1, 1)[0], arm="SUGGEST_BREAK", response=response) for response in responses]


def test_a_share_above_its_bound_is_stopped() -> None:
    def checked(rejected: int, accepted: int) -> Checked:
        moments = answered(*["REJECTED"] * rejected, *["ACCEPTED"] * accepted)
        return check_share("SUGGEST_BREAK", REJECTED, moments, alpha=ALPHA)

    assert checked(36, 4).broken
    kept = checked(22, 18)
    assert not kept.broken and kept.seen == "22 of 40 (55%) rejected"
    nothing = checked(0, 0)
    assert not nothing.broken and not nothing.known


def test_a_timeout_is_no_answer_and_only_an_end_by_hand_is_undone() -> None:
    assert count_of(REJECTED, answered("REJECTED", "SNOOZED", "ACCEPTED", "TIMEOUT", None)) == Count(1, 3)
    one = draw_moments(1, 1)[0]
    ends = [
        replace(one, applied_parts=parts, undone=reasons)
        for parts, reasons in ((2, ("ended", "needed")), (1, ("ended",)), (1, ()), (0, ("undone",)))
    ]
    assert count_of(UNDONE, ends) == Count(1, 2), "what runs still did not end, and what was never applied neither"


def test_guardrails_and_arms_share_one_chance_of_a_false_stop() -> None:
    assert shared_alpha(2, 3) == pytest.approx(ALPHA / 6) and shared_alpha(0, 1) == ALPHA


def test_an_arm_that_lowers_the_outcome_beyond_its_bound_is_stopped() -> None:
    rail = Guardrail("outcome", 2.0)

    def checked(moments: list[Moment]) -> Checked:
        return check_outcome("SUGGEST_BREAK", rail, moments, control="NO_OP", alpha=ALPHA)

    moments = [one for one in draw_moments(6, 120) if one.arm in ("NO_OP", "SUGGEST_BREAK")]
    harmed = [
        replace(one, after=None if one.after is None else one.after - 25 * (one.arm == "SUGGEST_BREAK"))
        for one in moments
    ]
    assert checked(harmed).broken
    assert not checked(moments).broken
    assert not checked(harmed[:15]).broken, "nothing is said so early"
    elsewhere = [
        replace(one, arm="NO_OP", chances={"NO_OP": 0.6, "BLOCK_SITES": 0.4}, after=(one.after or 0) + 60)
        for one in moments * 3
    ]
    apart = checked([*moments, *elsewhere])
    assert not apart.broken, "where it could not be drawn, the no-op says nothing of it"
    assert checked([]).seen == "no outcome yet"
