"""Guardrails break where harm is real, and hardly ever where it is not, however often they are looked at."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from experiment_files import OWN, changed
from scipy import integrate
from trial_moments import draw_moments

from neural_focus.experiments.declaration import Guardrail, parse_experiment
from neural_focus.experiments.guardrails import ALPHA, Count, check_outcome, check_share, evidence, log_evidence

RAIL = '[[guardrails]]\nmetric = "rejected"\nbound = 0.5\n[plan]'


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


def test_a_share_above_its_bound_is_stopped() -> None:
    experiment = parse_experiment(changed(OWN, ("[plan]", RAIL)))
    rail = experiment.guardrails[0]
    assert check_share(experiment, "SUGGEST_BREAK", rail, Count(36, 40)).broken
    kept = check_share(experiment, "SUGGEST_BREAK", rail, Count(22, 40))
    assert not kept.broken and kept.seen == "22 of 40 (55%) rejected"
    assert not check_share(experiment, "SUGGEST_BREAK", rail, Count(0, 0)).broken


def test_an_arm_that_lowers_the_outcome_beyond_its_bound_is_stopped() -> None:
    experiment, rail = parse_experiment(OWN), Guardrail("outcome", 2.0)
    moments = [one for one in draw_moments(6, 120) if one.arm in ("NO_OP", "SUGGEST_BREAK")]
    harmed = [
        replace(one, after=None if one.after is None else one.after - 25 * (one.arm == "SUGGEST_BREAK"))
        for one in moments
    ]
    assert check_outcome(experiment, "SUGGEST_BREAK", rail, harmed).broken
    assert not check_outcome(experiment, "SUGGEST_BREAK", rail, moments).broken
    assert not check_outcome(experiment, "SUGGEST_BREAK", rail, harmed[:15]).broken, "nothing is said so early"
    elsewhere = [
        replace(one, arm="NO_OP", chances={"NO_OP": 0.6, "BLOCK_SITES": 0.4}, after=(one.after or 0) + 60)
        for one in moments * 3
    ]
    apart = check_outcome(experiment, "SUGGEST_BREAK", rail, [*moments, *elsewhere])
    assert not apart.broken, "where it could not be drawn, the no-op says nothing of it"
    assert check_outcome(experiment, "SUGGEST_BREAK", rail, []).seen == "no outcome yet"
