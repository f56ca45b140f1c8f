"""Accepted help through the real service and database: ordered, told until it is reported, undone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from serving_process import Desktop, Service, desktop, eventually, problem, query, running_service
from test_browsers import extension, paired, receive_blocks

from neural_focus.messages import (
    ApplyAction,
    BrowserHello,
    InterventionApplied,
    InterventionClosed,
    InterventionFeedback,
    InterventionOffered,
    InterventionUndone,
    PredictionMade,
    Problem,
    UndoAction,
    UndoIntervention,
    encode,
)
from neural_focus.store.database import connect
from neural_focus.store.users import ensure_user

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"
QUICK = {"NEURAL_FOCUS_OPPORTUNITY_SECONDS": "1", "NEURAL_FOCUS_TIMEOUT_SECONDS": "6"}
COLUMNS = "ordered_at, ends_at, applied_at, applied_where, refused_reason, undone_at, undone_reason, rested_at"


@pytest.fixture(scope="module")
def service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the module: demo people start at once, and there is time to answer."""
    with running_service(module_database_url, tmp_path_factory.mktemp("home of the service"), **QUICK) as running:
        yield running


def row_of(database_url: str, row: int) -> dict[str, Any]:
    """The columns of what was done, times as µs."""
    names = COLUMNS.split(", ")
    asked = ", ".join(
        f"(EXTRACT(epoch FROM {name}) * 1000000)::bigint" if name.endswith("_at") else name for name in names
    )
    [found] = query(database_url, f"SELECT {asked} FROM interventions WHERE id = %s", row)
    return dict(zip(names, found, strict=True))


def offered(person: Desktop) -> InterventionOffered:
    for _ in range(2):
        person.send(person.snapshot())
    found: InterventionOffered = person.receive(InterventionOffered)
    return found


def ordered_break(person: Desktop) -> ApplyAction:
    """A break that was offered, accepted and ordered."""
    person.able("SUGGEST_BREAK")
    person.send(InterventionFeedback(offered(person).id, "accept"))
    order: ApplyAction = person.receive(ApplyAction)
    return order


def hears_nothing(person: Desktop, kind: type, seconds: float = 0.7) -> None:
    with pytest.raises(TimeoutError):
        person.receive(kind, seconds)


# ------------------------------------------------------------------------------------------------ orders and reports


