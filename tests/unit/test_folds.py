"""Folds on several cores: at the same time, with the same figures, and in the memory that their moments take."""

from __future__ import annotations

import threading
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import xgboost
from synthetic_streams import random_moments

from neural_focus.evaluation import folds
from neural_focus.evaluation.evaluate import Judged, day_split, judge_split, person_folds
from neural_focus.evaluation.folds import judge_splits, learning_curve
from neural_focus.models import linear, training_data, trees
from neural_focus.models.contracts import V1, V6
from neural_focus.models.datasets import Moments
from neural_focus.models.population import AppStatistics
from neural_focus.models.training_data import TrainingData
from neural_focus.side_by_side import MOST_AT_ONCE, side_by_side, usable_cores

PATIENCE_S = 120
"""Before a test gives up on a thread that does not come."""


def test_tasks_run_at_the_same_time_and_answer_in_their_order() -> None:
    meet = threading.Barrier(2, timeout=PATIENCE_S)

    def task(number: int) -> int:
        meet.wait()  # broken, and so an error, unless two are here at once
        return number

    assert side_by_side([lambda number=number: task(number) for number in range(6)], 2) == [0, 1, 2, 3, 4, 5]
    here = threading.get_ident()
    assert side_by_side([threading.get_ident, threading.get_ident], 1) == [here, here]
    assert 1 <= usable_cores() <= MOST_AT_ONCE


def test_after_an_error_nothing_more_begins() -> None:
    ended, begun = threading.Event(), []

    def fails() -> None:
        raise ValueError("no")

    def waits() -> None:
        begun.append("waits")
        assert ended.wait(PATIENCE_S)

    try:
        with pytest.raises(ValueError, match="no"):
            side_by_side([fails, waits, waits, waits, waits], 2)
    finally:
        ended.set()
    for thread in threading.enumerate():
        if thread.name.startswith("training"):
            thread.join(PATIENCE_S)
    assert len(begun) <= 2, "one beside the error, and one that was begun when it was seen"


