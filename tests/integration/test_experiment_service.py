"""Experiments through the real service: started and stopped by the command, drawn from, exposed to, listed.

Who comes new has their experiments read at that moment: nothing has to be waited for after a command.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from experiment_files import OWN, PEOPLE, changed
from serving_process import Desktop, Service, desktop, eventually, query, running_service
from trusted_model import trust_the_model
from typer.testing import CliRunner, Result

from infra.commands.experiment import app
from neural_focus.errors import NeuralFocusError
from neural_focus.experiments.assignment import uniform
from neural_focus.experiments.running import place
from neural_focus.messages import (
    ApplyAction,
    DesktopStatus,
    InterventionApplied,
    InterventionClosed,
    InterventionFeedback,
    InterventionOffered,
    PredictionMade,
    Problem,
)
from neural_focus.store.arm_changes import move_probabilities, stop_arm
from neural_focus.store.database import connect
from neural_focus.store.experiments import read_running
from neural_focus.store.users import ensure_user

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AT_RISK = {"context_switches_5min": 20.0}


def command(service: Service, *arguments: str) -> Result:
    """``neural-focus experiment`` on the service's database, called in this process."""
    environment = {
        "DATABASE_URL": service.settings.database_url or "",
        "NEURAL_FOCUS_HOME": str(service.settings.home),
    }
    return CliRunner().invoke(app, arguments, env=environment)


def done(result: Result) -> str:
    assert result.exit_code == 0, result.exception
    return result.stdout


def refusal(result: Result) -> str:
    assert isinstance(result.exception, NeuralFocusError), result.output
    return str(result.exception)


def a_person(database_url: str) -> int:
    with connect(database_url) as connection:
        user_id = ensure_user(connection, f"real-{uuid4().hex[:8]}")
        trust_the_model(connection, user_id)
        return user_id


def what_was_drawn(service: Service, user_id: int, database_url: str) -> list[tuple[object, ...]]:
    """The rows of the person's opportunity after a few seconds at risk, none if there was none."""
    with desktop(service, service.token_of(user_id), str(uuid4())) as machine:
        be_at_risk(machine)
    return opportunity_of(user_id, database_url)


def be_at_risk(machine: Desktop) -> None:
    for _ in range(3):
        machine.send(machine.snapshot(**AT_RISK))
        machine.receive(PredictionMade)


def opportunity_of(user_id: int, database_url: str) -> list[tuple[object, ...]]:
    """Its rows, each with what it exposed the person to."""
    return query(
        database_url,
        "SELECT DISTINCT i.experiment, i.arm, i.probability, e.arm, e.probability, e.context->>'category',"
        " i.opportunity_id::text, e.chances FROM interventions i LEFT JOIN (exposures e"
        " JOIN experiments x ON x.id = e.experiment_id AND x.layer = 'help') USING (opportunity_id)"
        " WHERE i.user_id = %s",
        user_id,
    )


def read_by_the_service(service: Service, person: int, folder: Path) -> None:
    """Waits until the service has read the experiments that run anew, with those of a person who is there already.

    It shows by one more experiment, of people: as it reads that it runs, it stores which arm each person has.
    """
    seen = folder / "seen.toml"
    seen.write_text(changed(PEOPLE, ('"seldom"', '"seen"')))
    done(command(service, "start", str(seen)))
    asked = "SELECT 1 FROM experiment_assignments JOIN experiments x ON x.id = experiment_id"
    asked += " WHERE x.name = 'seen' AND user_id = %s"
    eventually(lambda: query(service.settings.database_url or "", asked, person))
    done(command(service, "stop", "seen", "--reason", "it was read"))


def known_to_the_service(page: Desktop) -> None:
    """Waits until the service knows the desktop of the page's person, and so the experiments that they are in."""
    while page.receive(DesktopStatus).state != "capturing":
        pass


@pytest.fixture(scope="module")
def quick_service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> object:
    home = tmp_path_factory.mktemp("home of experiments")
    with running_service(module_database_url, home) as running:
        yield running


@pytest.fixture(autouse=True)
def a_free_layer(module_database_url: str) -> Iterator[None]:
    """What a test started takes no people from the next one's."""
    yield
    query(module_database_url, "UPDATE experiments SET stopped_at = now() WHERE name <> 'mrt' AND stopped_at IS NULL")


