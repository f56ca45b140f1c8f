"""Puts a backup into an empty home, and proves it by counting.

check the whole file → mark the home → files → database server → databases, counted → newest schema → lift the mark

The mark is there before the first file and goes after everything is on disk. Where it is found, a restore was broken
off: what that left is removed, and all begins anew. An error removes it at once.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy.engine import make_url

from flows.server import DATABASE as PREFECT
from infra.backup import databases_at
from infra.backup_archive import DATABASE, HOME
from infra.backup_database import PIECE_BYTES, check_target, identity, make_anew, restore
from infra.backup_reader import ArchiveReader, Member
from infra.database_schema import check_known, make_database, migrate
from infra.embedded_database import DATABASE as OURS
from infra.embedded_database import LEAST_FREE_BYTES, POSTGRESQL, TIMESCALEDB, EmbeddedServer
from infra.restore_mark import NAME as MARK
from infra.restore_mark import broken_off, lift_mark, set_mark
from infra.up.platform import only_one
from infra.up.steps import Step, step
from neural_focus.errors import FormatError, NeuralFocusError, StoreError
from neural_focus.settings import Settings
from neural_focus.store.database import connect

_TOLD = {"product", "made_at", "username", "schema", "databases", "members"}
KEPT = ("up.lock", MARK)
"""What a home that is to be filled may have."""


@dataclass(slots=True)
class Restored:
    """Rows by database and table, equal to those of the backup; ``schema``: after the migration."""

    manifest: dict[str, Any]
    files: int = 0
    schema: str = ""
    rows: dict[str, dict[str, int]] = field(default_factory=dict)


def restore_backup(settings: Settings, path: Path, console: Console) -> Restored:
    """Fills the empty home, and the empty databases of ``DATABASE_URL`` or an embedded server's, from ``path``.

    Raises:
        FormatError, InputError: the file is none that can be restored; nothing was written.
        StoreError: home or database are not empty, or the server or the disk refuses; nothing stays.
    """
    path = path.expanduser().absolute()
    archive = ArchiveReader(path)
    try:
        with step(console, "check") as at_work:
            sections = Counter(_section(member) for member in _shown(archive, at_work))
            manifest = archive.manifest
            _check_manifest(path, manifest, set(sections) - {HOME})
            at_work.done(f"{sections.total():,} members, made {manifest['made_at']} by version {manifest['product']}")
        check_known(manifest["schema"], f"{path.name} has")
        with only_one(settings.home):
            return _Restore(settings, path, archive, console).run()
    finally:
        archive.close()


def _check_manifest(path: Path, manifest: dict[str, Any], databases: set[str]) -> None:
    """Raises FormatError where it says nothing of what it should, or has other databases than the file."""
    if not manifest.keys() >= _TOLD or databases != set(manifest["databases"]) or not databases <= {OURS, PREFECT}:
        why = "its manifest does not fit its members"
        raise FormatError(f"{path} is no backup of Neural Focus", why=why, hint="Give another backup")


def _shown(archive: ArchiveReader, at_work: Step) -> Iterator[Member]:
    for member in archive.members():
        at_work.show(member.name, archive.read_bytes() / archive.size)
        yield member


class _Restore:
    """One restore; ``manifest`` was checked."""

    def __init__(self, settings: Settings, path: Path, archive: ArchiveReader, console: Console) -> None:
        self._settings, self._path, self._archive, self._console = settings, path, archive, console
        self._begun: dict[str, str] = {}
        """Databases that were found empty, and are filled: which ones they are, by ``identity``."""
        self._home, self._told = settings.home, archive.manifest["databases"]
        self._server: EmbeddedServer | None = None

    def run(self) -> Restored:
        before = broken_off(self._home)
        if before is not None:
            self._console.print("  A restore was broken off here. It starts over.", highlight=False)
            told = before["databases"].split() if before["server"] == self._server_of_ones_own() else []
            self._begun = dict(one.split("=", 1) for one in told if "=" in one)
            self._clear()
        elif found := sorted(one.name for one in self._home.iterdir() if one.name not in KEPT):
            raise StoreError(
                f"{self._home} is not empty",
                why=f"it has {', '.join(found[:4])}{' …' if len(found) > 4 else ''}",
                hint="Move it away, or set NEURAL_FOCUS_HOME to an empty folder",
            )
        if self._settings.database_url and self._told:
            self._check_databases(self._settings.database_url)
        self._check_room()
        try:
            self._mark()
            done = self._fill()
            os.sync()
            lift_mark(self._home)
        except BaseException as error:
            left = "What was written could not be removed: run it again. "
            with suppress(NeuralFocusError, OSError):  # the mark stays then, and the next one says what hinders it
                self._clear()
                lift_mark(self._home)
                left = "Nothing was restored. "
            if isinstance(error, OSError):
                why = error.strerror or str(error)
                hint = f"{left}Free some space, or set NEURAL_FOCUS_HOME to another disk"
                raise StoreError(f"{self._home} cannot be written", why=why, hint=hint) from error
            raise
        self._stop()
        return done

    def _fill(self) -> Restored:
        done = Restored(self._archive.manifest)
        url = self._settings.database_url or ""
        for section, members in groupby(self._archive.members(), key=_section):
            if section == HOME:
                with step(self._console, "home") as at_work:
                    done.files = self._write_files(members, at_work)
                    at_work.done(f"{done.files:,} files")
                continue
            if not url:
                with step(self._console, "database server") as at_work:
                    url = self._start_server(at_work)
            with step(self._console, f"database {section}") as at_work:
                done.rows[section] = rows = self._fill_database(section, url, members, at_work)
                at_work.done(f"{len(rows)} tables, {sum(rows.values()):,} rows, as in the backup")
        if self._told:
            with step(self._console, "schema") as at_work:
                done.schema = migrate(databases_at(url)[OURS])
                at_work.done(done.schema)
        return done

    def _write_files(self, members: Iterator[Member], at_work: Step) -> int:
        written = 0
        for member in members:
            at_work.show(member.name, self._archive.read_bytes() / self._archive.size)
            path = self._home / member.name.removeprefix(HOME)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(member.file, file, 1 << 20)
                os.fchmod(file.fileno(), member.mode & 0o755)
            os.utime(path, (member.mtime, member.mtime))
            written += 1
        return written

    def _start_server(self, at_work: Step) -> str:
        """Of the kind that the backup is of: a cluster of TimescaleDB is read by no other."""
        flavour = TIMESCALEDB if any(told["timescaledb"] for told in self._told.values()) else POSTGRESQL
        self._server = replace(EmbeddedServer.from_settings(self._settings, at_work.show), flavour=flavour)
        url = self._server.start()
        at_work.done(flavour)
        return url

    def _fill_database(self, name: str, url: str, members: Iterator[Member], at_work: Step) -> dict[str, int]:
        place, told = databases_at(url)[name], self._told[name]
        make_database(place)
        with connect(place) as connection:
            check_target(connection, name, told)
            self._begun[name] = identity(connection)
        self._mark()

        def pieces() -> Iterator[bytes]:
            for member in members:
                at_work.show("", self._archive.read_bytes() / self._archive.size)
                while piece := member.file.read(PIECE_BYTES):
                    yield piece

        rows = restore(self._settings, place, told, pieces())
        for table in sorted(rows.keys() | told["tables"].keys()):
            if rows.get(table) != told["tables"].get(table):
                raise StoreError(
                    f"{table} has {rows.get(table, 0):,} rows after the restore, not {told['tables'].get(table, 0):,}",
                    hint="Nothing was restored. Try another server, or another backup",
                )
        return rows

    def _check_databases(self, url: str) -> None:
        """Before anything is written: both are empty, or not there, on a server that takes them."""
        for name, place in databases_at(url).items():
            if name in self._told:
                try:
                    connection = connect(place)
                except StoreError as error:
                    if "does not exist" in error.why:  # it is made
                        continue
                    raise
                with connection:
                    check_target(connection, name, self._told[name])

    def _check_room(self) -> None:
        members, elsewhere = self._archive.manifest["members"].items(), bool(self._settings.database_url)
        sizes = [found["size"] for name, found in members if not (elsewhere and name.startswith(DATABASE))]
        need, free = sum(sizes) + LEAST_FREE_BYTES, shutil.disk_usage(self._home).free
        if free < need:
            raise StoreError(
                f"only {free // 2**20} MB are free in {self._home}",
                why=f"the restore needs {need // 2**20} MB",
                hint="Free some space, or set NEURAL_FOCUS_HOME to another disk",
            )

    def _mark(self) -> None:
        begun = (f"{name}={which}" for name, which in self._begun.items())
        set_mark(self._home, self._path, self._server_of_ones_own(), begun)

    def _server_of_ones_own(self) -> str:
        """Without a password; "" for the embedded one."""
        if not self._settings.database_url:
            return ""
        url = make_url(databases_at(self._settings.database_url)[OURS])
        return f"{url.host or url.query.get('host', '')}:{url.port or url.query.get('port', '')}/{url.database}"

    def _clear(self) -> None:
        """Removes what a restore left: all of the home, which was empty, and what it began to fill, which was too."""
        self._stop()
        for one in self._home.iterdir():
            if one.name not in KEPT:
                shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
        if self._settings.database_url:
            for name, place in databases_at(self._settings.database_url).items():
                if name in self._begun and self._is_there(place, self._begun[name]):
                    make_anew(place)
        self._begun = {}

    def _is_there(self, place: str, which: str) -> bool:
        """Whether it is the very database that was begun: by the same address another one may be in use since."""
        try:
            with connect(place) as connection:
                return identity(connection) == which
        except StoreError as error:
            if "does not exist" in error.why:
                return False
            raise

    def _stop(self) -> None:
        server = self._server
        if server is None and (self._home / "database" / "data").exists() and (self._home / "secrets.json").exists():
            server = EmbeddedServer.from_settings(self._settings)
        if server is not None:
            server.stop()


def _section(member: Member) -> str:
    """``home/``, or the name of a database."""
    return HOME if member.name.startswith(HOME) else member.name.removeprefix(DATABASE).partition("/")[0]
