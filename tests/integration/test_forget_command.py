"""The forget command through a real service: counted, done, counted again; desktops too, and after a kill -9."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from sent_batches import Sender, recent_records
from serving_process import Service, desktop, eventually, query, running_service
from typer.testing import CliRunner

from collector.desktop import desktop_of
from collector.spool import open_writer
from feature_repo.files import stream_folder
from infra.commands import forget
from infra.commands.forget import asked_time
from neural_focus.client.generated import ForgetAsked, ForgetState
from neural_focus.errors import ConfigurationError, ConsentError, ServiceError
from neural_focus.events import encode_app_name
from neural_focus.messages import ForgetRecords, PredictionMade, RecordsForgotten
from neural_focus.settings import read_settings
from neural_focus.time import SECOND_US, parse_iso

CANARY = "zebrafish"


@pytest.fixture
def here(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The command's settings are those of the running service."""
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(service.settings.home))
    monkeypatch.setenv("NEURAL_FOCUS_SERVING_PORT", str(service.settings.serving_port))
    monkeypatch.setenv("NEURAL_FOCUS_USERNAME", service.settings.username)
    return service


def said(*arguments: str, answer: str = "") -> str:
    """What the command prints; raises what it raises."""
    result = CliRunner().invoke(forget.app, list(arguments), input=answer)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_a_request_that_the_service_does_not_list_any_more_is_told(here: Service) -> None:
    gone = ForgetState(
        id=2**40,
        first_us=0,
        end_us=1,
        of_app=False,
        asked_us=0,
        done_us=None,
        counts=[],
        share=0.0,
        waits="",
        spools={},
        told=0,
    )
    with pytest.raises(ServiceError, match="does not know of it any more"):
        forget._by_agent(read_settings(), str(uuid4()), gone)


def some_of_an_app(count: int = 60) -> np.ndarray:
    """Records of the last seconds, every second one of the canary."""
    records = recent_records(count)
    records["app_name"] = encode_app_name("code")
    records["app_name"][::2] = encode_app_name(CANARY)
    return records


def test_an_app_goes_out_of_the_service_and_of_the_spool_here(here: Service, module_database_url: str) -> None:
    settings = read_settings()
    mine = desktop_of(settings)
    records = some_of_an_app()
    with here.http() as client:
        sender = Sender(client, UUID(mine.machine_id()))
        assert sender.send(records[:40], 0).json()["stored"] == 40
        writer = open_writer(mine.spool, mine.machine_id(), str(sender.boot_id))
        writer.append(records, {})
        del writer
        with pytest.raises(ConsentError, match="nothing was forgotten"):
            said("--app", CANARY, answer="n\n")
        assert len(query(module_database_url, "SELECT 1 FROM events WHERE app_name = %s", CANARY)) == 20
        told = said("--app", CANARY, "--yes")
        assert "events                               20 forgotten, 0 left" in told
        assert "spool of this machine                30 forgotten, 0 left" in told
        assert query(module_database_url, "SELECT 1 FROM events WHERE app_name = %s", CANARY) == []
        late = sender.send(records[40:], 40).json()
        assert late == {"next_seq": 60, "stored": 10, "lost": 0, "forgotten": 10}, "what comes late is refused"
        text = client.get("/metrics").text
        assert 'neural_focus_refused_records_total{reason="forgotten"} 10.0' in text
        assert CANARY not in str(query(module_database_url, "SELECT * FROM forgotten"))
        again = said("--app", CANARY, "--yes")
        assert "events                                0 forgotten, 0 left" in again
        assert query(module_database_url, "SELECT count(*) FROM events") == [(30,)]


def test_a_connected_desktop_forgets_too_and_what_it_predicted_meanwhile_goes(
    service: Service, real_person: int, module_database_url: str
) -> None:
    machine, token = str(uuid4()), service.token_of(real_person)
    asked = "SELECT count(*) FROM model_predictions WHERE user_id = %s"
    with service.http(token) as client, desktop(service, token, machine) as person:
        person.send(person.snapshot())
        person.receive(PredictionMade)
        eventually(lambda: query(module_database_url, asked, real_person) == [(1,)])
        state = client.post("/api/v1/forget", json={"minutes": 15}).json()
        order = person.receive(ForgetRecords)
        assert (order.id, order.first_us, order.end_us) == (state["id"], state["first_us"], state["end_us"])
        assert order.end_us - order.first_us == 900 * SECOND_US and order.app_key is None

        def now() -> dict:
            [found] = client.get("/api/v1/forget").json()
            return dict(found)

        eventually(lambda: now()["done_us"] is not None)
        assert {"store": "model_predictions", "count": 1} in now()["counts"] and now()["told"] == 1
        person.t_us = order.end_us // SECOND_US * SECOND_US
        person.send(person.snapshot())
        person.receive(PredictionMade)
        eventually(lambda: query(module_database_url, asked, real_person) == [(1,)])
        time.sleep(1)  # its second is over
        person.send(RecordsForgotten(order.id, 7))
        eventually(lambda: now()["spools"] == {machine: 7})
        assert query(module_database_url, asked, real_person) == [(0,)], "its engine still knew the minutes before"
        assert now()["told"] == 0
    with desktop(service, token, machine) as person, service.http(token) as client:
        person.send(person.snapshot())
        person.receive(PredictionMade)
        assert not any(isinstance(one, ForgetRecords) for one in person.told), "it has answered"
    with desktop(service, token, str(uuid4())) as person:
        assert person.receive(ForgetRecords).id == order.id, "one that was away hears of it when it is there"


