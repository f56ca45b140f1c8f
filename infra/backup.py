"""Takes a backup: the home first, then the databases, each of one moment.

In this order nothing falls between: what a desktop sends meanwhile is in the spool that was copied, or in the database
that is dumped after it, or in both, and a record that is sent twice is stored once. What the home has of features and
models was made from rows that the database has.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from sqlalchemy.engine import make_url

from collector.desktop import desktop_of
from flows.server import DATABASE as PREFECT
from infra.backup_archive import DATABASE, HOME, ArchiveWriter, writing
from infra.backup_database import dump
from infra.backup_home import ONLINE_STORE, Found, copy_of_sqlite, list_home
from infra.embedded_database import DATABASE as OURS
from infra.embedded_database import EmbeddedServer
from infra.restore_mark import refuse_half_restored
from infra.up.platform import only_one
from infra.up.steps import Step, step
from neural_focus import __version__
from neural_focus.errors import InputError, StoreError
from neural_focus.registry.model_store import alone
from neural_focus.settings import Settings
from neural_focus.store.database import connect, plain_url


@dataclass(slots=True)
class Backup:
    """What was taken. ``left_out``: files by reason. ``unknown``: taken, though this program does not know them."""

    files: int = 0
    bytes: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    unknown: list[str] = field(default_factory=list)
    databases: dict[str, dict[str, Any]] = field(default_factory=dict)


def take_backup(settings: Settings, path: Path, console: Console) -> Backup:
    """Writes all state of an installation into ``path``; programs may go on meanwhile.

    Raises:
        StoreError: nothing is there yet, or the database or the disk refuses; no file is left.
        InputError: ``path`` cannot be used.
    """
    refuse_half_restored(settings.home)
    path = path.expanduser().absolute()
    if settings.home in (path.resolve(), *path.resolve().parents):
        raise InputError(f"{path} lies in the home", why="a backup would hold itself", hint="Give another folder")
    taken = Backup()
    manifest: dict[str, Any] = {"product": __version__, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
    with _database(settings) as url, writing(path, manifest) as archive:
        manifest |= {"username": settings.username, "schema": _revision(url)}
        with step(console, "home") as at_work, _nobody_changes(settings):
            listed = list(list_home(settings.home))
            for number, found in enumerate(listed):
                at_work.show(found.name, number / len(listed))
                _take_file(archive, found, taken)
            at_work.done(f"{taken.files:,} files, {taken.bytes / 2**20:,.1f} MB")
        for name, place in _existing(url).items():
            with step(console, f"database {name}") as at_work:
                pieces = _Pieces(archive, name, at_work)
                taken.databases[name] = told = dump(settings, place, pieces.add)
                at_work.done(f"{len(told['tables'])} tables, {sum(told['tables'].values()):,} rows")
        manifest["databases"] = taken.databases
        manifest["left_out"] = dict(taken.left_out)
    return taken


@dataclass(slots=True)
class _Pieces:
    """Numbers the pieces of a dump."""

    archive: ArchiveWriter
    name: str
    step: Step
    number: int = 0
    size: int = 0

    def add(self, piece: bytes) -> None:
        self.archive.add_bytes(f"{DATABASE}{self.name}/{self.number:08d}", piece)
        self.number, self.size = self.number + 1, self.size + len(piece)
        self.step.show(f"{self.size / 2**20:,.0f} MB")


def _take_file(archive: ArchiveWriter, found: Found, taken: Backup) -> None:
    if found.kind == "left out":
        taken.left_out[found.why] += 1
        return
    try:
        if found.name == ONLINE_STORE:
            archive.add_bytes(HOME + found.name, copy_of_sqlite(found.path))
        else:
            # What is appended to meanwhile is taken up to here; what is replaced is the old file or the new one.
            with found.path.open("rb") as file:
                state = os.fstat(file.fileno())
                archive.add(HOME + found.name, file, state.st_size, mode=state.st_mode, mtime=state.st_mtime)
    except FileNotFoundError:  # sent, or too old, since it was listed
        return
    except PermissionError as error:
        raise StoreError(
            f"{found.path} cannot be read", why=error.strerror or "", hint="Give its owner the file back"
        ) from error
    taken.files += 1
    taken.bytes += archive.members[HOME + found.name]["size"]
    if found.kind == "unknown":
        taken.unknown.append(found.name)


@contextmanager
def _nobody_changes(settings: Settings) -> Iterator[None]:
    """Models are not stored, thrown away or promoted meanwhile, and Feast's registry is not written."""
    with ExitStack() as stack:
        if settings.models.exists():
            stack.enter_context(alone(settings))
        if settings.feast.exists():
            lock = stack.enter_context((settings.feast / "registry.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """The URL of the running database; "" on a desktop that is paired with another machine, which has none."""
    server = None
    if settings.database_url:
        yield settings.database_url
        return
    if desktop_of(settings).paired_with():
        yield ""
        return
    if not (settings.home / "database" / "data").exists():
        raise StoreError(
            f"there is nothing in {settings.home} yet",
            hint="Set NEURAL_FOCUS_HOME to the installation's folder, or DATABASE_URL to its database",
        )
    server = EmbeddedServer.from_settings(settings)
    if server.running():
        yield server.url()
        return
    with only_one(settings.home):  # an `up` that came meanwhile would take our server for one that stays
        try:
            yield server.start()
        finally:
            server.stop()


def databases_at(url: str) -> dict[str, str]:
    """The two databases on the server that ``url`` names: ours by it, and Prefect's; none of ""."""
    if not url:
        return {}
    target = make_url(plain_url(url))
    return {OURS: plain_url(url), PREFECT: target.set(database=PREFECT).render_as_string(hide_password=False)}


def _existing(url: str) -> dict[str, str]:
    """Without Prefect's where its server never ran."""
    found = databases_at(url)
    if found:
        with connect(url) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", (PREFECT,)).fetchone() is None:
                del found[PREFECT]
    return found


def _revision(url: str) -> str:
    """The schema of our database."""
    if not url:
        return ""
    with connect(url) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            row = None
    if row is None:
        raise StoreError("the database has no tables yet", hint="Run: neural-focus database migrate")
    return str(row[0])
