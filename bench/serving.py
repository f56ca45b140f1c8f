"""The service's round trip: a SNAPSHOT out, its PREDICTION back, beside the same texts through a bare FastAPI echo.

Both run in the same minute on the same machine, one message in flight. The service's trip has the feature store written
and read, the model and its explanation in it; the echo has nothing: the difference is what the work costs.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
from websockets.sync.client import ClientConnection, connect

from bench.figure import Figure, beside
from infra.database_schema import make_database, migrate
from infra.embedded_database import EmbeddedServer
from infra.ports import free_port
from neural_focus.features import FEATURE_NAMES
from neural_focus.messages import PredictionMade, Snapshot, decode_server, encode
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from serving.launch import service_command, service_environment

TRIPS = 2000
WARM_UP = 200
START_SECONDS = 180.0
ECHO = """
import sys, uvicorn
from fastapi import FastAPI, WebSocket
app = FastAPI()
@app.websocket("/ws")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


def figures() -> Iterator[Figure]:
    """Round trips through the service and through a bare echo: p50 and p99 in ms."""
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-bench-"))
    folder.chmod(0o755)  # the database's own account has to reach it
    server = EmbeddedServer(folder / "database", free_port(), "bench", durable=False)
    try:
        server.start()
        make_database(server.url("bench"))
        migrate(server.url("bench"))
        ours, bare = _service_trips(server.url("bench"), folder / "home"), _echo_trips()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    for quantile in (50, 99):
        yield beside(
            f"snapshot to prediction over the WebSocket, p{quantile}",
            float(np.percentile(ours, quantile)),
            "ms",
            "a bare FastAPI echo of the same text",
            float(np.percentile(bare, quantile)),
            less_is_better=True,
        )


def _service_trips(database_url: str, home: Path) -> list[float]:
    home.mkdir()
    settings = Settings(home=home, database_url=database_url, serving_port=free_port(), username="bench")
    secrets = load_secrets(settings.secrets)
    address = f"ws://127.0.0.1:{settings.serving_port}/ws?machine_id={uuid4()}"
    headers = {"Authorization": f"Bearer {secrets.api_token}"}
    command, environment = service_command(settings), service_environment(settings, os.environ)
    with _process(command, environment), _connected(address, headers) as socket:
        start_us = (int(time.time()) - TRIPS - WARM_UP - 60) * 1_000_000
        return _trips(socket, [_snapshot(start_us + index * 1_000_000) for index in range(TRIPS + WARM_UP)])


def _echo_trips() -> list[float]:
    port = free_port()
    command = [sys.executable, "-c", ECHO, str(port)]
    with _process(command, dict(os.environ)), _connected(f"ws://127.0.0.1:{port}/ws", {}) as socket:
        return _trips(socket, [_snapshot(1_800_000_000_000_000)] * (TRIPS + WARM_UP), echo=True)


def _trips(socket: ClientConnection, texts: list[str], *, echo: bool = False) -> list[float]:
    """Milliseconds from a message sent to its answer received, after the warm-up."""
    took = []
    for text in texts:
        began = time.perf_counter()
        socket.send(text)
        answer = socket.recv()
        took.append((time.perf_counter() - began) * 1e3)
        if not echo and not isinstance(decode_server(answer), PredictionMade):
            raise RuntimeError(f"the service answered {answer!r}")
    return took[WARM_UP:]


def _snapshot(t_us: int) -> str:
    features = {name: float(index) for index, name in enumerate(FEATURE_NAMES)}
    return encode(Snapshot(t_us, features, (1,) * 10, "editor", "Building"))


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _connected(address: str, headers: dict[str, str]) -> Iterator[ClientConnection]:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket = connect(address, additional_headers=headers, open_timeout=START_SECONDS, proxy=None)
            break
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
    with socket:
        yield socket
