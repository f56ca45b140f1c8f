"""The doctor names what is wrong, and leaves no trace."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.commands import doctor
from infra.database_schema import newest_revision
from infra.ports import free_port

VARIABLES = ("DATABASE_URL", "DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")


@pytest.fixture
def lone_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that does not exist yet, with free ports and no display."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path / "home"))
    for name in ("DATABASE", "PREFECT", "SERVING"):
        monkeypatch.setenv(f"NEURAL_FOCUS_{name}_PORT", str(free_port()))
    return tmp_path / "home"


def lines() -> tuple[int, dict[str, str]]:
    """Exit code, and what is said about each subject."""
    result = CliRunner().invoke(doctor.app, [])
    told = [line[2:] for line in result.stdout.splitlines() if line[:1] in "✓!✗"]
    return result.exit_code, {line[:15].strip(): line[15:] for line in told}


def test_a_fresh_machine(lone_home: Path) -> None:
    code, said = lines()
    assert code == 0
    assert "no display" in said["display"]
    assert "nobody agreed" in said["consent"]
    assert "rules" in said["model"]
    assert not lone_home.exists(), "a diagnosis makes nothing"


def test_a_port_in_use_names_its_holder(lone_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("NEURAL_FOCUS_DATABASE_PORT", str(other.getsockname()[1]))
        code, said = lines()
    assert code == 1
    assert f"pid {os.getpid()}" in said["database"]


def test_a_database_of_ones_own(lone_home: Path, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    assert f"schema {newest_revision()}" in lines()[1]["database"]
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    code, said = lines()
    assert code == 1
    assert "refuses the connection" in said["database"]


def test_losses_of_the_agent_are_said(lone_home: Path) -> None:
    assert "no agent has run" in lines()[1]["capture"]
    lone_home.mkdir(exist_ok=True)
    soon_us = time.time_ns() // 1000 + 60_000_000  # the doctor may take its time until it reads this
    counted = {"state": "running", "t_us": soon_us, "captured": 12, "dropped": {}, "problems": []}
    (lone_home / "agent.json").write_text(json.dumps(counted))
    assert "is running: 12 records captured, nothing lost" in lines()[1]["capture"]
    told = counted | {"dropped": {"MOUSE_MOVE": 3}, "problems": ["the disk takes no more data"], "t_us": 0}
    (lone_home / "agent.json").write_text(json.dumps(told))
    said = lines()[1]["capture"]
    assert "ended unexpectedly" in said and "the disk takes no more data" in said and "3 records of the kind" in said
