"""People and their machines at a real service: tokens, pairing by a code, and what each role may do."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from serving_process import Service, desktop, eventually, machine_token, problem, query
from websockets.exceptions import ConnectionClosed

from collector.desktop import desktop_of
from collector.service_token import ServiceToken
from collector.websocket_client import WebSocketClient
from infra.desktop_token import give_token, pair_machine
from infra.machine_token import read_token
from neural_focus.client.generated import ServiceApi
from neural_focus.errors import TokenError
from neural_focus.settings import Settings
from neural_focus.store.database import connect as connect_database
from neural_focus.store.users import ROLES, ensure_user, set_role
from serving.auth import hash_token
from serving.authorization import ENDPOINTS, SOCKET
from serving.callers import FRESH_SECONDS, SEEN_SECONDS, Callers
from serving.database import Database
from serving.hub import REVOKED, Hub


@pytest.fixture
def database(module_database_url: str) -> str:
    return module_database_url


def test_a_token_is_stored_as_its_hash_alone(service: Service, real_person: int, database: str) -> None:
    token = machine_token(database, real_person, "laptop")
    with service.http(token) as client:
        [machine] = client.get("/api/v1/machines").json()
        assert (machine["name"], machine["this"], machine["rotated_at"]) == ("laptop", True, None)
    rows = query(database, "SELECT * FROM paired_machines WHERE user_id = %s", real_person)
    assert hash_token(token) in rows[0] and token not in str(rows) and token not in service.log.read_text()


def test_a_revoked_machine_is_cut_off_at_once_and_told_what_to_do(
    service: Service, real_person: int, database: str
) -> None:
    token, other = machine_token(database, real_person, "lost"), service.token_of(real_person)
    with service.http(token) as lost, service.http(other) as client, desktop(service, token, str(uuid4())) as socket:
        assert lost.get("/api/v1/me").status_code == 200  # from here on it is known without a query
        eventually(
            lambda: {"lost"} == {one["name"] for one in client.get("/api/v1/machines").json() if one["connected"]}
        )
        found = {one["name"]: one for one in client.get("/api/v1/machines").json()}
        assert client.delete(f"/api/v1/machines/{found['lost']['id']}").status_code == 204
        refused = problem(lost.get("/api/v1/me"))
        assert refused["status"] == 401 and "neural-focus pair" in refused["hint"]
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.socket.recv(timeout=60)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == REVOKED
        assert [one["name"] for one in client.get("/api/v1/machines").json()] == ["a test"]
        assert problem(client.delete(f"/api/v1/machines/{found['lost']['id']}"))["status"] == 404


def test_what_another_process_revokes_ends_within_seconds(service: Service, real_person: int, database: str) -> None:
    token = machine_token(database, real_person)
    with service.http(token) as client, desktop(service, token, str(uuid4())) as socket:
        assert client.get("/api/v1/me").status_code == 200
        query(database, "UPDATE paired_machines SET revoked_at = now() WHERE token_hash = %s", hash_token(token))
        begin = time.monotonic()
        with pytest.raises(ConnectionClosed):
            while True:
                socket.socket.recv(timeout=60)
        assert client.get("/api/v1/me").status_code == 401
        assert time.monotonic() - begin < 6 * FRESH_SECONDS


def test_a_replaced_token_ends_and_the_new_one_is_the_same_machine(
    service: Service, real_person: int, database: str
) -> None:
    with service.http(machine_token(database, real_person, "tower")) as old:
        [machine] = old.get("/api/v1/machines").json()
        made = old.post(f"/api/v1/machines/{machine['id']}/rotate").json()
        assert old.get("/api/v1/me").status_code == 401
    with service.http(made["token"]) as new:
        [again] = new.get("/api/v1/machines").json()
        assert again["id"] == machine["id"] == made["id"] and again["rotated_at"] and again["this"]


def test_nobody_lists_revokes_or_replaces_another_persons_machine(
    service: Service, real_person: int, demo_person: int, database: str
) -> None:
    with (
        service.http(machine_token(database, real_person)) as theirs,
        service.http(service.token_of(demo_person)) as me,
    ):
        [machine] = theirs.get("/api/v1/machines").json()
        assert machine["id"] not in [one["id"] for one in me.get("/api/v1/machines").json()]
        assert problem(me.delete(f"/api/v1/machines/{machine['id']}"))["status"] == 404
        assert problem(me.post(f"/api/v1/machines/{machine['id']}/rotate"))["status"] == 404
        assert theirs.get("/api/v1/me").json()["id"] == real_person


def test_the_last_use_is_written_with_the_next_confirmation_and_at_most_once_a_minute(
    real_person: int, database: str
) -> None:
    """On a clock that the test moves; that the service confirms is shown above."""
    first, second = (machine_token(database, real_person) for _ in range(2))
    now, pool = 1000.0, Database(database)
    callers = Callers(pool, Hub(), clock=lambda: now)
    written = "SELECT token_hash FROM paired_machines WHERE user_id = %s AND seen_at IS NOT NULL"

    async def use(token: str) -> set[str]:
        """Whose use is written, after a request with the token and a confirmation."""
        assert await callers.by_token(token) is not None
        await callers.confirm()
        return {found for (found,) in query(database, written, real_person)}

    async def go_on() -> None:
        nonlocal now
        assert await use(first) == {hash_token(first)}
        now += SEEN_SECONDS - 1
        assert await use(second) == {hash_token(first)}
        now += 1
        assert await use(second) == {hash_token(first), hash_token(second)}

    pool.open()
    try:
        asyncio.run(go_on())
    finally:
        pool.close()


def test_an_agent_stops_asking_once_it_is_revoked_and_goes_on_with_a_new_token(
    service: Service, real_person: int, database: str, tmp_path: Path
) -> None:
    place = desktop_of(Settings(tmp_path), "ada")
    with connect_database(database) as connection:
        give_token(place, connection, real_person)
        first = read_token(Settings(tmp_path), place)
        give_token(place, connection, real_person)
    assert read_token(Settings(tmp_path), place) == first, "a good token is kept"
    assert place.token.stat().st_mode & 0o777 == 0o600
    token, news = ServiceToken(first, place.token), threading.Event()
    link = WebSocketClient(service.url, token, str(uuid4()), news.set)
    link.start()
    eventually(lambda: link.connected)
    query(database, "UPDATE paired_machines SET revoked_at = now() WHERE user_id = %s", real_person)
    eventually(lambda: "Pair the machine again" in link.problem)
    with (
        closing(ServiceApi("http://127.0.0.1:1", token)) as client,
        pytest.raises(TokenError, match="does not know"),
    ):
        client.revoke_consent()  # nobody is asked: there is no server at that address
    with connect_database(database) as connection:
        give_token(place, connection, real_person)
    assert read_token(Settings(tmp_path), place) != first, "a bad token is replaced"
    eventually(lambda: link.connected)
    assert token.problem == ""
    link.finish()


def test_a_machine_is_paired_by_the_code_on_its_screen(
    service: Service, real_person: int, demo_person: int, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "infra.cli", "pair", "--service", service.url, "--name", "laptop"]
    environment = os.environ | {"NEURAL_FOCUS_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as pairing:
        assert pairing.stdout is not None
        code = next(line.strip() for line in pairing.stdout if line.strip())
        assert re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", code)
        with service.http(service.token_of(real_person)) as client:
            assert client.post("/api/v1/machines/waiting", json={"code": code}).json()["name"] == "laptop"
            assert not (tmp_path / "token").exists()
            assert client.post("/api/v1/machines/approve", json={"code": code}).json()["approved"] is True
        with service.http(service.token_of(demo_person)) as stranger:
            assert problem(stranger.post("/api/v1/machines/approve", json={"code": code}))["status"] == 404
        assert "Paired with" in pairing.stdout.read() and pairing.wait() == 0
    place = desktop_of(Settings(tmp_path))
    assert place.token.stat().st_mode & 0o777 == 0o600 and place.paired_with() == service.url
    with service.http(place.token.read_text()) as laptop:
        assert laptop.get("/api/v1/me").json()["id"] == real_person
        assert "laptop" in [one["name"] for one in laptop.get("/api/v1/machines").json()]
    with service.anyone() as nobody:
        assert problem(nobody.post("/machine/token", json={"device_code": "x"}))["status"] == 410
        assert problem(nobody.post("/machine/pair", json={"name": ""}))["status"] == 422
        assert problem(nobody.post("/machine/pair", json={"name": "x" * 1000}))["status"] == 413
        assert problem(nobody.post("/machine/pair", content=iter([b"{}"])))["status"] == 413


def of_role(database: str, role: str) -> str:
    """A token of a new person who has this role."""
    with connect_database(database) as connection:
        person = ensure_user(connection, f"{role} {uuid4().hex[:8]}")
        set_role(connection, person, role)
        return pair_machine(connection, person, "a test")


def test_each_role_gets_at_what_the_table_allows_and_nobody_else_does(service: Service, database: str) -> None:
    with (
        service.anyone() as nobody,
        service.http(of_role(database, "person")) as person,
        service.http(of_role(database, "analyst")) as analyst,
        service.http(of_role(database, "operator")) as operator,
    ):
        roles = {"person": person, "analyst": analyst, "operator": operator}
        for (method, path), rule in ENDPOINTS.items():
            if method == SOCKET:
                continue
            asked = re.sub(r"\{\w+\}", "999999", path).replace("{path:path}", "x")
            unknown = nobody.request(method, asked).status_code
            assert unknown == {"anybody": unknown, "extension": 403, "signed in": 401}[rule.door], (method, path)
            assert rule.door != "anybody" or unknown != 401, path
            for role, client in roles.items() if rule.door == "signed in" else ():
                answer = client.request(method, asked)
                expected = role in rule.roles
                assert (answer.status_code not in (401, 403)) is expected, (method, path, role, answer.text)
                assert expected or problem(answer)["title"] == "Not for your role"
        assert problem(person.get("/nonsense"))["status"] == 404
        assert problem(person.post("/metrics"))["status"] == 405


def test_another_persons_id_is_as_good_as_none(service: Service, real_person: int, database: str) -> None:
    """Each endpoint that takes an id, with one that exists and is somebody else's; each role asks."""
    with service.http(service.token_of(real_person)) as owner:
        session = owner.post("/api/v1/sessions", json={"type": "pomodoro"}).json()["id"]
        machine = owner.get("/api/v1/machines").json()[0]["id"]
        [(offer,)] = query(
            database,
            "INSERT INTO interventions (user_id, triggered_at, type, action, predicted_risk, arm, probability)"
            " VALUES (%s, now(), 'SUGGEST_BREAK', 'SUGGEST_BREAK', 0.9, 'SUGGEST_BREAK', 0.5) RETURNING id",
            real_person,
        )
        [(browser,)] = query(
            database,
            "INSERT INTO paired_browsers (user_id, origin, browser, token_hash) VALUES (%s, 'o', 'b', %s) RETURNING id",
            *(real_person, uuid4().hex),
        )
        ids = {"session_id": session, "machine_id": machine, "intervention_id": offer, "browser_id": browser}
        answer = {"intervention_id": offer, "response": "accept", "response_time_ms": 1}
        for role in ROLES:
            with service.http(of_role(database, role)) as other:
                for method, path in ENDPOINTS:
                    if "_id}" in path:
                        body = {"json": {"reason": "let me"}} if "leave-jail" in path else {}
                        found = other.request(method, path.format(**ids), **body)
                        assert found.status_code == 404, (role, method, path, found.text)
                assert other.post("/api/v1/interventions/feedback", json=answer).status_code == 404
        assert owner.get("/api/v1/now").json()["session"]["id"] == session
        assert owner.get("/api/v1/me").status_code == 200
    rows = query(database, "SELECT revoked_at FROM paired_browsers WHERE id = %s", browser)
    assert rows == [(None,)]
    assert query(database, "SELECT user_response FROM interventions WHERE id = %s", offer) == [(None,)]
