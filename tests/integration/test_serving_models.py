"""What the running service learns of a person and takes up: words of theirs, a promoted model, an earlier run."""

from __future__ import annotations

import asyncio
import json
import math
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from logged_answers import logged
from quick_network import QuickNetwork
from serving_process import Service, desktop, eventually, problem, query, running_service
from zone_at import zone_at

from neural_focus.errors import StoreError
from neural_focus.features import FEATURE_NAMES
from neural_focus.messages import (
    InterventionClosed,
    InterventionFeedback,
    InterventionOffered,
    PredictionMade,
    Problem,
    Snapshot,
)
from neural_focus.models import champion as stored_models
from neural_focus.models.blend import blend
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments, Stays, StreamTable, cut_moments
from neural_focus.models.past import PastRows
from neural_focus.models.sequences import FLAG, LiveSteps
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.personal.served import judge, learners_of
from neural_focus.registry import model_store, shadow_run
from neural_focus.registry.bundle import TrainedBundle
from neural_focus.replay import replay_with_inputs
from neural_focus.simulation.person import simulate_person
from neural_focus.snapshot_inputs import SnapshotInputs
from neural_focus.store.database import connect as connect_database
from neural_focus.store.interventions import Opportunity, insert_opportunity, opportunity_uuid
from neural_focus.store.labels import add_timer_labels
from neural_focus.store.outcomes import apply_labels
from neural_focus.store.predictions import LoggedPrediction, insert_predictions
from neural_focus.store.sessions import begin_session
from neural_focus.store.users import set_zone
from serving.database import Database
from serving.prediction_writer import PredictionWriter
from serving.stream_state import restore_stream

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"
OTHER_MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000002"
THIRD_MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000003"


@cache
def _moments() -> tuple[Moments, tuple[Stays, ...]]:
    """Two simulated people, two days each."""
    tables = []
    for number in (1, 2):
        person = simulate_person(number, 2, number=number)
        seen, inputs = replay_with_inputs(person.records)
        columns = (seen.timestamps_us, seen.features, seen.sequence, inputs)
        tables.append(StreamTable(f"{number}:m", number, person.records, *columns, is_demo=True))
    return cut_moments(tables, V6, sequences=True)


@cache
def _train_quickly(kind: str) -> TrainedBundle:
    """A real model of theirs: seconds, not a good one. Each kind is trained once for all that ask for it."""
    if kind == "blend":
        return blend(_train_quickly("xgboost"), _train_quickly("lstm"))
    moments, stays = _moments()
    if kind == "xgboost":
        return train(TreeModel, moments, stays, is_demo=True)
    return train(QuickNetwork, moments, stays, is_demo=True)


MIXTURES = (
    "SELECT switch_mixture FROM model_predictions WHERE user_id = %s AND role = 'champion'"
    " AND snapshot_time = to_timestamp(%s)"
)
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


@pytest.mark.parametrize(("kind", "machine"), [("xgboost", MACHINE), ("lstm", OTHER_MACHINE), ("blend", THIRD_MACHINE)])
def test_a_promoted_model_answers_without_a_restart_and_as_it_would_anywhere(
    service: Service, real_person: int, module_database_url: str, kind: str, machine: str
) -> None:
    tag = model_store.save(service.settings, _train_quickly(kind))
    with connect_database(module_database_url) as connection:
        set_zone(connection, real_person, zone_at(12))  # what follows is of one day, the first
    token = service.token_of(real_person)
    steps = LiveSteps()
    with desktop(service, token, machine) as person, service.http(token) as client:
        person.t_us -= 200_000_000
        stored_models.promote(service.settings, tag)

        def ask() -> tuple[Snapshot, PredictionMade]:
            sent = person.snapshot(mouse_speed_std=600.0, keystroke_rate=0.5 + person.t_us % 7, keystroke_count=9.0)
            person.send(sent)
            made = person.receive(PredictionMade)
            steps.observe(sent.t_us, _row(sent, made), np.array(sent.sequence, np.uint8))
            return sent, made

        predictor = stored_models.load(service.settings, tag)
        eventually(lambda: client.get("/api/v1/model").json()["version"] == predictor.version)
        listed = client.get("/api/v1/models").json()
        assert [(one["version"], one["kind"]) for one in listed if one["is_champion"]] == [(predictor.version, kind)]
        assert all(one["moments"] > 0 and 0 < one["switch_auc"] < 1 for one in listed)
        for _ in range(25):  # some steps of a sequence
            ask()
        sent, made = ask()
        row, past = _row(sent, made), PastRows.of_snapshots([SnapshotInputs.from_text(sent.inputs)], steps.recent())
        judged, mixtures = judge(
            predictor, [learners_of(predictor, real_person, {})], row[None], past, np.array([real_person])
        )
        batch = judged.batch
        assert made.model_version == predictor.version
        assert (made.focus_score, made.distraction_risk) == (batch.focus_score[0], batch.distraction_risk[0])
        assert made.confidence == batch.confidence[0]
        assert made.contributing_factors == (), "nobody looks"
        looked_at = client.get("/api/v1/now").json()["prediction"]
        assert (looked_at["t_us"], looked_at["contributing_factors"]) == (made.t_us, [*judged.reasons()])
        alone = predictor.predict(row[None], past, user_id=real_person).distraction_risk[0]
        recency, prior, *_ = mixtures[0]["switch"].said
        assert prior == pytest.approx(alone) and made.distraction_risk == pytest.approx(recency, abs=0.1)
        [(kept,)] = eventually(lambda: query(module_database_url, MIXTURES, real_person, made.t_us / 1e6))
        said, weights = np.array(kept[:5]), np.array(kept[5:])
        there = np.isfinite(said)
        assert made.distraction_risk == pytest.approx(weights[there] @ said[there] / weights[there].sum(), rel=1e-5)
        with connect_database(module_database_url) as connection:
            taken_up = lambda: restore_stream(connection, service.settings, real_person, machine).steps  # noqa: E731
            assert past.recent[0, -3:, FLAG].all()
            eventually(lambda: taken_up().recent().tobytes() == past.recent.tobytes())
        card = client.get("/api/v1/now").json()["model"]
        assert (card["version"], card["trained_on"], card["learning"]) == (predictor.version, "demo", True)
        assert card["note"].startswith("learning, day 1: the time since your last switch decides most")
        assert card["voices"]["switch"]["recency"] == pytest.approx(0.9) and card["data_from"] < card["data_to"]

        beside = model_store.save(service.settings, _train_quickly(kind))
        stored_models.set_shadow(service.settings, beside, champion=tag)
        version = beside.split(":")[1]
        said: dict[int, PredictionMade] = {}

        def shadowed() -> list[tuple[int, float]]:
            _, told = ask()
            said[told.t_us] = told
            return query(module_database_url, SHADOWED, real_person, version)

        found = eventually(shadowed)
        # who is shadowed notices nothing, and the same training says the same
        assert {told.model_version for told in said.values()} == {predictor.version}
        assert all(risk == said[t_us].distraction_risk for t_us, risk in found)
        shown = client.get("/api/v1/recent").json()["predictions"]
        assert len(shown) == len({point["t_us"] for point in shown})
        shadow_run.clear_shadow(service.settings)

        pointer = service.settings.models / "champion.json"
        pointer.write_text(json.dumps({"champion": "neural_focus:xgboost_v99", "before": [tag]}))
        eventually(lambda: "xgboost_v99 is refused" in service.log.read_text())
        assert ask()[1].model_version == predictor.version
        pointer.unlink()
        eventually(lambda: ask()[1].trained_on == "rules")


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


