"""The account that runs the server: PostgreSQL refuses to run as root.

What root makes for that account never depends on root's umask, and is checked by that account before it is used.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
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
        hint="Create one, or set DATABASE_URL to a server of yours",
    )


def open_to_others(tree: Path) -> None:
    """Everybody may read ``tree`` and run what its owner may run, whatever the umask was that it was made under."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)


def check_reachable(folder: Path, account: Account, variable: str = "NEURAL_FOCUS_HOME") -> None:
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
            place = "/var/lib/neural-focus" if variable == "NEURAL_FOCUS_HOME" else "/var/cache/neural-focus"
            raise StoreError(
                f"the database's account {account.name} cannot reach {folder}",
                why=f"{step} is closed to it",
                hint=f"Set {variable} to an open folder such as {place}, or chmod o+x {step}",
            )


def check_runs(program: Path, tree: Path, account: Account) -> None:
    """``account`` runs ``program`` of ``tree``, which is opened first where an earlier start left it closed.

    Raises:
        StoreError: it cannot.
    """
    if not _refusal(program, account):
        return
    open_to_others(tree)
    why = _refusal(program, account)
    if why:
        check_reachable(tree, account, "NEURAL_FOCUS_CACHE")
        raise StoreError(
            f"the database's account {account.name} cannot run {program}",
            why=why,
            hint=f"Delete {tree}, which the next start makes anew, or set NEURAL_FOCUS_CACHE to another disk",
        )


def _refusal(program: Path, account: Account) -> str:
    """Why ``account`` cannot run ``program``; empty where it can."""
    try:
        done = subprocess.run(
            [str(program), "--version"],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
    except OSError as error:
        return error.strerror or str(error)
    return "" if done.returncode == 0 else done.stderr.strip().replace("\n", "; ") or f"exit code {done.returncode}"
