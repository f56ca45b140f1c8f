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
from serving_process import Service, desktop, eventually, problem, query, running_service

from neural_focus.experiments.assignment import OpportunityWatch, Policy
from neural_focus.features import FEATURE_NAMES
from neural_focus.messages import (
    InterventionClosed,
    InterventionFeedback,
    InterventionOffered,
    PredictionMade,
    Snapshot,
)
from neural_focus.models import champion_pointer, model_store, shadow_run
from neural_focus.models.arrays import unpack
from neural_focus.models.blend import blend
from neural_focus.models.bundle import TrainedBundle
from neural_focus.models.contracts import V5
from neural_focus.models.datasets import Moments, Stays, StreamTable, cut_moments
from neural_focus.models.predict import Predictor
from neural_focus.models.recurrent import Recipe
from neural_focus.models.sequence_training import train_sequences
from neural_focus.models.sequences import FLAG, StreamPast
from neural_focus.models.training import train_moments
from neural_focus.replay import replay
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from neural_focus.simulation.person import simulate_person
from neural_focus.store.database import connect as connect_database
from neural_focus.store.labels import add_timer_labels
from neural_focus.store.outcomes import apply_labels
from neural_focus.store.prediction_log import LoggedPrediction, insert_predictions
from neural_focus.store.session_book import begin_session
from neural_focus.store.trial import Opportunity, insert_opportunity, opportunity_uuid
from serving.database import Database
from serving.prediction_writer import PredictionWriter
from serving.recall import keep_history, recall_stream
from serving.runtime import Runtime
from serving.streams import Stream

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"
LONG = "com.jetbrains.IntelliJ-IDEA-Community-Edition"
"""A name that has more bytes than a record, and another id."""
OTHER_MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000002"
THIRD_MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000003"


@cache
def _moments() -> tuple[Moments, tuple[Stays, ...]]:
    """Two simulated people, two days each."""
    tables = []
    for number in (1, 2):
        person = simulate_person(number, 2, number=number)
        past = replay(person.records)
        tables.append(
            StreamTable(
                f"{number}:m", number, person.records, past.timestamps_us, past.features, past.sequence, is_demo=True
            )
        )
    return cut_moments(tables, V5, sequences=True)


@cache
def _train_quickly(kind: str) -> TrainedBundle:
    """A real model of theirs: seconds, not a good one. Each kind is trained once for all that ask for it."""
    if kind == "blend":
        return blend(_train_quickly("xgboost"), _train_quickly("lstm"))
    moments, stays = _moments()
    if kind == "xgboost":
        return train_moments(moments, stays, is_demo=True)
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


@pytest.mark.parametrize(("kind", "machine"), [("xgboost", MACHINE), ("lstm", OTHER_MACHINE), ("blend", THIRD_MACHINE)])
def test_a_promoted_model_answers_without_a_restart_and_as_it_would_anywhere(
    service: Service, real_person: int, module_database_url: str, kind: str, machine: str
) -> None:
    tag = model_store.save(service.settings, _train_quickly(kind))
    token = service.token_of(real_person)
    history = StreamPast()
    with desktop(service, token, machine) as person, service.http(token) as client:
        person.t_us -= 200_000_000
        champion_pointer.promote(service.settings, tag)

        def ask() -> tuple[Snapshot, PredictionMade]:
            sent = person.snapshot(mouse_speed_std=600.0, keystroke_rate=0.5 + person.t_us % 7, keystroke_count=9.0)
            person.send(sent)
            made = person.receive(PredictionMade)
            history.observe(sent.t_us, _row(sent, made), sent.app_name, np.array(sent.sequence, np.uint8))
            return sent, made

        eventually(lambda: ask()[1].trained_on == "demo")
        for _ in range(25):  # some steps of a sequence
            ask()
        sent, made = ask()
        predictor = Predictor.load(service.settings, tag)
        row = _row(sent, made)
        judged = predictor.predict(np.array([sent.t_us]), row[None, :], history.rows(), user_id=real_person)
        assert made.model_version == predictor.version
        assert (made.focus_score, made.distraction_risk) == (judged.focus_score[0], judged.distraction_risk[0])
        assert made.confidence == judged.confidence[0]
        assert made.contributing_factors == predictor.judge(0, row, history.rows(), user_id=real_person).reasons()
        with connect_database(module_database_url) as connection:
            taken_up = lambda: recall_stream(connection, service.settings, real_person, machine).history.rows()  # noqa: E731
            told = history.rows()
            assert told is not None and told.recent[0, -3:, FLAG].all()
            eventually(lambda: (now := taken_up()) is not None and now.recent.tobytes() == told.recent.tobytes())
        card = client.get("/api/v1/now").json()["model"]
        assert (card["version"], card["trained_on"], card["learning"]) == (predictor.version, "demo", True)
        assert card["note"].startswith("learning, day 1") and card["data_from"] < card["data_to"]

        beside = model_store.save(service.settings, _train_quickly(kind))
        shadow_run.set_shadow(service.settings, beside, champion=tag)
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
    remembered = _three_days_ago(now_us)
    with connect_database(module_database_url) as connection:
        keep_history(demo_person, MACHINE, remembered.to_arrays(), connection)
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
            sent = [replace(person.snapshot(), app_name=LONG) for _ in range(3)]
            for one in sent:
                person.send(one)
            taken_up = person.receive(PredictionMade)
            assert taken_up.focus_momentum == pytest.approx(80.0 - 20.0 * math.exp(-10 / 60), abs=1e-9)
            person.send(InterventionFeedback(offer_id, "accept"))
            assert person.receive(InterventionClosed).user_response == "ACCEPTED"
            assert not [
                told for told in person.told if isinstance(told, InterventionOffered)
            ]  # one warm start a person
    made = query(module_database_url, "SELECT count(*) FROM model_predictions WHERE user_id = %s", demo_person)
    assert made == [(4,)]  # the last ones were written at the stop
    remembered.observe(now_us - 10_000_000, np.zeros(len(FEATURE_NAMES), np.float32), "editor")
    for one in sent:
        row = np.array([one.features[name] for name in FEATURE_NAMES], np.float32)
        remembered.observe(one.t_us, row, "idea", np.array(one.sequence, np.uint8))
    kept, expected = _kept(module_database_url, demo_person).rows(), remembered.rows()
    assert kept is not None and expected is not None  # three days of stays, and the seconds since
    assert kept.columns.tobytes() == expected.columns.tobytes()
    assert (kept.app, kept.previous_app) == ("idea", "editor")
    assert kept.recent[0, -1].tobytes() == expected.recent[0, -1].tobytes()


