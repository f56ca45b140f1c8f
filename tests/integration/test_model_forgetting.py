"""A person who goes leaves the models that knew them: nothing under their id, and every model still is whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trained_person import TrainedPerson

from neural_focus import model_forgetting
from neural_focus.evaluation.gates import beats_baselines, calibrated
from neural_focus.evaluation.report import model_report
from neural_focus.model_forgetting import forget_person
from neural_focus.models import champion as stored_models
from neural_focus.models.held_out import FILE, HeldOut, join, read_held_out, write_held_out
from neural_focus.registry import model_store
from neural_focus.registry.bundle import MANIFEST, MODEL, TrainedBundle, file_hashes, write_json
from neural_focus.settings import Settings

ANN, BOB = 1, 2


def of_two(bundle: TrainedBundle) -> TrainedBundle:
    """The model of one person as if a second, who did the very same, had been among them."""

    def doubled(data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        both = {key: doubled(value) for key, value in data.items()}
        return {**both, str(BOB): both[str(ANN)]} if str(ANN) in both else both

    held = read_held_out(bundle.files[FILE])
    files = {
        **bundle.files,
        MODEL: write_json(doubled(json.loads(bundle.files[MODEL]))),
        FILE: write_held_out(join([held, replace(held, person=np.full_like(held.person, BOB))])),
    }
    manifest = doubled(json.loads(json.dumps(dict(bundle.manifest))))
    return TrainedBundle(bundle.kind, files, {**manifest, "files": file_hashes(files)})


def kept(settings: Settings, tag: str) -> tuple[HeldOut, str]:
    """The held-out moments of a model whose files are what its manifest says, and all its JSON."""
    stored_models.load(settings, tag)
    bundle = model_store.read_bundle(settings, tag)
    return read_held_out(bundle.files[FILE]), bundle.files[MODEL].decode() + json.dumps(dict(bundle.manifest))


def test_one_goes_and_the_other_stays(trained_person: TrainedPerson, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    theirs, his = of_two(trained_person.bundle), model_store.save(settings, trained_person.bundle)
    tag = model_store.save(settings, theirs)
    assert forget_person(settings, BOB) == 1, "the other model does not know him"
    held, told = kept(settings, tag)
    assert write_held_out(held) == trained_person.bundle.files[FILE]
    assert f'"{BOB}"' not in told
    assert dict(model_store.read_bundle(settings, tag).files) == dict(trained_person.bundle.files)
    assert dict(model_store.read_bundle(settings, his).files) == dict(trained_person.bundle.files)
    assert forget_person(settings, BOB) == 0


def test_a_model_that_knew_nobody_else_still_serves_and_is_judged_by_nothing(
    trained_person: TrainedPerson, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    tag = model_store.save(settings, trained_person.bundle)
    assert forget_person(settings, ANN) == 1
    half = settings.models / "scratch" / "xgboost_v2"  # a training was killed in it
    half.mkdir(parents=True)
    (half / FILE).write_bytes(trained_person.bundle.files[FILE])
    assert forget_person(settings, BOB) == 0 and not half.exists()
    held, told = kept(settings, tag)
    assert len(held) == 0
    assert f'"{ANN}"' not in told
    assert not any(app in told for app in ("firefox", "thunderbird")), "which apps they used"
    gates = [*beats_baselines(held, trained_person.bundle.kind), *calibrated(held, trained_person.bundle.kind)]
    assert not all(gate.passed for gate in gates)
    assert tag in model_report(tag, model_store.manifest_of(settings, tag), held)[0]


def test_who_is_stopped_in_between_can_do_it_again(
    trained_person: TrainedPerson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    tag = model_store.save(settings, trained_person.bundle)
    write = model_forgetting.atomic_write

    def full(path: Path, data: bytes) -> None:
        if path.name == MANIFEST:
            raise OSError("no room")
        write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(model_forgetting, "atomic_write", full)
        with pytest.raises(OSError, match="no room"):
            forget_person(settings, ANN)
    assert forget_person(settings, ANN) == 1
    assert len(kept(settings, tag)[0]) == 0
