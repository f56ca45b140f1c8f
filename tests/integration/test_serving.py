"""The service as it runs: a real ``bentoml serve``, a real database, a real feature store."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from serving_process import Desktop, Service, desktop, eventually, problem, query

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
    StartSession,
)

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"


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
        assert (closed.user_response, closed.auto_accepted, closed.response_time_ms) == ("TIMEOUT", False, None)
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


def test_twenty_machines_of_one_person_get_one_opportunity(
    service: Service, real_person: int, module_database_url: str
) -> None:
    """Each of them is settled and at risk, at the same seconds."""
    token = service.token_of(real_person)
    with ExitStack() as stack:
        machines = [stack.enter_context(desktop(service, token, str(uuid4()))) for _ in range(20)]
        for _ in range(3):
            for machine in machines:
                machine.send(machine.snapshot(context_switches_5min=20.0))
            made = [machine.receive(PredictionMade) for machine in machines]
            assert {(one.trained_on, one.break_risk) for one in made} == {("rules", 0.35)}
        with pytest.raises(TimeoutError):
            machines[0].receive(Problem, 0.5)
        everything = [told for machine in machines for told in machine.told]
    offers = [told for told in everything if isinstance(told, InterventionOffered)]
    drawn = [told.ab_test_group for told in everything if isinstance(told, PredictionMade)]
    rows = query(
        module_database_url,
        "SELECT DISTINCT opportunity_id, arm, probability, experiment FROM interventions WHERE user_id = %s",
        real_person,
    )
    [(_, arm, probability, experiment)] = rows
    assert (probability, experiment) == (0.4 if arm == "NO_OP" else 0.3, "mrt-1")
    assert [group for group in drawn if group] == [arm], "no other moment was drawn for"
    assert len(offers) == (arm != "NO_OP")


def test_an_offer_is_shown_on_the_machine_in_use(service: Service, demo_person: int, module_database_url: str) -> None:
    """Also the second one, after a snooze, when the person has moved to the other machine."""
    token, there = service.token_of(demo_person), str(UUID(int=2**100))
    with (
        desktop(service, token, MACHINE) as here,
        desktop(service, token, there) as other,
        desktop(service, token) as page,
    ):

        def second(machine: Desktop, idle_s: int) -> None:
            sent = machine.snapshot()
            machine.send(replace(sent, input_us=sent.t_us - idle_s * 1_000_000))
            machine.receive(PredictionMade)

        second(other, 0)
        second(here, 40)
        second(here, 40)  # the warm start is due, but nobody is here
        second(other, 0)
        offer = other.receive(InterventionOffered)
        other.t_us = here.t_us = max(here.t_us, other.t_us)
        second(here, 0)
        other.send(InterventionFeedback(offer.id, "snooze"))
        again = here.receive(InterventionOffered)
        assert [page.receive(InterventionOffered).id for _ in range(2)] == [offer.id, again.id]
        with pytest.raises(TimeoutError):
            other.receive(Problem, 0.3)
        shown = [[told.id for told in one.told if isinstance(told, InterventionOffered)] for one in (other, here)]
        assert (shown, again.offer) == ([[offer.id], [again.id]], 2)
    rows = query(
        module_database_url,
        "SELECT DISTINCT id >= %s, machine_id FROM interventions WHERE user_id = %s ORDER BY 1",
        *(again.id, demo_person),
    )
    assert [machine for _, machine in rows] == [UUID(there), UUID(MACHINE)]


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
