"""``neural-focus erase`` and ``export`` at the command line: database, feature stores, models and files of a person."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from sample_records import some_records
from stored_people import store_something
from trained_person import TrainedPerson
from typer.testing import CliRunner

from collector.consent import require_consent
from collector.desktop import desktop_of
from collector.spool import open_writer
from feature_repo.store import open_store, read_online
from infra.commands import erase, export
from neural_focus.errors import BusyError, ConfigurationError, InputError
from neural_focus.models.held_out import FILE, read_held_out
from neural_focus.registry import model_store
from neural_focus.settings import Settings, read_settings
from neural_focus.store.database import connect
from neural_focus.store.flow_locks import locked
from neural_focus.store.privacy import count_rows

RUN = CliRunner()


@pytest.fixture
def settings(fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation whose local person is ann."""
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEURAL_FOCUS_USERNAME", "ann")
    return read_settings()


def files_of(settings: Settings, stream_id: str) -> set[str]:
    """The kinds of file in the feast folder whose path or content names the stream or its machine."""
    machine = stream_id.split(":")[1]
    found = set()
    for path in settings.feast.rglob("*"):
        if machine in str(path) or (path.is_file() and machine.encode() in path.read_bytes()):
            found.add(path.relative_to(settings.feast).parts[0])
    return found


def test_everything_of_one_person_goes_and_the_other_stays(
    settings: Settings, tmp_path: Path, trained_person: TrainedPerson
) -> None:
    (ann, her_stream), (bob, his_stream) = (store_something(settings, name) for name in ("ann", "bob"))
    kinds = files_of(settings, his_stream) - {"online.db-wal", "online.db-shm"}
    assert kinds == {"offline", "inputs", "changes", "labels", "engines", "online.db"} <= files_of(settings, her_stream)
    tag = model_store.save(settings, trained_person.bundle)
    assert set(judged_in(settings, tag)) == {ann}, "the model's only person is the first of the database"
    desktop = desktop_of(settings)
    require_consent(desktop.consent, titles=False, flag="yes", ask=None)
    writer = open_writer(desktop.spool, desktop.machine_id(), str(uuid4()))
    writer.append(some_records(10), {})
    desktop.actions.write_text("{}")
    refused = RUN.invoke(erase.app, ["ann", "--yes"])
    assert isinstance(refused.exception, ConfigurationError), "the agent still writes"
    del writer
    exported = RUN.invoke(export.app, [str(tmp_path / "out"), "--user", "ann"])
    assert exported.exit_code == 0, exported.output
    assert len((tmp_path / "out" / "events.csv").read_text().splitlines()) == 51
    erased = RUN.invoke(erase.app, ["ann", "--yes"])
    assert erased.exit_code == 0, erased.output
    with connect(settings.database_url or "") as connection:
        assert set(count_rows(connection, ann).values()) == {0}
        assert count_rows(connection, bob)["events"] == 50
    store = open_store(settings)
    assert read_online(store, [her_stream])[0] is None
    assert read_online(store, [his_stream])[0] is not None
    store.close()
    assert files_of(settings, her_stream) == set()
    assert kinds <= files_of(settings, his_stream)
    assert judged_in(settings, tag) == []
    assert not desktop.spool.exists()
    assert not desktop.consent.exists() and not desktop.actions.exists()


def test_nothing_is_erased_while_a_flow_could_write_it_again(settings: Settings) -> None:
    ann, _ = store_something(settings, "ann")
    with connect(settings.database_url or "") as other:
        with locked(other, ["data-quality"]) as busy:
            assert busy == ""
            refused = RUN.invoke(erase.app, ["ann", "--yes"])
        assert isinstance(refused.exception, BusyError) and "data-quality" in str(refused.exception)
        assert count_rows(other, ann)["events"] == 50
    assert RUN.invoke(erase.app, ["ann", "--yes"]).exit_code == 0


def judged_in(settings: Settings, tag: str) -> list[int]:
    """Whose moments are kept with a model."""
    people: list[int] = read_held_out(model_store.read_bundle(settings, tag).files[FILE]).person.tolist()
    return people


def test_a_stranger_cannot_be_erased(settings: Settings) -> None:
    refused = RUN.invoke(erase.app, ["eve", "--yes"])
    assert isinstance(refused.exception, InputError)
