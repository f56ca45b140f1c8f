"""The embedded server: kill -9, a port in use, a closed folder, a reused pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from infra import embedded_database_debian
from infra.embedded_database import EmbeddedServer
from infra.embedded_database_postmaster import forget_reused_pid, postmaster
from infra.ports import free_port
from neural_focus.errors import StoreError


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A durable server that has not been started."""
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-test-"))
    folder.chmod(0o755)
    made = EmbeddedServer(folder / "a folder" / "database", free_port(), "pass word/%")
    yield made
    made.stop()
    shutil.rmtree(folder)


def test_committed_rows_survive_kill_9(server: EmbeddedServer) -> None:
    assert server.start() == server.start()
    url = server.url("postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        running = postmaster(server.data)
        assert running is not None
        os.kill(running.pid, signal.SIGKILL)
    _wait_until_dead(server)
    server.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace("pass%20word", "guess"))


def test_a_starters_umask_does_not_shut_the_servers_account_out(tmp_path: Path) -> None:
    """``up`` makes everything for its owner alone, and as root it is what unpacks the programs."""
    prefix = tmp_path / "timescaledb"
    programs = prefix / "usr" / "lib" / "postgresql" / embedded_database_debian.MAJOR / "bin"
    programs.mkdir(parents=True)
    shutil.copy("/bin/true", programs / "initdb")
    before = os.umask(0o077)
    try:
        embedded_database_debian._stub_programs(programs)
    finally:
        os.umask(before)
    for path in (programs / "real", programs / "initdb", programs / "real" / "initdb"):
        assert path.stat().st_mode & 0o777 == 0o755, path
    (programs / "real").chmod(0o700)  # as earlier versions left it
    assert embedded_database_debian.install(prefix, print) == programs
    assert (programs / "real").stat().st_mode & 0o777 == 0o755


def test_a_port_in_use_is_named_with_its_holder(server: EmbeddedServer) -> None:
    said = f"port {server.port} .* in use by .*pid {os.getpid()}"
    with socket.create_server(("127.0.0.1", server.port)), pytest.raises(StoreError, match=said):
        server.start()
    assert not server.data.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs under another account")
def test_a_closed_folder_is_named(server: EmbeddedServer) -> None:
    closed = server.folder.parent.parent
    closed.chmod(0o700)
    with pytest.raises(StoreError, match=f"{closed} is closed to it"):
        server.start()
    closed.chmod(0o755)


def test_a_full_disk_is_said_before_anything_is_written(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.embedded_database.LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(StoreError, match="MB are free"):
        server.start()
    assert not server.data.exists()


def test_the_pid_of_another_program_is_not_our_server(server: EmbeddedServer) -> None:
    server.data.mkdir(parents=True)
    pid_file = server.data / "postmaster.pid"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        pid_file.write_text(f"{other.pid}\n{server.data}\n0\n5432\n\n127.0.0.1\n 1 999999\n")
        assert not replace(server).running()
        assert forget_reused_pid(server.data)
        assert not pid_file.exists()
        other.communicate(b"\n")


def _wait_until_dead(server: EmbeddedServer) -> None:
    for _ in range(100):
        if not server.running():
            return
        signal.sigtimedwait([], 0.05)
    pytest.fail("the killed server lives on")
