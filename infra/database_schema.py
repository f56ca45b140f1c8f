"""Brings a database to the newest schema, and says how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from infra.database_roles import apply_roles
from neural_focus.errors import StoreError
from neural_focus.store.database import connect, plain_url, sqlalchemy_engine
from neural_focus.store.tables import METADATA

MIGRATION_LOCK = 7_306_520_001
"""Advisory lock: two migrations of one database never run at once."""


def migrate(url: str) -> str:
    """Brings the database to the newest revision and its roles to what ``database_roles`` says; returns that revision.

    Where the owner may make no roles everything goes on without: ``database_roles.obstacle`` says why.

    Raises:
        StoreError: the server refuses, or the schema is newer than this program.
    """
    config = _config()
    engine = sqlalchemy_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            check_known(revision(connection) or "", "the database has")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            driver: Any = connection.connection.driver_connection
            apply_roles(driver)
            connection.commit()
            return revision(connection) or ""
    except (DBAPIError, psycopg.Error) as error:
        refused = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(
            "the database refuses the migration",
            why=str(refused).strip().splitlines()[0],
            hint="Check DATABASE_URL and the rights of its role",
        ) from error
    finally:
        engine.dispose()


def make_database(url: str) -> None:
    """Creates the database that ``url`` names, if the server does not have it yet.

    Raises:
        StoreError: the server is unreachable or refuses.
    """
    try:
        connect(url).close()
    except StoreError as error:
        if "does not exist" not in error.why or "database" not in error.why:
            raise
    else:
        return
    target = make_url(plain_url(url))
    connection = connect(target.set(database="postgres").render_as_string(hide_password=False))
    try:
        connection.autocommit = True
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(target.database or "")))
    except psycopg.Error as error:
        raise StoreError(
            f"the database {target.database} cannot be made",
            why=str(error).strip().splitlines()[0],
            hint="Make it by hand, owned by the role in DATABASE_URL",
        ) from error
    finally:
        connection.close()


def revision(connection: Connection) -> str | None:
    """The revision of the connected database, None before the first migration."""
    return MigrationContext.configure(connection).get_current_revision()


def check_known(current: str, whose: str) -> None:
    """Nothing, if this program knows the schema ``current``, or there is none. ``whose``: "the database has".

    Raises:
        StoreError: it is newer than this program.
    """
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current and current not in known:
        raise StoreError(
            f"{whose} schema {current}",
            why="a newer version of this program made it",
            hint="Update this program",
        )


def newest_revision() -> str:
    """The revision this program was written for."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def differences(connection: Connection) -> list[Any]:
    """What differs between the connected database and ``METADATA``; empty when they agree."""
    options = {"compare_type": True, "compare_server_default": True, "include_name": is_ours}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, METADATA))


def is_ours(name: str | None, kind: str, _: object) -> bool:
    """False for partitions: they belong to their parent's table."""
    return not (kind == "table" and name is not None and "_part_" in name)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
