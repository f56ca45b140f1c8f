"""The LSTM: trained with PyTorch, served in NumPy; its checkpoints, calibration, reasons and sequences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from quick_network import QuickNetwork, put_back
from synthetic_streams import random_moments
from told_inputs import told_past

from neural_focus.errors import ContractError
from neural_focus.features import FEATURE_INDEX, INPUT_V1
from neural_focus.models import metrics, recurrent
from neural_focus.models.contracts import V1, V6
from neural_focus.models.inputs import TYPE_NAMES
from neural_focus.models.network import NETWORK
from neural_focus.models.predict import Predictor
from neural_focus.models.recurrent import as_torch
from neural_focus.models.sequence_model import MEMBERS, SequenceModel
from neural_focus.models.sequences import (
    CHANNELS,
    FLAG,
    STEPS,
    TYPES,
    LiveSteps,
    no_steps,
    now_names,
    now_rows,
    recent_steps,
    split_rows,
)
from neural_focus.models.training_data import TrainingData
from neural_focus.registry.bundle import TrainedBundle, verify


class Short(QuickNetwork):
    """Even fewer epochs."""

    recipe = replace(QuickNetwork.recipe, epochs=3)


@pytest.fixture(scope="module")
def bundle(synthetic_network: TrainedBundle) -> TrainedBundle:
    return synthetic_network


@pytest.fixture(scope="module")
def predictor(bundle: TrainedBundle) -> Predictor:
    return Predictor.from_files(bundle.files, bundle.manifest, "lstm_v1")


@pytest.fixture(scope="module")
def model(predictor: Predictor) -> SequenceModel:
    assert isinstance(predictor.model, SequenceModel)
    return predictor.model


def snapshots(own: np.ndarray) -> np.ndarray:
    features = np.zeros((len(own), 32), np.float32)
    features[:, [FEATURE_INDEX[name] for name in INPUT_V1]] = own
    return features


def test_it_learns_is_calibrated_and_has_a_manifest_like_any_model(bundle: TrainedBundle, predictor: Predictor) -> None:
    later, _ = random_moments(81)
    said = predictor.judge_moments("switch", later)
    assert metrics.auc(later.switch, said) > 0.62
    assert metrics.ece(later.switch, said) < 0.06
    assert bundle.kind == bundle.manifest["kind"] == "lstm"
    assert bundle.manifest["input_hash"] == V1.hash and bundle.manifest["metrics"]["switch"]["recency_auc"] < 0.6
    assert set(bundle.manifest["metrics"]) == {"switch", "break", "outcome"}
    verify(bundle.files, bundle.manifest, "here")
    assert not any(data[:1] == b"\x80" for data in bundle.files.values())  # no pickle
    changed = {**bundle.files, NETWORK: bundle.files[NETWORK][:-1] + b"?"}
    with pytest.raises(ContractError, match="safetensors is changed"):
        verify(changed, bundle.manifest, "here")


def test_served_margins_are_those_of_the_trained_network(predictor: Predictor, model: SequenceModel) -> None:
    moments, _ = random_moments(82, people=1, days=1)
    rows, recent = split_rows(predictor.contract, predictor.inputs_of(moments))
    scales = model.network.scales
    now, steps = torch.from_numpy(scales.now(rows)), torch.from_numpy(scales.steps(recent))
    with torch.inference_mode():
        told = [member(now, steps) for member in as_torch(model.network, 3, QuickNetwork.recipe)]
    assert np.abs(torch.stack(told).mean(dim=0).numpy() - model.network.margins(rows, recent)).max() < 1e-5


def test_one_snapshot_or_many_and_never_without_a_past(predictor: Predictor) -> None:
    moments, _ = random_moments(83)
    features = snapshots(moments.own)[:50]
    past = replace(told_past(50), recent=moments.recent[:50])
    many = predictor.predict(features, past)
    one = predictor.predict(features[:1], replace(told_past(1), recent=moments.recent[:1]))
    assert one.distraction_risk[0] == pytest.approx(many.distraction_risk[0], abs=1e-6)
    assert ((many.focus_score >= 0) & (many.focus_score <= 100)).all()
    for unread in (None, told_past(50)):
        with pytest.raises(ContractError, match="sequences of shape"):
            predictor.predict(features, unread)
    with pytest.raises(ContractError, match="sequences of shape"):
        predictor.inputs_of(random_moments(1)[0].without_sequences())


def _fit(folder: Path | None, seed: int = 7) -> dict[str, bytes]:
    moments, stays = random_moments(3, people=1, days=4)
    return Short.fit(TrainingData(moments, stays, V1, 1, ("switch",), seed, folder)).save()


def test_a_killed_training_goes_on_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unbroken, epochs = _fit(None), []
    assert _fit(None) == unbroken != _fit(None, seed=8)
    one_epoch = recurrent._one_epoch

    def killed_in_the_sixth(*arguments: object) -> None:
        if len(epochs) == 5:
            raise KeyboardInterrupt
        epochs.append(1)
        one_epoch(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(recurrent, "_one_epoch", killed_in_the_sixth)
    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path)
    again: list[int] = []
    monkeypatch.setattr(recurrent, "_one_epoch", lambda *rest: (again.append(1), one_epoch(*rest)))
    assert _fit(tmp_path) == unbroken
    assert 0 < len(again) <= MEMBERS * Short.recipe.epochs - 5


def test_reasons_add_up_to_the_difference_from_the_usual(predictor: Predictor, model: SequenceModel) -> None:
    reference, switch = predictor.reference("switch"), model.targets.index("switch")
    for row in predictor.inputs_of(random_moments(84)[0])[:20]:
        now, recent = split_rows(predictor.contract, row[None])
        there = recent[0, :, FLAG:].astype(np.float32)
        back = model.steady_step(reference) * there
        own, by_step = model.network.attribute(switch, now[0], recent[0], reference, back)
        both = np.stack([now[0], reference]), np.stack([recent[0], back])
        before, after = model.network.margins(*both)[:, switch]
        assert own.sum() + by_step.sum() == pytest.approx(before - after, abs=0.06)


def test_the_top_factor_moves_the_risk_more_than_a_random_one(predictor: Predictor, model: SequenceModel) -> None:
    reference, rng = predictor.reference("switch"), np.random.default_rng(1)
    right, by_top, by_any = [], [], []
    for row in predictor.inputs_of(random_moments(79)[0])[:150]:
        shares = model.explain("switch", row, reference)
        top, any_one = int(np.argmax(np.abs(shares))), int(rng.integers(len(shares)))
        changed = [
            row,
            put_back(model, row, model.names[top], reference),
            put_back(model, row, model.names[any_one], reference),
        ]
        before, after, other = predictor.probabilities("switch", np.stack(changed))
        right.append(np.sign(before - after) == np.sign(shares[top]))
        by_top.append(abs(before - after))
        by_any.append(abs(before - other))
    assert np.mean(right) > 0.9
    assert np.mean(by_top) > 2 * np.mean(by_any)


def test_confidence_ranks_errors_and_drops_on_unfamiliar_input(predictor: Predictor) -> None:
    moments, _ = random_moments(85)
    features = snapshots(moments.own)
    past = replace(told_past(len(moments)), recent=moments.recent)
    judged = predictor.predict(features, past)
    wrong = (judged.distraction_risk >= 0.5) != (moments.switch == 1)
    order = np.argsort(-judged.confidence, kind="stable")
    thirds = [wrong[part].mean() for part in np.array_split(order, 3)]
    assert thirds[0] < thirds[2]
    strange = predictor.predict(features[:100] * 50, replace(told_past(100), recent=moments.recent[:100]))
    assert strange.confidence.mean() < 0.3 < judged.confidence.mean()


def test_reasons_are_in_words(predictor: Predictor) -> None:
    moments, _ = random_moments(80)
    past = replace(told_past(1), recent=moments.recent[:1])
    factors = predictor.judge(snapshots(moments.own[:1]), past).reasons()
    assert 1 <= len(factors) <= 3
    assert all(factor.endswith(("(raises the risk)", "(lowers the risk)")) for factor in factors)


@pytest.mark.parametrize("seed", range(3))
def test_a_live_sequence_and_one_over_stored_snapshots_are_the_same_bits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    here = np.flatnonzero(rng.random(900) < 0.95)
    here = here[(here < 300) | (here > 330)]
    features = rng.gamma(1.0, 2.0, (len(here), 32)).astype(np.float32) * (rng.random(len(here)) < 0.8)[:, None]
    types = rng.integers(0, 16, (len(here), 10)).astype(np.uint8)
    times = (here + 1_700_000_000) * 1_000_000
    chosen = np.arange(0, len(here), 3)
    stored, steps, live = recent_steps(times // 1_000_000, features, types, chosen), LiveSteps(), []
    assert not steps.recent().any()
    for place in range(len(here)):
        steps.observe(int(times[place]), features[place], types[place])
        steps.observe(int(times[place]) - 5_000_000, features[place] + 1, types[place])  # older ones count for nothing
        if place % 3 == 0:
            live.append(steps.recent())
    assert np.concatenate(live).tobytes() == stored.tobytes()
    flags = stored[..., FLAG]
    assert (flags[:, -1] == 1).all() and 0 < flags[:, :-1].mean() < 1
    assert (stored[:, -1, TYPES].sum(axis=1) == (types[chosen] > 0).sum(axis=1)).all()
    assert no_steps(3).shape[:1] == (3,) and stored.shape[1] == STEPS


def test_a_contract_that_counts_types_itself_is_read_as_it_is(model: SequenceModel) -> None:
    """Version 1 has no counts of the last ten events, so they are put after its inputs; version 6 has its own."""
    recent = np.zeros((1, STEPS, CHANNELS), np.float16)
    recent[0, -1, TYPES] = np.arange(len(TYPE_NAMES))
    of_1, of_6 = (now_rows(c, np.ones((1, len(c.names)), np.float32), recent) for c in (V1, V6))
    assert of_1[0].tolist() == [1.0] * len(V1.names) + list(range(15)) and len(now_names(V1)) == of_1.shape[1]
    assert of_6[0].tolist() == [1.0] * len(V6.names) and now_names(V6) == V6.names
    reference = np.zeros(len(V6.names), np.float32)
    first = V6.names.index(TYPE_NAMES[0])
    reference[first : first + len(TYPE_NAMES)] = np.arange(len(TYPE_NAMES))
    of_6th = replace(model, context=replace(model.context, contract=V6))
    assert of_6th.steady_step(reference)[TYPES].tolist() == list(range(15))
