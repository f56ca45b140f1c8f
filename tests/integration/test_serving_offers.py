"""Offers of help by the service as it runs: made, answered, timed out, snoozed, and shown on the machine in use."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from serving_process import Desktop, Service, desktop, eventually, problem, query
from trusted_model import trust_the_model

from neural_focus.messages import (
    InterventionClosed,
    InterventionFeedback,
    InterventionOffered,
    PredictionMade,
    Problem,
)
from neural_focus.store.database import connect

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"


def test_an_offer_goes_round_and_is_stored_with_its_probability(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        allowed = client.get("/api/v1/settings/help").json() | {"minimize_apps": ["Spotify", "steam"]}
        assert client.put("/api/v1/settings/help", json=allowed).json()["minimize_apps"] == ["spotify", "steam"]
        for _ in range(2):
            person.send(person.snapshot())
        offer = person.receive(InterventionOffered)
        assert offer.type in ("SUGGEST_BREAK", "PREDICTIVE_BLOCK")
        assert person.told[-2].intervention_type in ("SUGGEST_BREAK", "BLOCK_SITES")
        assert client.get("/api/v1/now").json()["intervention"]["id"] == offer.id
        person.send(InterventionFeedback(offer.id, "accept"))
        closed = person.receive(InterventionClosed)
        assert (closed.id, closed.user_response, closed.auto_accepted) == (offer.id, "ACCEPTED", False)
        assert 0 <= closed.response_time_ms < 6000
        rows = query(
            module_database_url,
            "SELECT type, action, target, arm, probability, experiment, user_response, response_time_ms, ab_test_group"
            " FROM interventions WHERE user_id = %s ORDER BY id",
            demo_person,
        )
        assert len(rows) == (2 if offer.type == "PREDICTIVE_BLOCK" else 1), "no site: no browser is paired"
        for kind, action, target, arm, probability, experiment, response, took, group in rows:
            assert (kind, probability, experiment, response) == (offer.type, 0.5, "demo-1:warm_start", "ACCEPTED")
            assert (took, group) == (closed.response_time_ms, arm)
            assert action == ("SUGGEST_BREAK" if target is None else f"MINIMIZE_{target.upper()}")
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


def test_silence_is_a_timeout_and_nothing_is_ordered(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    with desktop(service, service.token_of(demo_person), MACHINE) as person:
        offer = _first_offer(person)
        closed = person.receive(InterventionClosed)
        assert (closed.user_response, closed.auto_accepted, closed.response_time_ms) == ("TIMEOUT", False, None)
        rows = query(
            module_database_url, "SELECT user_response, ordered_at FROM interventions WHERE user_id = %s", demo_person
        )
        assert set(rows) == {("TIMEOUT", None)}
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
    with connect(module_database_url) as connection:
        trust_the_model(connection, real_person)
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
    assert (arm, experiment) in (("NO_OP", "mrt-1"), ("SUGGEST_BREAK", "mrt-1")), "nothing can be blocked here"
    assert probability == pytest.approx({"NO_OP": 4 / 7, "SUGGEST_BREAK": 3 / 7}[arm])
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
