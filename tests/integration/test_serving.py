"""The service as it runs: a real ``bentoml serve``, a real database, a real feature store."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import pytest
from serving_process import Service, desktop, eventually, problem, query, running_service
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from neural_focus.features import FEATURE_NAMES
from neural_focus.messages import (
    ActivityUpdate,
    EndSession,
    InterventionClosed,
    InterventionFeedback,
    InterventionOffered,
    PredictionMade,
    Problem,
    SessionApplied,
    SessionEnded,
    SessionStarted,
    Snapshot,
    StartSession,
)
from neural_focus.models import registry
from neural_focus.models.bundle import TrainedBundle
from neural_focus.models.contracts import V3
from neural_focus.models.datasets import StreamTable, cut_moments
from neural_focus.models.predict import Predictor
from neural_focus.models.recurrent import Recipe
from neural_focus.models.sequence_training import train_sequences
from neural_focus.models.sequences import FLAG, StreamPast
from neural_focus.models.training import train
from neural_focus.replay import replay
from neural_focus.settings import Settings
from neural_focus.simulation.person import simulate_person
from neural_focus.store.database import connect as connect_database
from neural_focus.store.labels import add_timer_labels
from neural_focus.store.outcomes import apply_labels
from neural_focus.store.prediction_log import LoggedPrediction, insert_predictions
from neural_focus.store.session_book import begin_session
from neural_focus.store.trial import Opportunity, insert_opportunity, opportunity_uuid
from neural_focus.store.users import ensure_user
from serving.auth import COOKIE_NAME, issue_token, make_cookie, make_signin_link
from serving.recall import recall_stream

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"
OTHER_MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000002"


@pytest.fixture(scope="module")
def service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the module: offers time out after 2 s, snoozes end after 1 s, demo people start at once."""
    home = tmp_path_factory.mktemp("serving")
    quick = {"OPPORTUNITY_SECONDS": "1", "TIMEOUT_SECONDS": "2", "SNOOZE_SECONDS": "1"}
    with running_service(
        module_database_url, home, **{f"NEURAL_FOCUS_{name}": value for name, value in quick.items()}
    ) as running:
        yield running


@pytest.fixture
def demo_person(module_database_url: str) -> int:
    """A new demo person: their first opportunity comes a second after their first snapshot."""
    with connect_database(module_database_url) as connection:
        return ensure_user(connection, f"demo-{uuid4().hex[:8]}", is_demo=True)


@pytest.fixture
def real_person(module_database_url: str) -> int:
    """A new real person."""
    with connect_database(module_database_url) as connection:
        return ensure_user(connection, f"real-{uuid4().hex[:8]}", zone="Pacific/Auckland")


# ------------------------------------------------------------------------------------------------ the gate


def test_health_is_open_and_nothing_else_is(service: Service) -> None:
    with service.anyone() as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/", "/api/v1/now", "/api/v1/openapi.json", "/docs.json", "/schema.json", "/metrics", "/bentoml"):
            document = problem(client.get(path))
            assert document["status"] == 401, path


@pytest.mark.parametrize("token", ["x", "nf1.1.AAAA", "nf1.1.", "nf1..", "ü"])
def test_a_wrong_token_is_refused(service: Service, token: str) -> None:
    header = f"Bearer {token}".encode()
    response = httpx.get(f"{service.url}/api/v1/me", headers={b"Authorization": header})
    assert problem(response)["status"] == 401
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_token_of_another_installation_is_refused(service: Service) -> None:
    from dataclasses import replace

    foreign = issue_token(replace(service.secrets, signing_key="another"), 1)
    with service.http(foreign) as client:
        assert problem(client.get("/api/v1/me"))["status"] == 401


def test_each_token_speaks_for_its_own_person(service: Service, demo_person: int) -> None:
    with service.http() as local, service.http(service.token_of(demo_person)) as demo:
        assert local.get("/api/v1/me").json()["username"] == "tester"
        assert demo.get("/api/v1/me").json()["id"] == demo_person
        assert demo.get("/api/v1/me").json()["is_demo"] is True


def test_a_token_of_an_erased_person_is_refused(service: Service) -> None:
    with service.http(service.token_of(999_999)) as client:
        assert problem(client.get("/api/v1/now"))["status"] == 401


