"""Trained models in BentoML's model store under ``settings.models``, and which one serves.

::

    <home>/bentoml/models/neural_focus/xgboost_v3/    the bundle's files, manifest.json, BentoML's model.yaml
    <home>/bentoml/champion.json                      {"champion": tag, "before": [older champions]}
    <home>/bentoml/shadow.json                        the challenger that predicts beside the champion, unseen
    <home>/bentoml/decisions.jsonl                    a line a decision: when, what, who decided, gates with figures

A tag is ``neural_focus:xgboost_v3``; its version alone (``xgboost_v3``) is accepted wherever a tag is.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_focus.errors import ConfigurationError, ContractError, NeuralFocusError
from neural_focus.models.bundle import MANIFEST, TrainedBundle, verify
from neural_focus.models.contracts import contract_of

if TYPE_CHECKING:
    from bentoml._internal.models.model import ModelStore

    from neural_focus.models.predict import Predictor
    from neural_focus.settings import Settings

NAME = "neural_focus"
REPORT, FIGURES = "report.html", "report.json"
BESIDE = (MANIFEST, REPORT, FIGURES, "model.yaml")
"""Files in a model's folder that are not the model: model.yaml is BentoML's own."""
_NOBODY: dict[str, Any] = {"champion": None, "before": []}


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

    bundle = read_bundle(settings, tag)
    return Predictor.from_files(bundle.files, bundle.manifest, _full(tag).split(":")[1])


def read_bundle(settings: Settings, tag: str) -> TrainedBundle:
    """What was saved as ``tag``, after checking every file against its manifest.

    Raises:
        ConfigurationError: there is no such model.
        ContractError: a file is not what was saved.
    """
    folder = _folder(settings, tag)
    manifest = _manifest(folder)
    names = [path.name for path in folder.iterdir() if path.name not in BESIDE]
    files = {name: (folder / name).read_bytes() for name in names}
    verify(files, manifest, _full(tag))
    return TrainedBundle(str(manifest["kind"]), files, manifest)


def champion(settings: Settings) -> str | None:
    """The tag of the model that serves; None before the first promotion."""
    tag = _pointer(settings)["champion"]
    return None if tag is None else str(tag)


def usable_champion(settings: Settings) -> tuple[str | None, str]:
    """The champion if this code can serve it, else None and why not ("" where there is no champion at all).

    Looks at the pointer, the folder and the manifest; the files themselves are checked when they are loaded.
    """
    try:
        tag = champion(settings)
        if tag is not None:
            manifest = _manifest(_folder(settings, tag))
            contract_of(manifest["input_version"], manifest["input_hash"])
    except NeuralFocusError as error:
        return None, str(error)
    return tag, ""


def promote(
    settings: Settings, tag: str, *, by: str = "a person", gates: Sequence[Mapping[str, Any]] = ()
) -> str | None:
    """Make ``tag`` the champion, once its files have been checked; returns the one before."""
    load(settings, tag)
    try:
        pointer = _pointer(settings)
    except ContractError:  # what cannot be read is written anew
        pointer = _NOBODY
    full, before = _full(tag), pointer["champion"]
    if before == full:
        return full
    _write_pointer(settings, {"champion": full, "before": [*pointer["before"], before] if before else []})
    if (beside := shadow(settings)) is not None and beside.tag == full:
        clear_shadow(settings)  # it has come out
    log_decision(settings, "promoted", full, by=by, before=before, gates=gates)
    return None if before is None else str(before)


def rollback(settings: Settings, *, by: str = "a person") -> str:
    """Make the champion before this one champion again, the newest that still can be loaded; returns its tag.

    Raises:
        ConfigurationError: there is none.
    """
    pointer = _pointer(settings)
    rest, why = list(pointer["before"]), ""
    while rest:
        earlier = str(rest.pop())
        try:
            load(settings, earlier)
            break
        except NeuralFocusError as error:
            why = str(error)
    else:
        raise ConfigurationError(
            "there is no earlier champion to go back to", why=why, todo="See what is stored: neural-focus models"
        )
    _write_pointer(settings, {"champion": earlier, "before": rest})
    log_decision(settings, "rolled back", earlier, by=by, before=pointer["champion"])
    return earlier


@dataclass(frozen=True, slots=True)
class Shadow:
    """A challenger that predicts on live snapshots beside the champion: logged, never shown or acted upon."""

    tag: str
    since: datetime
    by: str


def shadow(settings: Settings) -> Shadow | None:
    """The challenger in the shadow, if there is one."""
    path = settings.models / "shadow.json"
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text())
        return Shadow(str(found["model"]), datetime.fromisoformat(found["since"]), str(found["by"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContractError(
            f"{path} cannot be read", why=str(error), todo="Name the challenger again: neural-focus models shadow TAG"
        ) from error


def set_shadow(settings: Settings, tag: str, *, by: str = "a person", gates: Sequence[Mapping[str, Any]] = ()) -> None:
    """Let ``tag`` predict in the shadow, once its files have been checked."""
    load(settings, tag)
    full = _full(tag)
    _write(settings, "shadow.json", {"model": full, "since": datetime.now(UTC).isoformat(), "by": by})
    log_decision(settings, "shadows", full, by=by, before=_pointer(settings)["champion"], gates=gates)


def clear_shadow(settings: Settings) -> bool:
    """End the shadow; whether there was one."""
    path = settings.models / "shadow.json"
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def write_health(settings: Settings, sentence: str, at: str) -> None:
    """What the last look for drift found, for the page."""
    _write(settings, "health.json", {"at": at, "sentence": sentence})


def read_health(settings: Settings) -> str:
    """The sentence of the last look for drift; "" before the first."""
    try:
        return str(json.loads((settings.models / "health.json").read_text())["sentence"])
    except (OSError, ValueError, KeyError):
        return ""


def keep_report(settings: Settings, tag: str, page: str, figures: str) -> None:
    """Put a model's report and its figures (JSON) into its folder."""
    folder = _folder(settings, tag)
    for name, text in ((REPORT, page), (FIGURES, figures)):
        (folder / name).write_text(text, "utf-8")


