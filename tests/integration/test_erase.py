"""``neural-focus erase`` and ``export`` at the command line: database, feature stores and files of one person."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from sample_records import START_US, some_records
from typer.testing import CliRunner

from collector.consent import require_consent
from collector.desktop import desktop_of
from collector.spool import open_writer
from feature_repo.store import open_store, read_online, write_online
from infra.commands import erase, export
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.features import FEATURES, SEQUENCE_LENGTH
from neural_focus.settings import Settings, read_settings
from neural_focus.store.database import connect
from neural_focus.store.events import write_events
from neural_focus.store.privacy import count_rows
from neural_focus.store.users import ensure_user

RUN = CliRunner()


@pytest.fixture
def settings(fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation whose local person is ann."""
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEURAL_FOCUS_USERNAME", "ann")
    return read_settings()


def store_something(settings: Settings, name: str) -> tuple[int, str]:
    """Events and an online snapshot; returns the person's id and the stream's."""
    machine = str(uuid4())
    with connect(settings.database_url or "") as connection:
        user_id = ensure_user(connection, name)
        sent = {"user_id": user_id, "machine_id": machine, "boot_id": str(uuid4())}
        write_events(connection, first_seq=0, records=some_records(50), **sent)
    store = open_store(settings)
    features, sequence = np.zeros(len(FEATURES), np.float32), np.zeros(SEQUENCE_LENGTH, np.uint8)
    write_online(store, f"{user_id}:{machine}", START_US, features, sequence)
    store.close()
    return user_id, f"{user_id}:{machine}"


def test_everything_of_one_person_goes_and_the_other_stays(settings: Settings, tmp_path: Path) -> None:
    (ann, her_stream), (bob, his_stream) = (store_something(settings, name) for name in ("ann", "bob"))
    desktop = desktop_of(settings)
    require_consent(desktop.consent, titles=False, flag="yes", ask=None)
    writer = open_writer(desktop.spool, desktop.machine_id(), str(uuid4()))
    writer.append(some_records(10), {})
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
    assert read_online(store, her_stream) is None
    assert read_online(store, his_stream) is not None
    store.close()
    assert not desktop.spool.exists()
    assert not desktop.consent.exists()


def test_a_stranger_cannot_be_erased(settings: Settings) -> None:
    refused = RUN.invoke(erase.app, ["eve", "--yes"])
    assert isinstance(refused.exception, InputError)
