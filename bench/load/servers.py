"""The service of an installation, started as `up` starts it, and the peers that it is measured beside."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.load.installation import Installation
from bench.load.plain_model import VERSION
from bench.load.server import Server
from bench.processes import running, wait_for
from infra.database_logins import with_login
from infra.ports import free_port
from neural_focus.secrets import load_secrets
from serving.launch import service_command, service_environment

OURS = "Neural Focus"
CONSTANT = "BentoML, a constant"
PLAIN = "FastAPI, Feast, XGBoost, SHAP"
REPOSITORY = Path(__file__).parents[2]


@contextmanager
def our_service(installed: Installation) -> Iterator[Server]:
    """The service of an installation."""
    settings = installed.settings
    its_own = with_login("service", settings, load_secrets(settings.secrets), print)
    command, environment = service_command(settings), service_environment(its_own, os.environ)
    with _started("service", command, environment, settings.serving_port, installed) as pid:
        yield Server(OURS, pid, settings.serving_port, installed.model, installed.database_pid)


@contextmanager
def constant_service(installed: Installation) -> Iterator[Server]:
    """BentoML's endpoint that does nothing, with the environment of the service."""
    port = free_port()
    command = [sys.executable, "-m", "bentoml", "serve", "bench.load.constant_service:Constant"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with _started("constant", command, service_environment(installed.settings, os.environ), port, installed) as pid:
        yield Server(CONSTANT, pid, port)


@contextmanager
def plain_service(installed: Installation) -> Iterator[Server]:
    """The plain service, with trees of its own."""
    port = free_port()
    command = [sys.executable, "-m", "bench.load.plain_service", str(installed.plain_folder), str(port)]
    environment = {**os.environ, "FEAST_USAGE": "False", "OMP_NUM_THREADS": "1"}
    with _started("plain", command, environment, port, installed) as pid:
        yield Server(PLAIN, pid, port, VERSION)


@contextmanager
def _started(
    name: str, command: list[str], environment: Mapping[str, str], port: int, installed: Installation
) -> Iterator[int]:
    log = installed.settings.home / f"{name}.log"
    with running(command, {**environment, "PYTHONPATH": str(REPOSITORY)}, log) as pid:
        wait_for(f"http://127.0.0.1:{port}/readyz", pid, log)
        yield pid