def read_file(settings: Settings, tag: str, name: str) -> bytes | None:
    """One file of a stored model, None where that model has none of this name."""
    path = _folder(settings, tag) / name
    return path.read_bytes() if path.exists() else None


def log_decision(
    settings: Settings,
    decision: str,
    tag: str,
    *,
    by: str,
    before: str | None,
    gates: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Add a line to the decision log; ``gates`` are rows with the figures and the verdict of each."""
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "decision": decision,
        "model": tag,
        "before": before,
        "by": by,
        "gates": list(gates),
    }
    with (settings.models / "decisions.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def decisions(settings: Settings) -> list[dict[str, Any]]:
    """The decision log, oldest first."""
    path = settings.models / "decisions.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


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
        raise ConfigurationError(
            f"there is no model {tag}",
            todo="See what is stored: neural-focus models; back to the champion before: neural-focus models rollback",
        )
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
        return _NOBODY
    try:
        pointer: dict[str, Any] = json.loads(path.read_text())
        return {"champion": pointer["champion"], "before": list(pointer["before"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContractError(
            f"{path} cannot be read", why=str(error), todo="Choose a model again: neural-focus models promote TAG"
        ) from error


def _write_pointer(settings: Settings, pointer: dict[str, Any]) -> None:
    _write(settings, "champion.json", pointer)


def _write(settings: Settings, name: str, data: Mapping[str, Any]) -> None:
    handle, temporary = tempfile.mkstemp(dir=settings.models, prefix=name)
    with os.fdopen(handle, "w") as file:
        json.dump(data, file)
    Path(temporary).replace(settings.models / name)
