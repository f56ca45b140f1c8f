"""The service as it runs: a real ``bentoml serve``, a real database, a real feature store."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from serving_process import Desktop, Service, desktop, eventually, problem, query
from zone_at import zone_at

from bench.load.installation import Installation
from bench.load.rounds import Endpoint, in_rounds
from bench.load.server import Server
from bench.load.steps import in_steps
from infra.database_logins import login_of
from infra.database_roles import SERVICE
from neural_focus.messages import (
    ActivityUpdate,
    EndSession,
    PredictionMade,
    Problem,
    SessionApplied,
    SessionEnded,
    SessionStarted,
    StartSession,
    encode,
)
from neural_focus.store.database import connect
from neural_focus.store.users import set_zone

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"


# ------------------------------------------------------------------------------------------------ predictions


def test_desktops_at_a_snapshot_a_second_are_all_answered_as_make_load_counts_it(service: Service) -> None:
    texts = [encode(Desktop(None, (2_000 + second) * 1_000_000).snapshot()) for second in range(9)]
    installed = Installation(service.settings, "rules_v0", tuple(texts))
    port, shown = service.settings.serving_port, []
    server = Server("Neural Focus", service.process.pid, port, installed.model)
    [row] = in_steps(server, partial(installed.job, server, seconds=3), [6], lambda text, _: shown.append(text))
    assert (row["desktops"], row["sent"], row["answered"], row["unanswered"], row["twice"]) == (6, 18, 18, 0, 0)
    assert row["lost"] == row["other"] == {}
    assert 0 < row["p50_ms"] <= row["p99_ms"] <= row["most_ms"] < 10_000
    assert row["rss_mib"][0][1] > 50 and row["service_cores"] > 0 and row["client_cores"] > 0
    assert any("6 connected" in text for text in shown)
    token = installed.job(server, 1, 1).tokens[0]
    asked = [Endpoint(server, "/api/v1/predict", token), Endpoint(server, "/api/v1/predict", "nobody")]
    known, unknown = in_rounds(asked, 0.2, lambda *_: None)
    assert known["answered"] > 16 and known["failed"] == {} and 0 < known["p50_ms"] <= known["p99_ms"]
    assert unknown["answered"] == 0 and list(unknown["failed"]) == ["HTTP/1.1 401 Unauthorized"]


def test_a_snapshot_is_answered_stored_and_shown(service: Service, real_person: int, module_database_url: str) -> None:
    with connect(module_database_url) as connection:
        set_zone(connection, real_person, zone_at(12))  # what follows is of one day, the first
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
            assert "neural-focus agent" in document["hint"]


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


def test_a_stream_goes_on_after_its_clock_was_set_back(service: Service, real_person: int) -> None:
    """The desktop's clock was 50 s ahead, and is put right: no refusal, no silence until the time is there again."""
    with desktop(service, service.token_of(real_person), MACHINE) as person:
        person.t_us += 50_000_000
        for _ in range(2):
            person.send(person.snapshot())
            ahead = person.receive(PredictionMade)
        person.t_us -= 50_000_000
        momentum = []
        for _ in range(3):
            person.send(person.snapshot())
            made = person.receive(PredictionMade)
            assert made.t_us == person.t_us < ahead.t_us
            momentum.append(made.focus_momentum)
        assert momentum[0] == 50.0 and momentum[1] != 50.0, "nothing of the time ahead is in it"
        assert not [told for told in person.told if isinstance(told, Problem)]
        person.t_us -= 2_000_000
        person.send(person.snapshot())
        assert person.receive(Problem).status == 409, "what is merely late is still refused"


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
    with desktop(service, machine_id="not-a-uuid", able=False) as person:
        assert "machine_id" in person.receive(Problem).title


