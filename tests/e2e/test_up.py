"""``neural-focus up --once`` as a person runs it: from an empty folder to an answered intervention, and gone again."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.embedded_database import EmbeddedServer
from infra.ports import free_port
from neural_focus.secrets import load_secrets
from neural_focus.store.database import connect

COMMAND = (sys.executable, "-m", "infra.cli", "up", "--once")


@pytest.fixture(scope="module")
def place() -> Iterator[dict[str, str]]:
    """Variables of an installation of its own, with a short history."""
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-up-"))
    folder.chmod(0o755)
    variables = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "DATABASE_URL")}
    variables |= {f"NEURAL_FOCUS_{name}_PORT": str(free_port()) for name in ("DATABASE", "PREFECT", "SERVING")}
    variables |= {"NEURAL_FOCUS_HOME": str(folder / "home"), "NEURAL_FOCUS_ZONE": "UTC"}
    variables |= {"NEURAL_FOCUS_DEMO_PEOPLE": "2", "NEURAL_FOCUS_DEMO_DAYS": "5"}
    yield variables
    shutil.rmtree(folder, ignore_errors=True)


def run(variables: dict[str, str], seconds: int = 30) -> subprocess.CompletedProcess[str]:
    """One run to its end."""
    return subprocess.run(
        COMMAND, env=variables, capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
    )


def test_a_port_in_use_is_one_clear_line(place: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(place["NEURAL_FOCUS_SERVING_PORT"]))):
        refused = run(place)
    assert refused.returncode == 1
    told = refused.stderr.strip().splitlines()
    assert len(told) == 1
    assert re.search(rf"port \d+ of the service is in use by .*pid {os.getpid()}.*NEURAL_FOCUS_SERVING_PORT", told[0])


@pytest.mark.timeout(600)
def test_once_proves_the_whole_way(place: dict[str, str]) -> None:
    done = run(place, 580)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    for words in ("/signin?code=", "held-out days", "curl -H @", "sign in with"):
        assert words in done.stdout
    home = Path(place["NEURAL_FOCUS_HOME"])
    counted = json.loads((home / "agent.json").read_text())
    assert counted["state"] == "stopped"
    assert counted["answers"] >= 1
    stored = re.search(r"stored in the database +([\d,]+)", done.stdout)
    assert stored is not None
    assert int(stored[1].replace(",", "")) == counted["captured"] - sum(counted["dropped"].values())
    assert not [process for process in psutil.process_iter() if _uses(process, home)], "something was left running"
    _check_database(home, int(place["NEURAL_FOCUS_DATABASE_PORT"]), counted)


def _check_database(home: Path, port: int, counted: dict[str, object]) -> None:
    """After the end: the rows are there, and they are the demo person's."""
    server = EmbeddedServer(home / "database", port, load_secrets(home / "secrets.json").database_password)
    server.start()
    try:
        with connect(server.url()) as connection:
            row = connection.execute(
                "SELECT count(*), bool_and(is_demo) FROM events JOIN users ON users.id = user_id WHERE boot_id = %s",
                (counted["boot_id"],),
            ).fetchone()
            assert row == (counted["spooled"], True)
            keys = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE substring(data FROM 1 FOR 8) <> '\\x0000000000000000')"
                " FROM events WHERE boot_id = %s AND event_type IN ('KEY_PRESS', 'KEY_RELEASE')",
                (counted["boot_id"],),
            ).fetchone()
            assert keys is not None
            assert keys[0] > 0
            assert keys[1] == 0, "key codes in the database"
            assert connection.execute("SELECT count(*) FROM users WHERE NOT is_demo").fetchone() is not None
    finally:
        server.stop()


def _uses(process: psutil.Process, home: Path) -> bool:
    try:
        return str(home) in " ".join(process.cmdline()) or process.environ().get("NEURAL_FOCUS_HOME") == str(home)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
