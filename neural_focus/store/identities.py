"""Who people are at the team's identity provider: invited by an e-mail address, from then on known by their account.

::

    invite ─► email, nobody's yet ─► first sign-in that shows this address, verified ─► email, issuer, subject
                                     any other subject with this address later ─► refused

An address can be given to somebody else, or back to another account; a subject cannot. So the address counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

from neural_focus.errors import InputError
from neural_focus.store.database import Connection

EMAIL_CHARACTERS = 255
SUBJECT_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class Identity:
    """``bound_at``: when it was first used, None before."""

    user_id: int
    email: str
    invited_at: datetime
    issuer: str | None
    subject: str | None
    bound_at: datetime | None


def read_email(text: str) -> str:
    """An e-mail address as it is stored and compared: in small letters.

    Raises:
        InputError: it is none.
    """
    email = text.strip().lower()
    name, _, domain = email.rpartition("@")
    if not name or not domain or len(email) > EMAIL_CHARACTERS or not email.isprintable() or " " in email:
        raise InputError(f"the e-mail address is {text[:EMAIL_CHARACTERS]!r}", hint="Give one like ada@example.org")
    return email


def invite(connection: Connection, user_id: int, email: str) -> str:
    """The person may sign in by this address; whatever account they came by before ends. Returns it as it is stored.

    Raises:
        InputError: it is no address, or another person's.
    """
    address = read_email(email)
    connection.execute("DELETE FROM identities WHERE user_id = %s", (user_id,))
    try:
        with connection.transaction():
            connection.execute("INSERT INTO identities (user_id, email) VALUES (%s, %s)", (user_id, address))
    except psycopg.errors.UniqueViolation:
        raise InputError(f"{address} is another person's", hint="See: neural-focus people list") from None
    return address


def list_identities(connection: Connection) -> list[Identity]:
    """All of them, by person."""
    rows = connection.execute(
        "SELECT user_id, email, invited_at, issuer, subject, bound_at FROM identities ORDER BY user_id, id"
    )
    return [Identity(*row) for row in rows]


def person_of(connection: Connection, issuer: str, subject: str) -> int | None:
    """The users.id whose account this is, None if it is nobody's."""
    row = connection.execute(
        "SELECT user_id FROM identities WHERE issuer = %s AND subject = %s", (issuer, subject)
    ).fetchone()
    return int(row[0]) if row else None


def bind(connection: Connection, issuer: str, subject: str, email: str) -> int | None:
    """The person who is invited by this address is this account from now on; returns their users.id.

    ``email`` has to be one that the issuer has verified. None: nobody is invited by it, or another account was first.
    """
    row = connection.execute(
        "UPDATE identities SET issuer = %s, subject = %s, bound_at = now()"
        " WHERE email = %s AND bound_at IS NULL RETURNING user_id",
        (issuer, subject, email.strip().lower()),
    ).fetchone()
    return int(row[0]) if row else None
