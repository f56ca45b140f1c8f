"""Which token a desktop asks the service with. The agent imports it: nothing of the database comes along."""

from __future__ import annotations

from collector.desktop import Desktop
from collector.service_token import ServiceToken
from neural_focus.errors import ConfigurationError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings


def service_token(settings: Settings, desktop: Desktop) -> ServiceToken:
    """As ``read_token``, for a program that goes on while the token changes. Raises as ``read_token``."""
    return ServiceToken(read_token(settings, desktop), desktop.token)


def read_token(settings: Settings, desktop: Desktop) -> str:
    """That of the desktop's own file; else the local person's, of this installation.

    Raises:
        ConfigurationError: a file that cannot be read; a demo person without one.
    """
    if token := kept_token(desktop):
        return token
    if desktop.is_demo:
        raise ConfigurationError(
            f"{desktop.username} has no token at the service",
            why="only the demo person of neural-focus up gets one",
            hint="Leave --demo out: up starts the agent of that person itself, where it finds no display",
        )
    return load_secrets(settings.secrets).api_token


def kept_token(desktop: Desktop) -> str:
    """What the desktop's own file holds; empty where there is none.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return desktop.token.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{desktop.token} cannot be read", why=str(error)) from error
