"""The token that a desktop of somebody other than the local person has, in a file of its own."""

from __future__ import annotations

from collector.desktop import Desktop
from neural_focus.atomic_write import atomic_write
from neural_focus.secrets import Secrets
from serving.auth import issue_token


def give_token(desktop: Desktop, secrets: Secrets, user_id: int) -> None:
    """Writes a token that speaks for ``user_id`` where the desktop's agent looks for it, for its owner alone."""
    atomic_write(desktop.token, issue_token(secrets, user_id).encode())
