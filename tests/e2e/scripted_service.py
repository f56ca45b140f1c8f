"""The service's side of the socket, to the letter of the messages, with answers that a test decides.

Records are stored by the service's own code where there is a database.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from infra.ports import free_port
from neural_focus.errors import NeuralFocusError
from neural_focus.messages import (
    ClientMessage,
    PredictionMade,
    ServerMessage,
    SessionStarted,
    Snapshot,
    StartSession,
    decode_client,
    encode,
)
from neural_focus.store.database import connect
from neural_focus.store.users import ensure_user
from neural_focus.time import iso
from serving.database import Database
from serving.ingest import Ingest
from serving.problems import ProblemError, problem_of, respond
from serving.streams import Streams

Kind = TypeVar("Kind", bound=ClientMessage)
PERSON = "ada"


class ScriptedService:
    """Answers every snapshot by a prediction; keeps what the desktop said. ``say`` sends more."""

    def __init__(self, database: Database | None, user_id: int) -> None:
        self.user_id = user_id
        """The person of whoever sends records; 0 without a database."""
        self.heard: list[ClientMessage] = []
        self.authorization: list[str | None] = []
        self.paths: list[str] = []
        self.predicted: dict[int, float] = {}
        self._ingest = None if database is None else Ingest(database, Streams())
        self._socket: WebSocket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def of(self, kind: type[Kind]) -> list[Kind]:
        """What the desktop said of one kind."""
        return [message for message in self.heard if isinstance(message, kind)]

    def say(self, message: ServerMessage) -> None:
        """Send to the desktop."""
        self._call(lambda socket: socket.send_text(encode(message)))

    def hang_up(self) -> None:
        """Close the connection as a service that restarts does."""
        self._call(lambda socket: socket.close())

    def _call(self, work: Any) -> None:
        assert self._socket is not None and self._loop is not None, "no desktop is connected"
        asyncio.run_coroutine_threadsafe(work(self._socket), self._loop).result(60)

    async def serve(self, socket: WebSocket) -> None:
        """One connection."""
        await socket.accept()
        self.authorization.append(socket.headers.get("Authorization"))
        self.paths.append(f"{socket.url.path}?{socket.url.query}")
        self._socket, self._loop = socket, asyncio.get_running_loop()
        try:
            while True:
                message = decode_client(await socket.receive_text())
                self.heard.append(message)
                for answer in self._answers(message):
                    await socket.send_text(encode(answer))
        except (WebSocketDisconnect, RuntimeError):  # the latter: this side hung up
            return

    async def store(self, request: Request) -> JSONResponse:
        """A batch of records."""
        try:
            if self._ingest is None:
                raise ProblemError(503, "The database refuses")
            stored = await self._ingest.receive(self.user_id, request)
        except NeuralFocusError as error:
            return respond(problem_of(error))
        return JSONResponse({"next_seq": stored.next_seq, "stored": stored.stored, "lost": stored.lost})

    def _answers(self, message: ClientMessage) -> Iterator[ServerMessage]:
        if isinstance(message, Snapshot):
            score = 40.0 + message.t_us // 1_000_000 % 50
            self.predicted[message.t_us] = score
            yield prediction(message.t_us, score)
        elif isinstance(message, StartSession):
            yield SessionStarted(7, 1, iso(message.start_us or 0), message.type, False, 0, start_us=message.start_us)


def prediction(t_us: int, score: float) -> PredictionMade:
    """A prediction for the snapshot at ``t_us``."""
    return PredictionMade(iso(t_us), t_us, score, 0.25, "LOW", 0.8, (), 30, None, 50.0, "scripted", "rules")


@contextmanager
def scripted_service(
    database_url: str = "", *, is_demo: bool = False, zone: str = "Asia/Kolkata"
) -> Iterator[tuple[ScriptedService, int]]:
    """The service and its port on loopback. Records go to the database, which knows ``PERSON``; without one they are
    refused."""
    database, user_id = None, 0
    if database_url:
        with connect(database_url) as connection:
            user_id = ensure_user(connection, PERSON, is_demo=is_demo, zone=zone)
        database = Database(database_url)
        database.open()
    service, port = ScriptedService(database, user_id), free_port()
    routes = [WebSocketRoute("/ws", service.serve), Route("/api/v1/ingest", service.store, methods=["POST"])]
    config = uvicorn.Config(
        Starlette(routes=routes),
        port=port,
        lifespan="off",
        log_level="error",
        ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield service, port
    finally:
        server.should_exit = True
        thread.join()
        if database is not None:
            database.close()
