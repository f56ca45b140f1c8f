"""A model after its gates: in the shadow, judged by live moments, promoted or refused, rolled back, outlived by drift.

The live moments are a simulated person's last hours, answered by real models as the service logs its answers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from logged_answers import log_answers
from prefect_server import PrefectServer
from served_forecast import forecast_of
from told_inputs import told_past
from trained_person import TrainedPerson
from typer.testing import CliRunner

from flows import drift
from flows.deploy import DEPLOYMENTS, build
from flows.platform_flow import Platform, open_platform
from flows.promotion import promote_newest
from flows.server import login
from infra.commands.models import app
from neural_focus.evaluation.gates import SHADOW_GATE
from neural_focus.experiments.budget import OpportunityWatch, Policy
from neural_focus.features import FEATURE_NAMES
from neural_focus.models import champion as stored_models
from neural_focus.models.calibration import sigmoid
from neural_focus.models.past import PastRows
from neural_focus.models.predict import PredictionBatch
from neural_focus.personal.layer import PersonalLayer
from neural_focus.personal.learner import Learner
from neural_focus.personal.mixture import Weights
from neural_focus.registry import decision_log, health, model_store, shadow_run
from neural_focus.registry.bundle import MODEL, TrainedBundle, file_hashes
from neural_focus.replay import Snapshots, replay_with_inputs
from neural_focus.settings import Settings
from neural_focus.simulation.parameters import draw_person
from neural_focus.simulation.person import live
from neural_focus.store.person_record import write_personal_models
from neural_focus.store.predictions import LoggedPrediction
from neural_focus.store.users import ensure_user
from serving.personal_models import PersonalModels
from serving.shadow import ShadowPredictions
from serving.streams import LiveStream

HOURS = 3
MACHINE = "6f1c2a9e-0000-4000-8000-0000000000dd"


@dataclass(frozen=True)
class Life:
    """An installation with a champion of real people's data, and the last hours of one of them."""

    platform: Platform
    champion: str
    bundle: TrainedBundle
    user_id: int
    snapshots: Snapshots
    said: PredictionBatch


@pytest.fixture
def bundle(trained_person: TrainedPerson) -> TrainedBundle:
    return trained_person.bundle


@pytest.fixture
def life(bundle: TrainedBundle, fresh_database_url: str, tmp_path: Path) -> Iterator[Life]:
    settings = Settings(home=tmp_path, database_url=fresh_database_url)
    tag = model_store.save(settings, bundle)
    stored_models.promote(settings, tag, by="gates")
    with open_platform(settings) as platform:
        snapshots, past = _last_hours()
        predictor = stored_models.load(settings, tag)
        said = predictor.predict(snapshots.features, past)
        user_id = ensure_user(platform.connection, "somebody")
        platform.connection.commit()
        yield Life(platform, tag, bundle, user_id, snapshots, said)