def test_the_service_works_under_a_login_of_its_own(
    service: Service, real_person: int, module_database_url: str
) -> None:
    token = service.token_of(real_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        person.send(person.snapshot())
        person.receive(PredictionMade)
        assert client.get("/api/v1/now").status_code == 200
        name, _ = login_of(SERVICE, service.secrets)
        found = query(
            module_database_url,
            "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
    assert found == [(name,)]
    stored = "SELECT 1 FROM model_predictions WHERE user_id = %s"
    assert eventually(lambda: query(module_database_url, stored, real_person))


# ------------------------------------------------------------------------------------------------ sessions


def test_a_session_over_rest_is_told_to_the_desktop(service: Service, real_person: int) -> None:
    token = service.token_of(real_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        created = client.post("/api/v1/sessions", json={"type": "pomodoro"})
        assert created.status_code == 201
        session = created.json()
        started = person.receive(SessionStarted)
        assert (started.id, started.start_time, started.jail_enabled) == (session["id"], session["start_time"], False)
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


def test_a_desktop_that_was_away_hears_how_its_session_stands(service: Service, real_person: int) -> None:
    token = service.token_of(real_person)
    with service.http(token) as client:
        session = client.post("/api/v1/sessions", json={"type": "pomodoro"}).json()
        with desktop(service, token, MACHINE) as person:
            started = person.receive(SessionStarted)
            assert (started.id, started.start_us) == (session["id"], session["start_us"])
        client.post(f"/api/v1/sessions/{started.id}/end")
        with desktop(service, token, MACHINE) as person, desktop(service, token) as page:
            person.send(SessionApplied(started.id, started.start_us))
            ended = person.receive(SessionEnded)
            assert (ended.session_id, ended.reason) == (started.id, "user_ended")
            page.send(EndSession(987_654))
            page.receive(Problem)
            assert not [told for told in page.told if isinstance(told, SessionEnded)], "it is no news to anybody else"


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
        week = client.get("/api/v1/analytics/weekly?date=2026-01-28").json()
        assert (week["first_date"], len(week["days"])) == ("2026-01-26", 7)
        assert [day["total_hours"] for day in week["days"]] == [0, 0, 0, 0, 0, 0.5, 0]
        totals = {"total_sessions": 1, "completed_sessions": 1, "total_hours": 0.5, "avg_focus_score": 70.0}
        assert week["totals"] == totals and week["week_before"]["total_sessions"] == 0
        assert client.get("/api/v1/analytics/weekly?date=2026-02-02").json()["week_before"] == totals
        assert problem(client.get("/api/v1/analytics/daily?date=yesterday"))["status"] == 422
        assert problem(client.get("/api/v1/analytics/daily"))["status"] == 422


def test_sessions_and_labels_come_in_pages_that_nothing_moves(
    service: Service, real_person: int, demo_person: int, module_database_url: str
) -> None:
    """Two begin at one instant; one is added while the pages are read."""
    added = (
        "INSERT INTO sessions (user_id, session_type, start_time, end_time)"
        " SELECT %s, 'natural', t, t + interval '1 min' FROM unnest(%s::timestamptz[]) t RETURNING id"
    )
    query(module_database_url, "DELETE FROM sessions WHERE user_id = %s", real_person)
    times = [f"2026-02-0{day} 08:00+00" for day in (1, 2, 2, 3, 4)]
    ids = [row[0] for row in query(module_database_url, added, real_person, times)]
    query(module_database_url, added, demo_person, times)
    query(
        module_database_url,
        "INSERT INTO labels (user_id, start_time, end_time, outcome, source)"
        " SELECT user_id, start_time, end_time, 'FOCUSED', 'HOTKEY' FROM sessions WHERE user_id = ANY(%s)",
        [real_person, demo_person],
    )
    with service.http(service.token_of(real_person)) as client:
        for path, name in (("sessions", "sessions"), ("labels", "labels")):
            read: list[dict[str, Any]] = []
            page = client.get(f"/api/v1/{path}?limit=2").json()
            query(module_database_url, added, real_person, ["2026-02-09 08:00+00"])
            while True:
                assert len(page[name]) <= 2
                read += page[name]
                if page["next"] is None:
                    break
                page = client.get(f"/api/v1/{path}", params={"limit": 2, "before": page["next"]}).json()
            assert len(read) == 5 and len({one["id"] for one in read}) == 5
            if path == "sessions":
                assert [one["id"] for one in read] == [ids[4], ids[3], ids[2], ids[1], ids[0]]
            query(module_database_url, "DELETE FROM sessions WHERE start_time = '2026-02-09 08:00+00'")
        for wrong in ("x", "1-", "-1-2", "1-2-3", "9" * 39, f"1-{1 << 63}"):
            assert problem(client.get("/api/v1/labels", params={"before": wrong}))["status"] == 422, wrong
        assert problem(client.get("/api/v1/sessions?limit=0"))["status"] == 422
