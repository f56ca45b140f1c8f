"""Splits that do not leak, figures against a library's, alerts on a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from synthetic_streams import random_moments

from infra.commands.evaluate_notes import few_days, untrained
from neural_focus.evaluation.evaluate import (
    Judged,
    day_split,
    judge_split,
    permuted,
    person_folds,
    pool,
    rows_of,
)
from neural_focus.evaluation.folds import latest
from neural_focus.labelling.labels import MARGIN_US, Outcome
from neural_focus.models import metrics
from neural_focus.models.baselines import baseline_probabilities, one_numbers
from neural_focus.models.calibration import Calibration
from neural_focus.models.contracts import V1
from neural_focus.models.datasets import Moments, folds_by_person, slices_by_days
from neural_focus.models.held_out import DAYS, predict_held_out
from neural_focus.models.metrics import alerts, alerts_on_budget
from neural_focus.models.model import ModelContext
from neural_focus.models.population import AppStatistics
from neural_focus.models.train import held_out_figures
from neural_focus.models.training_data import TrainingData
from neural_focus.models.tree_model import TreeModel


def test_days_stay_whole_and_an_embargo_lies_between() -> None:
    moments, _ = random_moments(1, people=3)
    part = slices_by_days(moments.times_us, moments.person, (0.5, 0.75))
    for person in (1, 2, 3):
        mine = moments.person == person
        for border in (0, 1):
            last, first = moments.times_us[mine & (part == border)], moments.times_us[mine & (part == border + 1)]
            assert first.min() - last.max() > MARGIN_US
            assert not np.intersect1d(first // 86_400_000_000, last // 86_400_000_000).size


def test_two_machines_of_a_person_share_their_days() -> None:
    """Moments come stream by stream: the second machine's begin on the first day again."""
    day, ticks = 86_400_000_000, np.arange(360) * 10_000_000
    machine = np.concatenate([day * n + ticks for n in range(20)])
    for times in (np.r_[machine, machine + 5_000_000], np.r_[machine, machine[-1800:]]):
        part = slices_by_days(times, np.ones(len(times), np.int64), (0.75,))
        assert 0.7 < (part == 0).mean() < 0.8
        assert times[part == 0].max() < times[part == 1].min() and (part >= 0).all()


def test_the_learning_curve_has_everybodys_last_days() -> None:
    moments, _ = random_moments(1, people=3)
    train = next(day_split(moments)).train
    kept = latest(moments, train, 0.3)
    assert not (kept & ~train).any() and latest(moments, train, 1.0) is train
    for person in (1, 2, 3):
        mine = moments.person == person
        assert 0.1 < kept[mine].sum() / train[mine].sum() < 0.6
        assert moments.times_us[mine & kept].max() == moments.times_us[mine & train].max()


def test_an_embargo_is_cut_out_where_a_border_lies_within_a_day() -> None:
    times = np.arange(200) * 10_000_000 + 36_000_000_000
    part = slices_by_days(times, np.ones(200, np.int64), (0.5,))
    gap = times[part == 1].min() - times[part == 0].max()
    assert gap > MARGIN_US
    assert (part == -1).sum() == MARGIN_US // 10_000_000


def test_every_person_is_in_one_fold() -> None:
    person = np.repeat(np.arange(11), 5)
    fold = folds_by_person(person, 5, 3)
    assert all(len(np.unique(fold[person == one])) == 1 for one in range(11))
    assert np.unique(fold).tolist() == [0, 1, 2, 3, 4]
    moments, _ = random_moments(2, people=6, days=2)
    for split in person_folds(moments):
        assert not np.intersect1d(moments.person[split.train], moments.person[split.test]).size


def test_auc_is_the_librarys() -> None:
    rng = np.random.default_rng(5)
    label = (rng.random(500) < 0.3).astype(np.int8)
    score = np.round(np.clip(0.3 * label + rng.random(500) * 0.7, 0.01, 0.99), 2)  # with ties
    assert metrics.auc(label, score) == pytest.approx(roc_auc_score(label, score))
    assert np.isnan(metrics.average_precision(0 * label, score)) and np.isnan(metrics.auc(0 * label, score))
    assert metrics.log_loss(0 * label, 0 * score) == pytest.approx(1e-6, rel=1e-3)
    assert metrics.brier(0 * label, score) == pytest.approx(np.mean(score**2))
    assert metrics.ece(label, label.astype(float)) == 0.0


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
        chance.append(metrics.auc(result.label, result.probabilities["xgboost"]))
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
        return metrics.auc(switch.label, switch.probabilities["xgboost"])

    dealt = [permuted(moments, seed) for seed in (0, 1)]
    assert auc_of(moments) > 0.6
    assert abs(np.mean([auc_of(one) for one in dealt]) - 0.5) < 0.04
    for one in dealt:
        assert not np.array_equal(one.switch, moments.switch)
        assert one.switch.sum() == moments.switch.sum()
        assert np.array_equal(one.settled_break < 0, moments.settled_break < 0)


