"""What lies in a home: what a backup takes, and what it leaves out and why. The one list of it.

A path is looked up by the rules of what is left out first. What no rule knows is taken, and said.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from neural_focus.errors import StoreError

LEFT_OUT = (
    ("database/*", "the dumps of its databases stand for it"),
    ("logs/*", "what programs said; nothing is read from it"),
    ("tmp/*", "temporary files of the flows"),
    ("display/*", "the virtual display of this start"),
    ("prefect/storage/*", "what flows keep of their results between two runs"),
    ("up.lock", "who runs now"),
    ("database-of-up", "who runs now"),
    ("restoring", "who runs now"),
    ("agent.json", "counters of the agent's last start"),
    ("signin/*", "links that are good for an hour, once"),
    ("pairing/*", "codes that are good for ten minutes, once"),
    ("*.lock", "locks of what runs now"),
    ("spool/lock", "locks of what runs now"),
    ("desktops/*/spool/lock", "locks of what runs now"),
    ("feast/online.db-*", "the copy of online.db has it"),
    ("bentoml/unfinished/*", "steps of a training at work; it begins anew and ends with the same model"),
    ("bentoml/scratch/*", "models that are not whole"),
    ("bentoml/tmp/*", "temporary files of the service"),
    ("bentoml/prometheus_multiproc_dir/*", "figures of the service's last start"),
)
"""Pattern of paths below the home → why."""
UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}|(\d{4}-\d\d-\d\d|secrets)\.\d+")
"""Names of what a writer makes beside a file before it takes its place."""
_NOT_WHOLE = "what was being written"
OF_A_DESKTOP = (
    *("machine_id", "consent.json", "engine.state", "engine.state.unreadable", "privacy.toml", "pause.json"),
    *("actions.json", "token", "service", "spool/*"),
)
TAKEN = (
    *OF_A_DESKTOP,
    *(f"desktops/*/{name}" for name in OF_A_DESKTOP),
    *("secrets.json", "person-shown", "curl-header", "categories.toml"),
    *("bentoml/models/*", "bentoml/*.json", "bentoml/*.jsonl", "feast/*", "reports/*"),
    *("prefect/memo_store.toml", "prefect/profiles.toml"),
)
"""Patterns of what is taken, besides the databases."""
ONLINE_STORE = "feast/online.db"

Kind = Literal["taken", "left out", "unknown"]


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a home: its path below it, with ``/``; ``why`` it is left out."""

    name: str
    path: Path
    kind: Kind
    why: str = ""


def classify(name: str) -> tuple[Kind, str]:
    """What becomes of the file at ``name`` below a home, and why it is left out."""
    for pattern, why in LEFT_OUT:
        if fnmatchcase(name, pattern):
            return "left out", why
    if UNFINISHED.fullmatch(name.rpartition("/")[2]):
        return "left out", _NOT_WHOLE
    return ("taken" if any(fnmatchcase(name, pattern) for pattern in TAKEN) else "unknown"), ""


def list_home(home: Path) -> Iterator[Found]:
    """Everything in a home that is no folder, in the order in which it is taken: an engine's state before its spool.

    Links, sockets and devices are left out. The cluster's folder is not looked into.
    """
    for folder, folders, names in os.walk(home, onerror=_refuse):
        folders.sort()
        for name in folders:
            path = Path(folder) / name
            if path.is_symlink() and classify(f"{path.relative_to(home).as_posix()}/")[0] != "left out":
                raise StoreError(
                    f"{path} is a link: what it leads to would not be in the backup",
                    hint="Set NEURAL_FOCUS_HOME to the place where everything is, or move it back",
                )
        if Path(folder) == home and "database" in folders:
            folders.remove("database")
            yield Found("database/", home / "database", *classify("database/"))
        for name in sorted(names):
            path = Path(folder) / name
            below = path.relative_to(home).as_posix()
            try:
                regular = stat.S_ISREG(path.lstat().st_mode)
            except FileNotFoundError:  # gone meanwhile
                continue
            kind, why = classify(below)
            if not regular and kind != "left out":
                kind, why = "left out", "no plain file"
            yield Found(below, path, kind, why)


def _refuse(error: OSError) -> None:
    """A folder that cannot be read would be missing without a word."""
    hint = "Give its owner the folder back"
    raise StoreError(f"{error.filename} cannot be read", why=error.strerror or "", hint=hint)


def copy_of_sqlite(path: Path) -> bytes:
    """A whole SQLite database, as it is at one moment, also while others write."""
    with closing(sqlite3.connect(path, timeout=60)) as source, closing(sqlite3.connect(":memory:")) as copy:
        source.backup(copy)
        return copy.serialize()
