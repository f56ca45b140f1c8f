"""Desktops' records through a real service into a real database: once each, whatever is cut, killed or made up."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from sent_batches import ENCODED, Sender, recent_records
from serving_process import Service, desktop, eventually, problem, query, running_service

from collector.service_token import ServiceToken
from infra.cut_connection import cut_who_waits
from neural_focus.batches import MAGIC, MAX_BODY_BYTES, AgreedTo, BatchStored, ZoneSince
from neural_focus.client.generated import ServiceApi
from neural_focus.errors import GapError, RefusalError, TokenError
from neural_focus.messages import PredictionMade
from neural_focus.store.database import connect as connect_database

RECORDS = recent_records(300)


@pytest.fixture
def sender(service: Service, real_person: int) -> Iterator[Sender]:
    with service.http(service.token_of(real_person)) as client:
        yield Sender(client)


def stored(url: str, sender: Sender) -> list[tuple[int, bytes]]:
    """seq and data of what the database has of the sender's machine, in order."""
    rows = query(url, "SELECT seq, data FROM events WHERE machine_id = %s ORDER BY boot_id, seq", sender.machine_id)
    return [(seq, bytes(data)) for seq, data in rows]


def expected(records: np.ndarray, first: int = 0) -> list[tuple[int, bytes]]:
    return [(first + number, row.tobytes()) for number, row in enumerate(records["data"])]


def test_batches_are_stored_once_however_they_come(sender: Sender, module_database_url: str) -> None:
    assert sender.send(RECORDS[:100], 0).json() == {"next_seq": 100, "stored": 100, "lost": 0, "forgotten": 0}
    assert sender.send(RECORDS[:100], 0).json() == {"next_seq": 100, "stored": 0, "lost": 0, "forgotten": 0}, (
        "a duplicate"
    )
    gap = problem(sender.send(RECORDS[200:], 200))
    assert gap["status"] == 409 and gap["next_seq"] == 100 and "100 to 199" in gap["detail"], "out of order"
    assert sender.send(RECORDS[50:200], 50).json() == {"next_seq": 200, "stored": 100, "lost": 0, "forgotten": 0}, (
        "an overlap"
    )
    assert sender.send(RECORDS[200:], 200).json() == {"next_seq": 300, "stored": 100, "lost": 0, "forgotten": 0}
    assert stored(module_database_url, sender) == expected(RECORDS)