def _last_hours() -> tuple[Snapshots, PastRows]:
    """A morning that ended a minute ago; told as of its own day, so that no figure hangs on when the test runs."""
    records = live(draw_person(102), 2, number=2, trials=False).records
    times = records["timestamp_us"].astype(np.int64)
    morning, inputs = replay_with_inputs(records[times < times[0] + HOURS * 3_600_000_000], every_s=1)
    tens = (time.time_ns() // 10**9 - 60 - int(morning.timestamps_us[-1]) // 10**6) // 10
    past = PastRows.of_replay(inputs, np.arange(len(morning)))
    return replace(morning, timestamps_us=morning.timestamps_us + tens * 10_000_000), past


def _log(life: Life, role: str, version: str, risk: np.ndarray) -> None:
    log_answers(
        life.platform.connection,
        life.user_id,
        MACHINE,
        life.snapshots,
        life.said,
        role=role,
        version=version,
        risk=risk,
    )


@pytest.mark.parametrize("worse", [False, True], ids=["as good as the champion", "worse"])
def test_a_shadow_is_judged_by_live_moments_and_rollback_is_one_command(
    life: Life, worse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = life.platform.settings
    challenger = model_store.save(settings, life.bundle)
    stored_models.set_shadow(settings, challenger, champion=life.champion, by="gates")
    assert promote_newest(life.platform) == life.champion
    assert shadow_run.shadow(settings) is not None, "nothing lived yet decides nothing"
    _began(settings, timedelta(hours=HOURS + 1))
    risk = life.said.distraction_risk
    _log(life, "champion", "xgboost_v1", risk)
    _log(life, "challenger", "xgboost_v2", 1 - risk if worse else risk)
    after = promote_newest(life.platform)
    assert shadow_run.shadow(settings) is None
    last = decision_log.decisions(settings)[-1]
    [gate] = last["gates"]
    assert "AUC" in gate["found"] and gate["passed"] is not worse
    if worse:
        assert after == life.champion and (last["decision"], last["model"]) == ("refused", challenger)
        assert promote_newest(life.platform) == life.champion and decision_log.decisions(settings)[-1] == last, (
            "for good"
        )
        return
    assert after == challenger and (last["decision"], last["by"]) == ("promoted", "gates")
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(settings.home))
    back = CliRunner().invoke(app, ["rollback"])
    assert back.exit_code == 0 and "xgboost_v1 serves again" in back.output
    assert stored_models.load_champion(settings).version == "xgboost_v1"
    told = decision_log.decisions(settings)
    assert promote_newest(life.platform) == life.champion
    assert decision_log.decisions(settings) == told, "what a person took back is not judged again"
    stored_models.promote(settings, challenger)
    assert not decision_log.taken_back(settings, challenger), "until a person promotes it"


def _lived_as_well(life: Life, champion: str = "xgboost_v1") -> None:
    _began(life.platform.settings, timedelta(hours=HOURS + 1))
    _log(life, "champion", champion, life.said.distraction_risk)
    _log(life, "challenger", "xgboost_v2", life.said.distraction_risk)


def test_a_persons_shadow_is_for_the_log_alone_and_holds_up_nobody(life: Life) -> None:
    settings = life.platform.settings
    challenger = model_store.save(settings, life.bundle)
    stored_models.set_shadow(settings, challenger, champion=life.champion)
    _lived_as_well(life)
    assert promote_newest(life.platform) == life.champion
    beside = shadow_run.shadow(settings)
    assert beside is not None and beside.tag == challenger
    last = decision_log.decisions(settings)[-1]
    assert (last["decision"], last["model"]) == ("refused", challenger), "the challengers were judged all the same"
    assert SHADOW_GATE not in {gate["name"] for gate in last["gates"]}


def test_a_shadow_is_judged_beside_its_own_champion_only(life: Life) -> None:
    settings = life.platform.settings
    challenger = model_store.save(settings, life.bundle)
    stored_models.set_shadow(settings, challenger, champion=life.champion, by="gates")
    _lived_as_well(life, champion="rules")
    assert promote_newest(life.platform) == life.champion
    assert shadow_run.shadow(settings) is not None, "moments that others answered say nothing"
    stored_models.set_shadow(settings, challenger, champion="neural_focus:xgboost_v0", by="gates")
    _lived_as_well(life)
    assert promote_newest(life.platform) == life.champion
    assert shadow_run.shadow(settings) is None, "it was let in beside a champion that serves no more"
    ended = [line for line in decision_log.decisions(settings, challenger) if line["decision"] == "shadow ended"]
    assert [(line["by"], line["before"]) for line in ended] == [("gates", "neural_focus:xgboost_v0")]


def test_a_challenger_of_an_older_contract_is_refused_and_the_others_are_judged(life: Life) -> None:
    settings = life.platform.settings
    model = {**json.loads(life.bundle.files[MODEL]), "input_hash": "of another time"}
    files = {**life.bundle.files, MODEL: json.dumps(model).encode()}
    manifest = {**life.bundle.manifest, "kind": "lstm", "files": file_hashes(files)}
    old = model_store.save(settings, TrainedBundle("lstm", files, manifest))
    newer = model_store.save(settings, life.bundle)
    assert promote_newest(life.platform) == life.champion
    told = {line["model"]: line for line in decision_log.decisions(settings) if line["decision"] == "refused"}
    assert [gate["name"] for gate in told[old]["gates"]] == ["can be served"]
    assert len(told[newer]["gates"]) > 3


def test_a_champion_whose_files_are_torn_holds_up_nobody(life: Life) -> None:
    settings = life.platform.settings
    challenger = model_store.save(settings, life.bundle)
    (settings.models / "models" / "neural_focus" / "xgboost_v1" / "switch.ubj").write_bytes(b"torn")
    assert promote_newest(life.platform) == life.champion
    last = decision_log.decisions(settings)[-1]
    assert (last["model"], last["before"]) == (challenger, None), "judged, and beside nobody"


def test_the_model_in_the_shadow_gets_peoples_own_experts_too(
    life: Life, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = life.platform.settings
    challenger = model_store.save(settings, life.bundle)
    stored_models.set_shadow(settings, challenger, champion=life.champion, by="gates")
    rows: list[LoggedPrediction] = []
    people = PersonalModels()
    beside = ShadowPredictions(settings, people, rows.append)
    beside.refresh()
    stream = LiveStream(life.user_id, MACHINE, False, OpportunityWatch(Policy()))
    features, t_us = life.snapshots.features[-1], int(life.snapshots.timestamps_us[-1])
    predictor = stored_models.load(settings, challenger)
    made = forecast_of(predictor, people, life.user_id, features, told_past(1), t_us)
    beside.consider([(stream, made)])
    learned = replace(Learner.beginning(predictor.context.hazards["switch"], known=True), seen=5)
    sure = replace(learned, weights=Weights(np.array([0.0, 0.0, 1.0, 0.0, 0.0])), layer=PersonalLayer(0.0, 0.0, 2.0))
    write_personal_models(life.platform.connection, life.user_id, {"switch": sure.to_json(), "break": {"torn": 1}})
    people.refresh(life.platform.connection)
    assert "are learned anew" in caplog.text, "what this code cannot read holds up nobody"
    experts = people.of(life.user_id, predictor, is_demo=False)
    assert people.of(life.user_id, predictor, is_demo=False) is experts, "a snapshot does not put them together anew"
    beside.consider([(stream, made)])
    beside.close()
    monkeypatch.setattr("serving.shadow.MOST_WAITING", 0)
    beside.consider([(stream, made)])
    beside.refresh()
    assert "1 snapshots passed the challenger by" in caplog.text and len(rows) == 2
    before, after = (row.prediction.distraction_risk for row in rows)
    assert before == made.prediction.distraction_risk and after == pytest.approx(sigmoid(np.array([2.0]))[0])
    life.platform.connection.execute("DELETE FROM users WHERE id = %s", (life.user_id,))
    people.refresh(life.platform.connection)
    assert people.of(life.user_id, predictor, is_demo=False)["switch"].seen == 0, "nothing of who was erased is kept"


def _began(settings: Settings, ago: timedelta) -> None:
    """The shadow began so long ago."""
    path = settings.models / "shadow.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "since": (datetime.now(UTC) - ago).isoformat()}))


def test_risks_that_no_longer_come_true_start_the_learning_in_prefect(
    life: Life, prefect_client: PrefectServer
) -> None:
    learning = next(one for one in DEPLOYMENTS if one.flow.endswith(":learning"))
    build(replace(learning, cron=None), "UTC").apply()
    risk = life.said.distraction_risk
    _log(life, "champion", "xgboost_v1", np.clip(risk + 0.4, 0, 1))
    look = drift.watch(life.platform)
    assert look.started and "the risk of a switch is off by" in look.reason
    assert [run for run in _runs(prefect_client) if run["parameters"].get("reason") == look.reason]
    assert look.reason in health.read_health(life.platform.settings), "the page tells it"
    assert not drift.watch(life.platform).started, "once"


def test_risks_that_come_true_start_nothing(life: Life) -> None:
    _log(life, "champion", "xgboost_v1", _honest(life))
    look = drift.watch(life.platform)
    assert look.calibration["switch"]["ece"] < 0.05 and look.reason == "" and not look.started


def _honest(life: Life) -> np.ndarray:
    """Somebody who foresees four of five switches, and says how often that comes true."""
    age = life.snapshots.features[:, FEATURE_NAMES.index("time_in_current_app")]
    at = life.snapshots.timestamps_us
    switches = at[np.r_[False, age[1:] < age[:-1]]]
    upcoming = np.r_[switches, np.iinfo(np.int64).max][np.searchsorted(switches, at, side="right")]
    happens = upcoming <= at + 30_000_000
    rng = np.random.default_rng(1)
    foreseen = happens ^ (rng.random(len(at)) < 0.2)
    said = np.where(foreseen, happens[foreseen].mean(), happens[~foreseen].mean())
    return said + rng.normal(0, 1e-3, len(at))  # ties would be ordered by time


def _runs(server: PrefectServer) -> list[dict[str, dict[str, str]]]:
    user, password = login(server.secrets).split(":", 1)
    address = f"{server.environment['PREFECT_API_URL']}/flow_runs/filter"
    asked = {"flows": {"name": {"any_": ["learning"]}}}
    found: list[dict[str, dict[str, str]]] = (
        httpx.post(address, json=asked, auth=(user, password), timeout=60).raise_for_status().json()
    )
    return found