def test_an_experiment_is_drawn_from_between_its_start_and_its_stop(
    quick_service: Service, module_database_url: str, tmp_path: Path
) -> None:
    service, file = quick_service, tmp_path / "breaks.toml"
    file.write_text(OWN)
    [row] = what_was_drawn(service, a_person(module_database_url), module_database_url)
    assert row[0] == "mrt-1" and row[1:3] == row[3:5], "the platform's own one runs from the first start on"
    assert row[2] == pytest.approx(4 / 7 if row[1] == "NO_OP" else 3 / 7), "without a browser there is no block"
    assert row[5] == "Building" and row[7] == pytest.approx({"NO_OP": 4 / 7, "SUGGEST_BREAK": 3 / 7})

    person = a_person(module_database_url)
    token = service.token_of(person)
    with desktop(service, token, str(uuid4())) as machine, desktop(service, token) as page:
        known_to_the_service(page)
        assert "breaks-1 draws from now on, until you stop it" in done(command(service, "start", str(file)))
        read_by_the_service(service, person, tmp_path)  # who is there already is drawn for anew
        machine.t_us = (int(time.time()) - 2) * 1_000_000
        be_at_risk(machine)
    [row] = opportunity_of(person, module_database_url)
    assert row[0] == "breaks-1" and row[2] == 0.5 and row[1:3] == row[3:5]
    assert row[1] == ("NO_OP" if uniform("breaks-1", person, str(row[6])) < 0.5 else "SUGGEST_BREAK"), "by the hash"
    assert "breaks-1 runs. Stop it first" in refusal(command(service, "start", str(file)))

    listed = done(command(service, "list"))
    assert "breaks-1" in listed and "mrt-1" in listed and "runs since" in listed
    assert f"{row[1]} 1" in listed
    reported = done(command(service, "report", "breaks"))
    assert f"{row[1]} 0.5: 1 opportunities" in reported and "mrt-1" not in reported
    assert "breaks-1 is stopped" in done(command(service, "stop", "breaks", "--reason", "seen enough"))
    assert "seen enough" in done(command(service, "list"))
    [row] = what_was_drawn(service, a_person(module_database_url), module_database_url)
    assert row[0] == "mrt-1", "the rest falls back to the platform's own"
    assert "is offered nothing now" in done(command(service, "stop", "mrt", "--reason", "a test"))
    assert what_was_drawn(service, a_person(module_database_url), module_database_url) == []


def test_a_share_of_the_people_and_their_policies(
    quick_service: Service, module_database_url: str, tmp_path: Path
) -> None:
    service, half, seldom = quick_service, tmp_path / "half.toml", tmp_path / "seldom.toml"
    half.write_text(changed(OWN, ('"breaks"', '"half"'), ("version = 1", "version = 1\ntraffic = 0.5")))
    seldom.write_text(PEOPLE)
    command(service, "stop", "mrt", "--reason", "a test of a share")
    done(command(service, "start", str(half)))
    done(command(service, "start", str(seldom)))
    people = [a_person(module_database_url) for _ in range(8)]
    for person in people:
        rows = what_was_drawn(service, person, module_database_url)
        assert [row[0] for row in rows] == (["half-1"] if place("help", person) < 0.5 else [])
    assigned = dict(query(module_database_url, "SELECT user_id, arm FROM experiment_assignments"))
    assert set(people) <= set(assigned) and set(assigned.values()) == {"usual", "seldom"}
    exposed = query(
        module_database_url,
        "SELECT user_id, arm, probability FROM exposures JOIN experiments x ON x.id = experiment_id"
        " WHERE x.name = 'seldom' ORDER BY user_id",
    )
    inside = [person for person in people if place("help", person) < 0.5]
    assert exposed == [(person, assigned[person], 0.5) for person in inside], "in the opportunity's transaction"
    told = eventually(lambda: done(command(service, "list")))
    assert "how-often" in told


def test_a_person_is_told_what_was_stopped_and_what_moved(
    quick_service: Service, module_database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "told.toml").write_text(changed(OWN, ('"breaks"', '"told"')))
    done(command(quick_service, "start", str(tmp_path / "told.toml")))
    person, stranger = a_person(module_database_url), a_person(module_database_url)
    assert what_was_drawn(quick_service, person, module_database_url)
    with connect(module_database_url) as connection:
        [number] = [one.id for one in read_running(connection) if one.spec.name == "told"]
        stop_arm(connection, number, "SUGGEST_BREAK", "rejected", "rejected, bound 0.4: 9 of 10")
        move_probabilities(connection, number, "all", {"NO_OP": 0.7}, NOW, "by 80 opportunities")
        connection.commit()

    def told(user_id: int) -> dict[str, dict[str, Any]]:
        with quick_service.http(quick_service.token_of(user_id)) as client:
            return {one["name"]: one for one in client.get("/api/v1/experiments").json()}

    nothing, suggested = told(person)["told-1"]["arms"]
    assert (nothing["stopped_at"], nothing["moved"][0]["probability"]) == (None, 0.7)
    assert nothing["moved"][0] == {
        "context": "all", "probability": 0.7, "since": "2026-06-01T12:00:00.000000Z", "why": "by 80 opportunities"
    }  # fmt: skip
    assert suggested["stopped_why"] == "rejected, bound 0.4: 9 of 10" and suggested["stopped_at"] is not None
    reported = done(command(quick_service, "report", "told"))
    assert "stopped, rejected, bound 0.4: 9 of 10 (since " in reported
    assert "NO_OP moved to 0.70 (all) on 2026-06-01: by 80 opportunities" in reported
    done(command(quick_service, "stop", "told", "--reason", "seen enough"))
    over = told(person)["told-1"]
    assert over["stopped_why"] == "seen enough" and over["stopped_at"] is not None
    assert "told-1" not in told(stranger), "who was never in it hears nothing of it"


