"""Training, the one inference path, explanations, confidence, drift: on synthetic moments of input version 1."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_streams import random_moments
from threadpoolctl import threadpool_limits
from told_inputs import told_past

from neural_focus.errors import ContractError, InputError
from neural_focus.features import FEATURE_INDEX, INPUT_V1
from neural_focus.labelling.labels import NO_LABEL, Outcome, Source
from neural_focus.models import metrics
from neural_focus.models.contracts import V1, V6, contract_of
from neural_focus.models.drift import (
    CALENDAR,
    FEWEST_MOMENTS,
    LARGE_SHIFT,
    MEMORIES,
    input_drift,
    reference_of,
)
from neural_focus.models.explain import say_value, word_factors
from neural_focus.models.predict import Predictor
from neural_focus.models.train import train
from neural_focus.models.training_data import TrainingData, chosen_rows, settle_outcomes, step_of
from neural_focus.models.tree_model import TreeModel
from neural_focus.models.typical import typical_rows
from neural_focus.models.vocabulary import VOCABULARY
from neural_focus.registry.bundle import MODEL, TrainedBundle, file_hashes, verify


@pytest.fixture(scope="module")
def bundle(synthetic_trees: TrainedBundle) -> TrainedBundle:
    return synthetic_trees


@pytest.fixture(scope="module")
def predictor(bundle: TrainedBundle) -> Predictor:
    return Predictor.from_files(bundle.files, bundle.manifest, "xgboost_v1")


def snapshots(own: np.ndarray) -> np.ndarray:
    """Snapshots float32[n, 32] that have these version-1 inputs."""
    features = np.zeros((len(own), 32), np.float32)
    features[:, [FEATURE_INDEX[name] for name in INPUT_V1]] = own
    return features


def test_same_moments_and_seed_are_the_same_bytes_and_a_killed_training_goes_on(
    bundle: TrainedBundle, tmp_path: Path
) -> None:
    """Also by other threads: the matrix libraries' sums depend on how many, and that is the machine's affair."""
    with threadpool_limits(3):
        again = train(TreeModel, *random_moments(1), is_demo=True, input_version=1, checkpoint=tmp_path)
    assert again.files == bundle.files and again.manifest == bundle.manifest
    done = sorted(tmp_path.glob("*.ubj"))
    done[0].unlink()
    before = {path: path.stat().st_mtime_ns for path in done[1:]}
    resumed = train(TreeModel, *random_moments(1), is_demo=True, input_version=1, checkpoint=tmp_path)
    assert resumed.files == bundle.files
    assert before == {path: path.stat().st_mtime_ns for path in done[1:]}


def test_too_little_to_train_on_is_said() -> None:
    moments, stays = random_moments(1)
    with pytest.raises(InputError, match="too few"):
        train(TreeModel, moments.take(np.arange(50)), stays, is_demo=True, input_version=1)


def test_the_manifest_tells_what_it_is(bundle: TrainedBundle) -> None:
    manifest = bundle.manifest
    assert manifest["trained_on"] == "demo" and manifest["outcome_labels"] == "weak"
    assert manifest["input_hash"] == V1.hash and manifest["files"] == file_hashes(bundle.files)
    assert manifest["metrics"]["switch"]["auc"] > manifest["metrics"]["switch"]["recency_auc"] + 0.1


def test_a_prediction_on_new_people_is_good_calibrated_and_defined(predictor: Predictor) -> None:
    moments, _ = random_moments(77)
    features = snapshots(moments.own)
    judged = predictor.predict(features)
    assert metrics.auc(moments.switch, judged.distraction_risk) > 0.75
    assert metrics.ece(moments.switch, judged.distraction_risk) < 0.05
    assert ((judged.focus_score >= 0) & (judged.focus_score <= 100)).all()
    settled = features[:, FEATURE_INDEX["time_in_current_app"]] >= 60
    assert (np.isnan(judged.break_risk) == ~settled).all()
    one = predictor.predict(features[:1])
    assert one.distraction_risk[0] == pytest.approx(judged.distraction_risk[0], abs=1e-12)


def test_confidence_ranks_errors_and_drops_on_unfamiliar_input(predictor: Predictor) -> None:
    moments, _ = random_moments(78)
    features = snapshots(moments.own)
    judged = predictor.predict(features)
    wrong = (judged.distraction_risk >= 0.5) != (moments.switch == 1)
    order = np.argsort(-judged.confidence, kind="stable")
    thirds = [wrong[part].mean() for part in np.array_split(order, 3)]
    assert thirds[0] < thirds[1] < thirds[2]
    strange = predictor.predict(features[:100] * 50)
    assert strange.confidence.mean() < 0.3 < judged.confidence.mean()


def test_the_top_factor_moves_the_risk_more_than_a_random_one(predictor: Predictor) -> None:
    moments, _ = random_moments(79)
    reference, rng = predictor.reference("switch"), np.random.default_rng(1)
    moved, by_top, by_any = [], [], []
    for row in moments.own[:200]:
        shares = predictor.explain("switch", row)
        top, any_one = int(np.argmax(np.abs(shares))), int(rng.integers(len(shares)))
        changed = np.stack([row, row, row])
        changed[1, top], changed[2, any_one] = reference[top], reference[any_one]
        before, after, other = predictor.probabilities("switch", changed)
        moved.append(np.sign(before - after) == np.sign(shares[top]))
        by_top.append(abs(before - after))
        by_any.append(abs(before - other))
    assert np.mean(moved) > 0.9
    assert np.mean(by_top) > 2 * np.mean(by_any)


def test_a_typical_moment_has_the_mean_risk_where_most_are_calm() -> None:
    rng = np.random.default_rng(3)
    rows = rng.exponential(1.0, (4_000, 6)).astype(np.float32)
    risk = 1 / (1 + np.exp(4.5 - rows.sum(axis=1, dtype=np.float64) ** 1.15 / 2.2))
    person = np.repeat([1, 2, 3], [2_000, 1_950, 50])
    found = typical_rows(rows, risk, person)
    assert set(found) == {"*", "1", "2"}, "too little is known of the third"

    def risk_at(row: np.ndarray) -> float:
        return float(1 / (1 + np.exp(4.5 - row.sum(dtype=np.float64) ** 1.15 / 2.2)))

    assert abs(risk_at(found["*"]) - risk.mean()) < 0.03 < risk.mean() - np.median(risk)
    for row in found.values():
        assert abs(risk_at(row) - risk.mean()) < 0.65 * abs(risk_at(np.median(rows, axis=0)) - risk.mean())
    assert typical_rows(rows[:0], risk[:0], person[:0]) == {}


def test_factors_are_ordered_and_in_words(predictor: Predictor) -> None:
    row = snapshots(random_moments(80)[0].own[:1])[0]
    inputs = predictor.inputs(row[None])[0]
    shares = predictor.explain("switch", inputs)
    factors = predictor.judge(row[None]).reasons()
    assert 1 <= len(factors) <= 3
    assert all(factor.endswith(("(raises the risk)", "(lowers the risk)")) for factor in factors)
    assert ("raises" in factors[0]) == (shares[np.argmax(np.abs(shares))] > 0)


def test_every_input_of_a_model_has_words() -> None:
    assert [name for contract in (V1, V6) for name in contract.names if name not in VOCABULARY] == []
    at_work = np.zeros(1, np.float32)
    assert word_factors(("is_idle",), at_work, np.ones(1), at_work) == ("Not idle right now (raises the risk)",)


def test_reasons_say_one_thing_once_and_whose_usual_it_is() -> None:
    names = ["mouse_path_30s", "mouse_distance_pixels", "mouse_speed_mean_unusual", "keystroke_count", "came_back"]
    row, usual = np.array([3.0, 400.0, -1.26, 12.0, 0.0]), np.array([2.0, 90.0, 0.003, 1.0, 0.0])
    shares = np.array([-0.9, 0.8, 0.7, 0.6, -0.04])
    told = word_factors(names, row.astype(np.float32), shares, usual.astype(np.float32), own=False, most=5)
    assert told == (
        "Mouse distance in 30 s: 19 px, others usually 6.4 px (lowers the risk)",
        "Mouse speed: 1.3 sd below your own average (raises the risk)",
        "Keys in 30 s: 12 keys, others usually 1 key (raises the risk)",
    )
    row[2] = 0.04
    told = word_factors(names, row.astype(np.float32), shares, usual.astype(np.float32), most=2)
    assert told[1:] == ("Mouse speed: at your own average (raises the risk)",)


def test_what_others_do_in_the_app_is_compared_with_other_apps() -> None:
    names, row, usual = ["others_app_usual_log_s"], np.log1p([20.0]), np.log1p([29.0])
    told = word_factors(names, row.astype(np.float32), np.ones(1), usual.astype(np.float32), own=False)
    assert told == ("How long others usually stay in this app: 20 s, elsewhere 29 s (raises the risk)",)


def test_a_part_is_fitted_on_every_kth_moment_as_all_are_but_on_each_settled_one() -> None:
    moments, _ = random_moments(5)
    assert [step_of(moments, most) for most in (len(moments), len(moments) - 1, len(moments) // 3)] == [1, 2, 3]
    for part in (moments, moments.take(np.arange(0, len(moments) // 2))):
        data = TrainingData(part, (), V1, every=3)
        assert len(data.rows("switch")[1]) == -(-len(part) // 3)
        assert len(data.rows("break")[1]) == (part.settled_break >= 0).sum()


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(0.0012, "switches", "0 switches"), (0.06, "switches", "0.06 switches"), (1.0, "keys", "1 key"),
     (0.0012, "per s", "0.0012 per s"), (100.0, "s", "100 s"), (90.0, "min", "90 min"), (0.25, "share", "25 %")],
)  # fmt: skip
def test_numbers_are_said_as_people_would(value: float, unit: str, said: str) -> None:
    assert say_value(value, unit) == said


def test_a_foreign_contract_and_changed_files_are_refused(bundle: TrainedBundle) -> None:
    with pytest.raises(ContractError, match="input version 1"):
        contract_of(1, "000000000000")
    with pytest.raises(ContractError, match=r"input version 5 .*: that version is unknown here\. Train a new model"):
        contract_of(5, V1.hash)
    with pytest.raises(ContractError, match="needs the stream's past: nothing was given"):
        V6.own(np.zeros((2, 32), np.float32))
    with pytest.raises(ContractError, match="3 rows of it for 2 snapshots"):
        V6.own(np.zeros((2, 32), np.float32), told_past(3).inputs)
    changed = {**bundle.files, MODEL: bundle.files[MODEL] + b" "}
    with pytest.raises(ContractError, match=r"model\.json is changed"):
        verify(changed, bundle.manifest, "here")
    with pytest.raises(ContractError, match="missing"):
        verify({MODEL: bundle.files[MODEL]}, bundle.manifest, "here")


def test_rules_stand_in_where_there_is_no_model() -> None:
    features = np.zeros((2, 32), np.float32)
    features[1, FEATURE_INDEX["time_in_current_app"]] = 600
    rules = Predictor.rules()
    judged = rules.predict(features)
    assert judged.distraction_risk[0] > judged.distraction_risk[1]
    assert np.isnan(judged.break_risk[0]) and judged.break_risk[1] > 0
    assert rules.judge(features[:1]).reasons()


def test_drift_is_seen_where_it_is() -> None:
    moments, _ = random_moments(3, days=16)
    half = len(moments) // 2
    known = reference_of(INPUT_V1, moments.own[:half])
    assert input_drift(known, INPUT_V1, moments.own[half:][: FEWEST_MOMENTS - 1]) == {}, "an hour is like no week"
    assert set(CALENDAR + MEMORIES) < set(V6.names)
    still = input_drift(known, INPUT_V1, moments.own[half:])
    assert max(still.values()) < LARGE_SHIFT
    moved = moments.own[half:].copy()
    moved[:, 4] += 1.5
    drift = input_drift(known, INPUT_V1, moved)
    assert next(iter(drift)) == INPUT_V1[4] and drift[INPUT_V1[4]] > LARGE_SHIFT


def test_outcomes_are_of_one_kind_and_no_slice_decides_otherwise() -> None:
    moments, _ = random_moments(3)
    outcome, source = np.zeros(len(moments), np.int8), np.full(len(moments), Source.WEAK, np.int8)
    source[:900], outcome[:900] = Source.TIMER, Outcome.FOCUSED
    with_timers = settle_outcomes(replace(moments, outcome=outcome, outcome_source=source))
    assert np.flatnonzero(with_timers.outcome != NO_LABEL).tolist() == list(range(900)), "people's, without rules'"
    source[1000:1400:2], outcome[1000:1200] = Source.HOTKEY, Outcome.FOCUSED
    judged = settle_outcomes(replace(moments, outcome=outcome, outcome_source=source))
    assert np.flatnonzero(chosen_rows(judged, "outcome")).tolist() == list(range(1000, 1400, 2)), "without timers'"
    part = judged.take(np.arange(950, 1100))
    assert settle_outcomes(part).outcome.tolist() == part.outcome.tolist()
