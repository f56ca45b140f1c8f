"""``POST /api/v1/ingest``: what desktops recorded, batch by batch (``neural_focus.batches``), each stored once.

body ─► size, encoding ─► unpacked, checked, stored      in a worker thread, a few at a time
        rate of refusals    rate of its machine

A batch is stored whole or not at all, in one transaction with the position after it. Whoever gets no answer sends it
again; the position says that it is there.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

from fastapi.requests import Request
from starlette.requests import ClientDisconnect

from neural_focus.batches import CONTENT_ENCODING, MAX_BODY_BYTES, BatchStored, SentBatch, unpack
from neural_focus.errors import ContractError, NeuralFocusError
from neural_focus.store.batch_writer import RowContext, store_batch
from neural_focus.store.database import Connection
from neural_focus.time import SECOND_US, wall_clock_us
from serving.batch_checks import check_batch
from serving.database import Database
from serving.people import read_person
from serving.problems import ProblemError, problem_of
from serving.rate_limit import RateLimit
from serving.streams import LiveStream, Streams

ROWS_A_SECOND, ROWS_AT_ONCE = 50_000, 4_000_000
"""Of one machine, and of the refused batches of one person. A desktop at work records 14 rows a second; what waited
for two weeks is sent within minutes."""
LEAST_COST = 1000
"""Rows that a batch counts for at least: so a machine sends at most 50 of them a second for long."""
STORED_AT_ONCE = 2
"""Of the pool's four connections: pages and predictions have the others."""
MOST_HELD_BYTES = 64 << 20
"""Of bodies that are read or wait. Whoever comes then is told to come again."""
MOST_HELD_BYTES_OF_ONE = 16 << 20
"""Of one person: nobody alone takes the room of all."""
READ_SECONDS = 15.0
"""Half of what the whole request may take (``traffic`` in ``serving.service``), which answers without a word of why."""
CONTEXT_US = 60 * SECOND_US
"""Rows have the session and the prediction of now if none of them is further from it."""


