"""Tokens of machines that are made here, beside the service: no person has to approve these."""

from __future__ import annotations

from collector.desktop import Desktop
from infra.machine_token import kept_token
from neural_focus.atomic_write import atomic_write
from neural_focus.store.database import Connection
from neural_focus.store.machines import add_machine, find_tokens
from serving.auth import hash_token, make_machine_token


def pair_machine(connection: Connection, user_id: int, name: str) -> str:
    """A token of a new machine of the person; the caller commits."""
    token = make_machine_token()
    add_machine(connection, user_id, name, hash_token(token))
    return token


def give_token(desktop: Desktop, connection: Connection, user_id: int) -> None:
    """Writes a token that speaks for ``user_id`` where the desktop's agent looks for it, for its owner alone.

    One that is there and good is kept.
    """
    if any(one.user_id == user_id for one in find_tokens(connection, [hash_token(kept_token(desktop))])):
        return
    token = pair_machine(connection, user_id, f"the desktop of {desktop.username}")
    connection.commit()
    atomic_write(desktop.token, token.encode())
