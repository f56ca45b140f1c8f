"""PostgreSQL's own programs beside a server: the embedded server's, or those of this machine for a server of yours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import psycopg.conninfo

from infra.embedded_database import EmbeddedServer
from neural_focus.errors import ConfigurationError
from neural_focus.settings import Settings
from neural_focus.store.database import plain_url


def find_program(settings: Settings, name: str) -> str:
    """Where ``psql``, ``pg_dump`` or ``pg_restore`` is.

    Raises:
        ConfigurationError: it is not installed.
    """
    if settings.database_url is None:
        return str(EmbeddedServer.from_settings(settings).programs() / name)
    program = shutil.which(name)
    if program is None:
        raise ConfigurationError(f"{name} is not installed", hint="Install it (Debian: postgresql-client)")
    return program


def check_major(program: str, major: int) -> None:
    """Nothing, if the program is of PostgreSQL ``major`` or newer: an older one refuses such a server.

    Raises:
        ConfigurationError: it is older.
    """
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", told)
    if found is None or int(found[1]) < major:
        raise ConfigurationError(
            f"{program} is too old",
            why=f"it is {told.strip() or 'of no known version'}, and the database needs {major} or newer",
            hint=f"Install it (Debian: postgresql-client-{major}) and put it first on PATH",
        )


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """The place of a database as programs take it, and the environment that has its password: everybody sees the
    arguments of a program."""
    parts = psycopg.conninfo.conninfo_to_dict(plain_url(url))
    password = parts.pop("password", None)
    environ = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    return psycopg.conninfo.make_conninfo("", **parts), environ
