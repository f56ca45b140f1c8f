"""A retry does nothing twice: at the same time, after the answer, after a restart, after a kill before the answer."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from held_tables import end_those_waiting, locked, waiting
from serving_process import Service, desktop, eventually, problem, query, running_service

from neural_focus.messages import SessionStarted
from neural_focus.store.database import connect
from neural_focus.store.idempotency import KeptAnswer, delete_old_answers, find_answer, keep_answer
from neural_focus.store.users import ensure_user
from serving.idempotency import RequestKey

LABEL = {"outcome": "FOCUSED"}
POMODORO = {"type": "pomodoro"}
ASKED = (
    ("/labels", LABEL, {"outcome": "DISTRACTED"}, "labels"),
    ("/sessions", POMODORO, {"type": "deep_work"}, "sessions"),
    ("/forget", {"minutes": 1}, {"minutes": 2}, "forgotten"),
)
"""Endpoint, body, another body, and the table that gets a row of it."""


@pytest.fixture
def url(service: Service) -> str:
    assert service.settings.database_url
    return service.settings.database_url


def post(service: Service, person: int, path: str, body: dict[str, Any], key: str | None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    with service.http(service.token_of(person)) as client:
        return client.post(f"/api/v1{path}", json=body, headers=headers)


def rows(url: str, table: str, person: int) -> int:
    [(count,)] = query(url, f"SELECT count(*) FROM {table} WHERE user_id = %s", person)
    return int(count)


def shape(response: httpx.Response) -> tuple[int, Any]:
    return response.status_code, response.json()


@pytest.mark.parametrize(("path", "body", "another", "table"), ASKED)
def test_the_first_answer_comes_again_and_nothing_is_done_again(
    service: Service, url: str, real_person: int, path: str, body: dict[str, Any], another: dict[str, Any], table: str
) -> None:
    key = str(uuid4())
    first = post(service, real_person, path, body, key)
    assert first.is_success, first.text
    for written in (key, f'"{key}"'):
        assert shape(post(service, real_person, path, body, written)) == shape(first)
    assert rows(url, table, real_person) == 1
    other = problem(post(service, real_person, path, another, key))
    assert other["status"] == 422 and "another request's" in other["title"]
    elsewhere = next((path, body) for path, body, _, one in ASKED if one != table)
    assert problem(post(service, real_person, *elsewhere, key))["status"] == 422
    assert rows(url, table, real_person) == 1


def test_a_key_is_the_persons_own(service: Service, url: str, real_person: int) -> None:
    with connect(url) as connection:
        other = ensure_user(connection, f"other-{uuid4().hex[:8]}")
    key = str(uuid4())
    assert post(service, real_person, "/labels", LABEL, key).status_code == 201
    assert post(service, other, "/labels", {"outcome": "DISTRACTED"}, key).json()["outcome"] == "DISTRACTED"
    assert rows(url, "labels", real_person) == rows(url, "labels", other) == 1


def test_without_a_key_each_request_is_one(service: Service, url: str, real_person: int) -> None:
    for _ in range(2):
        assert post(service, real_person, "/labels", LABEL, None).status_code == 201
    assert rows(url, "labels", real_person) == 2 and rows(url, "idempotency_keys", real_person) == 0


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, '"open', "ä", '"a"b"'])
def test_a_key_that_is_none_is_refused(service: Service, url: str, real_person: int, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    with service.http(service.token_of(real_person)) as client:
        refused = problem(client.post("/api/v1/labels", json=LABEL, headers=headers))
    assert refused["status"] == 422 and "Idempotency-Key" in refused["detail"]
    assert rows(url, "labels", real_person) == 0


def test_a_refusal_is_not_kept(service: Service, url: str, real_person: int) -> None:
    """Nothing was done, so the same request may succeed later."""
    first, second = str(uuid4()), str(uuid4())
    running = post(service, real_person, "/sessions", POMODORO, first).json()
    assert problem(post(service, real_person, "/sessions", POMODORO, second))["status"] == 422
    with service.http(service.token_of(real_person)) as client:
        assert client.post(f"/api/v1/sessions/{running['id']}/end").is_success
    started = post(service, real_person, "/sessions", POMODORO, second)
    assert started.status_code == 201 and started.json()["id"] != running["id"]
    assert post(service, real_person, "/sessions", POMODORO, first).json() == running, "as it was then"


def test_two_at_the_same_time_are_one(service: Service, url: str, real_person: int) -> None:
    key = str(uuid4())
    service.token_of(real_person)
    with ThreadPoolExecutor(2) as pool:
        with locked(url, "labels"):
            both: list[Future[httpx.Response]] = [
                pool.submit(post, service, real_person, "/labels", LABEL, key) for _ in range(2)
            ]
            eventually(lambda: waiting(url, "INSERT INTO labels") and waiting(url, "pg_advisory_xact_lock"))
        first, second = (one.result() for one in both)
    assert shape(first) == shape(second) and first.status_code == 201
    assert rows(url, "labels", real_person) == 1


def test_a_key_holds_for_a_day(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
        for key, hours in (("young", 23), ("old", 25)):
            keep_answer(connection, ann, key, KeptAnswer("a", "1"), None)
            connection.execute(
                "UPDATE idempotency_keys SET asked_at = now() - make_interval(hours => %s) WHERE key = %s", (hours, key)
            )
        assert find_answer(connection, ann, "young") == KeptAnswer("a", "1")
        assert find_answer(connection, ann, "old") is None
        keep_answer(connection, ann, "old", KeptAnswer("b", "2"), None)
        assert find_answer(connection, ann, "old") == KeptAnswer("b", "2"), "the key is free again"
        connection.execute("UPDATE idempotency_keys SET asked_at = now() - interval '25 hours' WHERE key = 'old'")
        assert delete_old_answers(connection) == 1
        assert connection.execute("SELECT key FROM idempotency_keys").fetchall() == [("young",)]


def test_a_retry_finishes_what_failed_behind_the_commit(service: Service, url: str, real_person: int) -> None:
    """The session is stored, its request fails, and nobody was told of it: the retry tells the page.

    ::

        service   BEGIN ─ session ─ waits for the key's table ─ COMMIT ─ reads sessions: waits ✗ connection ends
        test      holds keys ─ queues for sessions ─ lets go of keys ─ holds sessions ─┘
    """
    key = str(uuid4())
    with (
        desktop(service, service.token_of(real_person)) as page,
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(url) as sessions,
    ):
        with locked(url, "idempotency_keys"):
            answer = pool.submit(post, service, real_person, "/sessions", POMODORO, key)
            eventually(lambda: waiting(url, "INSERT INTO idempotency_keys"))
            holds = threading.Thread(target=sessions.execute, args=("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE",))
            holds.start()
            eventually(lambda: waiting(url, "LOCK TABLE sessions"))
        holds.join(60)
        [(stored,)] = sessions.execute("SELECT id FROM sessions WHERE user_id = %s", (real_person,)).fetchall()
        eventually(lambda: end_those_waiting(url, "FROM sessions") is None and answer.done())
        sessions.rollback()
        assert answer.result().status_code == 503
        retried = post(service, real_person, "/sessions", POMODORO, key)
        assert retried.status_code == 201 and retried.json()["id"] == stored
        assert page.receive(SessionStarted).id == stored
        assert rows(url, "sessions", real_person) == 1


def test_an_answer_of_another_version_is_said_to_be_done(service: Service, url: str, real_person: int) -> None:
    key = str(uuid4())
    assert post(service, real_person, "/labels", LABEL, key).status_code == 201
    query(url, """UPDATE idempotency_keys SET answer = '{"another": 1}' WHERE key = %s""", key)
    told = problem(post(service, real_person, "/labels", LABEL, key))
    assert told["status"] == 422 and "was done" in told["title"]
    assert rows(url, "labels", real_person) == 1


def test_a_field_that_a_later_version_adds_makes_no_other_request() -> None:
    @dataclass(frozen=True)
    class Before:
        minutes: int

    @dataclass(frozen=True)
    class After:
        minutes: int
        where: str = ""

    key = RequestKey("a", "POST /x")
    assert key.of(Before(5)) == key.of(After(5)) != key.of(After(5, "there"))


def test_a_kill_between_commit_and_answer_and_a_restart(fresh_database_url: str, tmp_path: Path) -> None:
    """The session is stored and nobody was told: the retry is told, and no second session is asked for.

    ::

        service   BEGIN ─ session ─ waits for the key's table ─ COMMIT ─ reads sessions: waits ✗ killed
        test      holds keys ─ queues for sessions ─ lets go of keys ─ holds sessions ─┘
    """
    url, key = fresh_database_url, str(uuid4())
    with connect(url) as connection:
        ann = ensure_user(connection, "ann")
    with running_service(url, tmp_path) as service:
        service.token_of(ann)
        with ThreadPoolExecutor(1) as pool, psycopg.connect(url) as sessions:
            with locked(url, "idempotency_keys"):
                answer = pool.submit(post, service, ann, "/sessions", POMODORO, key)
                eventually(lambda: waiting(url, "INSERT INTO idempotency_keys"))
                holds = threading.Thread(
                    target=sessions.execute, args=("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE",)
                )
                holds.start()
                eventually(lambda: waiting(url, "LOCK TABLE sessions"))
            holds.join(60)
            stored = sessions.execute("SELECT id FROM sessions WHERE user_id = %s", (ann,)).fetchall()
            eventually(lambda: waiting(url, "FROM sessions"))
            assert len(stored) == 1 and not answer.done()
            service.kill()
            with pytest.raises(httpx.TransportError):
                answer.result(60)
            sessions.rollback()
    with running_service(url, tmp_path) as again:
        retried = post(again, ann, "/sessions", POMODORO, key)
        assert retried.status_code == 201 and [(retried.json()["id"],)] == stored
        assert rows(url, "sessions", ann) == 1
        assert problem(post(again, ann, "/sessions", POMODORO, str(uuid4())))["status"] == 422, "it runs"