@pytest.mark.parametrize("name", ["recency", "switches_5min"])
def test_a_baselines_calibration_is_the_same_whatever_the_order_of_the_moments(name: str) -> None:
    moments, _ = random_moments(6)
    moments = replace(moments, recency_s=np.round(moments.recency_s, -1))  # many ties
    split = next(day_split(moments))
    seen, judged = moments.take(split.train), moments.take(split.test)
    found = baseline_probabilities(seen, seen.switch, judged, "switch")[name]
    mixed = seen.take(np.random.default_rng(1).permutation(len(seen)))
    assert found == pytest.approx(baseline_probabilities(mixed, mixed.switch, judged, "switch")[name], abs=1e-12)


@pytest.mark.parametrize(("target", "rises"), [("switch", False), ("break", False), ("outcome", True)])
def test_focus_rises_with_the_time_since_the_last_switch_and_risk_falls(target: str, rises: bool) -> None:
    moments, _ = random_moments(7)
    rng = np.random.default_rng(7)
    focus = np.log1p(moments.recency_s) - 0.3 * moments.switches_5min + rng.normal(0, 1, len(moments))
    label = ((focus > np.median(focus)) == rises).astype(np.int8)
    found = baseline_probabilities(moments, label, moments, target)
    for name, number in one_numbers(moments, target).items():
        assert metrics.auc(label, number) > 0.6
        assert metrics.auc(label, found[name]) == pytest.approx(metrics.auc(label, number), abs=1e-6)


class Blind(TreeModel):
    """A model that knows nothing."""

    def predict(self, rows: np.ndarray, targets: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        return dict.fromkeys(targets or (), np.zeros(len(rows)))


def test_a_models_figures_have_the_baselines_of_focus_the_right_way_up() -> None:
    known = {"switch": Calibration(), "outcome": Calibration()}
    blind = Blind(ModelContext(V1, known, AppStatistics({}), None, {}, {}, {}), {}, {})
    moments, _ = random_moments(7)
    settled = moments.recency_s > 60
    outcome = np.where(settled, Outcome.FOCUSED, Outcome.DISTRACTED).astype(np.int8)
    found = held_out_figures(blind, replace(moments, outcome=outcome, switch=(~settled).astype(np.int8)))
    assert found["outcome"]["recency_auc"] == found["switch"]["recency_auc"] == 1.0
    half = replace(moments, outcome=outcome, switch=(~settled).astype(np.int8))
    kept = predict_held_out(blind, half, TrainingData(half, (), V1, every=1), DAYS)
    for target in ("outcome", "switch"):
        assert metrics.auc(kept.label[target], kept.said[target]["recency"]) == 1.0


def made_folds() -> tuple[list[list[Judged]], dict[int, str]]:
    """Breaks of three people, a fold each; the second could not be tested by a trained model."""
    moments, _ = random_moments(8, people=3, days=2)
    rng, folds = np.random.default_rng(8), []
    for person in (1, 2, 3):
        mine = moments.take(moments.person == person)
        label = (rng.random(len(mine)) < 0.3).astype(np.int8)
        models = ("recency", "logistic") if person == 2 else ("recency", "logistic", "xgboost")
        said = {model: rng.random(len(mine)) for model in models}
        folds.append([Judged("break", "person", mine, label, said, 4.0)])
    return folds, {1: "ann", 2: "bob", 3: "cleo"}


def test_a_fold_without_a_model_takes_it_from_nobody_else() -> None:
    folds, names = made_folds()
    (pooled,) = pool([one for fold in folds for one in fold])
    rows = rows_of(pooled, "made", names)
    models = {name: {row["model"] for row in rows if row["person"] == name} for name in ("all", *names.values())}
    whole = {"recency", "logistic", "xgboost"}
    assert models == {"all": whole, "ann": whole, "bob": {"recency", "logistic"}, "cleo": whole}
    together = {row["n"] for row in rows if row["person"] == "all"}
    assert together == {len(folds[0][0].label) + len(folds[2][0].label)}, "rows side by side are of the same moments"
    assert pooled.common().hours == pytest.approx(8.0, rel=0.1)


def test_what_could_not_be_trained_is_said() -> None:
    folds, names = made_folds()
    for fold in folds:
        said = {"base_rate": fold[0].probabilities["recency"], **fold[0].probabilities}
        fold[0] = replace(fold[0], probabilities=said | {"switches_5min": said["recency"]})
    nothing, one = untrained(folds, names, network=False)
    assert nothing.startswith("switch: nothing can be evaluated")
    assert one.startswith("break: too few labels to train xgboost in fold 2 of 3, which tests bob")
    everywhere = list(untrained([folds[1]], names, network=False))[1]
    assert everywhere == "break: too few labels to train xgboost"
    assert len(list(untrained([folds[0]], names, network=False))) == 1


def test_few_days_to_learn_from_are_said() -> None:
    moments, _ = random_moments(9, people=1, days=3)
    assert list(few_days(moments, list(day_split(moments)))) == [
        "2 days to learn from; models need a week or more, so these figures say little"
    ]
    moments, _ = random_moments(9, people=3, days=6)
    assert not list(few_days(moments, list(day_split(moments))))
