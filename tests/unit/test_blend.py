"""The blend of trees and network: its probabilities, reasons, held-out moments, and what it refuses to blend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic_streams import random_moments

from neural_focus.errors import ContractError
from neural_focus.features import FEATURE_INDEX, INPUT_V1
from neural_focus.models import held_out, measures
from neural_focus.models.blend import KIND, NETWORK_SHARE, Blended, blend, blend_probabilities
from neural_focus.models.bundle import MODEL, TrainedBundle, verify
from neural_focus.models.calibrate import logit
from neural_focus.models.held_out import DAYS, read_held_out
from neural_focus.models.predict import Predictor
from neural_focus.models.recurrent import Recipe
from neural_focus.models.sequence_training import train_sequences
from neural_focus.models.training import train_moments

QUICK = Recipe(hidden=8, layer=16, epochs=4, batch=128, rate=1e-2, most_rows=2_000)
TARGETS = ("switch", "break", "outcome")


@pytest.fixture(scope="module")
def trees() -> TrainedBundle:
    return train_moments(*random_moments(1), is_demo=True, input_version=1)


@pytest.fixture(scope="module")
def network() -> TrainedBundle:
    return train_sequences(*random_moments(1), is_demo=True, input_version=1, recipe=QUICK)


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
    many = predictor.predict(moments.times_us[:50], features, user_id=1)
    one, reasons = predictor.judge(int(moments.times_us[7]), features[7], user_id=1)
    assert one.distraction_risk[0] == pytest.approx(many.distraction_risk[7], abs=1e-6)
    assert reasons == predictor.explain(features[7], user_id=1) and 1 <= len(reasons) <= 3
    rows = predictor.inputs(moments.times_us[:50], features)
    assert predictor.probabilities("switch", rows, 1) == pytest.approx(many.distraction_risk, abs=1e-9)
    assert 100 * predictor.probabilities("outcome", rows, 1) == pytest.approx(many.focus_score, abs=1e-7)


def test_reasons_add_up_to_the_difference_from_the_usual(both: TrainedBundle) -> None:
    predictor = predictor_of(both)
    switch, usual = predictor.targets["switch"], predictor.usual["*"]
    assert isinstance(switch, Blended) and len(usual) == len(switch.names)
    for row in predictor.inputs_of(random_moments(84)[0])[:20]:
        back = row
        for name in switch.names:
            back = switch.network.replaced(back, name, usual)
        difference = switch.margins(np.stack([row, back]))
        shares = switch.contributions(row, usual)
        assert shares.sum() == pytest.approx(difference[0] - difference[1], abs=0.03)


def test_held_out_moments_tell_what_each_part_says(
    trees: TrainedBundle, network: TrainedBundle, both: TrainedBundle
) -> None:
    held, own = read_held_out(both.files[held_out.FILE]), read_held_out(trees.files[held_out.FILE])
    assert 0 < len(held) <= len(own) and set(held.split) == {DAYS}
    for target in TARGETS:
        moments = held.of(target)
        said = moments.said[target]
        assert {"recency", "xgboost", "lstm", KIND} <= said.keys()
        assert said[KIND] == pytest.approx(blend_probabilities(said["xgboost"], said["lstm"]), abs=1e-5)
        assert both.metrics[target]["auc"] == pytest.approx(measures.auc(moments.label[target], said[KIND]), abs=1e-4)
        assert both.metrics[target]["n"] == len(moments)
    place = own.find(held.person, held.times_us)
    assert (place >= 0).all() and (own.times_us[place] == held.times_us).all()
    assert (own.find(held.person, held.times_us + 1) == -1).all()
    other = read_held_out(network.files[held_out.FILE])
    theirs = other.said["switch"]["lstm"][other.find(held.person, held.times_us)]
    assert np.array_equal(held.said["switch"]["lstm"], theirs, equal_nan=True)


def test_the_same_parts_are_the_same_bytes_and_the_manifest_covers_them(
    trees: TrainedBundle, network: TrainedBundle, both: TrainedBundle
) -> None:
    assert blend(trees, network).files == both.files
    verify(both.files, both.manifest, "here")
    assert both.manifest["kind"] == KIND and set(both.manifest) == set(trees.manifest)
    with pytest.raises(ContractError, match=f"{MODEL} is changed"):
        verify({**both.files, MODEL: both.files[MODEL] + b" "}, both.manifest, "here")


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"trained_on": "people"}, "trained on: demo and people"), ({"input_hash": "0"}, "input hash: .* and 0")],
)
def test_parts_of_different_data_are_refused(
    trees: TrainedBundle, network: TrainedBundle, changed: dict[str, str], why: str
) -> None:
    with pytest.raises(ContractError, match=why):
        blend(trees, replace(network, manifest={**network.manifest, **changed}))