def test_the_memory_of_an_erased_person_does_not_take_the_others_with_it(
    demo_person: int, module_database_url: str, tmp_path: Path
) -> None:
    runtime = Runtime(
        Settings(home=tmp_path, database_url=module_database_url),
        Secrets("api-token", "database", "prefect", "signing-key"),
    )
    nobody, remembered = 2**30, _three_days_ago(int(time.time()) * 1_000_000)
    for user_id in (nobody, demo_person):
        stream = Stream(user_id, MACHINE, True, OpportunityWatch(Policy()), history=remembered)
        runtime.streams.add(stream)
    runtime.database.open()
    asyncio.run(runtime.stop())
    asked = "SELECT user_id FROM stream_memories WHERE user_id IN (%s, %s)"
    assert query(module_database_url, asked, nobody, demo_person) == [(demo_person,)]


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


def test_what_was_kept_for_other_inputs_torn_or_of_tomorrow_is_not_taken_up(
    demo_person: int, module_database_url: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database_url=module_database_url)
    now_us = int(time.time()) * 1_000_000
    past, tomorrow = _three_days_ago(now_us), _three_days_ago(now_us + 4 * 86_400_000_000)
    with connect_database(module_database_url) as connection:
        again = lambda: recall_stream(connection, settings, demo_person, OTHER_MACHINE).history  # noqa: E731
        assert again().last_us is None
        keep_history(demo_person, OTHER_MACHINE, past.to_arrays(), connection)
        assert again().last_us == past.last_us and again().app == "editor"
        connection.execute("UPDATE stream_memories SET arrays = substring(arrays FOR 200)")
        assert again().last_us is None
        keep_history(demo_person, OTHER_MACHINE, past.to_arrays(), connection)
        connection.execute("UPDATE stream_memories SET input_hash = 'of another version'")
        assert again().last_us is None
        keep_history(demo_person, OTHER_MACHINE, tomorrow.to_arrays(), connection)
        assert again().last_us is None
        keep_history(demo_person, OTHER_MACHINE, past.to_arrays(), connection)
        assert again().last_us == past.last_us, "a wrong clock does not stay"
        keep_history(demo_person + 1_000, OTHER_MACHINE, past.to_arrays(), connection)  # erased meanwhile


def _three_days_ago(now_us: int) -> StreamPast:
    """An hour of stays that ends three days before ``now_us`` in the editor."""
    past = StreamPast()
    for second in range(0, 3600, 10):
        row = np.full(len(FEATURE_NAMES), 1 + second % 7, np.float32)
        past.observe(now_us - (3 * 86_400 + 3_600 - second) * 1_000_000, row, "mail" if second % 600 < 60 else "editor")
    return past


def _kept(database_url: str, user_id: int) -> StreamPast:
    [(arrays,)] = query(database_url, "SELECT arrays FROM stream_memories WHERE user_id = %s", user_id)
    return StreamPast.from_arrays(unpack(bytes(arrays)))


def _logged(user_id: int, t_us: int, *, score: float, momentum: float) -> LoggedPrediction:
    nothing = dict.fromkeys(FEATURE_NAMES, 0.0)
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
