"""The embedded server: kill -9, a port in use, a closed folder, a reused pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from infra import embedded_database_debian
from infra.embedded_database import EmbeddedServer, _tree
from infra.embedded_database_account import open_to_others
from infra.embedded_database_postmaster import forget_reused_pid, postmaster
from infra.ports import free_port
from neural_focus.errors import StoreError
from neural_focus.passable_folder import make_folder

PATIENCE_SECONDS = 120.0
"""A machine may be busy: it only ends what hangs."""


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
    """First of a backend, after which the same postmaster answers again, then of the postmaster."""
    assert server.start() == server.start()
    url, running = server.url("postgres"), postmaster(server.data)
    assert running is not None
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(connection.info.backend_pid, signal.SIGKILL)
    _wait_until_it_answers(url)
    assert postmaster(server.data) == running
    os.kill(running.pid, signal.SIGKILL)
    _wait_until_dead(server)
    server.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace("pass%20word", "guess"))


def test_a_start_waits_for_what_a_killed_one_left_at_work(server: EmbeddedServer) -> None:
    """Its initdb would remove the new cluster, for that has the same name."""
    code = "import sys; from pathlib import Path; from infra.embedded_database import EmbeddedServer;"
    code += "EmbeddedServer(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], durable=False).start()"
    killed = subprocess.Popen([sys.executable, "-c", code, str(server.folder), str(server.port), server.password])
    while not (server.folder / "data.new" / "base").exists():
        assert killed.poll() is None
        signal.sigtimedwait([], 0.01)
    killed.kill()
    killed.wait()
    replace(server, durable=False).start()
    with psycopg.connect(server.url("postgres")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.fixture
def closed_umask() -> Iterator[None]:
    """As under ``up``: what is made is its owner's alone."""
    before = os.umask(0o077)
    yield
    os.umask(before)


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs under another account")


@pytest.mark.usefixtures("closed_umask")
@pytest.mark.parametrize("flavour", ["timescaledb", "postgresql"])
def test_the_servers_account_can_use_whatever_its_starter_makes_under_a_closed_umask(
    server: EmbeddedServer, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home, cache and programs are new; TimescaleDB's are closed as an earlier version left them."""
    made, cache = replace(server, flavour=flavour), server.folder.parent.parent / "caches" / "cache"
    if flavour == "timescaledb":
        if embedded_database_debian.obstacle():
            pytest.skip(embedded_database_debian.obstacle())
        make_folder(server.folder)
        make_folder(cache)
        there = _tree(server.programs())
        shutil.copytree(there, cache / there.name, symlinks=True)
        for path in (cache / there.name).rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o700)
    monkeypatch.setenv("NEURAL_FOCUS_CACHE", str(cache))
    with psycopg.connect(made.start()[: -len("neural_focus")] + "postgres") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.usefixtures("closed_umask")
def test_what_is_unpacked_under_a_closed_umask_is_open(tmp_path: Path) -> None:
    programs = tmp_path / "usr" / "lib" / "postgresql" / embedded_database_debian.MAJOR / "bin"
    programs.mkdir(parents=True)
    shutil.copy("/bin/true", programs / "initdb")
    (programs / "sample").touch()
    embedded_database_debian._stub_programs(programs)
    open_to_others(tmp_path)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path, *programs.rglob("*"))}
    assert modes == {tmp_path.name: 0o755, "real": 0o755, "initdb": 0o755, "sample": 0o644}
    assert (programs / "real" / "initdb").stat().st_mode & 0o777 == 0o755


@AS_ROOT
def test_programs_that_the_servers_account_cannot_use_are_named(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = server.folder.parent.parent / "cache"
    monkeypatch.setenv("NEURAL_FOCUS_CACHE", str(cache))
    plain = replace(server, flavour="postgresql")
    make_folder(plain.folder)
    postgres = plain.programs() / "postgres"
    cache.chmod(0o700)
    with pytest.raises(StoreError, match=f"cannot reach .*{cache} is closed to it.*Set NEURAL_FOCUS_CACHE"):
        plain.start()
    cache.chmod(0o711)
    postgres.write_text("#!/bin/sh\necho no such library >&2; exit 127\n")
    with pytest.raises(StoreError, match=f"cannot run {postgres}: no such library. Delete {_tree(postgres)}"):
        plain.start()
    assert not plain.data.exists()


def test_a_port_in_use_is_named_with_its_holder(server: EmbeddedServer) -> None:
    said = f"port {server.port} .* in use by .*pid {os.getpid()}"
    with socket.create_server(("127.0.0.1", server.port)), pytest.raises(StoreError, match=said):
        server.start()
    assert not server.data.exists()


@AS_ROOT
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
    deadline = time.monotonic() + PATIENCE_SECONDS
    while server.running():
        assert time.monotonic() < deadline, "the killed server lives on"
        signal.sigtimedwait([], 0.05)


def _wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        signal.sigtimedwait([], 0.05)
    pytest.fail("the server does not answer again")
