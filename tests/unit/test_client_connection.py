"""A program's HTTP connection to the service: what it makes of each answer, and of none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from collector.service_token import ServiceToken
from infra.ports import free_port
from neural_focus.batches import BatchStored
from neural_focus.client.generated import ServiceApi
from neural_focus.errors import BusyError, GapError, RefusalError, ServiceError

STORED = b'{"next_seq": 7, "stored": 5, "lost": 0, "added_later": 1}'


def answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


@contextmanager
def speaking(*connections: tuple[bytes, ...]) -> Iterator[tuple[ServiceApi, list[bytes]]]:
    """A client, and a server that answers each connection's requests in turn, then closes it; what it was asked."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answers in connections:
            with listener.accept()[0] as connection:
                for one in answers:
                    asked.append(request(connection))
                    connection.sendall(one)

    thread = threading.Thread(target=serve)
    thread.start()
    client = ServiceApi(f"http://127.0.0.1:{listener.getsockname()[1]}", ServiceToken("a-token"))
    try:
        yield client, asked
    finally:
        client.close()
        thread.join()
        listener.close()


def request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def test_one_connection_serves_many_batches() -> None:
    with speaking((answer("200 OK", STORED), answer("200 OK", STORED))) as (client, asked):
        assert client.ingest(b"one") == client.ingest(b"two") == BatchStored(7, 5, 0)
    assert [one.rpartition(b"\r\n")[2] for one in asked] == [b"one", b"two"]
    for line in (b"POST /api/v1/ingest HTTP/1.1", b"Authorization: Bearer a-token", b"Content-Encoding: zstd"):
        assert line in asked[0]


def test_a_connection_that_was_closed_meanwhile_is_made_again() -> None:
    with speaking((answer("200 OK", STORED),), (answer("200 OK", STORED),)) as (client, asked):
        client.ingest(b"one")
        client.ingest(b"two")
    assert len(asked) == 2


def test_a_service_that_is_away() -> None:
    with pytest.raises(ServiceError, match=r"does not answer at .*refused.*neural-focus up"):
        ServiceApi(f"http://127.0.0.1:{free_port()}", ServiceToken("")).ingest(b"")
    with speaking((b"",), (b"",)) as (client, asked), pytest.raises(ServiceError, match="does not answer"):
        client.ingest(b"cut before an answer")
    assert len(asked) == 2, "once more, and no more than that"


def test_a_connection_that_is_cut_before_an_answer_is_made_again() -> None:
    with speaking((b"",), (answer("200 OK", STORED),)) as (client, asked):
        assert client.ingest(b"one") == BatchStored(7, 5, 0)
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (answer("409 Conflict", b'{"title": "Records are missing", "detail": "records 3 to 6", "next_seq": 3}'),
         GapError, "records 3 to 6"),
        (answer("429 Too Many Requests", b'{"title": "Too much"}', "Retry-After: 12"), BusyError, "Too much"),
        (answer("503 Service Unavailable", b"<html>a proxy"), BusyError, "Service Unavailable"),
        (answer("401 Unauthorized", b'{"title": "Not signed in", "hint": "Sign in"}'), ServiceError,
         "does not know this machine.* neural-focus pair"),
        (answer("409 Conflict", b'{"title": "It runs", "detail": "It runs: session 3", "hint": "End it"}'),
         RefusalError, r"^It runs: session 3\. End it$"),
        (answer("502 Bad Gateway", b"<html>"), ServiceError, "the service answers 502"),
        (answer("200 OK", b""), ServiceError, "it is empty"),
        (answer("200 OK", b"hello"), ServiceError, "answer is not understood"),
    ],
    ids=["gap", "rate", "busy", "unknown", "refused", "a proxy", "empty", "nonsense"],
)  # fmt: skip
def test_what_it_makes_of_an_answer(said: bytes, kind: type[Exception], words: str) -> None:
    with speaking((said,)) as (client, _), pytest.raises(kind, match=words) as told:
        client.ingest(b"x")
    if isinstance(told.value, GapError):
        assert told.value.next_seq == 3
    if isinstance(told.value, BusyError):
        assert told.value.seconds == (12.0 if "Too much" in words else 2.0)