def test_a_foreign_host_and_a_foreign_origin_are_refused(service: Service) -> None:
    with service.http() as client:
        assert problem(client.get("/api/v1/me", headers={"Host": "evil.example"}))["status"] == 421
        assert problem(client.get("/healthz", headers={"Host": "evil.example:3000"}))["status"] == 421
        assert problem(client.get("/api/v1/me", headers={"Origin": "http://evil.example"}))["status"] == 403
        assert problem(client.get("/api/v1/me", headers={"Origin": "null"}))["status"] == 403
        assert client.get("/api/v1/me", headers={"Origin": service.url}).status_code == 200
        assert "access-control-allow-origin" not in client.get("/api/v1/me", headers={"Origin": service.url}).headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Origin": "http://evil.example"}, 403),
    ],
)
def test_a_socket_is_refused_before_it_opens(service: Service, headers: dict[str, str], status: int) -> None:
    address = f"ws://127.0.0.1:{service.settings.serving_port}/ws?role=page"
    if status != 401:
        headers = {"Authorization": f"Bearer {service.secrets.api_token}"} | headers
    with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=headers):
        pass
    assert refused.value.response.status_code == status


def test_a_signin_link_works_once_and_its_cookie_opens_the_page(service: Service) -> None:
    link = make_signin_link(service.settings, service.secrets)
    with service.anyone() as browser:
        first = browser.get(link)
        assert first.status_code == 200
        written = first.headers["set-cookie"].lower()
        assert "httponly" in written and "samesite=strict" in written
        assert browser.get("/api/v1/me").json()["username"] == "tester"
        assert browser.get("/").status_code in (200, 503)
        assert browser.get("/").headers["content-security-policy"].startswith("default-src 'self'")
    with service.anyone() as other:
        assert other.get(link).status_code == 403
        assert problem(other.get("/api/v1/me"))["status"] == 401


def test_a_cookie_acts_only_for_our_own_page(service: Service) -> None:
    value = make_cookie(service.secrets, 1)
    with service.anyone() as browser:
        browser.headers["cookie"] = f"{COOKIE_NAME}={value}"
        body = {"type": "natural"}
        assert problem(browser.post("/api/v1/sessions", json=body))["status"] == 401
        assert browser.post("/api/v1/sessions", json=body, headers={"Origin": service.url}).status_code == 201
    address = f"ws://127.0.0.1:{service.settings.serving_port}/ws?role=page"
    with connect(address, additional_headers={"Cookie": f"{COOKIE_NAME}={value}", "Origin": service.url}):
        pass
    with (
        pytest.raises(InvalidStatus),
        connect(address, additional_headers={"Cookie": f"{COOKIE_NAME}={value[:-1]}_", "Origin": service.url}),
    ):
        pass


def test_a_signin_link_for_a_demo_person_is_theirs(service: Service, demo_person: int) -> None:
    with service.anyone() as browser:
        browser.get(make_signin_link(service.settings, service.secrets, demo_person))
        assert browser.get("/api/v1/me").json()["id"] == demo_person


def test_links_that_ran_out_or_were_forged_are_refused(service: Service) -> None:
    late = make_signin_link(service.settings, service.secrets, seconds=-1)
    with service.anyone() as browser:
        assert browser.get(late).status_code == 403
        assert browser.get("/signin?code=../../secrets.json").status_code == 403
        assert browser.get("/signin").status_code == 403


# ------------------------------------------------------------------------------------------------ predictions


