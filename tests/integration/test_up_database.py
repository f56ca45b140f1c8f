"""Whose database is it? One started by hand runs on after ``up``, ours and that of a killed run do not."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from infra.embedded_database import EmbeddedServer
from infra.ports import free_port
from infra.up.platform import RunningPlatform, only_one
from neural_focus.errors import ServiceError
from neural_focus.settings import Settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    """An installation below a folder that the database's account can reach, made under the umask of ``up``."""
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-test-"))
    folder.chmod(0o755)
    made = Settings(home=folder / "new" / "home", database_port=free_port())
    before = os.umask(0o077)
    yield made
    os.umask(before)
    EmbeddedServer.from_settings(made).stop()
    shutil.rmtree(folder)


def a_run(settings: Settings) -> RunningPlatform:
    """A platform with only its database started."""
    platform = RunningPlatform(settings, Console(quiet=True), demo=True)
    platform._start_database()
    return platform


def test_ours_stops_with_us_and_after_a_kill(settings: Settings) -> None:
    server = EmbeddedServer.from_settings(settings)
    a_run(settings).stop()
    assert not server.running()
    a_run(settings)  # killed: it never stops
    assert server.running()
    a_run(settings).stop()
    assert not server.running()


def test_one_started_by_hand_runs_on(settings: Settings) -> None:
    server = EmbeddedServer.from_settings(settings)
    server.start()
    a_run(settings).stop()
    assert server.running()


def test_a_second_up_is_refused(settings: Settings) -> None:
    with only_one(settings.home), pytest.raises(ServiceError, match="runs here already"), only_one(settings.home):
        pass