def test_an_accepted_break_is_ordered_reported_and_over(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person, desktop(service, token) as page, service.http(token) as client:
        client.put("/api/v1/settings/help", json={"break_minutes": 7}).raise_for_status()
        order = ordered_break(person)
        offer = next(told for told in person.told if isinstance(told, InterventionOffered))
        assert (offer.minutes, offer.acts_by_itself) == (7, False)
        stored = row_of(module_database_url, order.intervention_id)
        assert stored["ends_at"] - stored["ordered_at"] == 7 * 60_000_000
        assert order == ApplyAction(offer.id, "SUGGEST_BREAK", "SUGGEST_BREAK", None, stored["ends_at"], order.why)
        [shown] = client.get("/api/v1/actions").json()
        assert (shown["intervention_id"], shown["state"], shown["where"]) == (offer.id, "ordered", None)
        applied_us = time.time_ns() // 1000
        done = InterventionApplied(offer.id, applied_us, "screen", order.until_us)
        person.send(done)
        assert page.receive(InterventionApplied) == done
        person.send(replace(done, t_us=applied_us + 5_000_000, where="elsewhere"))
        person.send(replace(done, refused_reason="It did not work after all."))
        [shown] = client.get("/api/v1/now").json()["actions"]
        assert (shown["state"], shown["where"], shown["jail"]) == ("applied", "screen", False)
        over = InterventionUndone(offer.id, applied_us + 3_000_000, "ended", applied_us + 2_000_000)
        person.send(over)
        assert page.receive(InterventionUndone) == over
        person.send(replace(over, reason="failed", rested_us=None))
        person.send(person.snapshot())
        person.receive(PredictionMade)
        stored = row_of(module_database_url, offer.id)
        assert (stored["applied_at"], stored["applied_where"], stored["refused_reason"]) == (applied_us, "screen", None)
        assert (stored["undone_at"], stored["undone_reason"]) == (over.t_us, "ended")
        assert stored["rested_at"] == over.rested_us
        assert client.get("/api/v1/actions").json() == []
        [row] = [one for one in client.get("/api/v1/interventions").json() if one["id"] == offer.id]
        assert (row["applied_where"], row["undone_reason"]) == ("screen", "ended")
        assert row["applied_at"] and row["undone_at"] and row["rested_at"] and row["ends_at"]
        hears_nothing(page, InterventionApplied)
        assert not [told for told in page.told if isinstance(told, InterventionUndone)][1:], "told once"


def test_what_is_refused_is_told_and_not_ordered_again(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person, desktop(service, token) as page:
        order = ordered_break(person)
        person.send(InterventionApplied(order.intervention_id, order.until_us - 1, "", None, "The screen is locked."))
        assert page.receive(InterventionApplied).refused_reason == "The screen is locked."
        person.send(InterventionUndone(order.intervention_id, order.until_us, "ended"))
    stored = row_of(module_database_url, order.intervention_id)
    assert (stored["applied_at"], stored["refused_reason"]) == (None, "The screen is locked.")
    assert stored["undone_at"] is None, "what was never done cannot be undone"
    with desktop(service, token, MACHINE) as again, service.http(token) as client:
        hears_nothing(again, ApplyAction)
        [shown] = client.get("/api/v1/actions").json()
        assert (shown["state"], shown["refused_reason"]) == ("refused", "The screen is locked.")


def test_an_order_is_told_at_each_connection_until_it_is_reported(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person:
        order = ordered_break(person)
    with desktop(service, token, str(uuid4())) as elsewhere:
        hears_nothing(elsewhere, ApplyAction)
    with desktop(service, token, MACHINE) as person:
        assert person.receive(ApplyAction) == order
        done_us = time.time_ns() // 1000
        person.send(InterventionUndone(order.intervention_id, done_us, "quit"))  # the two crossed on their way
        person.send(InterventionApplied(order.intervention_id, done_us + 9_000_000, "screen"))
        eventually(lambda: row_of(module_database_url, order.intervention_id)["applied_at"])
    stored = row_of(module_database_url, order.intervention_id)
    assert (stored["undone_at"], stored["undone_reason"], stored["applied_where"]) == (done_us, "quit", "screen")
    assert stored["applied_at"] <= stored["undone_at"], "whatever the clocks say"
    with desktop(service, token, MACHINE) as person:
        hears_nothing(person, ApplyAction)


def test_nobody_reports_for_somebody_else_or_for_what_was_not_ordered(
    service: Service, demo_person: int, real_person: int, module_database_url: str
) -> None:
    token = service.token_of(demo_person)
    now_us = time.time_ns() // 1000
    with (
        desktop(service, token, MACHINE) as person,
        desktop(service, token) as page,
        desktop(service, service.token_of(real_person), str(uuid4())) as stranger,
        service.http(service.token_of(real_person)) as client,
    ):
        order = ordered_break(person)
        for message in (
            InterventionApplied(order.intervention_id, now_us, "screen"),
            InterventionUndone(order.intervention_id, now_us, "ended"),
            UndoIntervention(order.intervention_id),
        ):
            stranger.send(message)
            assert stranger.receive(Problem).status == 404
        assert problem(client.post(f"/api/v1/interventions/{order.intervention_id}/undo"))["status"] == 404
        assert client.get("/api/v1/actions").json() == []
        page.send(InterventionApplied(order.intervention_id, now_us, "screen"))
        assert page.receive(Problem).status == 422
        assert set(row_of(module_database_url, order.intervention_id).values()) >= {None}
        assert row_of(module_database_url, order.intervention_id)["applied_at"] is None
    [(unordered,)] = query(
        module_database_url,
        "INSERT INTO interventions (user_id, triggered_at, type, action, predicted_risk, arm, probability)"
        " VALUES (%s, now(), 'NO_OP', 'NO_OP', 0.5, 'NO_OP', 0.4) RETURNING id",
        real_person,
    )
    with desktop(service, service.token_of(real_person), MACHINE) as person:
        person.send(InterventionApplied(unordered, now_us, "screen"))
        assert person.receive(Problem).status == 404
    assert row_of(module_database_url, unordered)["applied_at"] is None


# ------------------------------------------------------------------------------------------------ undo


def test_undo_reaches_the_desktop_and_its_report_has_the_reason(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        order = ordered_break(person)
        person.send(InterventionApplied(order.intervention_id, time.time_ns() // 1000, "screen"))
        eventually(lambda: client.get("/api/v1/actions").json()[0]["state"] == "applied")
    with service.http(token) as client:  # nobody is there
        path = f"/api/v1/interventions/{order.intervention_id}/undo"
        assert client.post(path).json() == {"intervention_id": order.intervention_id, "repeated": False}
        assert client.post(path).json()["repeated"]
        assert row_of(module_database_url, order.intervention_id)["undone_at"] is None, "nobody has reported it"
    for _ in range(2):
        with desktop(service, token, MACHINE) as person:
            assert person.receive(UndoAction) == UndoAction(order.intervention_id, "undone")
            hears_nothing(person, ApplyAction, 0.3)
    with desktop(service, token, MACHINE) as person, desktop(service, token) as page:
        person.send(InterventionUndone(order.intervention_id, time.time_ns() // 1000, "ended"))
        page.receive(InterventionUndone)
    assert row_of(module_database_url, order.intervention_id)["undone_reason"] == "undone"
    with desktop(service, token, MACHINE) as person:
        hears_nothing(person, UndoAction)


@pytest.mark.parametrize("begun", [True, False])  # or its report came while the database was away
def test_an_end_that_nobody_reported_is_unknown_and_asked_for(
    service: Service, demo_person: int, module_database_url: str, begun: bool
) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        order = ordered_break(person)
        if begun:
            person.send(InterventionApplied(order.intervention_id, time.time_ns() // 1000, "screen"))
            eventually(lambda: client.get("/api/v1/actions").json()[0]["state"] == "applied")
    query(
        module_database_url,
        "UPDATE interventions SET ordered_at = now() - interval '6 min', ends_at = now() - interval '1 min'"
        " WHERE id = %s",
        order.intervention_id,
    )
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        assert person.receive(UndoAction) == UndoAction(order.intervention_id, "ended")
        assert client.get("/api/v1/actions").json() == []
        assert row_of(module_database_url, order.intervention_id)["undone_at"] is None


# ------------------------------------------------------------------------------------------------ timeouts


def test_a_timeout_acts_only_where_the_person_chose_so(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        person.able("SUGGEST_BREAK")
        client.put("/api/v1/settings/help", json={"acts_by_itself": True}).raise_for_status()
        told = offered(person)
        assert told.acts_by_itself
        client.put("/api/v1/settings/help", json={"acts_by_itself": False}).raise_for_status()
        assert not person.receive(InterventionClosed).auto_accepted, "they took it back in time"
        client.put("/api/v1/settings/help", json={"acts_by_itself": True}).raise_for_status()
        offer = offered(person)
        closed = person.receive(InterventionClosed)
        assert (closed.id, closed.user_response, closed.auto_accepted) == (offer.id, "TIMEOUT", True)
        assert person.receive(ApplyAction).intervention_id == offer.id
    rows = query(
        module_database_url,
        "SELECT id, user_response, ordered_at IS NOT NULL FROM interventions WHERE user_id = %s ORDER BY id",
        demo_person,
    )
    assert rows == [(told.id, "TIMEOUT", False), (offer.id, "TIMEOUT", True)]


# ------------------------------------------------------------------------------------------------ what is possible


def test_what_cannot_be_done_is_not_drawn(service: Service, demo_person: int, module_database_url: str) -> None:
    token = service.token_of(demo_person)
    with desktop(service, token, MACHINE) as person, service.http(token) as client:
        person.able()
        for _ in range(3):
            person.send(person.snapshot())
        hears_nothing(person, InterventionOffered)
        assert not query(module_database_url, "SELECT 1 FROM interventions WHERE user_id = %s", demo_person)
        client.put("/api/v1/settings/help", json={"minimize_apps": ["spotify"], "block_minutes": 9}).raise_for_status()
        person.able("MINIMIZE")
        person.send(person.snapshot())
        offer = person.receive(InterventionOffered)
        assert (offer.type, offer.targets, offer.minutes) == ("PREDICTIVE_BLOCK", ("spotify",), 9)
        rows = query(
            module_database_url, "SELECT action, probability FROM interventions WHERE user_id = %s", demo_person
        )
        assert rows == [("MINIMIZE_SPOTIFY", 1.0)], "nothing else could have been drawn"


def test_a_moment_that_nobody_could_see_is_kept_apart(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    with desktop(service, service.token_of(demo_person), MACHINE) as person:
        person.able("SUGGEST_BREAK")
        for _ in range(4):
            person.send(replace(person.snapshot(), unavailable="call"))
            person.receive(PredictionMade)
        hears_nothing(person, InterventionOffered, 0.4)
        missed = query(
            module_database_url,
            "SELECT machine_id::text, reason, experiment FROM unavailable_moments WHERE user_id = %s",
            demo_person,
        )
        assert missed == [(MACHINE, "call", "demo-1:warm_start")], "once, as an opportunity would have been"
        assert not query(module_database_url, "SELECT 1 FROM interventions WHERE user_id = %s", demo_person)
        person.send(person.snapshot())
        assert person.receive(InterventionOffered).type == "SUGGEST_BREAK", "it has spent nothing"


def test_sites_are_offered_blocked_and_undone_where_a_browser_is_paired(
    service: Service, demo_person: int, module_database_url: str
) -> None:
    token = service.token_of(demo_person)
    with (
        desktop(service, token, MACHINE) as person,
        extension(service, paired(service, demo_person)) as browser,
        service.http(token) as client,
    ):
        assert receive_blocks(browser) == ()
        client.put("/api/v1/settings/help", json={"block_sites": ["reddit.com", "bbc.co.uk"]}).raise_for_status()
        browser.send(encode(BrowserHello("Chromium", "156", allowed=True)))
        eventually(lambda: client.get("/api/v1/browsers").json()[0]["allowed"])
        person.able()
        offer = offered(person)
        assert (offer.type, offer.targets, offer.minutes) == ("PREDICTIVE_BLOCK", ("reddit.com", "bbc.co.uk"), 15)
        rows = query(
            module_database_url, "SELECT action, probability FROM interventions WHERE user_id = %s", demo_person
        )
        assert rows == [("BLOCK_REDDIT", 1.0), ("BLOCK_BBC", 1.0)]
        person.send(InterventionFeedback(offer.id, "accept"))
        first, second = receive_blocks(browser)
        assert (first.site, second.site, first.wait_seconds, first.jail) == ("reddit.com", "bbc.co.uk", 5, False)
        browser.send(encode(InterventionApplied(first.intervention_id, first.until_us - 1, "chromium 156")))
        browser.send(encode(InterventionUndone(second.intervention_id, time.time_ns() // 1000, "needed")))
        eventually(lambda: row_of(module_database_url, second.intervention_id)["undone_reason"] == "needed")
        assert row_of(module_database_url, second.intervention_id)["applied_at"] is None
        [shown] = client.get("/api/v1/actions").json()
        assert (shown["target"], shown["state"], shown["where"]) == ("reddit.com", "applied", "chromium 156")
        client.post(f"/api/v1/interventions/{first.intervention_id}/undo").raise_for_status()
        while receive_blocks(browser):
            pass
        browser.send(encode(InterventionUndone(first.intervention_id, time.time_ns() // 1000, "ended")))
        eventually(lambda: row_of(module_database_url, first.intervention_id)["undone_reason"] == "undone")
        started = client.post("/api/v1/sessions", json={"type": "pomodoro", "jail_enabled": True}).json()
        jail = next(told for told in iter(lambda: receive_blocks(browser), None) if told)
        assert [(block.site, block.wait_seconds, block.jail) for block in jail] == [
            ("reddit.com", 60, True),
            ("bbc.co.uk", 60, True),
        ]
        assert {block.until_us for block in jail} == {started["start_us"] + 25 * 60_000_000}
        assert {row["state"] for row in client.get("/api/v1/actions").json()} == {"ordered"}, "nothing is refused"


# ------------------------------------------------------------------------------------------------ settings


def test_a_list_is_checked_and_kept(service: Service, real_person: int, module_database_url: str) -> None:
    with service.http(service.token_of(real_person)) as client, service.anyone() as anyone:
        first = client.get("/api/v1/settings/help").json()
        assert (first["acts_by_itself"], first["end_apps"]) == (False, [])
        asked = first | {"block_sites": ["https://www.Reddit.com/r/all", "news.ycombinator.com"], "block_minutes": 30}
        stored = client.put("/api/v1/settings/help", json=asked).json()
        assert stored["block_sites"] == ["reddit.com", "news.ycombinator.com"]
        assert client.get("/api/v1/settings/help").json() == stored
        for wrong, word in (
            ({"block_sites": ["*"]}, "without *"),
            ({"block_sites": ["localhost"]}, "this computer"),
            ({"block_sites": [service.settings.host]}, "this computer"),
            ({"end_apps": ["systemd"]}, "needs it"),
            ({"block_minutes": 241}, "1 to 240"),
        ):
            refused = problem(client.put("/api/v1/settings/help", json=first | wrong))
            assert refused["status"] == 422 and word in refused["detail"], refused
        assert client.put("/api/v1/settings/help", json={"block_sites": "reddit.com"}).status_code == 422
        assert client.get("/api/v1/settings/help").json() == stored, "nothing of a refused list is kept"
        assert anyone.put("/api/v1/settings/help", json=first).status_code == 401


# ------------------------------------------------------------------------------------------------ faults


def a_demo_person(database_url: str) -> int:
    with connect(database_url) as connection:
        return ensure_user(connection, f"demo-{uuid4().hex[:8]}", is_demo=True)


def test_a_killed_service_takes_up_its_orders(fresh_database_url: str, tmp_path: Path) -> None:
    """Killed right after the answer, before anything was reported; then after the report, before the end."""
    demo = a_demo_person(fresh_database_url)
    with (
        running_service(fresh_database_url, tmp_path, **QUICK) as first,
        desktop(first, first.token_of(demo), MACHINE) as person,
    ):
        person.able("SUGGEST_BREAK")
        offer = offered(person)
        person.send(InterventionFeedback(offer.id, "accept"))
        eventually(lambda: query(fresh_database_url, "SELECT 1 FROM interventions WHERE user_response = 'ACCEPTED'"))
        first.kill()
    assert row_of(fresh_database_url, offer.id)["ordered_at"], "in the answer's own transaction"
    with (
        running_service(fresh_database_url, tmp_path, **QUICK) as second,
        desktop(second, second.token_of(demo), MACHINE) as person,
        second.http(second.token_of(demo)) as client,
    ):
        order = person.receive(ApplyAction)
        assert order.intervention_id == offer.id
        person.send(InterventionApplied(offer.id, time.time_ns() // 1000, "screen"))
        eventually(lambda: row_of(fresh_database_url, offer.id)["applied_at"])
        client.post(f"/api/v1/interventions/{offer.id}/undo").raise_for_status()
        second.kill()
    with (
        running_service(fresh_database_url, tmp_path, **QUICK) as third,
        desktop(third, third.token_of(demo), MACHINE) as person,
    ):
        assert person.receive(UndoAction) == UndoAction(offer.id, "undone")
        hears_nothing(person, ApplyAction, 0.3)
        person.send(InterventionUndone(offer.id, time.time_ns() // 1000, "undone"))
        eventually(lambda: row_of(fresh_database_url, offer.id)["undone_at"])
