"""What one person's experts learn: what they start from, that they know nothing of the hour to come, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neural_focus.models.calibration import logit, sigmoid
from neural_focus.models.hazard import Hazard
from neural_focus.models.metrics import auc, log_loss
from neural_focus.personal.layer import PersonalLayer, fit_layer, layer_log_odds
from neural_focus.personal.learner import Known, Learner
from neural_focus.personal.mixture import EXPERTS
from neural_focus.personal.residual import fit_residual
from neural_focus.time import DAY_US

RNG = np.random.default_rng(5)
MINUTE_US = 60_000_000


def life(moments: int, *, days: int = 4, own: float = 0.0) -> tuple[Known, Any]:
    """A person whose rate falls with the time since the switch, and by ``own`` log-odds with a column of theirs."""
    rng = np.random.default_rng(moments)
    recency_s = rng.exponential(120, moments)
    rows = rng.normal(size=(moments, 6)).astype(np.float32)
    truth = logit(np.clip(0.6 / (1 + (recency_s / 40) ** 0.8), 0.01, 0.99)) + own * rows[:, 2]
    label = (rng.random(moments) < sigmoid(truth)).astype(np.int8)
    each = moments // days
    times_us = np.array([day * DAY_US + (at + 1) * 10_000_000 for day in range(days) for at in range(each)])
    known = Known(rows, np.full(moments, -1.0), recency_s, np.array(["editor"] * moments), times_us)
    return known, label


def test_a_hazard_starts_from_others_falls_and_becomes_the_persons_own() -> None:
    seconds = np.array([1.0, 10, 60, 600, 6_000])
    rule = Hazard.by_rule("switch").probabilities(seconds)
    assert (np.diff(rule) <= 0).all() and rule[0] > 0.4 > 0.1 > rule[-1]
    often, seldom = (np.full(2_000, 20.0), np.ones(2_000, np.int8)), (np.full(10, 20.0), np.zeros(10, np.int8))
    both = Hazard.of_groups([often, seldom], "switch")
    assert both.probabilities(np.array([20.0]))[0] == pytest.approx(0.5, abs=0.01), "groups weigh alike"
    own = both.with_own(np.full(8_000, 20.0), np.zeros(8_000, np.int8))
    assert own.probabilities(np.array([20.0]))[0] < 0.05
    again = Hazard.from_json(own.to_json())
    assert (again.probabilities(seconds) == own.probabilities(seconds)).all()
    assert (Hazard.of_groups([], "break").moments == Hazard.by_rule("break").moments).all()


def test_a_layer_moves_with_the_moments_behind_it() -> None:
    prior, recency = RNG.normal(size=4_000), RNG.normal(size=4_000)
    app = np.where(RNG.random(4_000) < 0.5, "chat", "editor")
    truth = prior + np.where(app == "chat", 1.0, -1.0)
    label = (RNG.random(4_000) < sigmoid(truth)).astype(np.int8)
    few, many = (fit_layer(prior[:n], recency[:n], app[:n], label[:n]) for n in (20, 4_000))
    assert abs(few.prior_share - 0.5) < 0.05 and many.prior_share > 0.7 and many.recency_share < 0.3
    assert many.app_offset is not None and few.app_offset is not None
    assert many.app_offset["chat"] - many.app_offset["editor"] > 1.0 > 0.2 > few.app_offset["chat"]
    unseen = layer_log_odds([many], prior[:1], recency[:1], np.array(["game"]))
    rest = many.prior_share * prior[0] + many.recency_share * recency[0] + many.offset
    assert unseen[0] == pytest.approx(rest), "an app that was never seen has the person's offset alone"
    assert PersonalLayer.from_json(many.to_json()) == many


def test_residuals_find_what_the_layer_misses_and_stay_out_of_noise() -> None:
    rows = RNG.normal(size=(4_000, 6)).astype(np.float32)
    layer = np.full(4_000, -1.0)
    label = (RNG.random(4_000) < sigmoid(layer + 1.5 * rows[:, 2])).astype(np.int8)
    noise = (RNG.random(4_000) < sigmoid(layer)).astype(np.int8)
    found, nothing = (fit_residual(rows, one, layer, 3_000) for one in (label, noise))
    assert auc(label, found.of_linear(rows)) > 0.75 and auc(label, found.of_trees(rows)) > 0.75
    assert np.abs(nothing.of_linear(rows)).mean() < 0.1 and np.abs(nothing.of_trees(rows)).mean() < 0.1


def test_nothing_of_the_hour_to_come_is_known() -> None:
    known, label = life(1_600, own=1.0)
    start = Learner(Hazard.by_rule("switch"))
    said = start.said(known)
    now_us = int(known.times_us[900]) + 1
    flipped = label.copy()
    flipped[known.times_us > now_us - 330_000_000] ^= 1
    here, there = (start.learn(known, said, one, now_us) for one in (label, flipped))
    assert (here.said(known)[:, 0] == there.said(known)[:, 0]).all()
    assert here.layer == there.layer and (here.weights.of == there.weights.of).all()
    assert here.seen == there.seen == int((known.times_us < now_us - 330_000_000).sum())


def test_it_serves_recency_at_first_and_better_once_it_has_learned() -> None:
    known, label = life(8_000, days=8, own=2.0)
    learner, said = Learner(Hazard.by_rule("switch")), np.full((8_000, len(EXPERTS)), np.nan)
    mixed = np.empty(8_000)
    for day in range(8):
        for hour in range(3):
            first, last = day * 1_000 + hour * 360, min(day * 1_000 + (hour + 1) * 360, (day + 1) * 1_000)
            learner = learner.learn(
                known.take(slice(0, first)), said[:first], label[:first], int(known.times_us[first] + 1)
            )
            part = slice(first, last)
            said[part] = learner.said(known.take(part))
            mixed[part] = learner.weights.mix(said[part])
    assert np.abs(mixed[:300] - said[:300, 0]).max() < 0.1, "of a stranger, recency decides"
    late = slice(6_000, None)
    assert log_loss(label[late], mixed[late]) < log_loss(label[late], said[late, 0]) - 0.05
    assert learner.residual is not None and learner.weights.of[3:].sum() > 0.9


def test_own_models_wait_for_a_new_day_and_a_fifth_more() -> None:
    known, label = life(4_000, own=1.0)
    said = Learner(Hazard.by_rule("switch")).said(known)
    early = Learner(Hazard.by_rule("switch")).learn(known, said, label, 10_000_000 + 200 * 10_000_000)
    assert early.residual is None, "200 moments are too few"
    day = early.learn(known, said, label, DAY_US)
    assert day.residual is not None and day.seen_by_residual == 1_000
    same = day.learn(known, said, label, DAY_US + 330_000_000 + 500 * 10_000_000)
    assert same.residual is day.residual and same.seen_by_layer > day.seen_by_layer
    after = same.learn(known, said, label, 2 * DAY_US)
    assert after.residual is not day.residual