class Ingest:
    """Takes batches in, within the limits above. Each is counted by what came of it (``/metrics``)."""

    def __init__(self, database: Database, streams: Streams) -> None:
        self._database, self._streams = database, streams
        self._limit = RateLimit(burst=ROWS_AT_ONCE, a_second=ROWS_A_SECOND)
        self._turns = asyncio.Semaphore(STORED_AT_ONCE)
        self._held: Counter[int] = Counter()
        """Bytes by person."""

    async def receive(self, user_id: int, request: Request) -> BatchStored:
        """Stores the batch in a request's body.

        Raises:
            ProblemError: 401, the person is gone; 403, the machine is another person's; 408, 413, 415, 422: the body;
                429, too much of this machine or person, or too many refused; 503, too many at once.
            GapError: records before it are missing.
            InputError: the body holds no batch, or one that cannot be stored.
            StoreError: the database refuses.
        """
        try:
            self._check_rate(user_id)
            stored = await self._taken(user_id, request)
        except NeuralFocusError as error:
            problem = problem_of(error)
            _outcomes().labels(str(problem.status)).inc()
            if problem.status not in (429, 503):
                self._limit.spend(user_id, LEAST_COST)
            raise
        _outcomes().labels("stored" if stored.stored else "known").inc()
        if stored.forgotten:
            _refused().labels("forgotten").inc(stored.forgotten)
        return stored

    def _check_rate(self, *sender: int | str) -> None:
        seconds = self._limit.wait(sender if len(sender) > 1 else sender[0])
        if seconds:
            after = {"Retry-After": str(math.ceil(seconds))}
            raise ProblemError(
                429,
                "Too much at once",
                why=f"more than {ROWS_A_SECOND} rows a second",
                hint=f"Wait {math.ceil(seconds)} s",
                headers=after,
            )

    async def _taken(self, user_id: int, request: Request) -> BatchStored:
        _check_encoding(request.headers.get("content-encoding", ""))
        body = bytearray()
        try:
            await self._read(user_id, request, body)
            async with self._turns:
                return await self._stored(user_id, bytes(body))
        finally:
            self._held[user_id] -= len(body)
            self._held += Counter()  # keeps only those who hold something

    async def _read(self, user_id: int, request: Request, body: bytearray) -> None:
        """Into ``body``, which counts as held by the person from its first byte on."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                async for part in request.stream():
                    body += part
                    self._held[user_id] += len(part)
                    self._check_room(user_id, len(body))
        except TimeoutError:
            raise ProblemError(408, "The body did not come", why=f"in {READ_SECONDS:.0f} s") from None
        except ClientDisconnect:
            raise ProblemError(400, "The body did not come", why="the connection was cut") from None
        except asyncio.CancelledError:  # nobody is there to be answered
            _outcomes().labels("cancelled").inc()
            self._limit.spend(user_id, LEAST_COST)
            raise

    def _check_room(self, user_id: int, length: int) -> None:
        again = {"Retry-After": "2"}
        if length > MAX_BODY_BYTES:
            raise ProblemError(413, "The body is too long", hint=f"Send at most {MAX_BODY_BYTES} bytes")
        if self._held[user_id] > MOST_HELD_BYTES_OF_ONE:
            raise ProblemError(429, "You send too much at once", hint="Send one batch after the other", headers=again)
        if self._held.total() > MOST_HELD_BYTES:
            raise ProblemError(503, "Too many send at once", hint="Send it again", headers=again)

    async def _stored(self, user_id: int, body: bytes) -> BatchStored:
        batch = await asyncio.to_thread(_unpacked, body)
        machine_id = str(batch.header.machine_id)
        self._check_rate(user_id, machine_id)
        self._limit.spend((user_id, machine_id), max(LEAST_COST, batch.header.count))
        stream = self._streams.get(user_id, machine_id)
        made = None if stream is None else stream.prediction
        context = self._context(stream, batch)

        def work(connection: Connection) -> BatchStored:
            read_person(connection, user_id)
            return store_batch(connection, user_id, batch, context)

        try:
            stored = await self._database.run_for(user_id, work)
        except ContractError as error:
            raise ProblemError(403, "This machine is another person's", why=error.what, hint=error.hint) from None
        if stream is not None and made is not None and context.features is not None and stored.stored:
            stream.features_us = made.t_us
        return stored

    def _context(self, stream: LiveStream | None, batch: SentBatch) -> RowContext:
        """What the service itself knows of the moment; nothing of a batch that waited, which is of another moment."""
        if stream is None or not batch.header.count:
            return RowContext()
        times = batch.records["timestamp_us"]
        first_us, last_us = int(times.min()), int(times.max())

        def is_near(t_us: int) -> bool:
            return t_us - first_us <= CONTEXT_US and last_us - t_us <= CONTEXT_US

        session_id = stream.session_id if is_near(wall_clock_us()) else None
        made, snapshot = stream.prediction, stream.snapshot
        if made is None or not is_near(made.t_us):
            return RowContext(session_id)
        known = RowContext(session_id, made.focus_score, made.distraction_risk)
        if snapshot is None or snapshot.t_us != made.t_us or made.t_us <= stream.features_us:
            return known
        return replace(known, features=snapshot.features)


def _check_encoding(encoding: str) -> None:
    if encoding.strip().lower() != CONTENT_ENCODING:
        raise ProblemError(
            415,
            "The body is not compressed by zstd",
            why=f"Content-Encoding is {encoding[:60]!r}",
            hint="Send Content-Encoding: zstd",
            headers={"Accept-Encoding": CONTENT_ENCODING},
        )


def _unpacked(body: bytes) -> SentBatch:
    batch = unpack(body)
    check_batch(batch, wall_clock_us())
    return batch


@cache
def _outcomes() -> Any:
    """Batches by what came of them. Imported when the first one comes: BentoML says where counts lie only then."""
    import prometheus_client

    return prometheus_client.Counter(
        "neural_focus_ingested_batches", "Batches of desktops by outcome, or status of refusal", ["outcome"]
    )


@cache
def _refused() -> Any:
    """Records that were not stored, by reason."""
    import prometheus_client

    return prometheus_client.Counter(
        "neural_focus_refused_records", "Records of desktops that were not stored", ["reason"]
    )
