"""Splits that do not leak, figures against a library's, alerts on a budget."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from synthetic_streams import random_moments

from neural_focus.models import measures
from neural_focus.models.contracts import V1
from neural_focus.models.datasets import Moments
from neural_focus.models.evaluation import day_split, judge_split, permuted, person_folds, pool, rows_of
from neural_focus.models.figures import alerts, alerts_on_budget
from neural_focus.models.splits import EMBARGO_SECONDS, folds_by_person, slices_by_days


def test_days_stay_whole_and_an_embargo_lies_between() -> None:
    moments, _ = random_moments(1, people=3)
    part = slices_by_days(moments.times_us, moments.person, (0.5, 0.75))
    for person in (1, 2, 3):
        mine = moments.person == person
        for border in (0, 1):
            last, first = moments.times_us[mine & (part == border)], moments.times_us[mine & (part == border + 1)]
            assert first.min() - last.max() > EMBARGO_SECONDS * 1_000_000
            assert not np.intersect1d(first // 86_400_000_000, last // 86_400_000_000).size


def test_an_embargo_is_cut_out_where_a_border_lies_within_a_day() -> None:
    times = np.arange(200) * 10_000_000 + 36_000_000_000
    part = slices_by_days(times, np.ones(200, np.int64), (0.5,))
    gap = times[part == 1].min() - times[part == 0].max()
    assert gap > EMBARGO_SECONDS * 1_000_000
    assert (part == -1).sum() == EMBARGO_SECONDS // 10


def test_every_person_is_in_one_fold() -> None:
    person = np.repeat(np.arange(11), 5)
    fold = folds_by_person(person, 5, 3)
    assert all(len(np.unique(fold[person == one])) == 1 for one in range(11))
    assert np.unique(fold).tolist() == [0, 1, 2, 3, 4]
    moments, _ = random_moments(2, people=6, days=2)
    for split in person_folds(moments):
        assert not np.intersect1d(moments.person[split.train], moments.person[split.test]).size


def test_figures_are_the_librarys() -> None:
    rng = np.random.default_rng(5)
    label = (rng.random(500) < 0.3).astype(np.int8)
    score = np.round(np.clip(0.3 * label + rng.random(500) * 0.7, 0.01, 0.99), 2)  # with ties
    assert measures.auc(label, score) == pytest.approx(metrics.roc_auc_score(label, score))
    assert measures.average_precision(label, score) == pytest.approx(metrics.average_precision_score(label, score))
    assert measures.brier(label, score) == pytest.approx(metrics.brier_score_loss(label, score))
    assert measures.log_loss(label, score) == pytest.approx(metrics.log_loss(label, score))
    assert measures.ece(label, label.astype(float)) == 0.0


def test_alerts_keep_five_minutes_apart_and_within_the_budget() -> None:
    rng = np.random.default_rng(6)
    times = np.arange(720) * 10_000_000
    score, group = rng.random(720), np.repeat([1, 2], 360)
    fired = alerts(times, score, group, 0.5)
    for one in (1, 2):
        mine = times[fired[group[fired] == one]]
        assert np.diff(mine).min() >= 300_000_000
    for budget in (1, 3, 8):
        assert 0 < len(alerts_on_budget(times, score, group, budget)) <= budget


def test_noise_in_chance_out_and_signal_is_found() -> None:
    chance = []
    for seed in (1, 2, 3):
        moments, stays = random_moments(seed, informative=False)
        split = next(day_split(moments))
        result = _switch(moments, stays, split)
        chance.append(measures.auc(result.label, result.probabilities["xgboost"]))
    assert abs(float(np.mean(chance)) - 0.5) < 0.04
    moments, stays = random_moments(4)
    result = _switch(moments, stays, next(day_split(moments)))
    rows = {row["model"]: row for row in rows_of(result, "made", {1: "a", 2: "b"}) if row["person"] == "all"}
    assert rows["xgboost"]["auc"] > 0.75 > 0.55 > rows["recency"]["auc"]
    assert rows["xgboost"]["brier"] < rows["recency"]["brier"]
    assert rows["xgboost"]["auc_low"] < rows["xgboost"]["auc"] < rows["xgboost"]["auc_high"]


def _switch(moments, stays, split):  # type: ignore[no-untyped-def]
    return pool(judge_split(moments, stays, split, lambda _: None, contract=V1, network=False))[0]


def test_permuted_labels_leave_nothing_to_find() -> None:
    """The short form of ``bench.trials.permuted_labels``: a leak of the label into the inputs would show here."""
    moments, stays = random_moments(3, people=2, days=8)

    def auc_of(one: Moments) -> float:
        (split,) = day_split(one)
        switch = judge_split(one, stays, split, lambda step: None, contract=V1, network=False)[0]
        return measures.auc(switch.label, switch.probabilities["xgboost"])

    dealt = [permuted(moments, seed) for seed in (0, 1)]
    assert auc_of(moments) > 0.6
    assert abs(np.mean([auc_of(one) for one in dealt]) - 0.5) < 0.04
    for one in dealt:
        assert not np.array_equal(one.switch, moments.switch)
        assert one.switch.sum() == moments.switch.sum()
        assert np.array_equal(one.settled_break < 0, moments.settled_break < 0)
