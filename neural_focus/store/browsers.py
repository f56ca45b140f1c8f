"""Browsers whose extension a person has paired: who may block for them, from which Origin.

A disabled person's pairings stay, and count for nothing until the person is enabled again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from neural_focus.store.database import Connection


@dataclass(frozen=True, slots=True)
class PairedRow:
    """A pairing that was not revoked. ``seen_at``: when its extension was connected last, None if it never was."""

    id: int
    user_id: int
    browser: str
    paired_at: datetime
    seen_at: datetime | None


_COLUMNS = "id, user_id, browser, paired_at, seen_at"
_COUNTS = (
    "revoked_at IS NULL AND EXISTS"
    " (SELECT FROM users WHERE users.id = paired_browsers.user_id AND users.disabled_at IS NULL)"
)


def add_pairing(connection: Connection, user_id: int, origin: str, browser: str, token_hash: str) -> int:
    """Pair a browser; returns the id. ``token_hash``: SHA-256 in hex of the token that it got."""
    row = connection.execute(
        "INSERT INTO paired_browsers (user_id, origin, browser, token_hash) VALUES (%s, %s, %s, %s) RETURNING id",
        (user_id, origin, browser, token_hash),
    ).fetchone()
    return int(row[0]) if row else 0


def find_pairing(connection: Connection, token_hash: str, origin: str) -> PairedRow | None:
    """The pairing that a token is of. None if there is none, it was revoked, it comes from another Origin or its person
    is disabled."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM paired_browsers WHERE token_hash = %s AND origin = %s AND {_COUNTS}",
        (token_hash, origin),
    ).fetchone()
    return None if row is None else PairedRow(*row)


def list_pairings(connection: Connection, user_id: int | None = None) -> list[PairedRow]:
    """The person's pairings, or everybody's, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM paired_browsers WHERE revoked_at IS NULL AND (%(user)s::int IS NULL OR"
        " user_id = %(user)s) ORDER BY id",
        {"user": user_id},
    )
    return [PairedRow(*row) for row in rows]


def still_paired(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these that were not revoked and whose person is not disabled."""
    rows = connection.execute(f"SELECT id FROM paired_browsers WHERE id = ANY(%s) AND {_COUNTS}", (list(ids),))
    return {int(row[0]) for row in rows}


def mark_seen(connection: Connection, ids: Sequence[int]) -> None:
    """These are connected now, as far as they are still paired."""
    connection.execute(f"UPDATE paired_browsers SET seen_at = now() WHERE id = ANY(%s) AND {_COUNTS}", (list(ids),))


def revoke_pairing(connection: Connection, user_id: int, browser_id: int) -> bool:
    """End a pairing; whether the person had it."""
    cursor = connection.execute(
        "UPDATE paired_browsers SET revoked_at = now() WHERE id = %s AND user_id = %s AND revoked_at IS NULL",
        (browser_id, user_id),
    )
    return cursor.rowcount > 0
