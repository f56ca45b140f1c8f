"""The blend of trees and network: its probabilities, reasons, held-out moments, and what it refuses to blend."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from quick_network import put_back
from synthetic_streams import random_moments
from told_inputs import told_past

from neural_focus.errors import ContractError
from neural_focus.features import FEATURE_INDEX, INPUT_V1
from neural_focus.models import drift, held_out, metrics
from neural_focus.models.blend import blend
from neural_focus.models.blend_model import NETWORK_SHARE, BlendModel, blend_offsets
from neural_focus.models.calibration import Calibration, logit
from neural_focus.models.held_out import DAYS, PERSON, HeldOut, join, read_held_out, write_held_out
from neural_focus.models.predict import Predictor
from neural_focus.models.sequences import CHANNELS, STEPS
from neural_focus.registry.bundle import MODEL, TrainedBundle, verify

KIND = BlendModel.kind
TARGETS = ("switch", "break", "outcome")


@pytest.fixture(scope="module")
def trees(synthetic_trees: TrainedBundle) -> TrainedBundle:
    return synthetic_trees


@pytest.fixture(scope="module")
def network(synthetic_network: TrainedBundle) -> TrainedBundle:
    return synthetic_network


@pytest.fixture(scope="module")
def both(trees: TrainedBundle, network: TrainedBundle) -> TrainedBundle:
    return blend(trees, network)


def predictor_of(bundle: TrainedBundle) -> Predictor:
    return Predictor.from_files(bundle.files, bundle.manifest, f"{bundle.kind}_v1")


def test_it_says_the_mean_of_what_its_parts_say_of_everyone(
    trees: TrainedBundle, network: TrainedBundle, both: TrainedBundle
) -> None:
    """People that both parts know keep their own offsets; strangers have none."""
    predictor, parts = predictor_of(both), [predictor_of(trees), predictor_of(network)]
    assert both.kind == KIND and set(predictor.targets) == set(TARGETS) and predictor.reads_sequences
    known, _ = random_moments(1)
    for moments in (known, replace(known, person=known.person + 100)):
        for target in TARGETS:
            own, other = (part.judge_moments(target, moments) for part in parts)
            assert np.abs(own - other).max() > 0.02
            expected = (1 - NETWORK_SHARE) * logit(own) + NETWORK_SHARE * logit(other)
            assert np.abs(logit(predictor.judge_moments(target, moments)) - expected).max() < 1e-5
    assert any(abs(shift) > 0.01 for shift in predictor.calibration["switch"].shift.values())


def test_one_snapshot_or_many_and_each_target_alone(both: TrainedBundle) -> None:
    predictor, moments = predictor_of(both), random_moments(83)[0]
    features = np.zeros((50, 32), np.float32)
    features[:, [FEATURE_INDEX[name] for name in INPUT_V1]] = moments.own[:50]
    past = replace(told_past(50), recent=moments.recent[:50])
    many = predictor.predict(features, past, user_id=1)
    one = predictor.judge(features[7:8], replace(told_past(1), recent=moments.recent[7:8]), person=np.array([1]))
    assert one.batch.distraction_risk[0] == pytest.approx(many.distraction_risk[7], abs=1e-6)
    assert 1 <= len(one.reasons()) <= 3 and one.reasons() == one.reasons("switch") != one.reasons("break")
    rows = predictor.inputs(features, past)
    assert predictor.probabilities("switch", rows, 1) == pytest.approx(many.distraction_risk, abs=1e-9)
    assert 100 * predictor.probabilities("outcome", rows, 1) == pytest.approx(many.focus_score, abs=1e-7)


@pytest.mark.parametrize("kind", ["trees", "network", "both"])
def test_reasons_compare_with_a_moment_of_mean_risk(kind: str, request: pytest.FixtureRequest) -> None:
    """Of all three kinds of model: those of a low risk lower it, those of a high one raise it."""
    predictor, (moments, _) = predictor_of(request.getfixturevalue(kind)), random_moments(87)
    rows = predictor.inputs_of(moments)[:400]
    risk = predictor.probabilities("switch", rows)
    typical = predictor.reference("switch")
    shares = np.array([predictor.explain("switch", row) for row in rows])
    raises = np.take_along_axis(shares, np.abs(shares).argmax(axis=1)[:, None], axis=1)[:, 0] > 0
    low, high = risk < np.quantile(risk, 0.2), risk > np.quantile(risk, 0.8)
    assert raises[low].mean() < 0.15 and raises[high].mean() > 0.85
    assert set(predictor.context.typical["switch"]) == {"*", "1", "2"}
    features = np.zeros(32, np.float32)
    features[[FEATURE_INDEX[name] for name in INPUT_V1]] = 3 * moments.own[0]
    empty = replace(told_past(1), recent=np.zeros((1, STEPS, CHANNELS), np.float16))
    there = predictor.inputs(features[None], empty)[0][: len(typical)]
    assert predictor.judge(features[None], empty).reasons()
    moved = replace(predictor, context=replace(predictor.context, typical={"switch": {"*": there}}))
    if kind == "trees":  # a network's steps are empty without a past
        assert moved.judge(features[None], empty).reasons() == (), "it is compared with itself"


def test_reasons_add_up_to_the_difference_from_the_usual(both: TrainedBundle) -> None:
    predictor = predictor_of(both)
    model, reference = predictor.model, predictor.reference("switch")
    assert isinstance(model, BlendModel) and len(reference) == len(model.names)
    model = BlendModel.of(*(with_slope(part, slope) for part, slope in ((model.trees, 2.0), (model.network, 0.5))))
    for row in predictor.inputs_of(random_moments(84)[0])[:20]:
        back = row
        for name in model.names:
            back = put_back(model.network, back, name, reference)
        difference = model.predict(np.stack([row, back]), ("switch",))["switch"]
        shares = model.explain("switch", row, reference)
        assert shares.sum() == pytest.approx(difference[0] - difference[1], abs=0.03)


def with_slope(part: Any, slope: float) -> Any:
    return replace(part, context=replace(part.context, calibration={"switch": Calibration(slope=slope)}))


def test_held_out_moments_tell_what_each_part_says(
    trees: TrainedBundle, network: TrainedBundle, both: TrainedBundle
) -> None:
    held, own = read_held_out(both.files[held_out.FILE]), read_held_out(trees.files[held_out.FILE])
    for target in TARGETS:
        moments = held.of(target)
        said = moments.said[target]
        assert {"recency", "xgboost", "lstm", KIND} <= said.keys()
        expected = (1 - NETWORK_SHARE) * logit(said["xgboost"]) + NETWORK_SHARE * logit(said["lstm"])
        assert np.abs(logit(said[KIND]) - expected).max() < 1e-4
        for name in (KIND, "recency", "switches_5min"):
            told = both.manifest["metrics"][target]["auc" if name == KIND else f"{name}_auc"]
            assert told == pytest.approx(metrics.auc(moments.label[target], said[name]), abs=1e-4)
        assert both.manifest["metrics"][target]["n"] == len(moments) > 0
    assert held.times_us.tolist() == own.times_us.tolist()
    other = read_held_out(network.files[held_out.FILE])
    assert np.array_equal(held.said["switch"]["lstm"], other.said["switch"]["lstm"], equal_nan=True)


def test_only_moments_that_both_were_judged_on_count(trees: TrainedBundle, network: TrainedBundle) -> None:
    """The trees' new people stay out, and what the LSTM left out for their number."""
    own, other = (read_held_out(one.files[held_out.FILE]) for one in (trees, network))
    new = replace(own, split=np.full(len(own), PERSON))
    thinner = other.take(np.arange(1, len(other), 3))
    parts = [_judged_on(trees, join([new, own])), _judged_on(network, thinner)]
    held = read_held_out(blend(*parts).files[held_out.FILE])
    assert held.times_us.tolist() == thinner.times_us.tolist() and set(held.split) == {DAYS}
    assert np.array_equal(held.said["break"]["lstm"], thinner.said["break"]["lstm"], equal_nan=True)
    with pytest.raises(ContractError, match=r"only 0 of .* held-out moments are the same"):
        blend(_judged_on(trees, own.take(np.arange(0, len(own), 2))), _judged_on(network, other.take(np.array([1, 3]))))


