"""The account that runs the server: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from neural_focus.errors import ConfigurationError, StoreError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of this system."""

    name: str
    uid: int
    gid: int


def server_account(folder: Path) -> Account | None:
    """Who runs the server of ``folder``: None for ourselves, else its cluster's owner or the first candidate.

    Raises:
        ConfigurationError: we are root and no unprivileged account exists.
    """
    if os.geteuid() != 0:
        return None
    data = folder / "data"
    if data.exists() and data.stat().st_uid != 0:
        owner = pwd.getpwuid(data.stat().st_uid)
        return Account(owner.pw_name, owner.pw_uid, owner.pw_gid)
    for name in CANDIDATES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_name, found.pw_uid, found.pw_gid)
    raise ConfigurationError(
        "the database cannot run as root",
        why=f"none of the accounts {', '.join(CANDIDATES)} exists",
        todo="Create one, or set DATABASE_URL to a server of yours",
    )


def check_reachable(folder: Path, account: Account) -> None:
    """Raises StoreError naming the first folder on the way that is closed to ``account``."""
    for step in reversed(folder.resolve().parents):
        mode = step.stat()
        if mode.st_uid == account.uid:
            open_to_it = bool(mode.st_mode & stat.S_IXUSR)
        elif mode.st_gid == account.gid:
            open_to_it = bool(mode.st_mode & stat.S_IXGRP)
        else:
            open_to_it = bool(mode.st_mode & stat.S_IXOTH)
        if not open_to_it:
            raise StoreError(
                f"the database's account {account.name} cannot reach {folder}",
                why=f"{step} is closed to it",
                todo=f"Set NEURAL_FOCUS_HOME to an open folder such as /var/lib/neural-focus, or chmod o+x {step}",
            )