def test_many_senders_of_one_boot_at_once_store_each_record_once(sender: Sender, module_database_url: str) -> None:
    """As a desktop that sends again while the service still works on what it sent before."""
    answers: list[int] = []

    def send_all() -> None:
        for first in range(0, 300, 50):
            answers.append(sender.send(RECORDS[: first + 50], 0).status_code)

    threads = [threading.Thread(target=send_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 24 and stored(module_database_url, sender) == expected(RECORDS)


def test_rows_have_the_session_and_prediction_of_their_moment(
    service: Service, real_person: int, module_database_url: str, sender: Sender
) -> None:
    new, old = recent_records(30), recent_records(30)
    old["timestamp_us"] -= 3_600_000_000
    waited = np.concatenate((old[20:25], new[25:]))
    with desktop(service, service.token_of(real_person), str(sender.machine_id)) as client:
        session = sender.client.post("/api/v1/sessions", json={"type": "pomodoro"}).json()["id"]
        client.send(client.snapshot(keystroke_rate=4.0))
        made = client.receive(PredictionMade)
        sender.send(old[:10], 0)
        sender.send(new[10:15], 10)
        sender.send(new[15:20], 15)
        sender.send(waited, 20)
        client.send(client.snapshot(keystroke_rate=5.0))
        client.receive(PredictionMade)
        sender.send(recent_records(5), 30)
    known = "SELECT DISTINCT seq / 10, session_id, focus_score, distraction_risk FROM events WHERE machine_id = %s"
    assert sorted(query(module_database_url, known + " AND seq < 30", sender.machine_id), key=str) == [
        (0, None, None, None),
        (1, session, made.focus_score, made.distraction_risk),
        (2, None, None, None),
    ], "what waited is of another moment"
    features = "SELECT seq, features->>'keystroke_rate' FROM events WHERE machine_id = %s AND features IS NOT NULL"
    assert sorted(query(module_database_url, features, sender.machine_id)) == [(10, "4.0"), (30, "5.0")], (
        "they stand on the first row after each prediction, the rows in between have the same"
    )


def test_the_agents_own_client(service: Service, real_person: int, sender: Sender, module_database_url: str) -> None:
    client = ServiceApi(service.url, ServiceToken(service.token_of(real_person)))
    assert client.ingest(sender.body(RECORDS[:10], 0)) == BatchStored(10, 10)
    with pytest.raises(GapError, match="records 10 to 19 of boot") as gap:
        client.ingest(sender.body(RECORDS[20:30], 20))
    assert gap.value.next_seq == 10
    assert client.ingest(sender.body(RECORDS[20:30], 20, lost_from=10)) == BatchStored(30, 10, 10)
    with pytest.raises(RefusalError, match="The body is no zstd"):
        client.ingest(b"no batch")
    client.close()
    with (
        closing(ServiceApi(service.url, ServiceToken("forged"))) as forger,
        pytest.raises(TokenError, match="does not know this machine"),
    ):
        forger.ingest(b"")
    assert stored(module_database_url, sender) == expected(RECORDS[:10]) + expected(RECORDS[20:30], 20)


def test_a_consent_comes_with_a_batch_and_is_taken_back(
    service: Service, real_person: int, sender: Sender, module_database_url: str
) -> None:
    asked = "SELECT text_version, titles, revoked_at IS NULL FROM consents WHERE machine_id = %s"
    for _ in range(2):
        sender.send(RECORDS[:0], 0, consent=AgreedTo("0123456789ab", titles=False))
    assert query(module_database_url, asked, sender.machine_id) == [("0123456789ab", False, True)]
    with closing(ServiceApi(service.url, ServiceToken(service.token_of(real_person)))) as client:
        client.revoke_consent()
    assert sender.client.delete("/api/v1/consent").json() == {"ended": 0}
    assert query(module_database_url, asked, sender.machine_id) == [("0123456789ab", False, False)]


def test_a_connection_that_is_cut_after_the_commit(service: Service, sender: Sender, module_database_url: str) -> None:
    """The answer is lost, the records are not, and sending them again adds nothing."""
    body = sender.body(RECORDS, 0)
    head = (
        f"POST /api/v1/ingest HTTP/1.1\r\nHost: 127.0.0.1:{service.settings.serving_port}\r\n"
        f"Authorization: {sender.client.headers['authorization']}\r\nContent-Encoding: zstd\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.settings.serving_port)) as connection:
        connection.sendall(head.encode() + body)
        until = time.monotonic() + 60
        while not stored(module_database_url, sender) and time.monotonic() < until:
            time.sleep(0.005)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, unread
    assert sender.post(body).json() == {"next_seq": 300, "stored": 0, "lost": 0, "forgotten": 0}
    with socket.create_connection(("127.0.0.1", service.settings.serving_port)) as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])  # and one that is cut within its body
    assert stored(module_database_url, sender) == expected(RECORDS)


@pytest.mark.parametrize("status", [401, 403, 413, 415, 422])
def test_what_is_refused_is_named_and_changes_nothing(
    service: Service, sender: Sender, demo_person: int, module_database_url: str, status: int
) -> None:
    sender.send(RECORDS[:10], 0)
    counted = outcomes(service)
    for answer in refused(service, sender, demo_person)[status]:
        assert problem(answer)["status"] == status, answer.text
    assert stored(module_database_url, sender) == expected(RECORDS[:10])
    assert query(module_database_url, "SELECT count(*) FROM events WHERE user_id = %s", demo_person) == [(0,)]
    if status != 401:  # the gate's own
        assert outcomes(service).get(str(status), 0) > counted.get(str(status), 0)


def refused(service: Service, sender: Sender, other: int) -> dict[int, list[httpx.Response]]:
    """Answers to what cannot be taken, by the status that they should have."""
    future, unknown = RECORDS[10:20].copy(), RECORDS[10:20].copy()
    future["timestamp_us"][5] += 86_400_000_000  # ahead, however long ago the tests began
    unknown["event_type"][3] = 99
    body = sender.body(RECORDS[10:20], 10)
    mars = ZoneSince("Mars/Olympus", int(RECORDS["timestamp_us"][0]))
    with service.anyone() as anyone, service.http("nf1.1.AAAA") as forger, service.http(service.token_of(other)) as bob:
        return {
            401: [one.post("/api/v1/ingest", content=body, headers=ENCODED) for one in (anyone, forger)],
            403: [Sender(bob, sender.machine_id, boot).send(RECORDS[:10], 0) for boot in (sender.boot_id, uuid4())],
            413: [sender.post(zstandard.compress(bytes(256 << 20))), sender.post(bytes(MAX_BODY_BYTES + 1))],
            415: [
                sender.client.post("/api/v1/ingest", content=body),
                sender.post(body, **{"Content-Encoding": "gzip"}),
            ],
            422: [
                sender.post(b""),
                sender.post(body[:-5]),
                sender.post(zstandard.compress(b"NFBATCH9" + bytes(100))),
                sender.post(zstandard.compress(zstandard.decompress(body)[:-64])),
                sender.send(future, 10),
                sender.send(unknown, 10),
                sender.send(RECORDS[10:20], 10, zones=(mars,)),
            ],
        }


def outcomes(service: Service) -> dict[str, float]:
    """Batches so far by what came of them, as the service counts them."""
    with service.http() as client:
        lines = client.get("/metrics").text.splitlines()
    name = "neural_focus_ingested_batches_total{outcome="
    return {line.split('"')[1]: float(line.split()[-1]) for line in lines if line.startswith(name)}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.binary(max_size=300)
    | st.binary(max_size=300).map(zstandard.compress)
    | st.tuples(st.binary(max_size=200), st.binary(max_size=200)).map(
        lambda parts: zstandard.compress(MAGIC + len(parts[0]).to_bytes(4, "little") + parts[0] + parts[1])
    )
)
def test_whatever_comes_is_never_the_services_own_mistake(sender: Sender, body: bytes) -> None:
    assert sender.post(body).status_code in (413, 422)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 70),
    st.integers(0, 40),
    st.none() | st.integers(0, 2**62),
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.text(max_size=20)), max_size=3),
    st.none() | st.integers(-(2**52), 2**52),
)
def test_whatever_a_desktop_says_is_stored_or_refused(
    sender: Sender, first: int, count: int, lost: int | None, titles: list[tuple[int, str]], step: int | None
) -> None:
    answer = sender.send(RECORDS[:count], first, lost_from=lost, titles=tuple(titles), clock_step_us=step)
    assert answer.status_code in (200, 409), answer.text


