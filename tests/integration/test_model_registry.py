"""The registry on BentoML's real model store: round trip, champion, rollback, tampering."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from neural_focus.errors import ConfigurationError, ContractError
from neural_focus.features import INPUT_V1
from neural_focus.models import registry
from neural_focus.models.bundle import TrainedBundle
from neural_focus.models.datasets import Moments
from neural_focus.models.predict import Predictor
from neural_focus.models.sequences import no_steps
from neural_focus.models.training import train_moments
from neural_focus.settings import Settings
from serving.champion import Champion


@pytest.fixture(scope="module")
def bundle() -> TrainedBundle:
    rng = np.random.default_rng(1)
    count = 1600
    own = rng.normal(size=(count, len(INPUT_V1))).astype(np.float32)
    label = (rng.random(count) < 1 / (1 + np.exp(-own[:, 0]))).astype(np.int8)
    day = np.repeat(np.arange(8), count // 8)
    moments = Moments(
        own=own,
        app=np.full(count, "editor"),
        previous_app=np.full(count, "editor"),
        times_us=1_700_000_000_000_000 + day * 86_400_000_000 + np.arange(count) % (count // 8) * 10_000_000,
        person=np.ones(count, np.int64),
        switch=label,
        settled_break=label,
        outcome=1 - label,
        outcome_source=np.ones(count, np.int8),
        recency_s=rng.exponential(60, count),
        switches_5min=rng.poisson(3, count).astype(np.float64),
        lead_s=np.ones(count),
        recent=no_steps(count),
    )
    return train_moments(moments, (), is_demo=False, input_version=1)


def test_a_model_goes_in_serves_and_goes_back(bundle: TrainedBundle, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert registry.champion(settings) is None
    assert Predictor.load(settings).version == "rules_v0"
    first, second = registry.save(settings, bundle), registry.save(settings, bundle)
    assert (first, second) == ("neural_focus:xgboost_v1", "neural_focus:xgboost_v2")
    assert registry.promote(settings, "xgboost_v1") is None
    assert registry.promote(settings, second) == first
    served = Predictor.load(settings)
    assert (served.version, served.trained_on) == ("xgboost_v2", "people")
    direct = Predictor.from_files(bundle.files, bundle.manifest, "xgboost_v2")
    features = np.random.default_rng(2).normal(size=(50, 32)).astype(np.float32)
    times = np.zeros(50, np.int64)
    assert (served.predict(times, features).distraction_risk == direct.predict(times, features).distraction_risk).all()
    assert [(model.version, model.champion) for model in registry.list_models(settings)] == [
        ("xgboost_v1", False),
        ("xgboost_v2", True),
    ]
    assert registry.rollback(settings) == first
    assert Predictor.load(settings).version == "xgboost_v1"
    with pytest.raises(ConfigurationError, match="no earlier champion"):
        registry.rollback(settings)
    with pytest.raises(ConfigurationError, match="no model xgboost_v9"):
        registry.promote(settings, "xgboost_v9")


def test_changed_files_and_foreign_contracts_never_serve(bundle: TrainedBundle, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    tag = registry.save(settings, bundle)
    folder = settings.models / "models" / "neural_focus" / "xgboost_v1"
    trees = folder / "switch.ubj"
    kept = trees.read_bytes()
    trees.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(ContractError, match=r"switch\.ubj is changed"):
        registry.promote(settings, tag)
    assert registry.champion(settings) is None
    trees.write_bytes(kept)
    (folder / "extra.bin").write_bytes(b"x")
    with pytest.raises(ContractError, match=r"extra\.bin is unknown"):
        registry.load(settings, tag)
    (folder / "extra.bin").unlink()
    model = json.loads(bundle.files["model.json"])
    foreign = json.dumps({**model, "input_hash": "0" * 12}).encode()
    from neural_focus.models.bundle import file_hashes

    files = {**bundle.files, "model.json": foreign}
    other = TrainedBundle("xgboost", files, {**bundle.manifest, "files": file_hashes(files)})
    with pytest.raises(ContractError, match="trained on input version 1"):
        registry.promote(settings, registry.save(settings, other))


def test_a_champion_that_is_gone_or_of_an_older_contract_is_named_and_survived(
    bundle: TrainedBundle, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    first, second = registry.save(settings, bundle), registry.save(settings, bundle)
    registry.promote(settings, first)
    registry.promote(settings, second)
    serving = Champion(settings)
    assert serving.refresh() and registry.usable_champion(settings) == (second, "")
    shutil.rmtree(settings.models / "models" / "neural_focus" / "xgboost_v2")
    tag, problem = registry.usable_champion(settings)
    assert tag is None and "xgboost_v2" in problem and "rollback" in problem
    fresh = Champion(settings)
    assert not fresh.refresh() and fresh.predictor.version == "rules_v0" and "xgboost_v2" in fresh.notice
    assert registry.rollback(settings) == first
    assert fresh.refresh() and fresh.predictor.version == "xgboost_v1" and not fresh.notice
    manifest = settings.models / "models" / "neural_focus" / "xgboost_v1" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "input_version": 0}))
    assert "input version 0" in registry.usable_champion(settings)[1]
    (settings.models / "champion.json").write_text("{")
    assert "champion.json cannot be read" in registry.usable_champion(settings)[1]
    assert not Champion(settings).refresh()
    registry.save(settings, bundle)
    registry.promote(settings, "xgboost_v2", by="gates", gates=[{"gate": "calibrated", "passed": True}])
    log = [(line["decision"], line["model"].split(":")[1], line["by"]) for line in registry.decisions(settings)]
    assert log == [
        ("promoted", "xgboost_v1", "a person"),
        ("promoted", "xgboost_v2", "a person"),
        ("rolled back", "xgboost_v1", "a person"),
        ("promoted", "xgboost_v2", "gates"),
    ]
