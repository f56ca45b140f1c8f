"""The real service on a test database, and a desktop that sends it the snapshots of a simulated person."""

from __future__ import annotations

import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from node_here import DASHBOARD
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request
from stopping import stopped
from websockets.sync.client import ClientConnection, connect
from zone_at import zone_at

from infra.database_logins import with_login
from infra.desktop_token import pair_machine
from infra.ports import free_port
from neural_focus.features import FEATURE_NAMES
from neural_focus.messages import (
    Ability,
    ApplyAction,
    AskCapture,
    AskRounds,
    AskRules,
    ClientMessage,
    DesktopStatus,
    ForgetRecords,
    PredictionMade,
    ServerMessage,
    Snapshot,
    UndoAction,
    decode_server,
    encode,
)
from neural_focus.replay import Snapshots, replay_with_inputs
from neural_focus.secrets import Secrets, load_secrets
from neural_focus.settings import Settings
from neural_focus.simulation.person import simulate_person
from neural_focus.snapshot_inputs import SnapshotInputs, inputs_of
from neural_focus.store.database import connect as connect_database
from neural_focus.store.users import ensure_user
from serving.launch import service_command, service_environment

SENT = 900
"""Seconds of work that a desktop sends at once before it goes on live."""
APPS = ("code", "firefox", "slack")
STATUS = DesktopStatus(
    "capturing",
    "the X server of :0",
    abilities=(
        Ability("SUGGEST_BREAK", True),
        Ability("MINIMIZE", True),
        Ability("KILL", False, "programs are ended only where you agreed", "Agree with: neural-focus agent --end yes"),
    ),
)


@dataclass(frozen=True)
class PageService:
    """A running service and a demo person of it."""

    settings: Settings
    secrets: Secrets
    user_id: int
    token: str
    """Of a machine of theirs."""

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.settings.serving_port}"


@contextmanager
def running_service(database_url: str, home: Path, **variables: str) -> Iterator[PageService]:
    """Start `bentoml serve` as `up` does, wait until it is ready, stop it at the end."""
    assert (DASHBOARD / "dist" / "index.html").exists(), "the page is not built, run: make setup"
    settings = Settings(home=home, database_url=database_url, serving_port=free_port(), prefect_port=free_port())
    secrets = load_secrets(settings.secrets)
    with connect_database(database_url) as connection:
        noon = zone_at(12)  # what a desktop sends of the last quarter of an hour is of this day, too
        user_id = ensure_user(connection, f"demo-{uuid4().hex[:8]}", is_demo=True, zone=noon)
        token = pair_machine(connection, user_id, "the page's desktop")
        connection.commit()
    its_own = with_login("service", settings, secrets, pytest.fail)
    environment = {**service_environment(its_own, os.environ), **variables}
    log = home / "service.log"
    with log.open("w") as output:
        process = subprocess.Popen(service_command(settings), env=environment, stdout=output, stderr=output)
    service = PageService(settings, secrets, user_id, token)
    with stopped(process):
        _wait(f"{service.address}/readyz", process, log)
        yield service


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 400
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service did not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.2)


