"""Desktops at a snapshot a second, each on a WebSocket of its own: an open loop in one process.

::

    second k    │ 0 ─ 1 ──── 2 ── 3 ── … ── n−1 │ 0 ── 1 ─ …      each at its place in the second, up to 50 ms later
                  └ due ──────────► PREDICTION of the same t_us       latency: from when it was due, sent late or not

A snapshot goes out when it is due, whether or not the one before was answered, so that a service that falls behind is
seen to. Before the measured time every desktop has had one answer.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from bench.load import frames
from neural_focus.messages import Ability, DesktopStatus, encode

CONNECTING, FIRST_SECONDS, DRAIN_SECONDS = 20, 120.0, 10.0
JITTER_SECONDS = 0.05
_STAMP = b"1234567890123456"
"""Stands in a text where the time goes: as many digits as µs since 1970 have in this century."""
_ANSWER, _TIME = b'{"type":"PREDICTION"', b'"t_us":'
_ABLE = tuple(Ability(action, True) for action in ("SUGGEST_BREAK", "MINIMIZE", "KILL"))


@dataclass(frozen=True, slots=True)
class Job:
    """What the desktops do: where they connect, as whom, what they send and for how long.

    ``texts``: snapshots of any time; each desktop begins at another one. ``model``: the version that an answer names.
    """

    port: int
    tokens: tuple[str, ...]
    machines: tuple[str, ...]
    texts: tuple[str, ...]
    model: str
    seconds: int
    seed: int = 1


@dataclass(slots=True)
class Sample:
    """What came of it. ``latency_ms`` float64[seconds, desktops], nan where no answer came within 10 s after the end;
    ``late_ms``: by how much the client itself was late with each; ``other``: messages beside answers, by kind."""

    latency_ms: NDArray[np.float64]
    late_ms: NDArray[np.float64]
    twice: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    """Connections that ended, by reason."""
    other: Counter[str] = field(default_factory=Counter)
    cpu_seconds: float = 0.0


class _Desktop(asyncio.Protocol):
    """One socket."""

    def __init__(self, hello: bytes, texts: tuple[bytes, ...], place: int, log: _Log) -> None:
        self._hello, self._texts, self._place, self._log = hello, texts, place, log
        self._step = place * len(texts) // log.count
        self._reader: frames.FrameReader | None = None
        self._transport: asyncio.Transport | None = None
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done at the first answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_connection gives
        self._transport = transport
        transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if self._reader is None:
            answer, _, data = data.partition(b"\r\n\r\n")
            if b" 101 " not in answer[:20]:
                self._end(f"the service refused a desktop: {answer[:200]!r}")
                return
            self._reader = frames.FrameReader()
            self._write(frames.frame(encode(DesktopStatus("capturing", "load", abilities=_ABLE)).encode()))
            self.send(int(time.time()))
        try:
            for opcode, payload in self._reader.feed(data):
                if opcode == frames.PING:
                    self._write(frames.frame(payload, frames.PONG))
                elif opcode == frames.TEXT and self._log.receive(self._place, payload, now) and not self.first.done():
                    self.first.set_result(None)
        except ValueError as error:
            self._end(str(error))

    def connection_lost(self, error: Exception | None) -> None:
        self._end(f"the connection ended: {error}")

    def send(self, second: int) -> None:
        """The next snapshot, as of a whole second."""
        text = self._texts[self._step % len(self._texts)]
        self._step += 1
        self._write(text.replace(_STAMP, b"%d000000" % second))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _end(self, why: str) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            self._log.lost[why] += 1
        if not self.first.done():
            self.first.set_exception(ConnectionError(why))


class _Log:
    """When each snapshot was answered."""

    def __init__(self, seconds: int, count: int, model: str) -> None:
        self.count, self._model = count, f'"model_version":"{model}"'.encode()
        self.received: NDArray[np.float64] = np.full((seconds, count), np.nan)
        self.begin = 0
        """The whole second of the first measured snapshot; 0 before."""
        self.twice = self.waited_for = 0
        self.lost: Counter[str] = Counter()
        self.other: Counter[str] = Counter()

    def receive(self, place: int, payload: bytes, now: float) -> bool:
        """Takes a message; True for an answer."""
        if not payload.startswith(_ANSWER):
            message = json.loads(payload)
            self.other[message["data"]["title"] if message["type"] == "ERROR" else message["type"]] += 1
            return False
        if self._model not in payload:
            raise ValueError(f"the answer names another model than this run's: {payload[:500].decode()}")
        at = payload.index(_TIME) + len(_TIME)
        second = int(payload[at : at + 10]) - self.begin
        if self.begin and second >= 0:
            if np.isnan(self.received[second, place]):
                self.received[second, place] = now
                self.waited_for -= 1
            else:
                self.twice += 1
        return True


def serve_job(job: Job, channel: Connection) -> None:
    """Runs the job in this process; tells ``channel`` how many are connected, when the measured time begins and
    ends, and the Sample; or the exception that ended it."""
    try:
        channel.send(asyncio.run(_drive(job, channel.send)))
    except (OSError, ValueError, TimeoutError) as error:
        channel.send(error)


async def _drive(job: Job, tell: Callable[[object], None]) -> Sample:
    count = len(job.machines)
    log = _Log(job.seconds, count, job.model)
    texts = tuple(frames.head(len(text)) + text for text in map(_stamped, job.texts))
    desktops = await _connected(job, texts, log, tell)
    gc.collect()
    gc.disable()
    log.begin = int(time.time()) + 2
    began = time.monotonic() + log.begin - time.time()
    due = began + _places(job.seconds, count, job.seed)
    late = np.zeros(due.size)
    tell("begin")
    used = time.process_time()
    log.waited_for = due.size
    for number, one in enumerate(np.argsort(due, axis=None)):
        second, place = divmod(int(one), count)
        at = float(due[second, place])
        while (wait := at - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        desktops[place].send(log.begin + second)
        late[number] = time.monotonic() - at
        if number % 64 == 63:
            await asyncio.sleep(0)  # answers are read even where sending is late
    until = time.monotonic() + DRAIN_SECONDS
    while log.waited_for > 0 and time.monotonic() < until:
        await asyncio.sleep(0.05)
    used = time.process_time() - used
    tell("end")
    lost, latency = log.lost.copy(), (log.received - due) * 1e3
    for desktop in desktops:
        desktop.close()
    await asyncio.sleep(0.1)
    return Sample(latency, late * 1e3, log.twice, lost, log.other, used)


def _stamped(text: str) -> bytes:
    """A text whose time can be replaced: of the snapshot, and of the newest input, which is as new."""
    stamped = re.sub(rb'"t_us":\d+', b'"t_us":' + _STAMP, text.encode())
    return stamped.replace(b'"input_us":null', b'"input_us":' + _STAMP)


def _places(seconds: int, count: int, seed: int) -> NDArray[np.float64]:
    """When each snapshot is due, in seconds since the first whole one: float64[seconds, desktops]."""
    even = np.arange(seconds)[:, None] + np.arange(count)[None, :] / count
    return even + np.random.default_rng(seed).uniform(0.0, JITTER_SECONDS, even.shape)


async def _connected(job: Job, texts: tuple[bytes, ...], log: _Log, tell: Callable[[object], None]) -> list[_Desktop]:
    """All desktops, each after its first answer."""
    loop, few = asyncio.get_running_loop(), asyncio.Semaphore(CONNECTING)
    ready = 0

    async def connect(place: int) -> _Desktop:
        nonlocal ready
        path = f"/ws?machine_id={job.machines[place]}"
        hello = frames.handshake(f"127.0.0.1:{job.port}", path, job.tokens[place])
        async with few:
            make = lambda: _Desktop(hello, texts, place, log)  # noqa: E731
            _, desktop = await loop.create_connection(make, "127.0.0.1", job.port)
            async with asyncio.timeout(FIRST_SECONDS):
                await desktop.first
        ready += 1
        tell(ready)
        return desktop

    return await asyncio.gather(*map(connect, range(len(job.machines))))
