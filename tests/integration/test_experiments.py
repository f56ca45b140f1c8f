"""Experiments in the database: started in a layer's free part, stopped, exposed to, reviewed at night."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from experiment_files import DAYS, MODELS, OWN, PEOPLE, changed
from logged_answers import logged
from serving_process import query

from neural_focus.errors import InputError
from neural_focus.experiments.assignment import Exposure
from neural_focus.experiments.declaration import default_experiment, demo_experiment, parse_experiment
from neural_focus.experiments.review import review
from neural_focus.store.database import Connection, connect
from neural_focus.store.experiments import (
    assign,
    ensure_default,
    list_experiments,
    read_running,
    start_experiment,
    stop_experiment,
)
from neural_focus.store.interventions import Opportunity, insert_opportunity
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.users import ensure_user
from neural_focus.time import microseconds

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVEN = {"NO_OP": 0.5, "SUGGEST_BREAK": 0.5}
ADAPTIVE = '[adaptive]\non = true\ncontext = ["category"]\n[plan]'


def an_opportunity(
    user_id: int, experiment_id: int, t_us: int, arm: str = "NO_OP", probability: float = 0.5
) -> Opportunity:
    kind = "NO_OP" if arm == "NO_OP" else "SUGGEST_BREAK"
    return Opportunity(
        user_id, str(uuid4()), None, str(uuid4()), t_us, t_us, kind, [(arm, None)], 0.6, (), 60.0, "rules_v0",
        arm, probability, "breaks-1", 30, exposures=(Exposure(experiment_id, arm, probability, EVEN),),
        context={"category": "Building"},
    )  # fmt: skip


def test_the_platforms_own_experiment_starts_once_and_stays_stopped(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        for _ in range(2):
            ensure_default(connection)
        assert [(own.spec, own.traffic) for own in read_running(connection)] == [
            (default_experiment(), None), (demo_experiment(), None)
        ]  # fmt: skip
        assert stop_experiment(connection, "mrt", "enough") == "mrt-1"
        ensure_default(connection)
        assert [one.spec.seed for one in read_running(connection)] == ["demo-1"]
        [listed] = list_experiments(connection, "mrt")
        assert listed.stop_reason == "enough" and listed.stopped_at is not None


def test_another_version_of_the_platform_replaces_its_experiment(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        start_experiment(connection, replace(default_experiment(), version=9))
        ensure_default(connection)
        assert [one.spec.seed for one in read_running(connection)] == ["mrt-1", "demo-1"]
        assert [one.stop_reason for one in list_experiments(connection, "mrt")] == [
            "a newer version of the platform",
            None,
        ]


def test_a_layer_is_shared_out_and_refuses_more_than_it_has(fresh_database_url: str) -> None:
    def named(name: str, share: float) -> object:
        return parse_experiment(
            changed(OWN, ('"breaks"', f'"{name}"'), ("version = 1", f"version = 1\ntraffic = {share}"))
        )

    with connect(fresh_database_url) as connection:
        for name, share in (("a", 0.3), ("b", 0.4), ("c", 0.2)):
            start_experiment(connection, named(name, share))  # type: ignore[arg-type]
        assert [one.traffic for one in read_running(connection)] == [(0.0, 0.3), (0.3, 0.7), (0.7, 0.9)]
        with pytest.raises(InputError, match=r"no 20% of its people left: a-1 30%, b-1 40%, c-1 20%.*smaller traffic"):
            start_experiment(connection, named("d", 0.2))  # type: ignore[arg-type]
        stop_experiment(connection, "b", "done")
        start_experiment(connection, named("d", 0.2))  # type: ignore[arg-type]
        assert read_running(connection)[-1].traffic == (0.3, 0.5), "where b was"
        start_experiment(connection, replace(default_experiment(), name="rest"))
        with pytest.raises(InputError, match="rest-1 takes the rest of the layer 'help'"):
            start_experiment(connection, default_experiment())


def test_what_cannot_be_started_says_why(fresh_database_url: str) -> None:
    mine = parse_experiment(OWN)
    with connect(fresh_database_url) as connection:
        start_experiment(connection, mine)
        with pytest.raises(InputError, match=r"breaks-1 runs. Stop it first: neural-focus experiment stop breaks"):
            start_experiment(connection, replace(mine, version=2))
        stop_experiment(connection, "breaks", "done")
        with pytest.raises(InputError, match=r"breaks-1 has run already.*Write version = 2"):
            start_experiment(connection, mine)
        with pytest.raises(InputError, match=r"ended on 2020-01-01. Write a later end"):
            start_experiment(connection, replace(mine, version=2, end="2020-01-01"))
        with pytest.raises(InputError, match="no experiment called 'breaks' runs"):
            stop_experiment(connection, "breaks", "again")
        with pytest.raises(InputError, match="the reason is empty"):
            stop_experiment(connection, "breaks", " ")
        start_experiment(connection, parse_experiment(PEOPLE))
        with pytest.raises(InputError, match="seldom-1 in the layer 'how-often' changes alerts_per_hour, gap_minutes"):
            start_experiment(connection, replace(parse_experiment(PEOPLE), name="other", layer="another"))
        start_experiment(connection, parse_experiment(MODELS))
        with pytest.raises(InputError, match="models-1 in the layer 'which-model' changes the model, too"):
            start_experiment(connection, replace(parse_experiment(DAYS), layer="another"))


def test_assigned_people_keep_their_arm(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        users = [ensure_user(connection, f"person-{number}") for number in range(40)]
        number = start_experiment(connection, parse_experiment(PEOPLE))
        first = assign(connection, read_running(connection), dict.fromkeys(users, NOW.date()), NOW)
        assert {key[0] for key in first} == {number} and {one.arm for one in first.values()} == {"usual", "seldom"}
        connection.execute("UPDATE experiment_assignments SET arm = 'seldom' WHERE user_id = %s", (users[0],))
        again = assign(connection, read_running(connection), dict.fromkeys(users, NOW.date()), NOW)
        assert again[number, users[0]].arm == "seldom", "what is stored counts"
        assert {key: one for key, one in again.items() if key[1] != users[0]} == {
            key: one for key, one in first.items() if key[1] != users[0]
        }


def test_an_exposure_is_stored_with_its_opportunity_or_not_at_all(fresh_database_url: str) -> None:
    now_us = time.time_ns() // 1000
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
        number = start_experiment(connection, parse_experiment(OWN))
        first = an_opportunity(ann, number, now_us, "SUGGEST_BREAK")
        ids = insert_opportunity(connection, first)
        again = replace(first, snooze_of=ids)
        insert_opportunity(connection, again)
        connection.commit()
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            insert_opportunity(connection, an_opportunity(ann, number + 1, now_us))
        connection.rollback()
    rows = query(
        fresh_database_url,
        "SELECT opportunity_id::text, arm, probability, context, chances, machine_id::text, exposed_at FROM exposures",
    )
    [(opportunity, arm, probability, context, chances, machine, exposed)] = rows
    assert chances == EVEN
    assert (opportunity, machine) == (first.opportunity_id, first.machine_id), "a second offer is no second exposure"
    assert (arm, probability, context) == ("SUGGEST_BREAK", 0.5, {"category": "Building"})
    [(triggered, offers)] = query(fresh_database_url, "SELECT min(triggered_at), count(*) FROM interventions")
    assert (exposed, offers) == (triggered, 2), "nothing of the one that failed"


def test_a_service_killed_between_the_two_leaves_neither(fresh_database_url: str) -> None:
    """Killed while it waits for the exposures' table, with the opportunity's row written and not committed."""
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
        number = start_experiment(connection, parse_experiment(OWN))
        connection.commit()
        connection.execute("LOCK TABLE exposures")
        code = (
            "import sys; sys.path[:0] = ['tests', 'tests/integration']\n"
            "from test_experiments import an_opportunity, connect, insert_opportunity\n"
            f"with connect({fresh_database_url!r}) as c: insert_opportunity(c, an_opportunity({ann}, {number}, 10**15))"
        )
        root = Path(__file__).parents[2]
        process = subprocess.Popen([sys.executable, "-c", code], cwd=root)
        waits = "SELECT 1 FROM pg_locks l WHERE NOT granted AND relation = 'exposures'::regclass"
        until = time.monotonic() + 120
        while not query(fresh_database_url, waits):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        process.kill()
        process.wait(60)
        connection.rollback()
        until = time.monotonic() + 60
        while query(fresh_database_url, "SELECT 1 FROM pg_locks WHERE relation = 'exposures'::regclass"):
            assert time.monotonic() < until
            time.sleep(0.1)
        # the server may only now see that its client is gone: what it had not committed is gone with it
    assert query(fresh_database_url, "SELECT (SELECT count(*) FROM interventions), count(*) FROM exposures") == [(0, 0)]


def a_trial(
    connection: Connection,
    number: int,
    *,
    effect: float,
    each: int = 60,
    rejected: float = 0.0,
    probability: float = 0.5,
) -> None:
    """Ten people's opportunities of the last days, an hour apart, with predictions that show the effect."""
    rng = np.random.default_rng(8)
    people = [ensure_user(connection, f"person-{number}") for number in range(10)]
    connection.commit()
    for user in people:
        drawn = rng.random(each) < probability
        for index, treated in enumerate(drawn):
            at = microseconds(NOW - timedelta(hours=index + 1, minutes=user))
            share = probability if treated else 1 - probability
            one = an_opportunity(user, number, at, "SUGGEST_BREAK" if treated else "NO_OP", share)
            ids = insert_opportunity(connection, one)
            if treated:
                answer = "REJECTED" if rng.random() < rejected else "ACCEPTED"
                connection.execute("UPDATE interventions SET user_response = %s WHERE id = ANY(%s)", (answer, ids))
            before, noise = rng.normal(60, 5, 160), rng.normal(0, 3)
            after = before + noise + (effect if treated else 0.0)
            rows = [
                logged(user, one.machine_id, at + second * 1_000_000, focus_score=float(score))
                for start, scores in ((-160, before), (1, after))
                for second, score in enumerate(scores, start)
            ]
            insert_predictions(connection, rows)
    connection.commit()


