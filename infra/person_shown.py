"""Whose page is meant when nobody is named: the person whose desktop ``up`` started last, a demo one or the local.

<home>/person-shown     their users.id          <home>/curl-header     their token, as curl takes it
"""

from __future__ import annotations

from neural_focus.atomic_write import atomic_write
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from serving.auth import LOCAL_PERSON

_BEARER = "Authorization: Bearer "


def show_person(settings: Settings, user_id: int, token: str) -> None:
    """From now on it is this person. Their owner alone can read it: a token on a command line is seen by everybody."""
    atomic_write(settings.home / "person-shown", f"{user_id}\n".encode())
    atomic_write(settings.home / "curl-header", f"{_BEARER}{token}\n".encode())


def person_shown(settings: Settings) -> int:
    """The person's users.id; LOCAL_PERSON where ``up`` was never here."""
    try:
        return int((settings.home / "person-shown").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return LOCAL_PERSON


def token_shown(settings: Settings) -> str:
    """A token of that person."""
    try:
        return (settings.home / "curl-header").read_text("utf-8").removeprefix(_BEARER).strip()
    except FileNotFoundError:
        return load_secrets(settings.secrets).api_token