def axe_says(page: Page) -> list[str]:
    """What axe finds wrong with a page."""
    page.evaluate((DASHBOARD / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("axe.run().then((result) => result.violations.map((one) => `${one.id}: ${one.help}`))")
    return [str(one) for one in found]


@contextmanager
def quiet_page(context: BrowserContext, *, refusals: bool = False) -> Iterator[Page]:
    """A page of a signed-in browser that may say nothing to the console and reach nobody else.

    ``refusals``: a browser's own remark on an answer 409 or 422 is no complaint.
    """
    opened = context.new_page()
    complaints: list[str] = []
    foreign: list[str] = []

    def console(message: ConsoleMessage) -> None:
        refused = refusals and ("status of 422" in message.text or "status of 409" in message.text)
        if message.type in ("error", "warning") and not refused:
            complaints.append(message.text)

    def request(asked: Request) -> None:
        if "://127.0.0.1:" not in asked.url:
            foreign.append(asked.url)

    opened.on("console", console)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", request)
    yield opened
    opened.close()
    assert complaints == []
    assert foreign == []


@dataclass
class Desktop:
    """Sends ``past`` seconds of a simulated workday at once, then one snapshot a second until ``close``."""

    service: PageService
    snapshots: Snapshots
    inputs: list[SnapshotInputs]
    past: int
    machine_id: str = field(default_factory=lambda: str(uuid4()))
    scores: dict[int, float] = field(default_factory=dict)
    """Focus scores that the service answered, by the snapshot's time, ms."""
    orders: list[ServerMessage] = field(default_factory=list)
    """What the service ordered; a test decides what becomes of it."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _socket: ClientConnection | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Connect and send."""
        self._socket = connect(
            f"{self.service.address.replace('http', 'ws')}/ws?machine_id={self.machine_id}",
            additional_headers={"Authorization": f"Bearer {self.service.token}"},
            open_timeout=60,
        )
        self.send(STATUS)
        now = int(time.time())
        for index in range(self.past):
            self._send(index, now - self.past + index)
            self._hear(self._socket.recv())
        reader = threading.Thread(target=self._read, args=(self._socket,), daemon=True)
        self._threads = [threading.Thread(target=self._live, daemon=True), reader]
        for thread in self._threads:
            thread.start()

    def publish_status(self, status: DesktopStatus) -> None:
        """As the agent's conversation does it."""
        self.send(status)

    def send(self, message: ClientMessage) -> None:
        """Anything that a desktop says."""
        assert self._socket is not None
        self._socket.send(encode(message))

    def close(self) -> None:
        """Hang up."""
        self._stop.set()
        if self._socket is not None:
            self._socket.close()
        for thread in self._threads:
            thread.join(120)

    def _live(self) -> None:
        index, last = self.past, int(time.time()) - 1
        while not self._stop.wait(0.1):
            if int(time.time()) > last:
                last = int(time.time())
                self._send(min(index, len(self.inputs) - 1), last)  # the last one again, if tests take that long
                index += 1

    def _read(self, socket: ClientConnection) -> None:
        for text in socket:  # answers are read, or the service would take the desktop for stuck
            self._hear(text)

    def _hear(self, text: str | bytes) -> None:
        message = decode_server(text)
        if isinstance(message, PredictionMade):
            self.scores[message.t_us // 1000] = message.focus_score
        elif isinstance(message, ApplyAction | UndoAction | AskRounds | AskCapture | AskRules | ForgetRecords):
            self.orders.append(message)

    def _send(self, index: int, second: int) -> None:
        row = dict(zip(FEATURE_NAMES, self.snapshots.features[index].tolist(), strict=True))
        sequence = tuple(self.snapshots.sequence[index].tolist())
        app = APPS[int(row["context_switches_5min"]) % len(APPS)]
        inputs = self.inputs[index].to_text()
        self.send(Snapshot(second * 1_000_000, row, sequence, app_name=app, category="Building", inputs=inputs))


def workday(seconds: int) -> tuple[Snapshots, list[SnapshotInputs]]:
    """So many consecutive seconds from a simulated day with work in it, with the inputs of each."""
    records = simulate_person(7, days=3, trials=False).records
    middle = int(records["timestamp_us"][len(records) // 2])
    near = (records["timestamp_us"] > middle - 3_600_000_000) & (records["timestamp_us"] < middle + 7_200_000_000)
    found, inputs = replay_with_inputs(records[near], every_s=1)
    runs = np.flatnonzero(np.diff(found.timestamps_us) != 1_000_000) + 1
    start, end = max(zip([0, *runs], [*runs, len(found)], strict=True), key=lambda run: run[1] - run[0])
    assert end - start >= seconds, f"only {end - start} consecutive seconds"
    start = end - seconds
    chosen = slice(start, end)
    cut = Snapshots(found.timestamps_us[chosen], found.features[chosen], found.sequence[chosen])
    return cut, inputs_of(inputs)[chosen]
