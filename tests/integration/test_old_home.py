"""A home of the version before, in which the service still remembered streams: it goes on in place."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest
from flows_home import Home, made_home
from prefect_server import PrefectServer
from synthetic_streams import random_moments

from flows.bootstrap import bootstrap
from flows.label_files import CODE, read_labels
from infra.database_schema import differences, migrate, newest_revision
from neural_focus.models.champion import usable_champion
from neural_focus.models.contracts import V6
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.bundle import MODEL, TrainedBundle, file_hashes, write_json
from neural_focus.registry.model_store import list_models, save
from neural_focus.store.database import connect, sqlalchemy_engine
from serving.champion import Champion

BEFORE = {"input_version": 5, "input_hash": "0123456789ab"}
MEMORIES = importlib.import_module("infra.migrations.versions.0003_stream_memories").STREAM_MEMORIES
CALIBRATIONS = importlib.import_module("infra.migrations.versions.0002_person_calibrations").PERSON_CALIBRATIONS


@pytest.fixture(scope="module")
def home(
    prefect_client: PrefectServer, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    yield from made_home(module_database_url, tmp_path_factory.mktemp("home"))


def test_its_tables_of_memories_and_calibrations_go_with_the_migration(home: Home) -> None:
    url = home.settings.database_url or ""
    with connect(url) as connection:
        connection.execute(MEMORIES)
        connection.execute(
            "INSERT INTO stream_memories SELECT id, gen_random_uuid(), 'of version 5', now(), '\\x00' FROM users"
        )
        connection.execute("ALTER TABLE model_predictions DROP COLUMN switch_mixture, DROP COLUMN break_mixture")
        connection.execute("DROP TABLE personal_models")
        connection.execute(CALIBRATIONS)
        connection.execute(
            "INSERT INTO person_calibrations (user_id, model_version, target, shift, moments, share)"
            " SELECT id, 'xgboost_v1', 'switch', 0.1, 300, 0.4 FROM users"
        )
        connection.execute("DROP TABLE forgotten")
        connection.execute("DROP TABLE paired_machines")
        connection.execute("DROP TABLE idempotency_keys, identities")
        connection.execute("ALTER TABLE users DROP COLUMN role, DROP COLUMN disabled_at, DROP COLUMN signed_out_before")
        connection.execute("UPDATE alembic_version SET version_num = '0007'")
        connection.commit()
    assert migrate(url) == newest_revision()
    engine = sqlalchemy_engine(url)
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


@pytest.mark.timeout(900)
def test_its_model_is_refused_with_the_next_step_and_a_new_one_is_trained(home: Home) -> None:
    settings = home.settings
    tag = save(settings, _of_version_5())
    (settings.models / "champion.json").write_text(json.dumps({"champion": tag, "before": []}))
    for path in (settings.feast / "labels").glob("*/*.parquet"):
        _as_written_before(path)
    assert read_labels(settings.feast, is_demo=True).empty, "labels of other code train nothing"
    serves, why = usable_champion(settings)
    assert serves is None
    assert "trained on input version 5 (0123456789ab): that version is unknown here. Train a new model" in why
    serving = Champion(settings)
    serving.refresh()
    assert serving.predictor.version == "rules_v0" and why in serving.notice
    told: list[str] = []
    made = bootstrap(settings, lambda text, _: told.append(text))
    [_, newest] = list_models(settings)
    assert (newest.manifest["input_version"], newest.manifest["input_hash"]) == (6, V6.hash)
    assert made in ("", newest.tag) and told[-1] == (f"{made} serves" if made else "it did not pass its gates")
    assert not read_labels(settings.feast, is_demo=True).empty
    serving.refresh()
    assert serving.predictor.version == (newest.version if made else "rules_v0")


def _of_version_5() -> TrainedBundle:
    """A model of other inputs, whole in itself."""
    bundle = train(TreeModel, *random_moments(1, people=1), is_demo=True, input_version=1)
    files = {**bundle.files, MODEL: write_json({**json.loads(bundle.files[MODEL]), **BEFORE})}
    manifest = {**bundle.manifest, **BEFORE}
    return TrainedBundle("xgboost", files, {**manifest, "files": {**manifest["files"], **file_hashes(files)}})


def _as_written_before(path: object) -> None:
    """The file as a version wrote it that said nothing of its code."""
    table = pq.read_table(path)
    told = {name: value for name, value in table.schema.metadata.items() if name != CODE}
    pq.write_table(table.replace_schema_metadata({**told, b"made_from": b"something else"}), path)
