"""A model as an arm through the real service: whom it answers, what is stored, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from experiment_files import MODELS, changed
from serving_process import Service, desktop, query, running_service
from test_experiment_service import AT_RISK, a_person, command, done, refusal

from neural_focus.messages import PredictionMade
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import StreamTable, cut_moments
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.bundle import MODEL, TrainedBundle, file_hashes, write_json
from neural_focus.registry.model_store import list_models, save
from neural_focus.registry.old_models import remove_old_models
from neural_focus.replay import replay_with_inputs
from neural_focus.settings import Settings
from neural_focus.simulation.person import simulate_person
from neural_focus.store.database import connect
from neural_focus.store.experiments import models_of_arms


@pytest.fixture(scope="module")
def trained() -> TrainedBundle:
    """A real model of two simulated people that finds every settled moment at risk."""
    tables = []
    for number in (1, 2):
        person = simulate_person(number, 2, number=number)
        past, inputs = replay_with_inputs(person.records)
        rows = (past.timestamps_us, past.features, past.sequence, inputs)
        tables.append(StreamTable(f"{number}:m", number, person.records, *rows, is_demo=True))
    bundle = train(TreeModel, *cut_moments(tables, V6), is_demo=True)
    model = json.loads(bundle.files[MODEL])
    model["calibration"]["break"]["intercept"] = 6.0
    return changed_model(bundle, model)


def changed_model(bundle: TrainedBundle, model: object) -> TrainedBundle:
    files = {**bundle.files, MODEL: write_json(model)}
    return replace(bundle, files=files, manifest={**bundle.manifest, "files": file_hashes(files)})


def answers(service: Service, user_id: int) -> set[str]:
    """Who answers a person that is at risk."""
    with desktop(service, service.token_of(user_id), str(uuid4())) as machine:
        told = set()
        for _ in range(3):
            machine.send(machine.snapshot(**AT_RISK))
            told.add(machine.receive(PredictionMade).model_version)
    return told


def exposures(database_url: str) -> dict[int, str]:
    return dict(
        query(
            database_url,
            "SELECT e.user_id, e.arm || ' ' || i.model_version FROM exposures e JOIN experiments x ON"
            " x.id = experiment_id JOIN interventions i USING (opportunity_id) WHERE x.layer = 'which-model'",
        )
    )


def card(service: Service, user_id: int) -> tuple[str, str]:
    with service.http(service.token_of(user_id)) as client:
        told = client.get("/api/v1/model").json()
    return told["version"], told["note"]


def test_a_model_answers_whom_an_experiment_assigns_to_it_and_nobody_where_it_is_gone(
    module_database_url: str, tmp_path: Path, trained: TrainedBundle
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "models.toml").write_text(MODELS)
    with running_service(module_database_url, home) as service:
        refused = refusal(command(service, "start", str(tmp_path / "models.toml")))
        assert "there is no model xgboost_v1" in refused and "See what is stored: neural-focus models" in refused
        old = json.loads(trained.files[MODEL]) | {"input_version": 99}
        blind = json.loads(trained.files[MODEL])
        for part in ("calibration", "stack"):
            blind[part].pop("break", None)
        for made in (trained, changed_model(trained, old), changed_model(trained, blind)):
            save(service.settings, made)
        (tmp_path / "old.toml").write_text(changed(MODELS, ("xgboost_v1", "xgboost_v2")))
        refused = refusal(command(service, "start", str(tmp_path / "old.toml")))
        assert "99" in refused and "Train" in refused
        (tmp_path / "blind.toml").write_text(changed(MODELS, ("xgboost_v1", "xgboost_v3")))
        refused = refusal(command(service, "start", str(tmp_path / "blind.toml")))
        assert "xgboost_v3 does not predict breaks" in refused
        assert "models-1 draws from now on" in done(command(service, "start", str(tmp_path / "models.toml")))
        people = [a_person(module_database_url) for _ in range(8)]
        told = {person: answers(service, person) for person in people}
        arms = dict(query(module_database_url, "SELECT user_id, arm FROM experiment_assignments"))
        assert Counter(arms[person] for person in people).keys() == {"usual", "other"}
        assert told == {person: {"rules_v0" if arms[person] == "usual" else "xgboost_v1"} for person in people}
        stored = exposures(module_database_url)
        assert stored == {
            person: "usual rules_v0" if arms[person] == "usual" else "other xgboost_v1" for person in people
        }
        one = next(person for person in people if arms[person] == "other")
        assert card(service, one)[0] == "xgboost_v1"
    with connect(module_database_url) as connection:
        in_use = models_of_arms(connection)
    settings = Settings(home=home)
    for _ in range(3):
        save(settings, trained)
    old = ["neural_focus:xgboost_v2", "neural_focus:xgboost_v3"]
    assert remove_old_models(settings, in_use) == old, "an arm's model is no old one"
    shutil.rmtree(settings.models / "models" / "neural_focus" / "xgboost_v1")
    assert "xgboost_v1" not in {model.version for model in list_models(settings)}
    with running_service(module_database_url, home) as service:
        late = [a_person(module_database_url) for _ in range(6)]
        assert [answers(service, person) for person in late] == [{"rules_v0"}] * 6
        arms = dict(query(module_database_url, "SELECT user_id, arm FROM experiment_assignments"))
        version, note = card(service, next(person for person in late if arms[person] == "other"))
        assert (version, note.partition(":")[0]) == ("rules_v0", "rules_v0 answers instead")
        assert "there is no model xgboost_v1" in note
        stored = exposures(module_database_url)
        assert {arms[person] for person in late} == {"usual", "other"}
        assert {person: stored.get(person) for person in late} == {
            person: "usual rules_v0" if arms[person] == "usual" else None for person in late
        }, "whom the model did not answer is not exposed to it"
        assert "is refused, the champion answers instead" in service.log.read_text()
        done(command(service, "stop", "models", "--reason", "a test"))
