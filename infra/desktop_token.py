"""Tokens of desktops that are not the local person's own: made here, and kept where the agent looks for them."""

from __future__ import annotations

from collector.desktop import Desktop
from collector.service_token import ServiceToken
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ConfigurationError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
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
    if any(one.user_id == user_id for one in find_tokens(connection, [hash_token(_kept(desktop))])):
        return
    token = pair_machine(connection, user_id, f"the desktop of {desktop.username}")
    connection.commit()
    atomic_write(desktop.token, token.encode())


def service_token(settings: Settings, desktop: Desktop) -> ServiceToken:
    """The same, for a program that goes on while the token changes. Raises as ``read_token``."""
    return ServiceToken(read_token(settings, desktop), desktop.token)


def read_token(settings: Settings, desktop: Desktop) -> str:
    """That of the desktop's own file; else the local person's, of this installation.

    Raises:
        ConfigurationError: a file that cannot be read; a demo person without one.
    """
    if token := _kept(desktop):
        return token
    if desktop.is_demo:
        raise ConfigurationError(
            f"{desktop.username} has no token at the service",
            why="only the demo person of neural-focus up gets one",
            hint="Leave --demo out: up starts the agent of that person itself, where it finds no display",
        )
    return load_secrets(settings.secrets).api_token


def _kept(desktop: Desktop) -> str:
    try:
        return desktop.token.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{desktop.token} cannot be read", why=str(error)) from error
