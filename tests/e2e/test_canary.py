"""What a person types and reads is nowhere: every store is searched for it, in every form it could have taken.

Typed and shown while the platform runs; then the data goes spool → database → features → Feast → reports → API, and
all of it is searched: every file of the home without exception, and every column of every table of both databases.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from canary import see_everything, wait_for_flows
from canary_search import forms_of_keys, forms_of_text, search_database, search_files
from installation import Installation, RunningPlatform
from killed_programs import PROGRAMS, Programs

from infra.embedded_database import EmbeddedServer
from infra.ports import is_taken
from neural_focus._native import read_segment, spool_segments
from neural_focus.events import EventType
from neural_focus.store.database import connect

KEYS = (EventType.KEY_PRESS, EventType.KEY_RELEASE)


@pytest.fixture(scope="module")
def seen(platform: RunningPlatform, installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that came out of the platform; afterwards it is killed, the rest is ended, and its data lies still."""
    folder = tmp_path_factory.mktemp("seen")
    states = wait_for_flows(installation, platform.runs)
    assert set(states.values()) == {"COMPLETED"}, states
    see_everything(installation, folder)
    export = installation.run("export", str(folder / "export"), "--user", "demo-live")
    assert export.returncode == 0, export.stderr
    _end_after_kill(platform, installation)
    (folder / "terminal.txt").write_text(platform.told + export.stdout + export.stderr)
    return folder


def _end_after_kill(platform: RunningPlatform, installation: Installation) -> None:
    """The next ``up`` ends what the killed one leaves, also where it can start nothing: its port is a stranger's."""
    Programs(installation, platform).kill_up()
    settings = installation.settings
    with socket.create_server((settings.host, 0)) as stranger:
        port = str(stranger.getsockname()[1])
        refused = installation.run("up", "--once", NEURAL_FOCUS_SERVING_PORT=port)
    told = re.search(r"ended (\d+) processes that a killed run had left behind", refused.stdout)
    assert told is not None and int(told[1]) >= sum(PROGRAMS.values()), refused.stdout
    assert f"port {port} of the service is in use by" in refused.stderr
    assert not Programs(installation, platform).mark.processes()
    assert not is_taken(settings.serving_port, settings.host) and not is_taken(settings.prefect_port, settings.host)


def test_no_store_has_what_was_typed_or_shown(
    platform: RunningPlatform, installation: Installation, seen: Path
) -> None:
    canary = platform.canary
    secret = forms_of_keys(canary.typed)
    for text in (canary.typed, *canary.titles):
        secret |= forms_of_text(text)
    server = EmbeddedServer.from_settings(installation.settings)
    server.start()
    try:
        kept, _ = search_database(server.url(), forms_of_text(canary.app))
        assert any("events" in place for place in kept), "the window never came into the database: nothing is shown"
        for database in ("neural_focus", "prefect"):
            found, rows = search_database(server.url(database), secret)
            assert not found
            assert rows > 1000
        _check_keys(server.url())
    finally:
        server.stop()
    kept, _ = search_files([installation.home], forms_of_text(canary.app))
    assert any("/database/" in place for place in kept), "files are not searched as they should be"
    found, files = search_files([installation.home, seen], secret)
    assert not found
    assert files > 100


def _check_keys(url: str) -> None:
    """No record of a key has a code, in the database or in a spooled segment."""
    with connect(url) as connection:
        coded = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE substring(data FROM 1 FOR 8) <> '\\x0000000000000000')"
            " FROM events WHERE event_type IN ('KEY_PRESS', 'KEY_RELEASE')"
        ).fetchone()
    assert coded is not None
    assert coded[0] > 0
    assert coded[1] == 0, "key codes in the database"


def test_no_spooled_key_has_a_code(installation: Installation, seen: Path) -> None:
    segments = [path for folder in installation.home.rglob("spool") for path in spool_segments(folder)]
    for path in segments:
        read = read_segment(path)
        records = read[3] if read is not None else []
        for record in records:
            if record["event_type"] in KEYS:
                assert bytes(record["data"])[:8] == bytes(8), f"a key code in {path}"