def test_nobody_forgets_for_somebody_else(service: Service, real_person: int, demo_person: int) -> None:
    machine = str(uuid4())
    with service.http(service.token_of(real_person)) as mine, service.http(service.token_of(demo_person)) as theirs:
        sender = Sender(mine, UUID(machine))
        sender.send(recent_records(30), 0)
        state = theirs.post("/api/v1/forget", json={"minutes": 60}).json()
        eventually(lambda: theirs.get("/api/v1/forget").json()[0]["done_us"] is not None)
        assert {one["store"]: one["count"] for one in state["counts"]}["events"] == 0
        assert mine.get("/api/v1/forget").json() == []
        assert mine.post("/api/v1/forget/count", json={"minutes": 60}).json()["counts"][0]["count"] == 30
        with desktop(service, service.token_of(real_person), machine) as person:
            person.send(RecordsForgotten(state["id"], 3))
            told = person.receive(object)
            while getattr(told, "status", None) != 404:
                told = person.receive(object)


def test_what_cannot_be_done_for_one_holds_up_nobody_and_is_done_when_it_can(
    service: Service, real_person: int, demo_person: int
) -> None:
    machine = uuid4()
    with service.http(service.token_of(real_person)) as mine, service.http(service.token_of(demo_person)) as theirs:
        Sender(mine, machine).send(recent_records(30), 0)
        in_the_way = stream_folder(service.settings.feast, f"{real_person}:{machine}") / "2199-01-01.parquet"
        in_the_way.mkdir(parents=True)
        number = mine.post("/api/v1/forget", json={"minutes": 60}).json()["id"]
        assert theirs.post("/api/v1/forget", json={"minutes": 60}).json()["id"] > number
        eventually(lambda: theirs.get("/api/v1/forget").json()[0]["done_us"] is not None)
        state = mine.get("/api/v1/forget").json()[0]
        assert state["done_us"] is None and in_the_way.name in state["waits"]
        in_the_way.rmdir()
        eventually(lambda: mine.get("/api/v1/forget").json()[0]["done_us"] is not None)


@pytest.mark.parametrize(
    "body", [{}, {"minutes": 0}, {"minutes": 5, "first_us": 1}, {"app": " "}, {"first_us": 2**60}, {"minutes": "x"}]
)
def test_a_time_that_is_none_is_refused(service: Service, real_person: int, body: dict) -> None:
    with service.http(service.token_of(real_person)) as client:
        for path in ("/api/v1/forget", "/api/v1/forget/count"):
            assert client.post(path, json=body).status_code == 422


def test_a_service_that_is_killed_goes_on_with_it(fresh_database_url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with running_service(fresh_database_url, home) as first, first.http() as client:
        Sender(client).send(some_of_an_app(), 0)

        def ask() -> None:
            client.post("/api/v1/forget", json={"app": CANARY})

        threading.Thread(target=ask, daemon=True).start()
        eventually(lambda: query(fresh_database_url, "SELECT count(*) FROM forgotten") == [(1,)])
        first.kill()
    assert first.process.poll() is not None
    with running_service(fresh_database_url, home) as second, second.http() as client:
        eventually(lambda: client.get("/api/v1/forget").json()[0]["done_us"] is not None)
        assert query(fresh_database_url, "SELECT count(*) FROM events WHERE app_name = %s", CANARY) == [(0,)]


def test_times_are_read_on_the_persons_clock() -> None:
    now_us, zone = parse_iso("2026-11-30T15:00:00Z"), "Europe/Berlin"
    assert asked_time("1h30m", "", "", "", zone, now_us) == ForgetAsked(minutes=90)
    assert asked_time("2d", "", "", "code", zone, now_us) == ForgetAsked(app="code", minutes=2880)
    assert asked_time("", "", "", "code", zone, now_us) == ForgetAsked(app="code")
    two = parse_iso("2026-11-30T13:00:00Z")
    assert asked_time("", "14:00", "2026-11-30T14:30", "", zone, now_us) == ForgetAsked(
        first_us=two, end_us=two + 1800 * SECOND_US
    )
    assert asked_time("", "2026-11-30T13:00:00+00:00", "", "", zone, now_us) == ForgetAsked(first_us=two)
    for length, begin in (("soon", ""), ("", ""), ("", "25:00"), ("5m", "14:00"), ("0m", "")):
        with pytest.raises(ConfigurationError):
            asked_time(length, begin, "", "", zone, now_us)