def test_a_snapshot_is_answered_stored_and_shown(service: Service, real_person: int, module_database_url: str) -> None:
    token = service.token_of(real_person)
    with desktop(service, token, MACHINE) as person, desktop(service, token) as page, service.http(token) as client:
        sent = person.snapshot(is_pseudo_productive=1.0)
        person.send(sent)
        made = person.receive(PredictionMade)
        assert made.t_us == sent.t_us
        assert (0 <= made.focus_score <= 100, 0 <= made.distraction_risk <= 1, made.focus_momentum) == (
            True,
            True,
            50.0,
        )
        assert page.receive(PredictionMade) == made
        assert page.receive(ActivityUpdate).app_name == "editor"
        person.send(person.snapshot())
        second = person.receive(PredictionMade)
        expected = made.focus_score + (50.0 - made.focus_score) * 2.718281828459045 ** (-1 / 60)
        assert second.focus_momentum == pytest.approx(expected, abs=1e-12)
        now = client.get("/api/v1/now").json()
        assert now["prediction"]["t_us"] == second.t_us
        assert (now["collecting"], now["model"]["learning"], now["model"]["day"]) == (True, True, 1)
        answer = client.post("/api/v1/predict").json()
        assert answer["prediction"]["t_us"] == second.t_us
        assert client.post("/predict").json()["prediction"] == answer["prediction"]
        rows = eventually(
            lambda: query(
                module_database_url,
                "SELECT focus_momentum, features->>'keystroke_rate', features->>'focus_momentum', role,"
                " machine_id::text, inference_latency_ms FROM model_predictions WHERE user_id = %s"
                " ORDER BY snapshot_time OFFSET 1",
                real_person,
            )
        )
        momentum, rate, in_features, role, machine, latency = rows[0]
        assert (momentum, float(rate), role, machine) == (second.focus_momentum, 3.0, "fallback", MACHINE)
        assert float(in_features) == pytest.approx(momentum, rel=1e-6)
        assert 0 < latency < 10_000
        recent = client.get("/api/v1/recent?minutes=5").json()
        assert [point["t_us"] for point in recent["predictions"]] == [made.t_us, second.t_us]


def test_without_a_snapshot_a_prediction_is_409_and_says_how_to_start(service: Service, real_person: int) -> None:
    with service.http(service.token_of(real_person)) as client:
        for path in ("/api/v1/predict", "/predict"):
            document = problem(client.post(path))
            assert document["status"] == 409
            assert "neural-focus agent" in document["todo"]


def test_an_old_snapshot_is_409_and_says_how_old(service: Service, real_person: int) -> None:
    token = service.token_of(real_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        person.t_us -= 100_000_000
        person.send(person.snapshot())
        person.receive(PredictionMade)
        document = problem(client.post("/api/v1/predict"))
        assert document["status"] == 409
        assert "10" in document["detail"] and "s old" in document["detail"]


def test_snapshots_out_of_order_or_ahead_get_an_error(service: Service, real_person: int) -> None:
    with desktop(service, service.token_of(real_person), MACHINE) as person:
        first = person.snapshot()
        person.send(first)
        person.receive(PredictionMade)
        person.send(first)
        assert person.receive(Problem).status == 409
        person.t_us += 3_600_000_000
        person.send(person.snapshot())
        assert "future" in person.receive(Problem).title
        person.t_us -= 3_600_000_000
        person.send(person.snapshot())
        person.receive(PredictionMade)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"type": "SNAPSHOT", "data": {}}',
        '{"type": "DELETE_EVERYTHING"}',
        '{"type": "END_SESSION", "data": {"session_id": 9223372036854775808}}',
        '{"type": "END_SESSION", "data": {"session_id": 1, "end_us": 99999999999999999999}}',
        '{"type": "INTERVENTION_FEEDBACK", "data": {"intervention_id": 123456789, "response": "accept"}}',
        b"\xff\x00",
        "x" * 70_000,
    ],
)
def test_a_bad_message_gives_an_error_and_the_connection_lives_on(
    service: Service, real_person: int, text: str | bytes
) -> None:
    with desktop(service, service.token_of(real_person), MACHINE) as person:
        person.send(text)
        error = person.receive(Problem)
        assert 400 <= error.status < 500, error
        person.send(person.snapshot())
        person.receive(PredictionMade)


def test_a_page_cannot_send_snapshots(service: Service, real_person: int) -> None:
    with desktop(service, service.token_of(real_person)) as page:
        page.send(page.snapshot())
        assert page.receive(Problem).status == 422


def test_a_machine_id_that_is_none_is_told_and_closed(service: Service) -> None:
    with desktop(service, machine_id="not-a-uuid") as person:
        assert "machine_id" in person.receive(Problem).title


# ------------------------------------------------------------------------------------------------ interventions


