"""A jail through the real service and database: what it orders, how it is left, what a crash in the middle does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from serving_process import Desktop, Service, desktop, eventually, problem, query, running_service
from wall_clock import MovedClock

from neural_focus.messages import (
    ApplyAction,
    EndSession,
    InterventionApplied,
    InterventionUndone,
    JailLeaving,
    LeaveJail,
    Problem,
    SessionApplied,
    SessionEnded,
    SessionStarted,
    StartSession,
    UndoAction,
    UndoIntervention,
)
from neural_focus.store.database import connect
from neural_focus.store.users import ensure_user

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"
LISTS = {"block_sites": ["reddit.com"], "minimize_apps": ["spotify"], "end_apps": ["steam"]}


@contextmanager
def refusing(database_url: str) -> Iterator[None]:
    """The database lets nobody in, and throws out who is there."""
    name = urlsplit(database_url).path.lstrip("/")
    elsewhere = database_url.replace(f"/{name}", "/postgres")
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def in_jail(service: Service, token: str, person: Desktop) -> tuple[SessionStarted, dict[str, ApplyAction]]:
    """A jail of 25 minutes with the lists above, as its desktop hears of it."""
    with service.http(token) as client:
        client.put("/api/v1/settings/help", json=LISTS).raise_for_status()
    person.send(person.snapshot())
    person.send(StartSession("pomodoro", jail_enabled=True))
    started = person.receive(SessionStarted)
    orders = [person.receive(ApplyAction) for _ in range(2)]
    return started, {order.action: order for order in orders}


def test_a_jail_that_cannot_be_is_refused_with_what_to_do(service: Service, real_person: int) -> None:
    token = service.token_of(real_person)
    with service.http(token) as client:
        empty = {"block_sites": [], "minimize_apps": [], "end_apps": []}
        client.put("/api/v1/settings/help", json=empty).raise_for_status()
        refused = problem(client.post("/api/v1/sessions", json={"type": "pomodoro", "jail_enabled": True}))
        assert (refused["status"], refused["title"]) == (422, "Your lists are empty")
        assert "Name sites or apps" in refused["detail"]
        client.put("/api/v1/settings/help", json=LISTS).raise_for_status()
        for wrong in (
            {"type": "natural", "jail_enabled": True},
            {"type": "deep_work", "jail_enabled": True, "duration_minutes": 241},
        ):
            assert problem(client.post("/api/v1/sessions", json=wrong))["status"] == 422
        assert client.get("/api/v1/now").json()["session"] is None, "no session was begun by it"


def test_a_jail_holds_the_lists_until_it_is_left(
    service: Service, clock: MovedClock, real_person: int, module_database_url: str
) -> None:
    token = service.token_of(real_person)
    with (
        desktop(service, token, MACHINE) as person,
        desktop(service, token) as page,
        service.http(token) as client,
        service.http() as stranger,
    ):
        started, orders = in_jail(service, token, person)
        assert {name: order.target for name, order in orders.items()} == {
            "MINIMIZE_SPOTIFY": "spotify",
            "KILL_STEAM": "steam",
        }
        assert {(order.type, order.until_us - (started.start_us or 0)) for order in orders.values()} == {
            ("MANUAL_JAIL", 25 * 60_000_000)
        }
        shown = {row["action"]: row for row in client.get("/api/v1/actions").json()}
        assert {row["jail"] for row in shown.values()} == {True}
        assert shown["BLOCK_REDDIT"]["state"] == "refused", "no browser is paired: a row, not silence"
        assert "browser" in shown["BLOCK_REDDIT"]["refused_reason"].lower()
        rows = query(
            module_database_url,
            "SELECT DISTINCT arm, probability, experiment, session_id, type FROM interventions WHERE user_id = %s",
            real_person,
        )
        assert rows == [("MANUAL_JAIL", 1.0, None, started.id, "MANUAL_JAIL")]

        assert client.get("/api/v1/recent?minutes=5").json()["warnings"] == [], "a jail is no warning"

        first = orders["MINIMIZE_SPOTIFY"].intervention_id
        held = problem(client.post(f"/api/v1/interventions/{first}/undo"))
        assert held["status"] == 409 and "emergency exit" in held["hint"]
        held = problem(client.post(f"/api/v1/sessions/{started.id}/end"))
        assert held["status"] == 409 and "emergency exit" in held["hint"]
        for message in (
            EndSession(started.id),
            UndoIntervention(first),
            SessionApplied(started.id, (started.start_us or 0) - 24 * 60_000_000),
        ):
            person.send(message)
            assert person.receive(Problem).status == 409

        path = f"/api/v1/sessions/{started.id}/leave-jail"
        for reason in ("", "  a ", "x" * 201):
            assert problem(client.post(path, json={"reason": reason}))["status"] == 422
        assert problem(stranger.post(path, json={"reason": "let me out"}))["status"] == 404
        asked_us = int(clock.time() * 1e6)
        exit_ = client.post(path, json={"reason": "the school calls"}).json()
        assert 59_000_000 <= exit_["lifts_us"] - asked_us <= 65_000_000
        assert page.receive(JailLeaving) == JailLeaving(started.id, exit_["lifts_us"])
        page.send(LeaveJail(started.id, "now, please"))
        assert page.receive(JailLeaving).lifts_us == exit_["lifts_us"], "asking again makes it neither sooner nor later"
        assert client.get(f"/api/v1/sessions/{started.id}").json()["jail_leaving_us"] == exit_["lifts_us"]
        assert problem(client.post(f"/api/v1/sessions/{started.id}/end"))["status"] == 409, "not before its minute"
        person.send(InterventionApplied(first, int(clock.time() * 1e6), "x11"))

        clock.move(50)  # the one below who sets the clock back waits for all of its minute
        ends = {(end := person.receive(UndoAction)).intervention_id: end.reason for _ in range(2)}
        assert clock.time() * 1e6 >= exit_["lifts_us"]
        assert ends == dict.fromkeys((order.intervention_id for order in orders.values()), "emergency")
        person.send(InterventionUndone(first, int(clock.time() * 1e6), "undone"))
        page.receive(InterventionUndone)
        [(reason, why)] = query(
            module_database_url,
            "SELECT i.undone_reason, s.jail_left_reason FROM interventions i JOIN sessions s ON s.id = i.session_id"
            " WHERE i.id = %s",
            first,
        )
        assert (reason, why) == ("emergency", "the school calls")
        assert client.get("/api/v1/actions").json() == []
        assert client.get(f"/api/v1/sessions/{started.id}").json()["end_time"] is None, "the session goes on"
        person.send(EndSession(started.id))
        assert person.receive(SessionEnded).reason == "user_ended"
        assert problem(client.post(path, json={"reason": "once more"}))["status"] == 409


def test_the_timer_ends_a_jail(service: Service, clock: MovedClock, real_person: int) -> None:
    token = service.token_of(real_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        client.put("/api/v1/settings/help", json=LISTS).raise_for_status()
        begin = time.time_ns() // 1000 - 30_000_000
        person.send(StartSession("pomodoro", duration_minutes=1, jail_enabled=True, start_us=begin))
        orders = [person.receive(ApplyAction) for _ in range(2)]
        assert {order.until_us for order in orders} == {begin + 60_000_000}
        clock.move(30)  # however long the orders took: it has not ended before
        assert person.receive(SessionEnded).reason == "timer_expired"
        assert client.get("/api/v1/actions").json() == []
        person.send(person.snapshot())
        assert client.post("/api/v1/sessions", json={"type": "pomodoro"}).status_code == 201


def test_a_session_without_a_jail_has_no_exit(service: Service, real_person: int) -> None:
    with service.http(service.token_of(real_person)) as client:
        session = client.post("/api/v1/sessions", json={"type": "pomodoro"}).json()
        path = f"/api/v1/sessions/{session['id']}/leave-jail"
        assert problem(client.post(path, json={"reason": "let me out"}))["status"] == 409
        client.post(f"/api/v1/sessions/{session['id']}/end").raise_for_status()


def test_a_jail_is_taken_up_by_a_service_that_was_killed(fresh_database_url: str, tmp_path: Path) -> None:
    """Killed in the middle, and once more within the minute of its exit; a database that refuses changes nothing."""
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
    with (
        running_service(fresh_database_url, tmp_path) as first,
        desktop(first, first.token_of(ann), MACHINE) as person,
    ):
        started, orders = in_jail(first, first.token_of(ann), person)
        first.kill()
    with (
        running_service(fresh_database_url, tmp_path) as second,
        desktop(second, second.token_of(ann), MACHINE) as person,
    ):
        again = [person.receive(ApplyAction) for _ in range(2)]
        assert {order.action: order for order in again} == orders, "nobody had reported on them"
        with refusing(fresh_database_url):
            person.send(LeaveJail(started.id, "the school calls"))
            assert person.receive(Problem).status == 503
            person.send(InterventionApplied(again[0].intervention_id, time.time_ns() // 1000, "x11"))
            assert person.receive(Problem).status == 503
        repeated = person.receive(ApplyAction, 300)
        assert repeated in again, "told again without a new connection"
        for order in again:
            person.send(InterventionApplied(order.intervention_id, time.time_ns() // 1000, "x11"))
        person.send(EndSession(started.id))
        assert person.receive(Problem).status == 409, "the jail holds"
        person.send(LeaveJail(started.id, "the school calls"))
        person.receive(JailLeaving)
        stored = "SELECT count(*) FROM interventions WHERE applied_at IS NOT NULL"
        eventually(lambda: query(fresh_database_url, stored) == [(2,)])
        second.kill()
    query(fresh_database_url, "UPDATE sessions SET jail_leaving_at = jail_leaving_at - interval '55 s'")
    with (
        running_service(fresh_database_url, tmp_path) as third,
        desktop(third, third.token_of(ann), MACHINE) as person,
    ):
        ends = {(end := person.receive(UndoAction)).intervention_id: end.reason for _ in range(2)}
        assert ends == dict.fromkeys((order.intervention_id for order in again), "emergency")
        person.send(EndSession(started.id))
        assert person.receive(SessionEnded).reason == "user_ended"


def set_back_in_a_jail(database_url: str, home: Path) -> None:
    """Somebody asks to leave, and then the clock is set back: they wait for all of their minute."""
    with connect(database_url) as connection:
        ann = ensure_user(connection, "ann")
    clock = MovedClock(home / "clock")
    with (
        running_service(database_url, home, **clock.variables) as service,
        desktop(service, service.token_of(ann), MACHINE) as person,
    ):
        started, orders = in_jail(service, service.token_of(ann), person)
        person.send(LeaveJail(started.id, "the school calls"))
        person.receive(JailLeaving)
        asked = time.monotonic()
        clock.move(-3600)
        ends = [person.receive(UndoAction, 300) for _ in range(2)]
        assert 55 < time.monotonic() - asked < 600
        assert {end.intervention_id for end in ends} == {order.intervention_id for order in orders.values()}
        assert {end.reason for end in ends} == {"emergency"}
        person.send(InterventionApplied(ends[0].intervention_id, int(clock.time() * 1e6), "x11"))
        person.send(InterventionUndone(ends[0].intervention_id, int(clock.time() * 1e6), "undone"))
        times = "SELECT ordered_at <= applied_at AND applied_at <= undone_at FROM interventions WHERE id = %s"
        assert eventually(lambda: query(database_url, times, ends[0].intervention_id) == [(True,)]), (
            "in the order in which it was"
        )
        person.send(EndSession(started.id, (started.start_us or 0) + 1))
        assert person.receive(SessionEnded).reason == "user_ended"


@pytest.fixture(scope="module")
def set_back(second_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[None]]:
    """The same at work, with a service of its own."""
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(set_back_in_a_jail, second_database_url, tmp_path_factory.mktemp("set back"))


@pytest.fixture(scope="module", autouse=True)
def its_minute_passes_beside_the_others(request: pytest.FixtureRequest) -> None:
    """It begins before the first test, where it is asked for at all."""
    if any("set_back" in item.fixturenames for item in request.session.items if isinstance(item, pytest.Function)):
        request.getfixturevalue("set_back")


def test_a_clock_that_is_set_back_keeps_nobody_in(set_back: Future[None]) -> None:
    set_back.result()


@pytest.fixture(scope="module")
def service_clock(tmp_path_factory: pytest.TempPathFactory) -> MovedClock:
    """What the module's service takes for wall time."""
    return MovedClock(tmp_path_factory.mktemp("clock") / "clock")


@pytest.fixture
def clock(service_clock: MovedClock) -> Iterator[MovedClock]:
    """The same, right again at the end."""
    yield service_clock
    service_clock.move(-service_clock.seconds)


@pytest.fixture(scope="module")
def service(
    module_database_url: str, service_clock: MovedClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """One service for the module."""
    home = tmp_path_factory.mktemp("home of the service")
    with running_service(module_database_url, home, **service_clock.variables) as running:
        yield running