WAITING = sql.SQL("LOCK TABLE events IN SHARE MODE")
"""With it held, a batch waits within its transaction."""


def test_a_database_that_ends_the_connection_in_the_middle(sender: Sender, module_database_url: str) -> None:
    sender.send(RECORDS[:100], 0)
    with cut_who_waits(module_database_url, WAITING) as cut:
        answer = sender.send(RECORDS[100:], 100)
        assert problem(answer)["status"] == 503 and answer.headers["Retry-After"] == "5" and cut.wait(60)
    assert stored(module_database_url, sender) == expected(RECORDS[:100])
    assert sender.send(RECORDS[100:], 100).json() == {"next_seq": 300, "stored": 200, "lost": 0, "forgotten": 0}
    assert stored(module_database_url, sender) == expected(RECORDS)


def test_a_service_that_is_killed_in_the_middle(
    sender: Sender, module_database_url: str, real_person: int, tmp_path: Path
) -> None:
    """It had the batch and had not committed: nothing is stored, and another service stores all of it once."""
    blocked = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    with (
        connect_database(module_database_url) as holder,
        running_service(module_database_url, tmp_path) as killed,
        killed.http(killed.token_of(real_person)) as client,
    ):

        def kill_it() -> None:
            eventually(lambda: query(module_database_url, blocked, holder.info.backend_pid))
            killed.kill()

        before = Sender(client, sender.machine_id, sender.boot_id)
        assert before.send(RECORDS[:100], 0).status_code == 200
        holder.execute(WAITING)
        killer = threading.Thread(target=kill_it)
        killer.start()
        with pytest.raises(httpx.TransportError):
            before.send(RECORDS[100:], 100)
        killer.join()
    eventually(lambda: len(stored(module_database_url, sender)) == 100)
    assert sender.send(RECORDS, 0).json() == {"next_seq": 300, "stored": 200, "lost": 0, "forgotten": 0}
    assert stored(module_database_url, sender) == expected(RECORDS)
