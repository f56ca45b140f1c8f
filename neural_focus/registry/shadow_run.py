"""The challenger in the shadow: it predicts on live snapshots beside the champion, logged, never shown or acted upon.

::

    <home>/bentoml/shadow.json    {"model": tag, "champion": tag of whom it shadows, or null, "since": ISO 8601
                                  with its zone, "by": who let it}; not there: nobody
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ContractError

if TYPE_CHECKING:
    from neural_focus.settings import Settings


@dataclass(frozen=True, slots=True)
class Shadow:
    """The challenger, the champion that it was let in beside, since when it predicts, and who let it: "gates" or a
    person."""

    tag: str
    champion: str | None
    since: datetime
    by: str


def shadow(settings: Settings) -> Shadow | None:
    """The challenger in the shadow, if there is one.

    Raises:
        ContractError: the file cannot be read.
    """
    path = _path(settings)
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text())
        champion = found.get("champion")  # older files have none
        since = datetime.fromisoformat(found["since"])
        return Shadow(str(found["model"]), None if champion is None else str(champion), since, str(found["by"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContractError(
            f"{path} cannot be read", why=str(error), hint="Name the challenger again: neural-focus models shadow TAG"
        ) from error


def write_shadow(settings: Settings, tag: str, *, champion: str | None, by: str) -> None:
    """Name ``tag`` the challenger in the shadow of ``champion``, from now on; for who is ``alone``."""
    run = {"model": tag, "champion": champion, "since": datetime.now(UTC).isoformat(), "by": by}
    atomic_write(_path(settings), json.dumps(run).encode())


def clear_shadow(settings: Settings) -> bool:
    """End the shadow; whether there was one."""
    path = _path(settings)
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def _path(settings: Settings) -> Path:
    return settings.models / "shadow.json"
