"""The mark of a home into which a restore is on its way: nothing else starts there until it is done."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from neural_focus.atomic_write import atomic_write
from neural_focus.errors import StoreError

NAME = "restoring"


def broken_off(home: Path) -> dict[str, str] | None:
    """What a restore that was broken off in ``home`` had noted: its ``file``, the ``server`` of one's own, and which of
    its ``databases`` it had begun to fill; None where there was none."""
    try:
        told = json.loads((home / NAME).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):  # an empty mark is one, too
        told = {}
    return {name: str(told.get(name, "")) for name in ("file", "server", "databases")}


def set_mark(home: Path, file: Path, server: str, databases: Iterable[str]) -> None:
    """From now on a restore works on ``home``, and on ``databases``. Raises OSError."""
    told = {"file": str(file), "server": server, "databases": " ".join(databases)}
    atomic_write(home / NAME, json.dumps(told).encode())


def lift_mark(home: Path) -> None:
    """It is done, or nothing is left of it."""
    (home / NAME).unlink(missing_ok=True)


def refuse_half_restored(home: Path) -> None:
    """Raises StoreError where a restore into ``home`` was broken off, or is at work."""
    found = broken_off(home)
    if found is not None:
        raise StoreError(
            f"{home} is half restored",
            why="a restore was broken off, or is still at work",
            hint=f"Run it again, which starts over: neural-focus restore {found['file'] or 'FILE'}",
        )
