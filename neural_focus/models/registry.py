"""Trained models in BentoML's model store under ``settings.models``, and which one serves.

::

    <home>/bentoml/models/neural_focus/xgboost_v3/    the bundle's files, manifest.json, BentoML's model.yaml
    <home>/bentoml/champion.json                      {"champion": tag, "before": [older champions]}

A tag is ``neural_focus:xgboost_v3``; its version alone (``xgboost_v3``) is accepted wherever a tag is.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_focus.errors import ConfigurationError, ContractError
from neural_focus.models.bundle import MANIFEST, TrainedBundle, verify

if TYPE_CHECKING:
    from bentoml._internal.models.model import ModelStore

    from neural_focus.models.predict import Predictor
    from neural_focus.settings import Settings

NAME = "neural_focus"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One model in the store; ``champion`` marks the one that serves."""

    tag: str
    version: str
    champion: bool
    manifest: Mapping[str, Any]


def save(settings: Settings, bundle: TrainedBundle) -> str:
    """Store a bundle under the next version of its kind; returns the tag."""
    store = _store(settings)
    version = f"{bundle.kind}_v{_next_number(store, bundle.kind)}"
    import bentoml

    labels = {"kind": bundle.kind, "trained_on": str(bundle.manifest["trained_on"])}
    with bentoml.models.create(f"{NAME}:{version}", labels=labels, _model_store=store) as model:
        for name, data in bundle.files.items():
            Path(model.path_of(name)).write_bytes(data)
        manifest = dict(bundle.manifest, version=version)
        Path(model.path_of(MANIFEST)).write_text(json.dumps(manifest, indent=1, sort_keys=True))
    return f"{NAME}:{version}"


def list_models(settings: Settings) -> list[StoredModel]:
    """All stored models, oldest first."""
    serving = champion(settings)
    models = [model for model in _store(settings).list() if model.tag.name == NAME]
    models.sort(key=lambda model: (model.creation_time, str(model.tag)))
    return [
        StoredModel(str(model.tag), str(model.tag.version), str(model.tag) == serving, _manifest(Path(model.path)))
        for model in models
    ]


def load(settings: Settings, tag: str) -> Predictor:
    """The predictor of a stored model, after checking every file against its manifest.

    Raises:
        ConfigurationError: there is no such model.
        ContractError: a file is not what was saved, or the model needs another input contract.
    """
    from neural_focus.models.predict import Predictor

    folder = _folder(settings, tag)
    manifest = _manifest(folder)
    # model.yaml is BentoML's own
    names = [path.name for path in folder.iterdir() if path.name not in (MANIFEST, "model.yaml")]
    files = {name: (folder / name).read_bytes() for name in names}
    verify(files, manifest, _full(tag))
    return Predictor.from_files(files, manifest, _full(tag).split(":")[1])


def champion(settings: Settings) -> str | None:
    """The tag of the model that serves; None before the first promotion."""
    tag = _pointer(settings)["champion"]
    return None if tag is None else str(tag)


def promote(settings: Settings, tag: str) -> str | None:
    """Make ``tag`` the champion, once its files have been checked; returns the one before."""
    load(settings, tag)
    pointer, full = _pointer(settings), _full(tag)
    before = pointer["champion"]
    if before == full:
        return full
    _write_pointer(settings, {"champion": full, "before": [*pointer["before"], before] if before else []})
    return None if before is None else str(before)


def rollback(settings: Settings) -> str:
    """Make the champion before this one champion again; returns its tag.

    Raises:
        ConfigurationError: there is none.
    """
    pointer = _pointer(settings)
    if not pointer["before"]:
        raise ConfigurationError(
            "there is no earlier champion to go back to", todo="See what is stored: neural-focus models"
        )
    *rest, earlier = pointer["before"]
    load(settings, earlier)
    _write_pointer(settings, {"champion": earlier, "before": rest})
    return str(earlier)


def _store(settings: Settings) -> ModelStore:
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    from bentoml._internal.models.model import ModelStore

    folder = settings.models / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return ModelStore(folder)


def _next_number(store: ModelStore, kind: str) -> int:
    versions = [str(model.tag.version) for model in store.list() if model.tag.name == NAME]
    numbers = [int(version.removeprefix(f"{kind}_v")) for version in versions if version.startswith(f"{kind}_v")]
    return max(numbers, default=0) + 1


def _full(tag: str) -> str:
    return tag if ":" in tag else f"{NAME}:{tag}"


def _folder(settings: Settings, tag: str) -> Path:
    name, _, version = _full(tag).partition(":")
    folder = settings.models / "models" / name / version
    if name != NAME or not (folder / MANIFEST).exists():
        raise ConfigurationError(f"there is no model {tag}", todo="See what is stored: neural-focus models")
    return folder


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise ContractError(
            f"{folder.name}: {MANIFEST} cannot be read", why=str(error), todo="neural-focus models rollback"
        ) from error
    return manifest


def _pointer(settings: Settings) -> dict[str, Any]:
    path = settings.models / "champion.json"
    if not path.exists():
        return {"champion": None, "before": []}
    pointer: dict[str, Any] = json.loads(path.read_text())
    return pointer


def _write_pointer(settings: Settings, pointer: dict[str, Any]) -> None:
    handle, name = tempfile.mkstemp(dir=settings.models, prefix="champion")
    with os.fdopen(handle, "w") as file:
        json.dump(pointer, file)
    Path(name).replace(settings.models / "champion.json")
