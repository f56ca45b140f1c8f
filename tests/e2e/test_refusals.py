"""What ``neural-focus`` says when it cannot: one line with what, why and what to do, and nothing left half done."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from installation import Installation

from infra.database_schema import make_database
from infra.embedded_database import EmbeddedServer
from infra.ports import free_port


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the database's account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="neural-focus-no-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def mute() -> Iterator[int]:
    """A port where somebody speaks another language than PostgreSQL's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                with caller:
                    caller.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def check_line(refused: subprocess.CompletedProcess[str], *words: str) -> None:
    """One line on stderr, with ``words``; no traceback, an exit code that says so."""
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    [told] = refused.stderr.strip().splitlines()
    assert told.startswith("neural-focus: ")
    for word in words:
        assert word in told, told


def test_a_database_that_refuses(place: Path, database_server: EmbeddedServer, mute: int) -> None:
    good, password = database_server.url("postgres"), database_server.password
    with psycopg.connect(good, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    make_database(database_server.url("strange"))
    guest = good.replace(f"neural_focus:{password}", "guest:guest")
    refusals = {
        good.replace(password, "guess"): ("password authentication failed", "check DATABASE_URL"),
        f"postgresql://a:b@127.0.0.1:{free_port()}/x": ("refuses the connection", "refused", "check DATABASE_URL"),
        f"postgresql://a:b@127.0.0.1:{mute}/x": ("refuses the connection", "check DATABASE_URL"),
        "mysql://a:b@127.0.0.1/x": ("names no PostgreSQL database", "Give postgresql://"),
        guest.replace("/postgres", "/strange"): ("permission denied", "rights"),
        guest.replace("/postgres", "/new"): ("cannot be made", "permission denied", "by hand"),
    }
    for number, (url, words) in enumerate(refusals.items()):
        made = Installation.new(place / str(number))
        refused = made.run("up", "--once", DATABASE_URL=url)
        check_line(refused, *words)
        assert not made.processes()
        assert ":guess@" not in refused.stderr and ":b@" not in refused.stderr, "a password is told"


def test_a_disk_without_room(place: Path) -> None:
    made = Installation.new(place)
    made.home.mkdir()
    if os.geteuid() == 0:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", made.home], check=True)
        try:
            check_line(made.run("up", "--once"), "MB are free", "NEURAL_FOCUS_HOME to another disk")
            assert not (made.home / "database" / "data").exists()
        finally:
            subprocess.run(["umount", made.home], check=True)
    else:
        refused = made.run("up", "--once", limits="-f 2048")  # no file longer than 2 MB
        check_line(refused, "database")
        assert not (made.home / "database" / "data").exists(), "half a cluster"


def test_a_home_that_cannot_be_made(place: Path) -> None:
    (place / "file").write_text("")
    check_line(Installation.new(place / "file").run("up", "--once"), "cannot be used", "Set NEURAL_FOCUS_HOME")


def test_no_display(place: Path) -> None:
    made = Installation.new(place)
    check_line(made.run("agent", "--consent", "yes"), "no display to capture", "DISPLAY is not set", "--display")
    bare = place / "bin"
    bare.mkdir()
    check_line(made.run("up", "--once", PATH=str(bare)), "Xvfb is not installed", "apt-get install xvfb")
    assert not (made.home / "database").exists(), "it is said before anything is made"
