"""Machines that a person has paired: what sends and asks for them, known by the hash of its token."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from neural_focus.errors import InputError
from neural_focus.store.database import Connection

NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class MachineRow:
    """A machine that was not revoked. ``seen_at``: when its token was used last, None if it never was."""

    id: int
    user_id: int
    name: str
    paired_at: datetime
    rotated_at: datetime | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class LiveToken:
    """Whom a token speaks for."""

    token_hash: str
    machine: int
    user_id: int
    role: str


def add_machine(connection: Connection, user_id: int, name: str, token_hash: str) -> int:
    """Pair a machine; returns its id. ``token_hash``: SHA-256 in hex of the token that it got.

    Raises:
        InputError: no name, one that is too long or not all printable.
    """
    if not 0 < len(name) <= NAME_CHARACTERS or not name.isprintable():
        raise InputError(f"The machine's name is {name[:NAME_CHARACTERS]!r}", hint="Give 1 to 100 printable characters")
    row = connection.execute(
        "INSERT INTO paired_machines (user_id, name, token_hash) VALUES (%s, %s, %s) RETURNING id",
        (user_id, name, token_hash),
    ).fetchone()
    return int(row[0]) if row else 0


def find_tokens(connection: Connection, token_hashes: Collection[str]) -> list[LiveToken]:
    """Those of these tokens that are good, with whom they speak for."""
    rows = connection.execute(
        "SELECT m.token_hash, m.id, m.user_id, u.role FROM paired_machines m JOIN users u ON u.id = m.user_id"
        " WHERE m.token_hash = ANY(%s) AND m.revoked_at IS NULL AND u.disabled_at IS NULL",
        (list(token_hashes),),
    )
    return [LiveToken(*row) for row in rows]


def list_machines(connection: Connection, user_id: int) -> list[MachineRow]:
    """The person's machines, oldest first."""
    rows = connection.execute(
        "SELECT id, user_id, name, paired_at, rotated_at, seen_at FROM paired_machines"
        " WHERE user_id = %s AND revoked_at IS NULL ORDER BY id",
        (user_id,),
    )
    return [MachineRow(*row) for row in rows]


def mark_seen(connection: Connection, machines: Collection[int]) -> None:
    """These were used just now."""
    connection.execute("UPDATE paired_machines SET seen_at = now() WHERE id = ANY(%s)", (list(machines),))


def revoke_machine(connection: Connection, user_id: int, machine: int) -> bool:
    """End a machine's token; whether the person had it."""
    cursor = connection.execute(
        "UPDATE paired_machines SET revoked_at = now() WHERE id = %s AND user_id = %s AND revoked_at IS NULL",
        (machine, user_id),
    )
    return cursor.rowcount > 0


def rotate_machine(connection: Connection, user_id: int, machine: int, token_hash: str) -> bool:
    """Another token instead of the machine's present one, which ends; whether the person had it."""
    cursor = connection.execute(
        "UPDATE paired_machines SET token_hash = %s, rotated_at = now()"
        " WHERE id = %s AND user_id = %s AND revoked_at IS NULL",
        (token_hash, machine, user_id),
    )
    return cursor.rowcount > 0
