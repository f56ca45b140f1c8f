"""Who people are at the team's identity provider: invited by an e-mail address, from then on known by their account.

::

    invite ─► email, nobody's yet ─► first sign-in that shows this address, verified ─► email, issuer, subject
                                     any other subject with this address later ─► refused

An address can be given to somebody else, or back to another account; a subject cannot. So the address counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from string import ascii_lowercase, ascii_uppercase

import psycopg

from neural_focus.errors import InputError
from neural_focus.store.database import Connection

EMAIL_CHARACTERS = 255
SUBJECT_CHARACTERS = 255
_SMALL_LETTERS = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Identity:
    """``bound_at``: when it was first used, None before."""

    user_id: int
    email: str
    invited_at: datetime
    issuer: str | None
    subject: str | None
    bound_at: datetime | None


def fold_email(text: str) -> str:
    """An address as it is stored and compared: A to Z in small letters, and nothing else of it changed.

    ``str.lower`` would make the address of another mailbox equal to one: the Kelvin sign (U+212A) becomes a k.
    """
    return text.strip(" ").translate(_SMALL_LETTERS)


def read_email(text: str) -> str:
    """An e-mail address, as ``fold_email`` has it.

    Raises:
        InputError: it is none.
    """
    email = fold_email(text)
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
    try:
        with connection.transaction():
            connection.execute(
                "INSERT INTO identities (user_id, email) VALUES (%s, %s) ON CONFLICT (user_id) DO UPDATE SET"
                " email = EXCLUDED.email, invited_at = now(), issuer = NULL, subject = NULL, bound_at = NULL",
                (user_id, address),
            )
    except psycopg.errors.UniqueViolation:
        raise InputError(f"{address} is another person's", hint="See: neural-focus people list") from None
    return address


def list_identities(connection: Connection) -> list[Identity]:
    """All of them, by person."""
    rows = connection.execute(
        "SELECT user_id, email, invited_at, issuer, subject, bound_at FROM identities ORDER BY user_id"
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

    ``email`` has to be one that the issuer has verified. None: nobody is invited by it who may come in, or another
    account was first.
    """
    row = connection.execute(
        "UPDATE identities SET issuer = %s, subject = %s, bound_at = now() WHERE email = %s AND bound_at IS NULL"
        " AND EXISTS (SELECT FROM users WHERE users.id = identities.user_id AND users.disabled_at IS NULL)"
        " RETURNING user_id",
        (issuer, subject, fold_email(email)),
    ).fetchone()
    return int(row[0]) if row else None
