"""Prefect's guarded server as `up` starts it, and what tests know about it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from stopping import stopped
from surroundings import DEAD_PROXIES

from flows.server import client_environment, ensure_database, login, server_command, server_environment
from infra.prefect_login import with_prefect_login
from infra.up.health import answers, basic
from neural_focus.addresses import prefect_address
from neural_focus.secrets import Secrets, load_secrets
from neural_focus.settings import Settings

START_SECONDS = 400


@dataclass(frozen=True)
class PrefectServer:
    """A running server: its settings, secrets and the environment its clients need."""

    settings: Settings
    secrets: Secrets
    environment: dict[str, str]

    @property
    def address(self) -> str:
        return prefect_address(self.settings)


@contextmanager
def running_prefect(settings: Settings) -> Iterator[PrefectServer]:
    """The server, ready for requests, with a dead proxy around it."""
    secrets, log = load_secrets(settings.secrets), settings.home / "server.log"
    ensure_database(settings)
    its_own = with_prefect_login(settings, secrets, pytest.fail)
    environment = {**os.environ, **DEAD_PROXIES, **server_environment(its_own, secrets)}
    with log.open("w") as output:
        process = subprocess.Popen(server_command(), env=environment, stdout=output, stderr=output)
    server = PrefectServer(settings, secrets, client_environment(settings, secrets))
    missing = answers(f"{server.address}/api/health", settings.tls_certificate, basic(login(secrets)))
    deadline = time.monotonic() + START_SECONDS
    with stopped(process):
        while missing():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Prefect's server did not start: {log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield server
