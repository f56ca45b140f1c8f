"""The service's side of the socket, to the letter of the messages, with answers that a test decides."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import websockets
import websockets.sync.server

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
from neural_focus.time import iso

Kind = TypeVar("Kind", bound=ClientMessage)


class ScriptedService:
    """Answers every snapshot by a prediction; keeps what the desktop said. ``say`` sends more."""

    def __init__(self) -> None:
        self.heard: list[ClientMessage] = []
        self.authorization: list[str | None] = []
        self.paths: list[str] = []
        self.predicted: dict[int, float] = {}
        self._socket: websockets.sync.server.ServerConnection | None = None

    def of(self, kind: type[Kind]) -> list[Kind]:
        """What the desktop said of one kind."""
        return [message for message in self.heard if isinstance(message, kind)]

    def say(self, message: ServerMessage) -> None:
        """Send to the desktop."""
        assert self._socket is not None, "no desktop is connected"
        self._socket.send(encode(message))

    def hang_up(self) -> None:
        """Close the connection as a service that restarts does."""
        assert self._socket is not None, "no desktop is connected"
        self._socket.close()

    def serve(self, socket: websockets.sync.server.ServerConnection) -> None:
        """One connection."""
        assert socket.request is not None
        self.authorization.append(socket.request.headers.get("Authorization"))
        self.paths.append(socket.request.path)
        self._socket = socket
        try:
            for text in socket:
                message = decode_client(text)
                self.heard.append(message)
                self._answer(message)
        except websockets.ConnectionClosed:
            return

    def _answer(self, message: ClientMessage) -> None:
        if isinstance(message, Snapshot):
            score = 40.0 + message.t_us // 1_000_000 % 50
            self.predicted[message.t_us] = score
            self.say(prediction(message.t_us, score))
        elif isinstance(message, StartSession):
            self.say(
                SessionStarted(7, 1, iso(message.start_us or 0), message.type, False, 0, start_us=message.start_us)
            )


def prediction(t_us: int, score: float) -> PredictionMade:
    """A prediction for the snapshot at ``t_us``."""
    return PredictionMade(iso(t_us), t_us, score, 0.25, "LOW", 0.8, (), 30, None, 50.0, "scripted", "rules")


@contextmanager
def scripted_service(port: int = 0) -> Iterator[tuple[ScriptedService, int]]:
    """The service and its port on loopback."""
    service = ScriptedService()
    with websockets.sync.server.serve(service.serve, "127.0.0.1", port) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield service, server.socket.getsockname()[1]
        server.shutdown()
        thread.join()
