"""``neural-focus up --once`` as a person runs it: from an empty folder to an answered intervention, and gone again."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess

import pytest
from installation import Installation, RunningPlatform
from killed_programs import EVERY_SECONDS, Programs
from virtual_desktop import wait_for

from infra.backup_home import list_home
from infra.embedded_database import EmbeddedServer
from neural_focus.store.database import connect


def test_a_port_in_use_is_one_clear_line(installation: Installation) -> None:
    with socket.create_server((installation.settings.host, installation.settings.serving_port)):
        refused = installation.run("up", "--once")
    assert refused.returncode == 1
    told = refused.stderr.strip().splitlines()
    assert len(told) == 1
    assert re.search(rf"port \d+ of the service is in use by .*pid {os.getpid()}.*NEURAL_FOCUS_SERVING_PORT", told[0])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stage", ["database/data.new", "logs/prefect.log", "logs/first-model.log"])
def test_ctrl_c_at_any_stage_leaves_nothing_running(installation: Installation, stage: str) -> None:
    """A stage is at work as soon as its file is there."""
    running = RunningPlatform.start(installation, "--once")
    wait_for(lambda: (installation.home / stage).exists(), 300)
    if "first-model" in stage:
        running = _again_after_kill(installation, running)
    assert running.interrupt() == 130
    assert "Traceback" not in running.told
    assert not installation.processes(), "something was left running"


def _again_after_kill(installation: Installation, killed: RunningPlatform) -> RunningPlatform:
    """Another one, as far as the killed one was; it ends the Prefect server of that, and the first model's child.

    That child may end before, as it finds nobody who reads what it says.
    """
    programs = Programs(installation, killed)
    wait_for(lambda: programs.mark.processes("first model"))
    assert programs.kill_up() >= 2
    running = RunningPlatform.start(installation, "--once")
    running.when(r"ended [12] process(es)? that a killed run had left behind")
    wait_for(lambda: programs.mark.processes("first model"), 300, EVERY_SECONDS)
    return running


@pytest.mark.timeout(600)
def test_once_proves_the_whole_way(installation: Installation, proof: subprocess.CompletedProcess[str]) -> None:
    """Also after the starts that were broken off before."""
    assert proof.returncode == 0, proof.stdout[-3000:] + proof.stderr[-2000:]
    for words in ("/signin?code=", "held-out days", "curl -H @", "sign in with"):
        assert words in proof.stdout
    memory = re.search(r"Memory +at most ([\d.]+) GB", proof.stdout)
    assert memory is not None and 0.5 < float(memory[1]) < 8
    assert "Warning" not in proof.stdout + proof.stderr
    counted = json.loads((installation.home / "agent.json").read_text())
    assert counted["state"] == "stopped"
    assert counted["answers"] >= 1
    stored = re.search(r"stored in the database +([\d,]+)", proof.stdout)
    assert stored is not None
    assert int(stored[1].replace(",", "")) == counted["captured"] - sum(counted["dropped"].values())
    assert not installation.processes(), "something was left running"
    _check_database(installation, counted)


def test_a_backup_knows_every_file_of_a_home(
    installation: Installation, proof: subprocess.CompletedProcess[str]
) -> None:
    """What is neither taken nor named as left out is somebody's who forgot ``infra/backup_home.py``."""
    assert proof.returncode == 0
    found = list(list_home(installation.home))
    assert [one.name for one in found if one.kind == "unknown"] == []
    taken = {one.name.partition("/")[0] for one in found if one.kind == "taken"}
    assert {"bentoml", "desktops", "feast", "prefect", "reports", "secrets.json"} <= taken
    assert {one.name for one in found} >= {"database/", "logs/agent.log"}


def _check_database(installation: Installation, counted: dict[str, object]) -> None:
    """After the end: the rows are there, and they are the demo person's."""
    server = EmbeddedServer.from_settings(installation.settings)
    server.start()
    try:
        with connect(server.url()) as connection:
            row = connection.execute(
                "SELECT count(*), bool_and(is_demo) FROM events JOIN users ON users.id = user_id WHERE boot_id = %s",
                (counted["boots"][0],),
            ).fetchone()
            assert row == (counted["spooled"], True)
            assert connection.execute("SELECT count(*) FROM users WHERE NOT is_demo").fetchone() is not None
    finally:
        server.stop()