def test_predictions_that_found_no_room_are_counted_and_told(
    demo_person: int, module_database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("serving.prediction_writer.MOST_WAITING", 3)
    database, now_us = Database(module_database_url), int(time.time()) * 1_000_000
    writer = PredictionWriter(database)
    for back in range(5):
        writer.add(_logged(demo_person, now_us + back * 1_000_000, score=80.0, momentum=60.0))
    database.open()
    asyncio.run(writer.flush())
    database.close()
    assert "2 predictions were dropped" in caplog.text
    kept = "SELECT count(*), min(snapshot_time) = to_timestamp(%s) FROM model_predictions WHERE user_id = %s"
    assert query(module_database_url, kept, now_us / 1e6 + 2, demo_person) == [(3, True)], "the oldest went"


def test_who_needs_what_was_predicted_waits_until_it_is_stored_or_hears_that_it_is_not(
    demo_person: int, module_database_url: str
) -> None:
    database, now_us = Database(module_database_url), int(time.time()) * 1_000_000
    writer = PredictionWriter(database)
    database.open()

    async def two_at_once() -> None:
        with connect_database(module_database_url) as other:
            other.execute("LOCK TABLE model_predictions IN SHARE MODE")
            writer.add(_logged(demo_person, now_us, score=80.0, momentum=60.0))
            first = asyncio.create_task(writer.flush())
            await asyncio.sleep(0.3)
            second = asyncio.create_task(writer.flush(strict=True))
            await asyncio.sleep(0.3)
            assert not first.done() and not second.done()
            other.rollback()
            await asyncio.gather(first, second)

    asyncio.run(two_at_once())
    database.close()
    writer.add(_logged(demo_person, now_us + 1, score=80.0, momentum=60.0))
    asyncio.run(writer.flush())
    with pytest.raises(StoreError):
        asyncio.run(writer.flush(strict=True))


def test_inputs_of_another_order_are_refused_with_the_next_step_and_the_connection_goes_on(
    service: Service, real_person: int
) -> None:
    with desktop(service, service.token_of(real_person), MACHINE) as person:
        old, whole = replace(person.snapshot(), inputs=""), person.snapshot()
        for sent, said in ((old, "has no inputs"), (replace(whole, inputs="AAAA" + whole.inputs[4:]), "another order")):
            person.send(sent)
            refused = person.receive(Problem)
            assert refused.status == 422 and said in refused.title and "Update Neural Focus" in refused.detail
        person.send(whole)
        assert person.receive(PredictionMade).t_us == whole.t_us


def _logged(user_id: int, t_us: int, *, score: float, momentum: float) -> LoggedPrediction:
    nothing = np.zeros(len(FEATURE_NAMES), np.float32)
    return logged(
        user_id, MACHINE, t_us, focus_score=score, focus_momentum=momentum, features=nothing, model_version="rules_v0",
        role="fallback",
    )  # fmt: skip


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
