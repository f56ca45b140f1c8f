"""What this desktop keeps of itself: who it is, where its records wait, how far its clock must not fall back.

<home>/                         the local person          <home>/desktops/<name>/   a demo person
    machine_id                  made once
    consent.json                see ``collector.consent``
    spool/                      see ``collector.spool``
    engine.state                the live engine when the agent last stopped, and where it stood
    privacy.toml                what the person keeps from us (``neural_focus.privacy_rules``)
    pause.json                  see ``collector.pause``
    actions.json                see ``collector.actions.journal``
    token                       what the service knows this person by; without one, the installation's own token
    service                     address of the service that this machine is paired with; without one, this machine's own
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.privacy_rules import PRIVACY_FILE
from neural_focus.settings import Settings


@dataclass(frozen=True, slots=True)
class Desktop:
    """One person's place on this machine."""

    folder: Path
    username: str
    is_demo: bool

    @property
    def spool(self) -> Path:
        """The folder of segments."""
        return self.folder / "spool"

    @property
    def engine_state(self) -> Path:
        """The saved engine."""
        return self.folder / "engine.state"

    @property
    def consent(self) -> Path:
        """What the person agreed to."""
        return self.folder / "consent.json"

    @property
    def privacy(self) -> Path:
        """The person's own rules of privacy."""
        return self.folder / PRIVACY_FILE

    @property
    def pause(self) -> Path:
        """The pause that was asked for last."""
        return self.folder / "pause.json"

    @property
    def actions(self) -> Path:
        """What help did here in the last day."""
        return self.folder / "actions.json"

    @property
    def token(self) -> Path:
        """A token of the service that speaks for this person alone, on one line; only its owner may read it."""
        return self.folder / "token"

    @property
    def service(self) -> Path:
        """The address of the service that this machine is paired with, on one line."""
        return self.folder / "service"

    def paired_with(self) -> str:
        """That address; empty where it is paired with none.

        Raises:
            ConfigurationError: the file cannot be read.
        """
        try:
            return self.service.read_text("utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):  # a home that is none is said by whoever makes it
            return ""
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{self.service} cannot be read", why=str(error)) from error

    def machine_id(self) -> str:
        """UUID of this machine for this person, made at the first call.

        Raises:
            InputError: the file cannot be read or written.
            ConfigurationError: it holds something else.
        """
        path = self.folder / "machine_id"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                atomic_write(path, str(uuid.uuid4()).encode())
            text = path.read_text("utf-8").strip()
        except OSError as error:
            raise InputError(f"{path} cannot be used", why=str(error), hint="Check the folder's rights") from error
        try:
            return str(uuid.UUID(text))
        except ValueError:
            raise ConfigurationError(
                f"{path} holds {text[:40]!r}", why="a UUID is expected", hint="Remove the file; a new id is made"
            ) from None


def desktop_of(settings: Settings, demo: str | None = None) -> Desktop:
    """The local person's desktop, or that of a demo person by name.

    Raises:
        ConfigurationError: a demo name that is no plain word.
    """
    if demo is None:
        return Desktop(settings.home, settings.username, is_demo=False)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}", demo):
        raise ConfigurationError(f"the demo person's name is {demo!r}", hint="Give letters, digits, dots and dashes")
    return Desktop(settings.home / "desktops" / demo, demo, is_demo=True)


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Replace ``path`` by a JSON object, a line for each name: with ``indent`` Python would do it all itself, and that
    would be half of what the agent's main thread does."""
    lines = ",\n ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in content.items())
    atomic_write(path, f"{{\n {lines}\n}}\n".encode(), sync=False)
