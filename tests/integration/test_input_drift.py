"""Somebody's work changes: stored snapshots move away from the training, and Prefect gets a learning run that starts.

The champion knows three days of one simulated person, as if they were real. Then the same person goes on as ever, or
works as quite another kind of person does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from logged_answers import log_answers
from prefect_server import PrefectServer
from trained_person import TRAINED_DAYS, TrainedPerson

from flows.data_quality import check_quality
from flows.deploy import DEPLOYMENTS, build
from flows.drift import drift, last_look
from flows.features import features
from flows.gates.table import GATES
from flows.gates.training_rows import moved_inputs
from flows.label_files import read_labels
from flows.labels import labels
from flows.platform_flow import open_platform
from flows.server import login
from neural_focus.models import champion as stored_models
from neural_focus.models.contracts import V6
from neural_focus.models.drift import LARGE_SHARE, counts
from neural_focus.models.past import PastRows
from neural_focus.registry import model_store
from neural_focus.replay import replay_with_inputs
from neural_focus.settings import Settings
from neural_focus.simulation.parameters import draw_stranger
from neural_focus.simulation.person import SimulatedPerson, live
from neural_focus.store.database import connect
from neural_focus.store.events import write_events
from neural_focus.store.users import ensure_user

WATCHED = sum(map(counts, V6.names))
CHAMPION = "neural_focus:xgboost_v1"
LEARNING = replace(next(one for one in DEPLOYMENTS if one.flow.endswith(":learning")), cron=None)
"""As it is served, but for its schedule: what runs here was asked for."""
SERVE = (
    "import asyncio; from flows.deploy import Deployment, build, serve_all;"
    f" asyncio.run(serve_all([build(Deployment({LEARNING.flow!r}, {LEARNING.name!r}, {LEARNING.group!r}), 'UTC')]))"
)
PATIENCE_SECONDS = 400.0
"""A process that serves and one that runs start, each with all of Prefect: 15 s where nothing else runs."""


@pytest.fixture
def settings(
    trained_person: TrainedPerson, fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """An installation with that champion, whose settings flows read."""
    made = Settings(home=tmp_path, database_url=fresh_database_url)
    assert model_store.save(made, trained_person.bundle) == CHAMPION
    stored_models.promote(made, CHAMPION, by="gates")
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(made.home))
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    yield made


def _work(settings: Settings, person: SimulatedPerson, records: np.ndarray) -> None:
    """The last days end a minute ago: their events are stored, and flows make snapshots and labels of them."""
    records = records.copy()
    end = int(datetime.now(UTC).timestamp()) - 60
    records["timestamp_us"] += np.uint64((end - int(records["timestamp_us"][-1]) // 10**6) * 10**6)
    with connect(settings.database_url or "") as connection:
        user_id = ensure_user(connection, "somebody")
        write_events(
            connection,
            user_id=user_id,
            machine_id=person.machine_id,
            boot_id=person.boot_id,
            first_seq=0,
            records=records,
        )
        last, inputs = replay_with_inputs(records[-2_000:], every_s=1)
        past = PastRows.of_replay(inputs, np.arange(len(last)))
        said = stored_models.load(settings, CHAMPION).predict(last.features, past)
        log_answers(connection, user_id, person.machine_id, last, said)
        connection.commit()
    assert features() > 30_000
    assert labels() > 3_000


def test_work_that_goes_on_as_ever_starts_no_learning(
    trained_person: TrainedPerson, settings: Settings, prefect_client: PrefectServer
) -> None:
    deployment = _deployed(prefect_client)
    person = trained_person.person
    _work(settings, person, person.records[trained_person.later])
    assert drift() == ""
    look = last_look(settings)
    assert look is not None and look.moments > 3_000 and len(look.inputs) == len(V6.names)
    assert f"of {WATCHED} inputs have moved" in look.sentence() and not look.started
    assert _runs(prefect_client, deployment) == []
    assert _share_for_the_gate(settings) < LARGE_SHARE
    with open_platform(settings) as platform:
        assert not [failure for result in check_quality(platform) for failure in result.failures]


@pytest.mark.timeout(600)
def test_work_of_another_kind_starts_a_learning_that_prefect_runs(
    trained_person: TrainedPerson, settings: Settings, prefect_client: PrefectServer
) -> None:
    deployment = _deployed(prefect_client)
    other = live(draw_stranger(101), TRAINED_DAYS, number=1, trials=False)
    _work(settings, other, other.records)
    reason = drift()
    look = last_look(settings)
    assert look is not None and look.started
    assert f"of {WATCHED} inputs have moved, most of all " in reason
    [gate] = [one for one in GATES if one.column == "moved"]
    assert LARGE_SHARE < _share_for_the_gate(settings) < (gate.most or 0), "other work is learned from, not held back"
    [run] = _runs(prefect_client, deployment)
    assert run["parameters"] == {"reason": reason} and run["state_type"] == "SCHEDULED"
    assert drift() == reason and len(_runs(prefect_client, deployment)) == 1, "once"
    with _served(prefect_client):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (told := _told(prefect_client, run["id"])) and time.monotonic() < deadline:
            time.sleep(0.5)
    assert told == [f"Started: {reason}."]


def _share_for_the_gate(settings: Settings) -> float:
    """Of the champion's inputs the share that has moved in a person's newest days, as `training.drift` sees it."""
    with open_platform(settings) as platform:
        [share] = moved_inputs(platform, read_labels(settings.feast, is_demo=False)).values()
    return share


def _deployed(server: PrefectServer) -> str:
    """The learning's deployment, of which no run waits."""
    deployment = str(build(LEARNING, "UTC").apply())
    for run in _runs(server, deployment):
        _ask(server, "DELETE", f"flow_runs/{run['id']}")
    return deployment


@contextmanager
def _served(server: PrefectServer) -> Iterator[None]:
    """The deployment is served in a process of its own, as ``up`` does it, until the end."""
    environment = {**os.environ, **server.environment, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    process = subprocess.Popen([sys.executable, "-c", SERVE], env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _told(server: PrefectServer, run: str) -> list[str]:
    """Why the run learns, as its own page in Prefect says."""
    asked = {"artifacts": {"key": {"any_": ["learning-run"]}, "flow_run_id": {"any_": [run]}}}
    return [found["data"] for found in _ask(server, "POST", "artifacts/filter", asked)]


def _runs(server: PrefectServer, deployment: str) -> list[dict[str, Any]]:
    """Those that somebody asked for: Prefect's scheduler may look at the deployment at any time."""
    found: list[dict[str, Any]] = _ask(
        server, "POST", "flow_runs/filter", {"deployments": {"id": {"any_": [deployment]}}}
    )
    return [run for run in found if not run["auto_scheduled"]]


def _ask(server: PrefectServer, method: str, path: str, asked: object = None) -> Any:
    user, password = login(server.secrets).split(":", 1)
    address = f"{server.environment['PREFECT_API_URL']}/{path}"
    answer = httpx.request(method, address, json=asked, auth=(user, password), timeout=30).raise_for_status()
    return answer.json() if answer.content else None
