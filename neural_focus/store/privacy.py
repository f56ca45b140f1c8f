"""Everything of one person: counted, written out, erased."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import psycopg
from psycopg import sql

from neural_focus.errors import InputError, StoreError
from neural_focus.store.database import Connection

WITHOUT_FOREIGN_KEYS = ("events", "model_predictions")
"""Tables where deleting the person deletes nothing by itself."""


def count_rows(connection: Connection, user_id: int) -> dict[str, int]:
    """Table → rows of this person, over every table that has a ``user_id``, and ``users`` itself."""
    counts = {"users": _count(connection, "users", "id", user_id)}
    return counts | {name: _count(connection, name, "user_id", user_id) for name in _tables_of_people(connection)}


def machines_of(connection: Connection, user_id: int) -> list[str]:
    """The machines that anything of this person is from; where raw events stay at home nothing was shipped."""
    tables = [sql.Identifier(name) for name in ("shipper_positions", "model_predictions")]
    asked = [sql.SQL("SELECT machine_id::text FROM {} WHERE user_id = %(user)s").format(name) for name in tables]
    found = connection.execute(sql.SQL(" UNION ").join(asked) + sql.SQL(" ORDER BY 1"), {"user": user_id})
    return [str(machine) for (machine,) in found]


def erase_user(connection: Connection, user_id: int) -> dict[str, int]:
    """Erases the person in one transaction, verifies by counting, commits; returns table → rows erased.

    Raises:
        StoreError: something of the person is left; then nothing is erased.
    """
    with connection.transaction():
        before = count_rows(connection, user_id)
        for name in WITHOUT_FOREIGN_KEYS:
            connection.execute(sql.SQL("DELETE FROM {} WHERE user_id = %s").format(sql.Identifier(name)), (user_id,))
        connection.execute("DELETE FROM users WHERE id = %s", (user_id,))
        left = {name: rows for name, rows in count_rows(connection, user_id).items() if rows}
        if left:
            raise StoreError(f"user {user_id} could not be erased", why=f"rows are left: {left}")
    if connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
        connection.commit()
    return before


def export_user(connection: Connection, user_id: int, folder: Path) -> dict[str, int]:
    """Writes each table's rows of the person as CSV, and ``counts.json``, into the new ``folder``.

    Raises:
        InputError: the folder exists or cannot be written; then nothing is left there.
    """
    if folder.exists():
        raise InputError(f"{folder} exists", hint="Name a new folder")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True, mode=0o700)
        counts = count_rows(connection, user_id)
        for name in counts:
            _export_table(connection, name, "id" if name == "users" else "user_id", user_id, partial)
        (partial / "counts.json").write_text(json.dumps(counts, indent=2) + "\n")
        partial.rename(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written", why=str(error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return counts


def _export_table(connection: Connection, name: str, column: str, user_id: int, folder: Path) -> None:
    statement = sql.SQL("COPY (SELECT * FROM {} WHERE {} = {}) TO STDOUT (FORMAT CSV, HEADER)").format(
        sql.Identifier(name), sql.Identifier(column), sql.Literal(user_id)
    )
    with (folder / f"{name}.csv").open("wb") as file, connection.cursor().copy(statement) as copy:
        for block in copy:
            file.write(block)


def _tables_of_people(connection: Connection) -> list[str]:
    """From the database's own catalogue, so that a table added later is never forgotten."""
    rows = connection.execute(
        """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND a.attname = 'user_id' AND NOT a.attisdropped ORDER BY 1"""
    )
    return [str(name) for (name,) in rows]


def _count(connection: Connection, table: str, column: str, user_id: int) -> int:
    statement = sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    row = connection.execute(statement, (user_id,)).fetchone()
    return int(row[0]) if row else 0
