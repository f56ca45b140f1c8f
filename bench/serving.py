"""A SNAPSHOT in, its PREDICTION with reasons out: in process beside the libraries' plain calls, and over the WebSocket.

The model is of a simulated person's days, the snapshots are that person's. The service's round trip is beside the
same texts through a bare FastAPI echo, one message in flight: the difference is what the work costs.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
from websockets.sync.client import ClientConnection, connect

from bench import served_path
from bench.figure import Figure, beside
from bench.processes import running
from infra.database_logins import with_login
from infra.database_schema import make_database, migrate
from infra.embedded_database import EmbeddedServer
from infra.ports import free_port
from neural_focus.messages import PredictionMade, decode_server
from neural_focus.models.champion import promote
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import cut_moments
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.model_store import save
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.person import live
from neural_focus.simulation.stream import stream_of
from serving.launch import service_command, service_environment

DAYS = 5
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
    """The served path in process, and round trips through the service and through a bare echo: p50 and p99 in ms."""
    person = stream_of(live(draw_person(101), DAYS, number=1, trials=False), 1)
    moments, stays = cut_moments([person], V6)
    bundle = train(TreeModel, moments, stays, is_demo=True)
    texts = served_path.snapshots(person.records)
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-bench-"))
    folder.chmod(0o755)  # the database's own account has to reach it
    server = EmbeddedServer(folder / "database", free_port(), "bench", durable=False)
    try:
        server.start()
        make_database(server.url("bench"))
        migrate(server.url("bench"))
        settings = _installation(server.url("bench"), folder / "home")
        promote(settings, save(settings, bundle))
        yield from served_path.beside_the_libraries(settings, texts, bundle.files)
        ours, bare = _service_trips(settings, texts), _echo_trips(texts)
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


def _installation(database_url: str, home: Path) -> Settings:
    home.mkdir()
    settings = Settings(home=home, database_url=database_url, serving_port=free_port(), username="bench")
    return with_login("service", settings, load_secrets(settings.secrets), print)


def _service_trips(settings: Settings, texts: list[str]) -> list[float]:
    secrets = load_secrets(settings.secrets)
    address = f"ws://127.0.0.1:{settings.serving_port}/ws?machine_id={uuid4()}"
    headers = {"Authorization": f"Bearer {secrets.api_token}"}
    command, environment = service_command(settings), service_environment(settings, os.environ)
    with running(command, environment), _connected(address, headers) as socket:
        return _trips(socket, texts)


def _echo_trips(texts: list[str]) -> list[float]:
    port = free_port()
    command = [sys.executable, "-c", ECHO, str(port)]
    with running(command, dict(os.environ)), _connected(f"ws://127.0.0.1:{port}/ws", {}) as socket:
        return _trips(socket, texts, echo=True)


def _trips(socket: ClientConnection, texts: list[str], *, echo: bool = False) -> list[float]:
    """Milliseconds from a message sent to its answer received, after the warm-up."""
    took = []
    for text in texts:
        began = time.perf_counter()
        socket.send(text)
        answer = socket.recv()
        took.append((time.perf_counter() - began) * 1e3)
        if not echo:
            made = decode_server(answer)
            if not isinstance(made, PredictionMade) or made.trained_on == "rules":
                raise RuntimeError(f"the service answered {answer!r}")
    return took[served_path.WARM_UP :]


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