def test_two_folds_at_once_and_the_last_ones_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two cores are; each fold waits for another, but the fifth, which has nobody left."""
    moments, _ = random_moments(2, people=5, days=2)
    meet, seen = threading.Barrier(2, timeout=PATIENCE_S), []

    def judged(_moments: object, _stays: object, split: object, report: object, *, at_once: int, **_: object) -> list:
        seen.append((report, at_once))
        if at_once == 1:
            meet.wait()
        return [split]

    monkeypatch.setattr(folds, "judge_split", judged)
    monkeypatch.setattr(folds, "usable_cores", lambda: 2)
    splits = list(person_folds(moments))
    found, curve = judge_splits(moments, (), splits, lambda number: number, network=False)
    assert [one for (one,) in found] == splits and curve == []
    assert sorted(seen) == [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2)]


def test_a_days_split_and_its_learning_curve_are_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    moments, _ = random_moments(2, people=2, days=4)
    meet = threading.Barrier(2, timeout=PATIENCE_S)
    monkeypatch.setattr(folds, "judge_split", lambda *_, **__: [meet.wait()])
    monkeypatch.setattr(folds, "learning_curve", lambda *_: [{"auc": float(meet.wait())}])
    ((place,),), curve = judge_splits(
        moments, (), list(day_split(moments)), lambda _: print, network=False, curve=True, at_once=2
    )
    assert sorted([place, curve[0]["auc"]]) == [0, 1]


def test_networks_are_trained_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    moments, _ = random_moments(2, people=5, days=2)
    here = threading.get_ident()
    monkeypatch.setattr(folds, "judge_split", lambda *_, at_once, **__: [threading.get_ident(), at_once])
    found, _ = judge_splits(moments, (), list(person_folds(moments)), lambda _: print, network=True, at_once=2)
    assert found == [[here, 1]] * 5


def told(found: list[list[Judged]]) -> list[tuple[str, str, bytes]]:
    """Every probability, to the last bit."""
    return [(one.target, name, p.tobytes()) for fold in found for one in fold for name, p in one.probabilities.items()]


def test_folds_say_the_same_one_by_one_and_side_by_side() -> None:
    moments, _ = random_moments(5, people=5, days=4, a_day=120)
    splits = list(person_folds(moments))[:3]
    alone, beside = (
        told(judge_splits(moments, (), splits, lambda _: print, contract=V1, network=False, at_once=at_once)[0])
        for at_once in (1, 2)
    )
    assert alone == beside and len(alone) == 3 * 2 * 5


def test_rows_in_bins_make_the_trees_of_a_plain_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    moments, _ = random_moments(6, people=2, days=4)
    rows = np.column_stack([moments.own, np.round(moments.recency_s), moments.switches_5min]).astype(np.float32)
    found = []
    for people in (2, 12):
        found.append(trees.fit_trees(rows, moments.switch, 20, target="break", people=people))
        with monkeypatch.context() as patched:
            plain = lambda data, label, max_bin, nthread: xgboost.DMatrix(data, label=label, nthread=nthread)  # noqa: E731
            patched.setattr(xgboost, "QuantileDMatrix", plain)
            found.append(trees.fit_trees(rows, moments.switch, 20, target="break", people=people))
    assert found[0] == found[1] != found[2] == found[3]


def wide_moments() -> Moments:
    """Moments with as many inputs as are served, most of what they take."""
    moments, _ = random_moments(7, people=5, days=10, a_day=600)
    moments = moments.without_sequences()
    own = np.random.default_rng(7).normal(size=(len(moments), len(V6.names) - 6)).astype(np.float32)
    own[:, : moments.own.shape[1]] = moments.own
    return replace(moments, own=own)


@pytest.mark.parametrize("target", ["switch", "break", "outcome"])
def test_rows_that_were_not_copied_are_those_that_were(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_data, "MAX_MOMENTS", 700)
    moments, _ = random_moments(8, people=3, days=4, a_day=120)
    train = np.flatnonzero(moments.person != 2)
    shared = TrainingData.of_rows(moments, train, (), V1)
    copied = TrainingData(moments.take(train[::2]), (), V1).thinned()
    part = np.arange(50, len(copied.moments))
    for one, other in ((shared, copied), (shared.take(part), copied.take(part)), (shared.whole(), copied)):
        rows, label = one.rows(target)
        wanted, same = other.rows(target)
        assert np.array_equal(rows, wanted) and np.array_equal(label, same) and len(label) > 50
        found = [each.inputs(AppStatistics({}), rows).tobytes() for each in (one, other)]
        assert found[0] == found[1] and np.array_equal(one.own(rows), other.own(rows))
    assert shared.inputs_of is not None and shared.inputs_of[0] is moments
    for name in Moments.__slots__:
        assert np.array_equal(getattr(shared.whole().moments, name), getattr(copied.moments, name))


def test_a_split_takes_little_more_than_what_it_learns_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peak of what NumPy takes beside the moments, as a multiple of them; XGBoost takes its own, a byte a value.

    Few trees and few rows for the regressions, which take the same however many moments there are.
    """
    for name in ("FEWEST_ROUNDS", "MOST_ROUNDS"):
        monkeypatch.setattr(trees, name, 4)
    monkeypatch.setattr(linear, "_MOST_ROWS", 1_000)
    monkeypatch.setattr(linear, "_BLOCK", 1_024)
    moments = wide_moments()
    split = next(person_folds(moments))
    taken = []
    for run in (
        lambda: judge_split(moments, (), split, lambda _: None, network=False),
        lambda: learning_curve(moments, (), split, (1.0,)),
    ):
        tracemalloc.start()
        kept = run()
        now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        taken.append((peak / moments.own.nbytes, now / moments.own.nbytes))
        assert kept
    assert max(peak for peak, _ in taken) < 3.0, "5.9 where each step copies the moments that it reads"
    assert max(now for _, now in taken) < 0.3, "what was judged is kept without its inputs"
