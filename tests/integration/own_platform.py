"""A Prefect server and a process that runs flows, which a test may kill as a power cut does; with a database each."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psutil
import psycopg
import pytest
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_HOME, temporary_settings

from flows.server import client_environment, login, server_command, server_environment
from infra.database_logins import with_login
from infra.ports import free_port
from infra.up.health import answers, basic
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings

T = TypeVar("T")
PATIENCE_SECONDS = 400.0
SERVE = "import flows.catch_up, flows.deploy; flows.catch_up.LOOK_SECONDS = 1; flows.deploy.main()"
"""As ``python -m flows.deploy``, but that it looks for missed runs each second."""


@dataclass
class OwnPlatform:
    """The two processes; ``database``: Prefect's own, whose tables ``sql`` looks at."""

    settings: Settings
    database: str
    environment: dict[str, str] = field(init=False)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        secrets = load_secrets(self.settings.secrets)
        self.environment = client_environment(self.settings, secrets)
        address = server_environment(self.settings, secrets)["PREFECT_API_DATABASE_CONNECTION_URL"]
        self._server = server_environment(self.settings, secrets) | {
            "PREFECT_API_DATABASE_CONNECTION_URL": address.replace("/prefect", f"/{self.database}"),
        }
        self._flows = self.environment | {
            "NEURAL_FOCUS_HOME": str(self.settings.home),
            "DATABASE_URL": with_login("flows", self.settings, secrets, pytest.fail).database_url or "",
            "NEURAL_FOCUS_ZONE": self.settings.zone,
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            "TMPDIR": str(self.settings.home),
        }
        self._ready = answers(f"{self.environment['PREFECT_API_URL']}/health", None, basic(login(secrets)))

    def start_server(self) -> None:
        """Prefect's server, until it answers."""
        process = self._start(server_command(), self._server)
        self.wait(lambda: not self._ready() or process.poll() is not None, "Prefect's server does not answer")
        assert process.poll() is None, (self.settings.home / "own.log").read_text()[-2000:]

    def start_flows(self) -> None:
        """The process that runs flows, until every deployment of this start is registered."""
        self._start([sys.executable, "-c", SERVE], self._flows)

    def kill(self) -> None:
        """SIGKILL for all processes and what they started, at once."""
        family = [psutil.Process(process.pid) for process in self.started if process.poll() is None]
        for process in [*family, *(child for one in family for child in one.children(recursive=True))]:
            process.send_signal(signal.SIGKILL)
        for started in self.started:
            started.wait(120)
        self.started.clear()

    def priorities(self) -> set[int]:
        """How nice the processes are in which flows run."""
        found = set()
        for child in [child for one in self.started for child in psutil.Process(one.pid).children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                found.add(child.nice())
        return found

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of Prefect's own tables."""
        url = (self.settings.database_url or "").rsplit("/", 1)[0] + f"/{self.database}"
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def wait(self, done: Callable[[], Any], what: str) -> Any:
        """What ``done`` returns once that is something true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := done()):
            assert time.monotonic() < deadline, f"{what}: {(self.settings.home / 'own.log').read_text()[-3000:]}"
            time.sleep(0.05)
        return found

    def _start(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.settings.home / "own.log").open("a") as log:
            process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        self.started.append(process)
        return process


def asked(work: Callable[[PrefectClient], Awaitable[T]]) -> T:
    """What ``work`` returns of Prefect's server."""

    async def ask() -> T:
        async with get_client() as client:
            return await work(client)

    return asyncio.run(ask())


@contextmanager
def own_platform(database_url: str, home: Path, zone: str) -> Iterator[OwnPlatform]:
    """With Prefect's server started, which ``asked`` asks then; everything is killed at the end."""
    settings = Settings(home=home, database_url=database_url, prefect_port=free_port(), zone=zone)
    database = f"prefect_{uuid4().hex[:8]}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
        platform = OwnPlatform(settings, database)
        try:
            platform.start_server()
            updates: dict[Any, Any] = {
                PREFECT_API_URL: platform.environment["PREFECT_API_URL"],
                PREFECT_API_AUTH_STRING: platform.environment["PREFECT_API_AUTH_STRING"],
                PREFECT_HOME: Path(platform.environment["PREFECT_HOME"]),
            }
            with temporary_settings(updates=updates):
                yield platform
        finally:
            platform.kill()
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)")
