"""A database as a backup has it: a dump and the rows of each table, both of one moment; and back again."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any, cast

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from infra.database_programs import check_major, find_program, without_password
from infra.database_schema import make_database
from neural_focus.errors import StoreError
from neural_focus.settings import Settings
from neural_focus.store.database import Connection, connect

PIECE_BYTES = 8 << 20
_TABLES = r"""
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema'
    AND n.nspname !~ '^(pg_|_?timescaledb)'
ORDER BY 1, 2"""
_MADE_BY_MIGRATION = (" POLICY ", " ROW SECURITY ")
"""Entries of a dump that name roles of the whole server, which no dump has."""


@dataclass(frozen=True, slots=True)
class DatabaseKind:
    """What a dump needs of the server it is restored on: PostgreSQL of at least ``major``, and this TimescaleDB."""

    major: int
    timescaledb: str


def kind_of(connection: Connection) -> DatabaseKind:
    """Of the connected database."""
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    return DatabaseKind(connection.info.server_version // 10_000, str(row[0]) if row else "")


def identity(connection: Connection) -> str:
    """Tells the connected database from every other one, also from one that takes its place."""
    row = connection.execute(
        "SELECT (SELECT system_identifier FROM pg_control_system()), oid FROM pg_database"
        " WHERE datname = current_database()"
    ).fetchone()
    return ".".join(map(str, row or ()))


def count_tables(connection: Connection) -> dict[str, int]:
    """Rows by table, ``schema.table``; partitions and chunks count as their table's."""
    connection.execute("SET LOCAL row_security = off")  # an error, rather than a part of the rows
    counts = {}
    for schema, table in connection.execute(_TABLES).fetchall():
        counted = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        counts[f"{schema}.{table}"] = int((connection.execute(counted).fetchone() or (0,))[0])
    return counts


def dump(settings: Settings, url: str, take: Callable[[bytes], None]) -> dict[str, Any]:
    """Gives ``take`` the dump of the database at ``url``, piece by piece; returns what the manifest says of it.

    Raises:
        StoreError: the server refuses.
        ConfigurationError: no ``pg_dump`` that can.
    """
    with connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        kind = kind_of(connection)
        program = find_program(settings, "pg_dump")
        check_major(program, kind.major)
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        tables = count_tables(connection)
        place, environ = without_password(url)
        options = ["-Fc", "-Z0", "--no-owner", "--no-privileges", f"--snapshot={snapshot[0]}"]
        with tempfile.TemporaryFile() as errors:
            command = [program, *options, f"--dbname={place}"]
            with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=errors) as process:
                try:
                    for piece in _pieces(cast(IO[bytes], process.stdout)):
                        take(piece)
                except BaseException:
                    process.kill()
                    raise
            _check(process.returncode, "pg_dump", errors)
    told = {"server": kind.major, "timescaledb": kind.timescaledb, "bytes": size[0] if size else 0}
    return {**told, "tables": tables}


def check_target(connection: Connection, name: str, told: dict[str, Any]) -> None:
    """Nothing, if the connected server can take the dump.

    Raises:
        StoreError: its database is not empty, or the server is older, or has not the TimescaleDB of the dump.
    """
    if connection.execute(_TABLES).fetchone() is not None:
        hint = "Give an empty one in DATABASE_URL, or drop what is in it"
        raise StoreError(f"the database {name} on the server has tables already", hint=hint)
    major = connection.info.server_version // 10_000
    if major < told["server"]:
        raise StoreError(
            f"the server is PostgreSQL {major}, and the backup is of {told['server']}",
            why="an older server does not read what a newer one wrote",
            hint=f"Give a server of PostgreSQL {told['server']} or newer in DATABASE_URL",
        )
    if not (wanted := told["timescaledb"]):
        return
    rows = connection.execute("SELECT version FROM pg_available_extension_versions WHERE name = 'timescaledb'")
    versions = [str(version) for (version,) in rows.fetchall()]
    if (made := kind_of(connection).timescaledb) and made != wanted:
        versions = [made]
    if wanted not in versions:
        raise StoreError(
            f"the backup is of a database with TimescaleDB {wanted}",
            why=f"this server has {', '.join(versions) or 'none'}, and its tables are read by that one alone",
            hint=f"Give a server with TimescaleDB {wanted} in DATABASE_URL; it may be updated after the restore",
        )


def restore(settings: Settings, url: str, told: dict[str, Any], pieces: Iterator[bytes]) -> dict[str, int]:
    """Fills the empty database at ``url`` from a dump, whole or not at all; returns its rows by table.

    Raises:
        StoreError: the server refuses.
        ConfigurationError: no ``pg_restore`` that can.
    """
    program = find_program(settings, "pg_restore")
    check_major(program, told["server"])
    if told["timescaledb"]:
        with connect(url) as connection:
            version = sql.Literal(told["timescaledb"])
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS timescaledb VERSION {}").format(version))
        with connect(url) as connection:
            connection.execute("SELECT timescaledb_pre_restore()")
    _fill(program, url, pieces)
    with connect(url) as connection:
        if told["timescaledb"]:
            connection.autocommit = True
            connection.execute("SELECT timescaledb_post_restore()")
            connection.autocommit = False
        connection.execute("ANALYZE")
        return count_tables(connection)


def make_anew(url: str) -> None:
    """Drops the database, which a restore had begun to fill, and makes it again, empty.

    Raises:
        StoreError: the server refuses.
    """
    target = make_url(url)
    try:
        with connect(target.set(database="postgres").render_as_string(hide_password=False)) as connection:
            connection.autocommit = True
            name = sql.Identifier(target.database or "")
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    except psycopg.Error as error:
        raise StoreError(
            f"the database {target.database} cannot be emptied of what a broken-off restore left",
            why=str(error).strip().splitlines()[0],
            hint="Drop it and make it anew by hand",
        ) from error
    make_database(url)


def _fill(program: str, url: str, pieces: Iterator[bytes]) -> None:
    place, environ = without_password(url)
    first = next(pieces, b"")
    listed = subprocess.run([program, "--list"], input=first, capture_output=True, check=False)
    if listed.returncode != 0:
        raise StoreError("pg_restore cannot read the dump", why=listed.stderr.decode(errors="replace").strip())
    kept = [line for line in listed.stdout.decode().splitlines() if not any(no in line for no in _MADE_BY_MIGRATION)]
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    with tempfile.NamedTemporaryFile("w") as wanted, tempfile.TemporaryFile() as errors:
        wanted.write("\n".join(kept) + "\n")
        wanted.flush()
        command = [program, *options, f"--use-list={wanted.name}", f"--dbname={place}"]
        with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stderr=errors) as process:
            stdin = cast(IO[bytes], process.stdin)
            with suppress(BrokenPipeError):  # it says why
                for piece in chain([first], pieces):
                    stdin.write(piece)
            with suppress(BrokenPipeError):
                stdin.close()
        _check(process.returncode, "pg_restore", errors)


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


def _check(code: int, name: str, errors: IO[bytes]) -> None:
    if code == 0:
        return
    errors.seek(0)
    lines = [line for line in errors.read().decode(errors="replace").splitlines() if "error:" in line]
    raise StoreError(
        f"{name} failed",
        why=lines[0].partition("error:")[2].strip() if lines else f"exit code {code}",
        hint="Check the rights of the role in DATABASE_URL, and the server's disk and log",
    )
