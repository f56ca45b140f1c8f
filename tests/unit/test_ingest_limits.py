"""What the service takes of one sender and of all together, before anything is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import UUID

import numpy as np
import pytest
from starlette.requests import Request

from neural_focus.batches import BatchHeader, pack
from neural_focus.events import EVENT_DTYPE
from serving import ingest
from serving.database import Database
from serving.ingest import LEAST_COST, Ingest
from serving.problems import ProblemError
from serving.rate_limit import RateLimit
from serving.streams import Streams

BODY = pack(BatchHeader(UUID(int=1), UUID(int=2), 0, 0), np.zeros(0, EVENT_DTYPE))
Receive = Callable[[], Awaitable[dict[str, Any]]]


def without_database() -> Ingest:
    """Nothing of this file comes as far as a connection: the pool is never opened."""
    return Ingest(Database("postgresql://nobody@localhost/none"), Streams())


def request(receive: Receive, encoding: str = "zstd") -> Request:
    headers = [(b"content-encoding", encoding.encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, cast("Any", receive))


async def whole() -> dict[str, Any]:
    return {"type": "http.request", "body": BODY, "more_body": False}


async def cut() -> dict[str, Any]:
    return {"type": "http.disconnect"}


async def never() -> dict[str, Any]:
    await asyncio.sleep(60)
    return {}


def refusal(taken: Ingest, asked: Request, user_id: int = 1) -> ProblemError:
    with pytest.raises(ProblemError) as refused:
        asyncio.run(taken.receive(user_id, asked))
    return refused.value


def test_whoever_sends_what_is_refused_again_and_again_has_to_wait() -> None:
    taken = without_database()
    taken._limit = RateLimit(burst=2 * LEAST_COST, a_second=100, clock=lambda: 0.0)
    assert [refusal(taken, request(whole, "gzip")).status for _ in range(4)] == [415, 415, 415, 429]
    last = refusal(taken, request(whole))
    assert (last.status, last.headers) == (429, {"Retry-After": "10"})
    assert refusal(taken, request(whole, "gzip"), user_id=2).status == 415, "somebody else need not"


def test_each_machine_has_a_rate_of_its_own() -> None:
    taken = without_database()
    taken._limit = RateLimit(burst=LEAST_COST, a_second=100, clock=lambda: 0.0)
    taken._limit.spend((1, str(UUID(int=1))), 1.5 * LEAST_COST)
    last = refusal(taken, request(whole))
    assert (last.status, last.headers) == (429, {"Retry-After": "5"})
    assert not taken._held


def test_no_more_is_held_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = without_database()
    monkeypatch.setattr(ingest, "MOST_HELD_BYTES", len(BODY) - 1)
    last = refusal(taken, request(whole))
    assert (last.status, last.headers) == (503, {"Retry-After": "2"}) and not taken._held


def test_nobody_alone_takes_the_room_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "MOST_HELD_BYTES_OF_ONE", 2 * len(BODY) - 1)
    taken = without_database()
    taken._held[2] = len(BODY)
    last = refusal(taken, request(whole), user_id=2)
    assert (last.status, last.headers) == (429, {"Retry-After": "2"}) and taken._held == {2: len(BODY)}
    taken._limit.spend((1, str(UUID(int=1))), 2 * ingest.ROWS_AT_ONCE)
    assert refusal(taken, request(whole)).what == "Too much at once", "somebody else's body is read"


def test_a_read_that_is_cancelled_counts_as_a_refusal() -> None:
    taken, counted = without_database(), ingest._outcomes().labels("cancelled")
    before = counted._value.get()
    taken._limit = RateLimit(burst=LEAST_COST / 2, a_second=100, clock=lambda: 0.0)

    async def cancelled() -> None:
        reading = asyncio.create_task(taken.receive(1, request(never)))
        await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(cancelled())
    assert counted._value.get() == before + 1 and not taken._held
    assert refusal(taken, request(whole)).status == 429


@pytest.mark.parametrize(("receive", "status"), [(cut, 400), (never, 408)])
def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch, receive: Receive, status: int) -> None:
    monkeypatch.setattr(ingest, "READ_SECONDS", 0.01)
    taken = without_database()
    assert refusal(taken, request(receive)).status == status and not taken._held
