"""Trained models in BentoML's model store under ``settings.models``.

::

    <home>/bentoml/models/neural_focus/xgboost_v3/    the bundle's files, manifest.json, BentoML's model.yaml,
                                                      report.html and report.json once there are any
    <home>/bentoml/scratch/                           models that are not whole yet, or no longer
    <home>/bentoml/store.lock                         locked by who changes what is stored or which model serves

A model is made in the scratch folder and renamed into its place when it is whole. A tag is
``neural_focus:xgboost_v3``; its version alone (``xgboost_v3``) is accepted wherever a tag is.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ConfigurationError, ContractError
from neural_focus.registry.bundle import MANIFEST, TrainedBundle, verify

if TYPE_CHECKING:
    from neural_focus.settings import Settings

NAME = "neural_focus"
REPORT, FIGURES = "report.html", "report.json"
BENTO = "model.yaml"
"""BentoML's own description of a model."""
BESIDE = (MANIFEST, REPORT, FIGURES, BENTO)
"""Files in a model's folder that are not the model."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One model in the store."""

    tag: str
    version: str
    manifest: Mapping[str, Any]


@contextmanager
def alone(settings: Settings) -> Iterator[Path]:
    """Lets one process at a time change what is stored or which model serves.

    Yields an empty folder on the models' filesystem; what a kill left in it is gone.
    """
    scratch = settings.models / "scratch"
    settings.models.mkdir(parents=True, exist_ok=True)
    with (settings.models / "store.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def save(settings: Settings, bundle: TrainedBundle) -> str:
    """Store a bundle under the next version of its kind, whole or not at all; returns the tag."""
    home = _home(settings)
    with alone(settings) as scratch:
        version = f"{bundle.kind}_v{_next_number(home, bundle.kind)}"
        made = scratch / version
        made.mkdir()
        for name, data in bundle.files.items():
            (made / name).write_bytes(data)
        manifest = dict(bundle.manifest, version=version)
        (made / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
        (made / BENTO).write_text(_bento(version, {"kind": bundle.kind, "trained_on": str(manifest["trained_on"])}))
        home.mkdir(parents=True, exist_ok=True)
        made.rename(home / version)
    return f"{NAME}:{version}"


def discard(settings: Settings, tag: str, scratch: Path) -> None:
    """Take a model out of the store, whole; ``scratch`` is what ``alone`` yields.

    Raises:
        ConfigurationError: there is no such model.
    """
    folder = _folder(settings, tag)
    folder.rename(scratch / folder.name)


def list_models(settings: Settings) -> list[StoredModel]:
    """All stored models, oldest first. A folder that lacks a file of its model is none: older code was killed in it."""
    found = [model for folder in _home(settings).glob("*/") if (model := _whole(folder)) is not None]
    found.sort(key=lambda model: (model[0], model[1].tag))
    return [model for _, model in found]


def newest_of_each_kind(models: Iterable[StoredModel]) -> dict[str, StoredModel]:
    """By kind the last of ``models``, which come oldest first."""
    return {str(model.manifest["kind"]): model for model in models}


def read_bundle(settings: Settings, tag: str) -> TrainedBundle:
    """What was saved as ``tag``, after checking every file against its manifest.

    Raises:
        ConfigurationError: there is no such model.
        ContractError: a file is not what was saved.
    """
    folder = _folder(settings, tag)
    manifest = _manifest(folder)
    names = [path.name for path in folder.iterdir() if path.name not in BESIDE and path.name[0] != "."]
    files = {name: (folder / name).read_bytes() for name in names}
    verify(files, manifest, full_tag(tag))
    return TrainedBundle(str(manifest["kind"]), files, manifest)


def manifest_of(settings: Settings, tag: str) -> dict[str, Any]:
    """What people and gates read about a stored model.

    Raises:
        ConfigurationError: there is no such model.
        ContractError: its manifest cannot be read.
    """
    return _manifest(_folder(settings, tag))


def read_file(settings: Settings, tag: str, name: str) -> bytes | None:
    """One file of a stored model, None where that model has none of this name."""
    path = _folder(settings, tag) / name
    return path.read_bytes() if path.exists() else None


def keep_report(settings: Settings, tag: str, page: str, figures: str) -> None:
    """Put a model's report and its figures (JSON) into its folder; the page, which says that both are there, last."""
    folder = _folder(settings, tag)
    for name, text in ((FIGURES, figures), (REPORT, page)):
        atomic_write(folder / name, text.encode())


def full_tag(tag: str) -> str:
    """The tag that a tag or a version alone stands for."""
    return tag if ":" in tag else f"{NAME}:{tag}"


def _home(settings: Settings) -> Path:
    return settings.models / "models" / NAME


def _next_number(home: Path, kind: str) -> int:
    numbers = [folder.name.removeprefix(f"{kind}_v") for folder in home.glob(f"{kind}_v*")]
    return max((int(number) for number in numbers if number.isdecimal()), default=0) + 1


def _bento(version: str, labels: dict[str, str]) -> str:
    """What BentoML writes of a model; its own ``models.create`` would leave a copy in /tmp when it is killed."""
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    from bentoml import Tag
    from bentoml._internal.models.model import ModelContext, ModelInfo

    info = ModelInfo(
        tag=Tag(NAME, version),
        module="",
        labels=labels,
        options={},
        metadata={},
        context=ModelContext(framework_name="", framework_versions={}),
        signatures={},
        api_version="v1",
    )
    return str(info.dump())


def _whole(folder: Path) -> tuple[datetime, StoredModel] | None:
    """A model and when it was stored; None where not all of it is there."""
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    from bentoml._internal.models.model import Model
    from bentoml.exceptions import BentoMLException

    try:
        manifest = _manifest(folder)
        created: datetime = Model.from_path(folder).creation_time
    except (ContractError, BentoMLException):
        return None
    if not all((folder / name).exists() for name in manifest.get("files", {})):
        return None
    return created, StoredModel(f"{NAME}:{folder.name}", folder.name, manifest)


def _folder(settings: Settings, tag: str) -> Path:
    name, _, version = full_tag(tag).partition(":")
    folder = _home(settings) / version
    if name != NAME or not (folder / MANIFEST).exists():
        raise ConfigurationError(
            f"there is no model {tag}",
            hint="See what is stored: neural-focus models; back to the champion before: neural-focus models rollback",
        )
    return folder


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise ContractError(
            f"{folder.name}: {MANIFEST} cannot be read", why=str(error), hint="neural-focus models rollback"
        ) from error
    return manifest
