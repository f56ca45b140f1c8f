"""Which stored model serves, and which served before it.

::

    <home>/bentoml/champion.json    {"champion": tag, "before": [older champions, the last one last]}; not there: nobody
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ConfigurationError, ContractError, NeuralFocusError
from neural_focus.models.contracts import contract_of
from neural_focus.models.decision_log import log_decision
from neural_focus.models.model_store import alone, full_tag, load, manifest_of
from neural_focus.models.shadow_run import clear_shadow, shadow

if TYPE_CHECKING:
    from neural_focus.models.predict import Predictor
    from neural_focus.settings import Settings

_NOBODY: dict[str, Any] = {"champion": None, "before": []}


def champion(settings: Settings) -> str | None:
    """The tag of the model that serves; None before the first promotion.

    Raises:
        ContractError: the file cannot be read.
    """
    tag = _pointer(settings)["champion"]
    return None if tag is None else str(tag)


def usable_champion(settings: Settings) -> tuple[str | None, str]:
    """The champion if this code can serve it, else None and why not ("" where there is no champion at all).

    Looks at the pointer, the folder and the manifest, not at the files themselves: ``working_champion`` does.
    """
    try:
        tag = champion(settings)
        if tag is not None:
            manifest = manifest_of(settings, tag)
            contract_of(manifest["input_version"], manifest["input_hash"])
    except NeuralFocusError as error:
        return None, str(error)
    return tag, ""


def working_champion(settings: Settings) -> tuple[Predictor | None, str]:
    """``usable_champion``, loaded: takes a second, and the memory of the models' libraries."""
    tag, problem = usable_champion(settings)
    if tag is None:
        return None, problem
    try:
        return load(settings, tag), ""
    except NeuralFocusError as error:
        return None, str(error)


def promote(
    settings: Settings, tag: str, *, by: str = "a person", gates: Sequence[Mapping[str, Any]] = ()
) -> str | None:
    """Make ``tag`` the champion, once its files have been checked; if it was in the shadow it comes out.

    Returns the tag that served until now: None where none did, ``tag`` itself where it serves already and nothing is
    done.

    Raises:
        ConfigurationError: there is no such model.
        ContractError: it cannot be loaded, or the shadow cannot be read: then nothing is promoted.
    """
    full = full_tag(tag)
    with alone(settings):
        load(settings, tag)
        try:
            pointer = _pointer(settings)
        except ContractError:  # what cannot be read is written anew
            pointer = _NOBODY
        before, beside = pointer["champion"], shadow(settings)
        if before == full:
            return full
        _point_to(settings, full, [*pointer["before"], before] if before else [])
        if beside is not None and beside.tag == full:
            clear_shadow(settings)
        log_decision(settings, "promoted", full, by=by, before=before, gates=gates)
    return None if before is None else str(before)


def rollback(settings: Settings) -> str:
    """Make the champion before this one champion again, the newest that still can be loaded; returns its tag.

    Raises:
        ConfigurationError: there is none.
        ContractError: the file cannot be read.
    """
    with alone(settings):
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
                "there is no earlier champion to go back to", why=why, hint="See what is stored: neural-focus models"
            )
        _point_to(settings, earlier, rest)
        log_decision(settings, "rolled back", earlier, by="a person", before=pointer["champion"])
    return earlier


def former_champions(settings: Settings) -> list[str]:
    """The tags that rollback can go to, the next one last.

    Raises:
        ContractError: the file cannot be read.
    """
    return [str(tag) for tag in _pointer(settings)["before"]]


def keep_former(settings: Settings, tags: Sequence[str]) -> None:
    """Forget all former champions but ``tags``; for who is ``alone``."""
    pointer = _pointer(settings)
    if list(tags) != pointer["before"]:
        _point_to(settings, pointer["champion"], tags)


def _pointer(settings: Settings) -> dict[str, Any]:
    path = _path(settings)
    if not path.exists():
        return _NOBODY
    try:
        pointer: dict[str, Any] = json.loads(path.read_text())
        return {"champion": pointer["champion"], "before": list(pointer["before"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContractError(
            f"{path} cannot be read", why=str(error), hint="Choose a model again: neural-focus models promote TAG"
        ) from error


def _point_to(settings: Settings, tag: str | None, before: Sequence[str]) -> None:
    atomic_write(_path(settings), json.dumps({"champion": tag, "before": list(before)}).encode())


def _path(settings: Settings) -> Path:
    return settings.models / "champion.json"
