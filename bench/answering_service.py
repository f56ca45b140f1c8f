"""The service's side of the socket for measuring the desktop's: each snapshot is answered by one prediction at once.

It is no service: it predicts nothing. What it costs is not counted, only what the agent does with the answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import websockets
import websockets.sync.server

from neural_focus.messages import PredictionMade, Snapshot, decode_client, encode
from neural_focus.time import iso


@contextmanager
def answering_service() -> Iterator[tuple[int, list[float]]]:
    """Its port on loopback, and how old each snapshot was when it came: ms since the end of its second."""
    answered: list[float] = []

    def serve(socket: websockets.sync.server.ServerConnection) -> None:
        try:
            for text in socket:
                message = decode_client(text)
                if isinstance(message, Snapshot):
                    answered.append(time.time_ns() / 1e6 - message.t_us / 1e3)
                    socket.send(encode(_prediction(message.t_us)))
        except websockets.ConnectionClosed:
            return

    with websockets.sync.server.serve(serve, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.socket.getsockname()[1], answered
        finally:
            server.shutdown()
            thread.join()


def _prediction(t_us: int) -> PredictionMade:
    return PredictionMade(iso(t_us), t_us, 50.0, 0.25, "LOW", 0.8, (), 30, None, 50.0, "bench", "rules")