def test_moments_of_one_time_at_two_machines_are_not_confused(trees: TrainedBundle) -> None:
    held = read_held_out(trees.files[held_out.FILE])
    twice = join([held, held.take(np.arange(5))])
    assert (twice.find(held) == [*[-1] * 5, *range(5, len(held))]).all()
    assert (held.find(twice) == [*[-1] * 5, *range(5, len(held)), *[-1] * 5]).all()
    assert (held.find(replace(held, times_us=held.times_us + 1)) == -1).all()


def test_a_person_whom_one_part_alone_knows_keeps_their_offset() -> None:
    told = blend_offsets(Calibration(shift={1: 0.4, 2: 0.1}), Calibration(shift={2: -0.2, 3: 1.0})).shift
    assert told == pytest.approx({1: 0.28, 2: 0.01, 3: 0.3}) and NETWORK_SHARE == 0.3


def test_the_same_parts_are_the_same_bytes_and_the_manifest_covers_them(
    trees: TrainedBundle, network: TrainedBundle, both: TrainedBundle
) -> None:
    assert blend(trees, network).files == both.files
    verify(both.files, both.manifest, "here")
    assert both.files[drift.FILE] == trees.files[drift.FILE]
    with pytest.raises(ContractError, match=f"{MODEL} is changed"):
        verify({**both.files, MODEL: both.files[MODEL] + b" "}, both.manifest, "here")
    seen = {**network.manifest["data"], "until_us": {"1": 2**60}}
    curve = [{"moments": 1, "auc": 0.5}]
    one = replace(trees, manifest={**trees.manifest, "version": "xgboost_v4", "learning_curve": curve})
    other = replace(network, manifest={**network.manifest, "version": "lstm_v2", "data": seen})
    told = blend(one, other).manifest
    assert (told["kind"], told["parts"], told["learning_curve"]) == (KIND, ["xgboost_v4", "lstm_v2"], [])
    assert told["data"]["until_us"] == {**trees.manifest["data"]["until_us"], "1": 2**60}


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("trained_on", "people"),
        ("outcome_labels", "people"),
        ("input_version", 5),
        ("input_hash", "0"),
        ("people", 3),
        ("streams", 9),
    ],
)
def test_parts_of_different_data_are_refused(
    trees: TrainedBundle, network: TrainedBundle, what: str, value: object
) -> None:
    manifest = {**network.manifest}
    if what in manifest:
        manifest[what] = value
    else:
        manifest["data"] = {**manifest["data"], what: value}
    with pytest.raises(ContractError, match=f"{what.replace('_', ' ')}: .* and {value}"):
        blend(trees, replace(network, manifest=manifest))


def _judged_on(bundle: TrainedBundle, held: HeldOut) -> TrainedBundle:
    return replace(bundle, files={**bundle.files, held_out.FILE: write_held_out(held)})