def test_when_an_offer_can_be_seen_is_part_of_the_design(
    quick_service: Service, module_database_url: str, tmp_path: Path
) -> None:
    text = changed(OWN, ('"breaks"', '"films"'), ("version = 1", "version = 1\ntraffic = 0.1"))
    unavailable = '[availability]\nunavailable = ["locked", "call"]\n[plan]'
    (tmp_path / "films.toml").write_text(changed(text, ("[plan]", unavailable)))
    done(command(quick_service, "start", str(tmp_path / "films.toml")))
    [(low, high)] = query(module_database_url, "SELECT traffic_low, traffic_high FROM experiments WHERE name = 'films'")
    person = a_person(module_database_url)
    while not low <= place("help", person) < high:
        person = a_person(module_database_url)
    count = "SELECT (SELECT count(*) FROM interventions WHERE user_id = %s), (SELECT string_agg(experiment || ' ' ||"
    count += " reason, ', ') FROM unavailable_moments WHERE user_id = %s)"
    with desktop(quick_service, quick_service.token_of(person), str(uuid4())) as machine:
        for reason in ("call", "full_screen"):
            machine.send(replace(machine.snapshot(**AT_RISK), unavailable=reason))
            machine.receive(PredictionMade)
            rows = query(module_database_url, count, person, person)
            assert rows == [(int(reason == "full_screen"), "films-1 call")], reason


def test_an_offer_shows_the_arm_that_was_drawn(
    quick_service: Service, module_database_url: str, tmp_path: Path
) -> None:
    text = changed(OWN, ('"breaks"', '"always"'))
    (tmp_path / "always.toml").write_text(
        changed(text, ("probability = 0.5", "probability = 0.05"), ("= 0.5\n\n[out", "= 0.95\n\n[out"))
    )
    done(command(quick_service, "start", str(tmp_path / "always.toml")))
    person = a_person(module_database_url)
    with desktop(quick_service, quick_service.token_of(person), str(uuid4())) as machine:
        machine.send(machine.snapshot(**AT_RISK))
        made = machine.receive(PredictionMade)
        rows = query(
            module_database_url, "SELECT DISTINCT arm, probability FROM interventions WHERE user_id = %s", person
        )
        assert rows == [(made.ab_test_group, 0.05 if made.ab_test_group == "NO_OP" else 0.95)]
        if made.ab_test_group == "SUGGEST_BREAK":
            assert machine.receive(InterventionOffered).type == "SUGGEST_BREAK"


PLACEBO = changed(
    OWN, ('"breaks"', '"cards"'), ('"SUGGEST_BREAK"', '"PLACEBO"'),
    ("probability = 0.5", "probability = 0.05"), ("probability = 0.5", "probability = 0.95"),
)  # fmt: skip


def test_a_placebo_is_shown_at_once_asks_nothing_and_is_stored_as_reported(
    quick_service: Service, module_database_url: str, tmp_path: Path
) -> None:
    service, file = quick_service, tmp_path / "cards.toml"
    file.write_text(PLACEBO)
    done(command(service, "start", str(file)))
    for _ in range(20):  # one in twenty people draws the no-op
        person = a_person(module_database_url)
        with desktop(service, service.token_of(person), str(uuid4())) as machine:
            machine.able("SUGGEST_BREAK", "PLACEBO")
            for _ in range(3):
                machine.send(machine.snapshot(**AT_RISK, time_in_current_app=754.0))
                machine.receive(PredictionMade)
            drawn = [one.ab_test_group for one in machine.told if isinstance(one, PredictionMade) and one.ab_test_group]
            if drawn == ["NO_OP"]:
                continue
            order = next((one for one in machine.told if isinstance(one, ApplyAction)), None)
            order = order or machine.receive(ApplyAction)
            assert drawn == ["PLACEBO"]
            assert (order.type, order.action, order.target) == ("NO_OP", "PLACEBO", "12"), "minutes in the app"
            refused = InterventionFeedback(order.intervention_id, "accept")
            machine.send(refused)
            assert machine.receive(Problem).status == 404, "there is nothing to accept"
            machine.send(InterventionApplied(order.intervention_id, machine.t_us, "screen", order.until_us))
            stored = "SELECT type, arm, action, probability, applied_where, user_response FROM interventions"
            rows = partial(query, module_database_url, f"{stored} WHERE id = %s", order.intervention_id)
            eventually(lambda rows=rows: rows()[0][4] == "screen")
            assert rows() == [("NO_OP", "PLACEBO", "PLACEBO", 0.95, "screen", None)]
            assert not any(isinstance(one, InterventionOffered | InterventionClosed) for one in machine.told)
        break
    else:
        raise AssertionError("nobody drew the placebo")
    unable = what_was_drawn(service, a_person(module_database_url), module_database_url)
    assert unable == [], "this desktop cannot show it, and nothing alone is no draw"
