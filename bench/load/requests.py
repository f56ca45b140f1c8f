"""Requests one after the other on each of some connections: how many a second, and how long each took."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class RequestJob:
    """``POST path`` with an empty JSON object, for so many seconds on so many connections of 127.0.0.1."""

    port: int
    path: str
    token: str
    connections: int
    seconds: float


@dataclass(slots=True)
class RequestSample:
    """How long each answer took, in ms; what was no answer, by its first line; processor time of the client."""

    took_ms: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu_seconds: float = 0.0


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one was answered."""

    def __init__(self, request: bytes, until: float, sample: RequestSample) -> None:
        self._request, self._until, self._sample = request, until, sample
        self._sent, self._rest = 0.0, b""
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_connection gives
        self._transport = transport
        self._send(transport)

    def data_received(self, data: bytes) -> None:
        data, now = self._rest + data, time.monotonic()
        head, end, body = data.partition(_END)
        if not end or len(body) < _length(head):
            self._rest = data
            return
        self._rest = b""
        if b" 200 " in head[:20]:
            self._sample.took_ms.append((now - self._sent) * 1e3)
        else:
            self._sample.failed[head.partition(b"\r\n")[0].decode(errors="replace")] += 1
        if self._transport is not None and now < self._until:
            self._send(self._transport)
        else:
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self._sample.failed[f"the connection ended: {error}"] += 1
            self._finish()

    def _send(self, transport: asyncio.Transport) -> None:
        self._sent = time.monotonic()
        transport.write(self._request)

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    """Of the body that a head announces.

    Raises:
        ValueError: it announces none; no server here sends chunks.
    """
    lower = head.lower()
    at = lower.index(_LENGTH) + len(_LENGTH)
    return int(lower[at:].partition(b"\r")[0])


def serve_requests(job: RequestJob, channel: Connection) -> None:
    """Runs the job in this process; gives ``channel`` the RequestSample, or the exception that ended it."""
    try:
        channel.send(asyncio.run(_drive(job)))
    except (OSError, ValueError, TimeoutError) as error:
        channel.send(error)


async def _drive(job: RequestJob) -> RequestSample:
    loop, sample, body = asyncio.get_running_loop(), RequestSample(), b"{}"
    request = (
        f"POST {job.path} HTTP/1.1\r\nHost: 127.0.0.1:{job.port}\r\nAuthorization: Bearer {job.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    gc.disable()
    began, used = time.monotonic(), time.process_time()
    make = lambda: _Connection(request, began + job.seconds, sample)  # noqa: E731
    connections = [await loop.create_connection(make, "127.0.0.1", job.port) for _ in range(job.connections)]
    await asyncio.wait_for(asyncio.gather(*(one.done for _, one in connections)), job.seconds + 30)
    sample.seconds, sample.cpu_seconds = time.monotonic() - began, time.process_time() - used
    return sample
