"""Which stored model serves, and which served before it.

::

    <home>/bentoml/champion.json    {"champion": tag, "before": [older champions, the last one last]}; not there: nobody
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ContractError

if TYPE_CHECKING:
    from neural_focus.settings import Settings

NOBODY: dict[str, Any] = {"champion": None, "before": []}


def champion(settings: Settings) -> str | None:
    """The tag of the model that serves; None before the first promotion.

    Raises:
        ContractError: the file cannot be read.
    """
    tag = read_pointer(settings)["champion"]
    return None if tag is None else str(tag)


def former_champions(settings: Settings) -> list[str]:
    """The tags that rollback can go to, the next one last.

    Raises:
        ContractError: the file cannot be read.
    """
    return [str(tag) for tag in read_pointer(settings)["before"]]


def keep_former(settings: Settings, tags: Sequence[str]) -> None:
    """Forget all former champions but ``tags``; for who is ``alone``."""
    pointer = read_pointer(settings)
    if list(tags) != pointer["before"]:
        point_to(settings, pointer["champion"], tags)


def read_pointer(settings: Settings) -> dict[str, Any]:
    """The champion's tag, and under "before" those of the champions before it.

    Raises:
        ContractError: the file cannot be read.
    """
    path = _path(settings)
    if not path.exists():
        return NOBODY
    try:
        pointer: dict[str, Any] = json.loads(path.read_text())
        return {"champion": pointer["champion"], "before": list(pointer["before"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContractError(
            f"{path} cannot be read", why=str(error), hint="Choose a model again: neural-focus models promote TAG"
        ) from error


def point_to(settings: Settings, tag: str | None, before: Sequence[str]) -> None:
    """Make ``tag`` the champion after ``before``; for who is ``alone``."""
    atomic_write(_path(settings), json.dumps({"champion": tag, "before": list(before)}).encode())


def _path(settings: Settings) -> Path:
    return settings.models / "champion.json"
