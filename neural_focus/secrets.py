"""Passwords and tokens of one installation, made once and kept in a file that only its owner can read."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from neural_focus.errors import ConfigurationError
from neural_focus.passable_folder import make_folder


@dataclass(frozen=True, slots=True)
class Secrets:
    """``api_token`` opens the service, the others the database and Prefect's server."""

    api_token: str
    database_password: str
    prefect_password: str
    signing_key: str


def load_secrets(path: Path) -> Secrets:
    """The secrets in ``path``, made there (0600) if it does not exist.

    Raises:
        ConfigurationError: the file cannot be read, or is not what was written.
    """
    try:
        stored = json.loads(path.read_text())
        return Secrets(**stored)
    except FileNotFoundError:
        return _make_secrets(path)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read", why=str(error), hint="Restore it, or move the folder away to start anew"
        ) from error


def _make_secrets(path: Path) -> Secrets:
    made = Secrets(**{field.name: secrets.token_urlsafe(32) for field in fields(Secrets)})
    make_folder(path.parent)
    temporary = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(made), file)
    try:
        os.link(temporary, path)  # the first of two processes that start at once wins
    except FileExistsError:
        return load_secrets(path)
    finally:
        temporary.unlink()
    return made