def test_an_offer_goes_round_and_is_stored_with_its_probability(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        for _ in range(2):
            person.send(person.snapshot())
        offer = person.receive(InterventionOffered)
        assert offer.type in ("SUGGEST_BREAK", "PREDICTIVE_BLOCK")
        assert person.told[-2].intervention_type in ("SUGGEST_BREAK", "BLOCK_SITES")
        assert client.get("/api/v1/now").json()["intervention"]["id"] == offer.id
        person.send(InterventionFeedback(offer.id, "accept"))
        closed = person.receive(InterventionClosed)
        assert (closed.id, closed.user_response, closed.auto_accepted) == (offer.id, "ACCEPTED", False)
        assert 0 <= closed.response_time_ms < 5000
        rows = query(
            module_database_url,
            "SELECT type, action, target, arm, probability, experiment, user_response, response_time_ms, ab_test_group"
            " FROM interventions WHERE user_id = %s ORDER BY id",
            demo_person,
        )
        assert len(rows) == (3 if offer.type == "PREDICTIVE_BLOCK" else 1)
        for kind, action, target, arm, probability, experiment, response, took, group in rows:
            assert (kind, probability, experiment, response) == (offer.type, 0.5, "mrt-1:warm_start", "ACCEPTED")
            assert (took, group) == (closed.response_time_ms, arm)
            assert action == ("SUGGEST_BREAK" if target is None else f"BLOCK_{target.split('.')[0].upper()}")
        shown = client.get("/api/v1/interventions?minutes=5").json()
        assert {row["id"] for row in shown} >= {offer.id}
        warned = eventually(lambda: client.get("/api/v1/recent?minutes=5").json()["warnings"])
        assert [(item["kind"], item["acted_on"]) for item in warned] == [("BREAK", True)]


def _first_offer(person: object) -> InterventionOffered:
    for _ in range(2):
        person.send(person.snapshot())  # type: ignore[attr-defined]
    return person.receive(InterventionOffered)  # type: ignore[attr-defined, no-any-return]


def test_feedback_over_rest_is_idempotent_and_conflicts_are_refused(service: Service, demo_person: int) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client, service.http() as stranger:
        offer = _first_offer(person)
        body = {"intervention_id": offer.id, "response": "reject", "response_time_ms": 321}
        assert problem(stranger.post("/api/v1/interventions/feedback", json=body))["status"] == 404
        first = client.post("/api/v1/interventions/feedback", json=body).json()
        assert (first["user_response"], first["response_time_ms"], first["repeated"]) == ("REJECTED", 321, False)
        again = client.post("/api/v1/interventions/feedback", json=body | {"response_time_ms": 999}).json()
        assert (again["response_time_ms"], again["repeated"]) == (321, True)
        other = client.post("/api/v1/interventions/feedback", json=body | {"response": "accept"})
        assert problem(other)["status"] == 409
        for wrong in ({"response": "maybe"}, {"response_time_ms": -1}, {"intervention_id": "x"}):
            assert problem(client.post("/api/v1/interventions/feedback", json=body | wrong))["status"] == 422


def test_silence_is_a_timeout_and_accepts_only_on_the_wire(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    with desktop(service, service.token_of(demo_person), MACHINE) as person:
        offer = _first_offer(person)
        closed = person.receive(InterventionClosed)
        assert (closed.user_response, closed.auto_accepted, closed.response_time_ms) == ("TIMEOUT", True, None)
        rows = query(module_database_url, "SELECT user_response FROM interventions WHERE user_id = %s", demo_person)
        assert {row[0] for row in rows} == {"TIMEOUT"}
        person.send(InterventionFeedback(offer.id, "accept"))
        assert person.receive(Problem).status == 409
        person.send(person.snapshot())
        assert person.receive(InterventionOffered).id > offer.id  # a warm start is there to be answered


def test_a_snoozed_offer_comes_once_more(service: Service, demo_person: int, module_database_url: str) -> None:
    with desktop(service, service.token_of(demo_person), MACHINE) as person:
        first = _first_offer(person)
        person.send(InterventionFeedback(first.id, "snooze"))
        assert person.receive(InterventionClosed).user_response == "SNOOZED"
        second = person.receive(InterventionOffered)
        assert (second.offer, second.type, second.action) == (2, first.type, first.action)
        person.send(InterventionFeedback(second.id, "snooze"))
        assert person.receive(InterventionClosed).id == second.id
        with pytest.raises(TimeoutError):
            person.receive(InterventionOffered, 1.6)
        rows = query(
            module_database_url,
            "SELECT snooze_of IS NULL, user_response, count(DISTINCT opportunity_id) FROM interventions"
            " WHERE user_id = %s GROUP BY 1, 2 ORDER BY 1",
            demo_person,
        )
        assert rows == [(False, "SNOOZED", 1), (True, "SNOOZED", 1)]


def test_real_people_get_no_warm_start(service: Service, real_person: int) -> None:
    with desktop(service, service.token_of(real_person), MACHINE) as person:
        for _ in range(3):
            person.send(person.snapshot())
        with pytest.raises(TimeoutError):
            person.receive(InterventionOffered, 0.7)


# ------------------------------------------------------------------------------------------------ sessions


def test_a_session_over_rest_is_told_to_the_desktop(service: Service, real_person: int) -> None:
    token = service.token_of(real_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        created = client.post("/api/v1/sessions", json={"type": "pomodoro", "jail_enabled": True})
        assert created.status_code == 201
        session = created.json()
        started = person.receive(SessionStarted)
        assert (started.id, started.start_time, started.jail_enabled) == (session["id"], session["start_time"], True)
        assert problem(client.post("/api/v1/sessions", json={"type": "deep_work"}))["status"] == 422
        person.send(SessionApplied(started.id, started.start_us + 7))
        eventually(
            lambda: (
                client.get(f"/api/v1/sessions/{started.id}").json()["start_time"][-3:-1] != session["start_time"][-3:-1]
            )
        )
        person.send(person.snapshot())
        person.receive(PredictionMade)
        person.send(EndSession(started.id))
        ended = person.receive(SessionEnded)
        assert (ended.session_id, ended.reason) == (started.id, "user_ended")
        again = client.post(f"/api/v1/sessions/{started.id}/end").json()
        assert again["reason"] == "user_ended"
        assert problem(client.post("/api/v1/sessions/987654/end"))["status"] == 404


def test_a_natural_session_over_the_socket_is_stored_once(service: Service, real_person: int) -> None:
    with desktop(service, service.token_of(real_person), MACHINE) as person:
        begin = person.t_us - 3_600_000_000 + 123
        ids = set()
        for _ in range(2):
            person.send(StartSession("natural", start_us=begin))
            started = person.receive(SessionStarted)
            ids.add(started.id)
        assert (len(ids), started.start_us) == (1, begin)
        person.send(EndSession(started.id, begin + 1_800_000_000))
        ended = person.receive(SessionEnded)
        assert (ended.reason, ended.summary.duration_seconds) == ("user_ended", 1800)
        person.send(EndSession(987_654))
        assert person.receive(Problem).status == 404
        person.send(EndSession(started.id, begin - 1))
        assert person.receive(SessionEnded).end_us == begin + 1_800_000_000


def test_a_timer_ends_a_session_as_completed(service: Service, real_person: int, module_database_url: str) -> None:
    with desktop(service, service.token_of(real_person), MACHINE) as person:
        begin = person.t_us - 58_500_000  # a pomodoro of one minute that began almost a minute ago
        person.send(StartSession("pomodoro", duration_minutes=1, start_us=begin))
        started = person.receive(SessionStarted)
        ended = person.receive(SessionEnded)
        assert (ended.session_id, ended.reason, ended.end_us) == (started.id, "timer_expired", begin + 60_000_000)
        rows = query(module_database_url, "SELECT completed, end_reason FROM sessions WHERE id = %s", started.id)
        assert rows == [(True, "timer_expired")]


def test_the_day_is_the_persons_own(service: Service, real_person: int, module_database_url: str) -> None:
    # 11:30 UTC on the 30th is half past midnight on the 31st in Auckland (NZDT).
    query(
        module_database_url,
        "INSERT INTO sessions (user_id, session_type, start_time, end_time, completed, category, focus_score_avg)"
        " VALUES (%s, 'pomodoro', '2026-01-30 11:30+00', '2026-01-30 12:00+00', true, 'Building', 70)",
        real_person,
    )
    with service.http(service.token_of(real_person)) as client:
        assert client.get("/api/v1/analytics/daily?date=2026-01-30").json()["total_sessions"] == 0
        assert client.get("/api/v1/analytics/daily?date=2026-01-31").json() == {
            "date": "2026-01-31",
            "total_sessions": 1,
            "completed_sessions": 1,
            "total_hours": 0.5,
            "avg_focus_score": 70.0,
            "category_breakdown": {"Building": {"hours": 0.5, "focus_score": 70.0}},
        }
        assert problem(client.get("/api/v1/analytics/daily?date=yesterday"))["status"] == 422
        assert problem(client.get("/api/v1/analytics/daily"))["status"] == 422


# ------------------------------------------------------------------------------------------------ the rest


def test_requests_that_do_not_fit_are_problems(service: Service) -> None:
    with service.http() as client:
        assert problem(client.post("/api/v1/sessions", json={"type": "nap"}))["status"] == 422
        assert (
            problem(client.post("/api/v1/sessions", json={"type": "pomodoro", "duration_minutes": 0}))["status"] == 422
        )
        assert problem(client.post("/api/v1/sessions", content=b"{"))["status"] == 422
        assert problem(client.get("/api/v1/recent?minutes=0"))["status"] == 422
        assert problem(client.get("/api/v1/nothing"))["status"] == 404
        assert problem(client.delete("/api/v1/now"))["status"] in (404, 405)


def test_links_are_on_loopback(service: Service) -> None:
    with service.http() as client:
        links = client.get("/api/v1/links").json()
        assert {link["name"] for link in links} >= {"Prefect", "BentoML", "Data docs", "A/B report", "Models"}
        assert all(link["url"].startswith("http://127.0.0.1:") for link in links)


def test_the_bentoml_page_is_served_without_strangers_scripts(service: Service) -> None:
    with service.http() as client:
        response = client.get("/bentoml")
        assert "swagger" in response.text
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert client.get("/static_content/swagger-ui.css").status_code == 200


def test_the_service_listens_on_loopback_only(service: Service) -> None:
    import psutil

    listening = {
        connection.laddr.ip
        for connection in psutil.net_connections("tcp")
        if connection.status == "LISTEN" and connection.laddr.port == service.settings.serving_port
    }
    assert listening == {"127.0.0.1"}


def test_the_settings_of_the_service_hold_no_secret(service: Service) -> None:
    log = service.log.read_text()
    assert service.secrets.api_token not in log and service.secrets.signing_key not in log


def _train_quickly(kind: str) -> TrainedBundle:
    """A real model of two simulated people, two days each: seconds, not a good one."""
    tables = []
    for number in (1, 2):
        person = simulate_person(number, 2, number=number)
        past = replay(person.records)
        tables.append(
            StreamTable(
                f"{number}:m", number, person.records, past.timestamps_us, past.features, past.sequence, is_demo=True
            )
        )
    if kind == "xgboost":
        return train(tables)
    moments, stays = cut_moments(tables, V3, sequences=True)
    return train_sequences(moments, stays, is_demo=True, recipe=Recipe(epochs=2, most_rows=2_000))


SHADOWED = (
    "SELECT (EXTRACT(epoch FROM snapshot_time) * 1000000)::bigint, distraction_risk FROM model_predictions"
    " WHERE user_id = %s AND role = 'challenger' AND model_version = %s AND features = '{}'"
)


def test_a_person_says_what_a_stretch_was_and_the_strongest_word_stays(
    service: Service, real_person: int, module_database_url: str
) -> None:
    now_us = int(time.time()) * 1_000_000
    with connect_database(module_database_url) as connection:
        rows = [
            _logged(real_person, now_us - 60_000_000 * minute, score=50.0, momentum=50.0) for minute in range(1, 30)
        ]
        insert_predictions(connection, rows)
        session = begin_session(connection, real_person, MACHINE, "pomodoro", now_us - 25 * 60_000_000)
        connection.execute(
            "UPDATE sessions SET end_time = to_timestamp(%s), completed = true WHERE id = %s",
            (now_us / 1e6, session.id),
        )
        assert add_timer_labels(connection, real_person) == 1
        apply_labels(connection, real_person, now_us - 3_600_000_000, now_us)
        connection.commit()
    with service.http(service.token_of(real_person)) as client:
        key = client.post("/api/v1/labels", json={"outcome": "DISTRACTED"})
        assert (key.status_code, key.json()["source"], key.json()["predictions"]) == (
            201,
            "HOTKEY",
            4,
        )  # the fifth minute is over
        past = {"from_us": now_us - 10 * 60_000_000 - 1, "to_us": now_us - 2 * 60_000_000}
        said = client.post("/api/v1/labels", json={"outcome": "PSEUDO_PRODUCTIVE", **past})
        assert said.json()["source"] == "RETROSPECTIVE"
        again = client.post("/api/v1/labels", json={"outcome": "FOCUSED"})
        assert again.status_code == 201
        ahead = {"outcome": "FOCUSED", "from_us": now_us, "to_us": now_us + 10**9}
        assert problem(client.post("/api/v1/labels", json=ahead))["status"] == 422
        assert problem(client.post("/api/v1/labels", json={"outcome": "BORED"}))["status"] == 422
    found = query(
        module_database_url,
        "SELECT label_source, actual_outcome, count(*) FROM model_predictions WHERE user_id = %s GROUP BY 1, 2"
        " ORDER BY 1, 2",
        real_person,
    )
    assert found == [
        ("HOTKEY", "FOCUSED", 1),
        ("RETROSPECTIVE", "PSEUDO_PRODUCTIVE", 9),
        ("TIMER", "FOCUSED", 14),
        (None, None, 5),
    ]


@pytest.mark.parametrize(("kind", "machine"), [("xgboost", MACHINE), ("lstm", OTHER_MACHINE)])
def test_a_promoted_model_answers_without_a_restart_and_as_it_would_anywhere(
    service: Service, real_person: int, module_database_url: str, kind: str, machine: str
) -> None:
    tag = registry.save(service.settings, _train_quickly(kind))
    token = service.token_of(real_person)
    history = StreamPast()
    with desktop(service, token, machine) as person, service.http(token) as client:
        person.t_us -= 200_000_000
        registry.promote(service.settings, tag)

        def ask() -> tuple[Snapshot, PredictionMade]:
            sent = person.snapshot(mouse_speed_std=600.0, keystroke_rate=0.5 + person.t_us % 7, keystroke_count=9.0)
            person.send(sent)
            made = person.receive(PredictionMade)
            history.observe(sent.t_us, _row(sent, made), sent.app_name, np.array(sent.sequence, np.uint8))
            return sent, made

        eventually(lambda: ask()[1].trained_on == "demo", 20)
        for _ in range(25):  # some steps of a sequence
            ask()
        sent, made = ask()
        predictor = Predictor.load(service.settings, tag)
        row = _row(sent, made)
        judged = predictor.predict(np.array([sent.t_us]), row[None, :], history.rows(), user_id=real_person)
        assert made.model_version == predictor.version
        assert (made.focus_score, made.distraction_risk) == (judged.focus_score[0], judged.distraction_risk[0])
        assert made.confidence == judged.confidence[0]
        assert made.contributing_factors == predictor.explain(row, history.rows(), user_id=real_person)
        with connect_database(module_database_url) as connection:
            taken_up = lambda: recall_stream(connection, service.settings, real_person, machine).history.rows()  # noqa: E731
            told = history.rows()
            assert told is not None and told.recent[0, -3:, FLAG].all()
            eventually(lambda: (now := taken_up()) is not None and now.recent.tobytes() == told.recent.tobytes())
        card = client.get("/api/v1/now").json()["model"]
        assert (card["version"], card["trained_on"], card["learning"]) == (predictor.version, "demo", True)
        assert card["note"].startswith("learning, day 1") and card["data_from"] < card["data_to"]

        beside = registry.save(service.settings, _train_quickly(kind))
        registry.set_shadow(service.settings, beside)
        version = beside.split(":")[1]
        said: dict[int, PredictionMade] = {}

        def shadowed() -> list[tuple[int, float]]:
            _, told = ask()
            said[told.t_us] = told
            return query(module_database_url, SHADOWED, real_person, version)

        found = eventually(shadowed, 30)
        # who is shadowed notices nothing, and the same training says the same
        assert {told.model_version for told in said.values()} == {predictor.version}
        assert all(risk == said[t_us].distraction_risk for t_us, risk in found)
        shown = client.get("/api/v1/recent").json()["predictions"]
        assert len(shown) == len({point["t_us"] for point in shown})
        registry.clear_shadow(service.settings)

        pointer = service.settings.models / "champion.json"
        pointer.write_text(json.dumps({"champion": "neural_focus:xgboost_v99", "before": [tag]}))
        eventually(lambda: "xgboost_v99 is refused" in service.log.read_text())
        assert ask()[1].model_version == predictor.version
        pointer.unlink()
        eventually(lambda: ask()[1].trained_on == "rules", 20)


def _row(sent: Snapshot, made: PredictionMade) -> np.ndarray:
    values = sent.features | {"focus_momentum": made.focus_momentum}
    return np.array([values[name] for name in FEATURE_NAMES], np.float32)


def test_a_start_takes_up_what_an_earlier_run_left(demo_person: int, module_database_url: str, tmp_path: Path) -> None:
    now_us = int(time.time()) * 1_000_000
    with connect_database(module_database_url) as connection:
        insert_predictions(connection, [_logged(demo_person, now_us - 10_000_000, score=80.0, momentum=60.0)])
        [offer_id] = insert_opportunity(connection, _opportunity(demo_person, now_us, timeout_seconds=600))
        [late_id] = insert_opportunity(connection, _opportunity(demo_person, now_us - 1, timeout_seconds=0))
        lost = begin_session(connection, demo_person, MACHINE, "pomodoro", now_us - 3_600_000_000, planned_seconds=1500)
        connection.commit()
    with running_service(module_database_url, tmp_path, NEURAL_FOCUS_OPPORTUNITY_SECONDS="1") as after:
        answers = "SELECT user_response FROM interventions WHERE id = %s"
        eventually(lambda: query(module_database_url, answers, late_id) == [("TIMEOUT",)])
        ended = "SELECT end_reason, completed, duration_seconds FROM sessions WHERE id = %s"
        assert query(module_database_url, ended, lost.id) == [("system_error", False, 1500)]
        with desktop(after, after.token_of(demo_person), MACHINE) as person:
            person.t_us = now_us - 1_000_000
            for _ in range(3):
                person.send(person.snapshot())
            taken_up = person.receive(PredictionMade)
            assert taken_up.focus_momentum == pytest.approx(80.0 - 20.0 * math.exp(-10 / 60), abs=1e-9)
            person.send(InterventionFeedback(offer_id, "accept"))
            assert person.receive(InterventionClosed).user_response == "ACCEPTED"
            assert not [
                told for told in person.told if isinstance(told, InterventionOffered)
            ]  # one warm start a person
    made = query(module_database_url, "SELECT count(*) FROM model_predictions WHERE user_id = %s", demo_person)
    assert made == [(4,)]  # the last ones were written at the stop


def _logged(user_id: int, t_us: int, *, score: float, momentum: float) -> LoggedPrediction:
    return LoggedPrediction(
        user_id=user_id,
        machine_id=MACHINE,
        session_id=None,
        snapshot_us=t_us,
        predicted_us=t_us,
        focus_score=score,
        distraction_risk=0.2,
        break_risk=None,
        confidence=0.5,
        contributing_factors=("why",),
        features=dict.fromkeys(FEATURE_NAMES, 0.0),
        focus_momentum=momentum,
        model_version="rules_v0",
        role="fallback",
        ab_test_group=None,
        inference_latency_ms=1.0,
    )


def _opportunity(user_id: int, t_us: int, *, timeout_seconds: int) -> Opportunity:
    return Opportunity(
        user_id=user_id,
        machine_id=MACHINE,
        session_id=None,
        opportunity_id=opportunity_uuid(user_id, MACHINE, t_us),
        snapshot_us=t_us,
        triggered_us=t_us,
        type="SUGGEST_BREAK",
        targets=[("SUGGEST_BREAK", None)],
        predicted_risk=0.4,
        contributing_factors=("why",),
        focus_score_before=60.0,
        model_version="rules_v0",
        arm="SUGGEST_BREAK",
        probability=0.3,
        experiment="mrt-1",
        timeout_seconds=timeout_seconds,
    )


def test_settings_without_a_database_are_refused(tmp_path: Path) -> None:
    from neural_focus.errors import ConfigurationError
    from neural_focus.secrets import load_secrets
    from serving.runtime import Runtime

    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        Runtime(Settings(home=tmp_path), load_secrets(tmp_path / "secrets.json"))
