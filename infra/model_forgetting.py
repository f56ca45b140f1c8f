"""A person goes out of the stored models: the moments that judged them, and what they counted of each person.

What a model learned from everybody together stays: trees, weights, deciles of inputs, and the figures of its report.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neural_focus.atomic_write import atomic_write
from neural_focus.models.held_out import FILE, read_held_out, write_held_out
from neural_focus.registry.bundle import MANIFEST, MODEL, file_hashes, write_json
from neural_focus.registry.model_store import NAME, alone
from neural_focus.settings import Settings


def forget_person(settings: Settings, user_id: int) -> int:
    """Takes the person out of every stored model that knows them; returns how many models that were."""
    with alone(settings):  # which also empties the folder where a killed training left half a model
        folders = sorted(path.parent for path in (settings.models / "models" / NAME).glob(f"*/{MANIFEST}"))
        return sum(_forget(folder, user_id) for folder in folders)


def _forget(folder: Path, user_id: int) -> bool:
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    if str(user_id) not in manifest["data"].get("until_us", {}):
        return False
    model = _without(json.loads((folder / MODEL).read_bytes()), str(user_id))
    model["population"] = {app: people for app, people in model["population"].items() if people}
    files = {MODEL: write_json(model)}
    if (folder / FILE).exists():  # models of an older version kept none
        held = read_held_out((folder / FILE).read_bytes())
        files[FILE] = write_held_out(held.take(held.person != user_id))
    for name, data in files.items():
        atomic_write(folder / name, data)
    # Last: who is stopped before finds the person in the manifest, and does all of it again.
    manifest = {**_without(manifest, str(user_id)), "files": {**manifest["files"], **file_hashes(files)}}
    atomic_write(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return True


def _without(data: Any, person: str) -> Any:
    """JSON without what is kept under a person's id: only people (and an app called so) have numbers for keys."""
    if isinstance(data, Mapping):
        return {key: _without(value, person) for key, value in data.items() if key != person}
    return [_without(value, person) for value in data] if isinstance(data, list) else data
