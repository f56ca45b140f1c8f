"""A person goes out of the stored models: the moments that judged them, and what they counted of each person.

What a model learned from everybody together stays: trees, weights, deciles of inputs, and the figures of its report.
A time of a person's goes with all that is of them in the models that learned since; those of the person alone go whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neural_focus.atomic_write import atomic_write
from neural_focus.models.held_out import FILE, read_held_out, write_held_out
from neural_focus.registry.bundle import MANIFEST, MODEL, file_hashes, write_json
from neural_focus.registry.champion_pointer import point_to, read_pointer
from neural_focus.registry.decision_log import log_decision
from neural_focus.registry.model_store import NAME, alone, discard, list_models
from neural_focus.registry.shadow_run import clear_shadow, shadow
from neural_focus.settings import Settings


def forget_person(settings: Settings, user_id: int) -> int:
    """Takes the person out of every stored model that knows them; returns how many models that were."""
    with alone(settings):  # which also empties the folder where a killed training left half a model
        folders = sorted(path.parent for path in (settings.models / "models" / NAME).glob(f"*/{MANIFEST}"))
        return sum(_forget(folder, user_id) for folder in folders)


def models_of_time(settings: Settings, user_id: int, first_us: int, end_us: int) -> list[str]:
    """The tags of the models that learned from the person's moments of [first, end) µs, or may have."""
    return [model.tag for model in list_models(settings) if _learned_from(model.manifest, user_id, first_us, end_us)]


def forget_time(settings: Settings, user_id: int, first_us: int, end_us: int) -> None:
    """Removes those of them that learned from this person alone, with their reports, and takes the person out of the
    others. Where the champion goes, the newest one before it that stays serves, or the rules.

    Raises:
        ContractError: champion or shadow cannot be read: then nothing is changed.
    """
    with alone(settings) as scratch:
        pointer, beside = read_pointer(settings), shadow(settings)
        known = [one for one in list_models(settings) if _learned_from(one.manifest, user_id, first_us, end_us)]
        gone = {one.tag for one in known if _learned_alone(one.manifest)}
        former = [tag for tag in pointer["before"] if tag not in gone]
        serving = pointer["champion"]
        if serving in gone:
            serving = former.pop() if former else None
        if (serving, former) != (pointer["champion"], pointer["before"]):
            point_to(settings, serving, former)
        if beside is not None and beside.tag in gone:
            clear_shadow(settings)
        for tag in sorted(gone):
            for page in (settings.reports / "models").glob(f"{tag.removeprefix(f'{NAME}:')}.*"):
                page.unlink()
            discard(settings, tag, scratch)
            log_decision(settings, "removed", tag, by="a person who had its data forgotten", before=None)
        for one in known:
            if one.tag not in gone:
                _forget(settings.models / "models" / NAME / one.version, user_id)


def _learned_from(manifest: Mapping[str, Any], user_id: int, first_us: int, end_us: int) -> bool:
    data = manifest["data"]
    until_us = data.get("until_us", {}).get(str(user_id))
    return until_us is not None and int(until_us) >= first_us and int(data.get("first_us", 0)) < end_us


def _learned_alone(manifest: Mapping[str, Any]) -> bool:
    return int(manifest["data"].get("people", 0)) <= 1


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
