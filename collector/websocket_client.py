"""The WebSocket to the service: snapshots and answers out; predictions, interventions and sessions in.

It runs on a thread of its own with its own event loop, reconnects for ever with growing pauses, and never makes the
capture side wait. A snapshot that could not be sent is worthless a second later and only counted; answers and
sessions wait until there is a connection.
"""

from __future__ import annotations

import asyncio
import queue
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from http import HTTPStatus
from ssl import SSLContext
from urllib.parse import urlencode

import websockets
from websockets.asyncio.client import ClientConnection, connect

from collector.service_token import ServiceToken
from neural_focus.errors import InputError, TokenError, UnknownMessageError
from neural_focus.messages import (
    MAX_MESSAGE_BYTES,
    ClientMessage,
    PredictionMade,
    ServerMessage,
    Snapshot,
    decode_server,
    encode,
)

RETRY_SECONDS = (0.5, 15.0)
REVOKED = 4401
"""The service closes the socket with it when this machine's token has ended."""
WAITING_MESSAGES = 1000
RECEIVED_MESSAGES = 10_000


class WebSocketClient(threading.Thread):
    """``send`` and ``received`` may be called from any thread."""

    def __init__(
        self,
        address: str,
        token: ServiceToken,
        machine_id: str,
        news: Callable[[], None] = lambda: None,
        encryption: SSLContext | None = None,
    ) -> None:
        """``address`` is the service's http address, such as http://127.0.0.1:3000; ``news`` is called, on this thread,
        when something other than a prediction can be ``received``; ``encryption``: of an https address."""
        super().__init__(name="link", daemon=True)
        base = address.rstrip("/").replace("http", "ws", 1)
        self._url = f"{base}/ws?{urlencode({'machine_id': machine_id})}"
        self._token, self._notify, self._encryption = token, news, encryption
        self._loop = asyncio.new_event_loop()
        self._outgoing: deque[ClientMessage] = deque(maxlen=WAITING_MESSAGES)
        self._news = asyncio.Event()
        self._inbox: queue.Queue[ServerMessage] = queue.Queue(RECEIVED_MESSAGES)
        self._main: asyncio.Task[None] | None = None
        self.connected = False
        self.problem = "not connected yet"
        """Why there is no connection; empty while there is one."""
        self.counters: Counter[str] = Counter(snapshots_sent=0, snapshots_unsent=0, predictions=0, reconnects=0)

    def send(self, message: ClientMessage) -> None:
        """Queue a message; a snapshot only while connected."""
        if isinstance(message, Snapshot) and not self.connected:
            self.counters["snapshots_unsent"] += 1
            return
        self._outgoing.append(message)
        self._call(self._news.set)

    def received(self) -> list[ServerMessage]:
        """What came since the last call, oldest first."""
        messages = []
        while not self._inbox.empty():
            messages.append(self._inbox.get_nowait())
        return messages

    def finish(self, seconds: float = 2.0) -> None:
        """Send what waits, close the connection and end the thread."""
        deadline = time.monotonic() + seconds
        while self.connected and self._outgoing and time.monotonic() < deadline:
            time.sleep(0.01)
        self._call(lambda: self._main.cancel() if self._main else None)
        if self.is_alive():
            self.join(seconds)

    def run(self) -> None:
        """The thread: connect, talk, reconnect."""
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._stay_connected())
        try:
            self._loop.run_until_complete(self._main)
        except asyncio.CancelledError:
            self.problem = ""
        finally:
            self.connected = False
            self._loop.close()

    def _call(self, action: object) -> None:
        try:
            self._loop.call_soon_threadsafe(action)  # type: ignore[arg-type] # any callable without arguments
        except RuntimeError:
            self.problem = "closed"  # the loop ended meanwhile

    async def _stay_connected(self) -> None:
        pause = RETRY_SECONDS[0]
        while True:
            try:
                token = self._token.read()
                async with connect(
                    self._url,
                    additional_headers={"Authorization": f"Bearer {token}"},
                    max_size=MAX_MESSAGE_BYTES,
                    open_timeout=10,
                    compression=None,  # two kilobytes a second
                    proxy=None,
                    ssl=self._encryption,
                ) as socket:
                    self.connected, self.problem, pause = True, "", RETRY_SECONDS[0]
                    await self._exchange(socket)
            except TokenError as error:
                self.problem, pause = str(error), RETRY_SECONDS[1]
            except websockets.InvalidStatus as error:
                self.problem = str(error)
                if error.response.status_code == HTTPStatus.UNAUTHORIZED:
                    self._refused(token)
            except websockets.ConnectionClosed as error:
                self.problem = str(error)
                if error.rcvd is not None and error.rcvd.code == REVOKED:
                    self._refused(token)
            except (OSError, TimeoutError, websockets.WebSocketException) as error:
                self.problem = str(error).strip() or type(error).__name__
            finally:
                self.connected = False
            self.counters["reconnects"] += 1
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            pause = min(pause * 2, RETRY_SECONDS[1])

    def _refused(self, token: str) -> None:
        """Until there is another token nobody is asked; what to do is said at once."""
        self._token.refuse(token)
        try:
            self._token.read()
        except TokenError as error:
            self.problem = str(error)

    async def _exchange(self, socket: ClientConnection) -> None:
        sender = asyncio.create_task(self._send_all(socket))
        try:
            async for text in socket:
                self._take(text)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        self.problem = f"the service closed the connection ({socket.close_code} {socket.close_reason or ''})".strip()

    async def _send_all(self, socket: ClientConnection) -> None:
        while True:
            while self._outgoing:
                message = self._outgoing.popleft()
                try:
                    await socket.send(encode(message))
                except websockets.ConnectionClosed:
                    if not isinstance(message, Snapshot):
                        self._outgoing.appendleft(message)
                    return
                self.counters["snapshots_sent"] += isinstance(message, Snapshot)
            self._news.clear()
            if not self._outgoing:
                await self._news.wait()

    def _take(self, text: str | bytes) -> None:
        try:
            message = decode_server(text)
        except UnknownMessageError:  # of a newer service: nothing is wrong
            self.counters["unknown"] += 1
            return
        except InputError as error:
            self.problem = str(error)
            self.counters["unreadable"] += 1
            return
        self.counters["predictions"] += isinstance(message, PredictionMade)
        try:
            self._inbox.put_nowait(message)
        except queue.Full:
            self.counters["inbox_full"] += 1
        if not isinstance(message, PredictionMade):  # it is for the next second: the next turn finds it
            self._notify()
