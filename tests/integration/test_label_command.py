"""``neural-focus label``: a word about a stretch in which nothing was captured is refused, and nothing is stored."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from logged_answers import logged
from typer.testing import CliRunner, Result

from infra.commands.label import app
from neural_focus.errors import InputError
from neural_focus.settings import read_settings
from neural_focus.store.database import Connection, connect
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.users import ensure_user

MACHINE = "5d1f8b9e-0000-4000-8000-000000000002"


@pytest.fixture
def connection(fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path))
    monkeypatch.setenv("NEURAL_FOCUS_USERNAME", "ann")
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    assert read_settings().username == "ann"
    with connect(fresh_database_url) as connection:
        yield connection


def label(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["focused", *arguments])


def labels(connection: Connection) -> int:
    [(count,)] = connection.execute("SELECT count(*) FROM labels").fetchall()
    connection.commit()
    return int(count)


def test_nothing_captured_is_said_and_nothing_is_stored(connection: Connection) -> None:
    result = label()
    assert isinstance(result.exception, InputError) and "neural-focus agent" in str(result.exception)
    ann, ben = ensure_user(connection, "ann"), ensure_user(connection, "ben")
    now_us = time.time_ns() // 1000
    insert_predictions(connection, [logged(ann, MACHINE, now_us - 400_000_000), logged(ben, MACHINE, now_us)])
    connection.commit()
    for arguments, stretch in (((), "the last 5 min"), (("--minutes", "1"), "the last minute")):
        result = label(*arguments)
        assert isinstance(result.exception, InputError) and result.exit_code != 0
        assert f"nothing was captured of 'ann' in {stretch}" in str(result.exception)
    assert labels(connection) == 0
    assert label("--minutes", "10").output == "the last 10 min were focused: 1 prediction got this label\n"


def test_one_minute_is_a_singular(connection: Connection) -> None:
    ann, now_us = ensure_user(connection, "ann"), time.time_ns() // 1000
    insert_predictions(connection, [logged(ann, MACHINE, now_us - second * 1_000_000) for second in (5, 10)])
    connection.commit()
    assert label("--minutes", "1").output == "the last minute was focused: 2 predictions got this label\n"
    assert labels(connection) == 1