def test_probabilities_move_by_context_toward_what_helps_and_are_drawn_by(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        number = start_experiment(connection, parse_experiment(changed(OWN, ("[plan]", ADAPTIVE))), NOW)
        a_trial(connection, number, effect=8.0, each=12)
        decisions = review(connection, NOW)
        assert [(one.arm, one.what) for one in decisions] == [("NO_OP", "moved"), ("SUGGEST_BREAK", "moved")]
        [moved] = read_running(connection)
        assert moved.moved == {"category=Building": pytest.approx({"NO_OP": 0.2, "SUGGEST_BREAK": 0.8}, abs=0.01)}
        assert max(moved.moved["category=Building"].values()) <= 0.8
        assert review(connection, NOW + timedelta(days=1)) == [], "nothing new, nothing moved"
    [(since, why)] = query(fresh_database_url, "SELECT DISTINCT since, why FROM arm_probabilities")
    assert since == NOW and "120 opportunities until 2026-06-01" in why


def test_probabilities_stay_where_the_file_did_not_choose_otherwise(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        number = start_experiment(connection, parse_experiment(OWN), NOW)
        a_trial(connection, number, effect=8.0, each=12)
        assert review(connection, NOW) == []
    assert query(fresh_database_url, "SELECT count(*) FROM arm_probabilities") == [(0,)]


@pytest.mark.parametrize(
    ("rail", "effect", "rejected", "told"),
    [
        ('metric = "outcome"\nbound = 2.0', -9.0, 0.0, r"outcome, bound 2: -[6-9]\.\d points"),
        ('metric = "rejected"\nbound = 0.4', 0.0, 0.9, r"rejected, bound 0.4: \d+ of \d+ \(\d\d%\) rejected"),
    ],
    ids=["outcome", "rejected"],
)
def test_a_guardrail_that_breaks_stops_its_arm_and_says_so(
    rail: str, effect: float, rejected: float, told: str, fresh_database_url: str
) -> None:
    declared = changed(OWN, ("[plan]", f"[[guardrails]]\n{rail}\n[plan]"))
    with connect(fresh_database_url) as connection:
        number = start_experiment(connection, parse_experiment(declared), NOW)
        a_trial(connection, number, effect=effect, rejected=rejected, each=12)
        arm, whole = review(connection, NOW)
        assert (arm.arm, arm.what, whole.arm, whole.what) == ("SUGGEST_BREAK", "stopped", "", "stopped")
        assert re.match(told, arm.why), arm.why
        [one] = list_experiments(connection)
        assert {stopped: stop.why for stopped, stop in one.stops.items()} == {"SUGGEST_BREAK": arm.why}
        assert one.stop_reason == "guardrails stopped every arm but the control"
        assert one.people == 10 and sum(one.exposures.values()) == 120


def test_a_guardrail_that_holds_stops_nothing(fresh_database_url: str) -> None:
    declared = changed(OWN, ("[plan]", '[[guardrails]]\nmetric = "rejected"\nbound = 0.6\n[plan]'))
    with connect(fresh_database_url) as connection:
        number = start_experiment(connection, parse_experiment(declared), NOW)
        a_trial(connection, number, effect=0.0, rejected=0.5, each=12)
        assert [(one.arm, one.what) for one in review(connection, NOW)] == [("SUGGEST_BREAK", "kept")]
        connection.execute("UPDATE users SET is_demo = true")
        connection.execute("UPDATE interventions SET user_response = 'REJECTED' WHERE type <> 'NO_OP'")
        connection.commit()
        assert [one.what for one in review(connection, NOW)] == ["kept"], "what demo people do stops nothing"
        assert len(read_running(connection)) == 1


def test_a_guardrail_of_people_counts_what_happened_under_the_arm_of_each(fresh_database_url: str) -> None:
    declared = changed(PEOPLE, ("[plan]", '[[guardrails]]\nmetric = "rejected"\nbound = 0.4\n[plan]'))
    with connect(fresh_database_url) as connection:
        offers = start_experiment(connection, parse_experiment(OWN), NOW)
        policies = start_experiment(connection, parse_experiment(declared), NOW)
        for number in range(10):
            user, policy = ensure_user(connection, f"person-{number}"), "seldom" if number < 5 else "usual"
            connection.commit()
            for index in range(8):
                at = microseconds(NOW - timedelta(hours=index + 1, minutes=user))
                one = an_opportunity(user, offers, at, "SUGGEST_BREAK")
                also = Exposure(policies, policy, 0.5, {"usual": 0.5, "seldom": 0.5})
                ids = insert_opportunity(connection, replace(one, exposures=(*one.exposures, also)))
                answer = "REJECTED" if policy == "seldom" else "ACCEPTED"
                connection.execute("UPDATE interventions SET user_response = %s WHERE id = ANY(%s)", (answer, ids))
        connection.commit()
        arm, whole = review(connection, NOW)
        assert (arm.experiment, arm.arm, arm.what) == ("seldom-1", "seldom", "stopped")
        assert arm.why == "rejected, bound 0.4: 40 of 40 (100%) rejected"
        assert (whole.experiment, whole.what) == ("seldom-1", "stopped")


def test_an_experiment_whose_last_day_is_over_ends(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        start_experiment(connection, replace(parse_experiment(OWN), end="2026-06-05"), NOW)
        assert review(connection, NOW) == []
        [ended] = review(connection, NOW + timedelta(days=5))
        assert (ended.experiment, ended.what) == ("breaks-1", "ended")
        [listed] = list_experiments(connection)
        assert listed.stopped_at == datetime(2026, 6, 5, tzinfo=UTC)
