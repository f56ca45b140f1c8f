"""A real ``bentoml serve`` for tests, and small clients for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from ssl import SSLContext
from typing import Any

import httpx
import psutil
import pytest
from surroundings import DEAD_PROXIES
from told_inputs import told_inputs
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from infra.database_logins import with_login
from infra.desktop_token import pair_machine
from infra.ports import free_port
from neural_focus.addresses import service_address
from neural_focus.features import FEATURE_NAMES
from neural_focus.messages import Ability, DesktopStatus, ServerMessage, Snapshot, decode_server, encode
from neural_focus.secrets import Secrets, load_secrets
from neural_focus.settings import Settings
from neural_focus.store.database import connect as connect_database
from neural_focus.tls import client_context
from serving.launch import service_command, service_environment

START_SECONDS = 240.0
ALL_ABILITIES = ("SUGGEST_BREAK", "MINIMIZE", "KILL")


@dataclass
class Service:
    """A running service and how to reach it."""

    settings: Settings
    secrets: Secrets
    process: subprocess.Popen[bytes]
    log: Path
    tokens: dict[int, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return service_address(self.settings)

    def http(self, token: str | None = None, **headers: str) -> httpx.Client:
        """A client with a token (the local person's by default)."""
        client = self.anyone()
        bearer = {"Authorization": f"Bearer {self.secrets.api_token if token is None else token}"}
        client.headers.update(bearer | headers)
        return client

    def anyone(self) -> httpx.Client:
        """A client without a token."""
        return httpx.Client(base_url=self.url, timeout=60, verify=self.encryption or True)

    @property
    def encryption(self) -> SSLContext | None:
        """What a client trusts; None where it is not encrypted."""
        return client_context(self.url, self.settings.tls_certificate)

    def kill(self) -> None:
        """Kill -9 of the service and its worker, which is in a group of its own."""
        everybody = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        for process in everybody:
            process.kill()
        psutil.wait_procs(everybody[1:], 120)
        self.process.wait(120)

    def token_of(self, user_id: int) -> str:
        """Of a machine of the person, always the same one."""
        if user_id not in self.tokens:
            self.tokens[user_id] = machine_token(self.settings.database_url or "", user_id)
        return self.tokens[user_id]


@dataclass
class Desktop:
    """A desktop's socket: sends snapshots a second apart, keeps what it is told."""

    socket: ClientConnection
    t_us: int
    told: list[ServerMessage] = field(default_factory=list)
    _early: list[str | bytes] = field(default_factory=list)

    def send(self, message: Any) -> None:
        self.socket.send(message if isinstance(message, str | bytes) else encode(message))

    def receive(self, kind: type, seconds: float = 60.0) -> Any:
        """The next message of this kind; what comes before it is kept in ``told``."""
        until = time.monotonic() + seconds
        while True:
            left = max(0.01, until - time.monotonic())
            message = decode_server(self._early.pop() if self._early else self.socket.recv(timeout=left))
            self.told.append(message)
            if isinstance(message, kind):
                return message

    def joined(self) -> None:
        """Waits for the service's first word to a page: from then on it hears of every change. It is not taken."""
        with suppress(ConnectionClosed):
            self._early = [self.socket.recv(timeout=60)]

    def able(self, *actions: Any) -> None:
        """Say what this desktop can do, as its agent does when it connects."""
        self.send(DesktopStatus("capturing", "a test", abilities=tuple(Ability(action, True) for action in actions)))

    def snapshot(self, **features: float) -> Snapshot:
        """The next second's snapshot: settled in an editor unless said otherwise."""
        self.t_us += 1_000_000
        values = dict.fromkeys(FEATURE_NAMES, 0.0) | {
            "seconds_since_session_start": 600.0,
            "time_in_current_app": 120.0,
            "keystroke_rate": 3.0,
            "is_ide": 1.0,
            "productivity_category": 1.0,
        }
        inputs = told_inputs(self.t_us // 1_000_000).to_text()
        return Snapshot(self.t_us, values | features, (1,) * 10, "editor", "Building", inputs=inputs)


def machine_token(database_url: str, user_id: int, name: str = "a test") -> str:
    """A token of a new machine of the person."""
    with connect_database(database_url) as connection:
        return pair_machine(connection, user_id, name)


@contextmanager
def desktop(
    service: Service, token: str | None = None, machine_id: str = "", *, able: bool = True
) -> Iterator[Desktop]:
    """A connected desktop that says it can do everything, or a page; its clock starts two seconds ago, on a whole one.

    ``able``: False where the service may refuse it before it says anything.
    """
    headers = {"Authorization": f"Bearer {service.secrets.api_token if token is None else token}"}
    address = f"{service.url.replace('http', 'ws', 1)}/ws"
    address += f"?machine_id={machine_id}" if machine_id else "?role=page"
    with connect(address, additional_headers=headers, open_timeout=60, ssl=service.encryption) as socket:
        client = Desktop(socket, (int(time.time()) - 2) * 1_000_000)
        if machine_id and able:
            client.able(*ALL_ABILITIES)
        if not machine_id:
            client.joined()
        yield client


@contextmanager
def running_service(
    database_url: str, home: Path, reached: Settings | None = None, **environment: str
) -> Iterator[Service]:
    """``bentoml serve`` on a free port, ready for requests, with a dead proxy around it.

    ``reached``: where it listens, by which names, and how it is encrypted; on loopback, if nothing is given.
    """
    settings = reached or Settings(home=home)
    port = free_port(settings.host)
    settings = replace(settings, home=home, database_url=database_url, serving_port=port, username="tester")
    secrets, log = load_secrets(settings.secrets), home / "service.log"
    its_own = with_login("service", settings, secrets, pytest.fail)
    with log.open("wb") as output:
        process = subprocess.Popen(
            service_command(settings),
            env=service_environment(its_own, os.environ | DEAD_PROXIES) | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    service = Service(settings, secrets, process, log)
    try:
        _wait_until_ready(service)
        yield service
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


def _wait_until_ready(service: Service) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if service.process.poll() is not None:
            break
        try:
            with service.anyone() as client:
                if client.get("/readyz", timeout=20).status_code == 200:
                    return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError(f"the service did not start:\n{service.log.read_text()[-4000:]}")


def restarted(service: Service) -> Settings:
    """The same settings on another free port, for a second run on the same data."""
    return replace(service.settings, serving_port=free_port())


def query(database_url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of a statement, on a connection of its own."""
    import psycopg

    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def eventually(check: Any, seconds: float = 60.0) -> Any:
    """The first truthy answer of ``check``."""
    until = time.monotonic() + seconds
    while True:
        found = check()
        if found or time.monotonic() > until:
            assert found, "it did not happen in time"
            return found
        time.sleep(0.1)


def problem(response: httpx.Response) -> dict[str, Any]:
    """The problem document of a response, checked for its media type."""
    assert response.headers["content-type"].startswith("application/problem+json"), response.text
    document: dict[str, Any] = json.loads(response.text)
    assert document["status"] == response.status_code
    assert document["title"]
    return document
