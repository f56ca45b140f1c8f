"""Real processes that fork, leave their session and lose their parent: each is found by its mark, and no other."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from infra.up.mark import VARIABLE, ProcessMark
from neural_focus.secrets import Secrets

REST = "import time; time.sleep(600)"
LEAVERS = f"""
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {REST!r}])
subprocess.Popen([sys.executable, "-c", {REST!r}], start_new_session=True)
if os.fork() == 0:  # twice, as daemons do
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
time.sleep(600)
"""
RESTARTER = f"""
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    subprocess.run([sys.executable, "-c", {REST!r}], start_new_session=True)
"""
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def mark(tmp_path: Path) -> ProcessMark:
    """The mark of a home that is this test's alone."""
    return ProcessMark.of(tmp_path, Secrets("token", "database", "prefect", "key"))


@pytest.fixture
def start(mark: ProcessMark) -> Iterator[Start]:
    """Starts a Python process in a session of its own; all of them are gone afterwards."""
    started = []

    def begin(code: str, environ: dict[str, str], **options: object) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **environ}, **options))  # type: ignore[call-overload]
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()
    mark.end()


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    """Waits for it."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_killed_process_leaves_is_ended(mark: ProcessMark, start: Start) -> None:
    """Its child, a child in another session, and a grandchild whose parent has ended."""
    parent = start(LEAVERS, mark.variables("service"))
    until(lambda: len(mark.processes("service")) == 4)
    left = [process for process in mark.processes() if process.pid != parent.pid]
    parent.kill()
    parent.wait()
    assert mark.end("service") == 3
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in left)
    assert mark.end() == 0


def test_one_that_starts_others_anew_and_ignores_the_signal_is_ended_with_them(mark: ProcessMark, start: Start) -> None:
    parent = start(RESTARTER, mark.variables("service"))
    until(lambda: len(mark.processes("service")) == 2)
    assert mark.end("service", ask_seconds=0.2) >= 2
    assert not mark.processes()
    assert parent.wait() == -signal.SIGKILL


def test_one_that_ends_in_order_is_asked_first(mark: ProcessMark, start: Start, tmp_path: Path) -> None:
    closed, ready = tmp_path / "closed", tmp_path / "ready"
    code = (
        "import pathlib, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit())\n"
        f"try:\n    pathlib.Path({str(ready)!r}).touch()\n    {REST}\n"
        f"finally:\n    pathlib.Path({str(closed)!r}).touch()"
    )
    start(code, mark.variables("agent"))
    until(ready.exists)
    assert mark.end(ask_seconds=120) == 1
    assert closed.exists()


def test_other_programs_and_other_homes_live_on(mark: ProcessMark, start: Start, tmp_path: Path) -> None:
    secrets, copied = Secrets("token", "database", "prefect", "key"), Secrets("token", "database", "prefect", "other")
    homes = [
        ProcessMark.of(tmp_path / "copy", secrets),
        ProcessMark.of(tmp_path, copied),
    ]  # elsewhere, and there in a container
    others = [start(REST, home.variables("service")) for home in homes]
    others += [start(REST, mark.variables("service of another")), start(REST, {})]
    start(REST, mark.variables("service"))
    until(lambda: [len(found.processes()) for found in (mark, *homes)] == [2, 1, 1])
    assert mark.end("service") == 1
    assert [process.poll() for process in others] == [None] * 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another account")
def test_another_account_s_process_lives_on(mark: ProcessMark, start: Start) -> None:
    environ = {**os.environ, **mark.variables("service")}
    with subprocess.Popen(["sleep", "600"], env=environ, user="nobody", cwd="/") as other:
        try:
            until(lambda: psutil.Process(other.pid).environ().get(VARIABLE) is not None)
            assert mark.end() == 0
            assert other.poll() is None
        finally:
            other.kill()


def test_a_shell_at_a_terminal_lives_on(mark: ProcessMark) -> None:
    """It inherited the mark, and is a person's."""
    child, terminal = pty.fork()
    if child == 0:
        environ = {**os.environ, **mark.variables("agent")}
        os.execve("/bin/sh", ["sh", "-c", "echo begun; sleep 600"], environ)  # noqa: S606
    try:
        assert os.read(terminal, 5) == b"begun"
        assert psutil.Process(child).environ()[VARIABLE]
        assert mark.end() == 0
        assert psutil.Process(child).status() != psutil.STATUS_ZOMBIE
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def test_the_one_who_asks_and_its_parents_live_on(mark: ProcessMark, start: Start, tmp_path: Path) -> None:
    code = f"from infra.up.mark import ProcessMark; raise SystemExit(ProcessMark({mark.home!r}).end())"
    parent = f"import subprocess, sys; raise SystemExit(subprocess.run([sys.executable, '-c', {code!r}]).returncode)"
    assert start(parent, mark.variables("agent")).wait(120) == 0


def test_the_browser_that_the_tray_opens_is_not_ours(mark: ProcessMark, start: Start, tmp_path: Path) -> None:
    """What the agent starts for it has everything of the agent's environment but the mark."""
    seen = tmp_path / "seen"
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nenv > {seen}.part\nmv {seen}.part {seen}\n")
    python.chmod(0o755)
    code = f"import sys; from infra.commands import agent; sys.executable = {str(python)!r}; agent._open_page()"
    assert start(code, {"DISPLAY": ":77", **mark.variables("agent")}).wait(120) == 0
    until(seen.exists)
    told = seen.read_text().splitlines()
    assert "DISPLAY=:77" in told
    assert not any(line.startswith(VARIABLE) for line in told)
