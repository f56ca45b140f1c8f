"""The supervisor with real child processes: readiness, death, restart, order of stopping, leftovers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from infra.ports import free_port, is_taken
from infra.up.mark import ProcessMark
from infra.up.process import Process, Program
from infra.up.supervisor import Supervisor
from neural_focus.errors import ServiceError

SLEEPER = "import time; time.sleep(600)"


def a_program(folder: Path, name: str, code: str = SLEEPER, **options: object) -> Program:
    """A Python child that runs ``code``."""
    return Program(name, (sys.executable, "-c", code), dict(os.environ), folder / f"{name}.log", **options)  # type: ignore[arg-type]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor whose reports are kept in ``said``."""
    made = Supervisor(ProcessMark(str(tmp_path)), report=lambda _: None)
    yield made
    made.stop_all()


def test_it_waits_until_a_program_is_ready(supervisor: Supervisor, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"import pathlib, time; time.sleep(0.3); pathlib.Path({str(mark)!r}).touch(); time.sleep(600)"
    supervisor.start(a_program(tmp_path, "slow", code, ready=lambda: "" if mark.exists() else "no mark yet"))
    assert mark.exists()


def test_a_program_that_dies_or_dawdles_is_named_with_its_log(supervisor: Supervisor, tmp_path: Path) -> None:
    died = a_program(tmp_path, "broken", "raise SystemExit('no such port')", ready=lambda: "silent")
    with pytest.raises(ServiceError, match="broken ended with exit code 1: no such port"):
        supervisor.start(died)
    with pytest.raises(ServiceError, match=r"lazy is not ready after 0 s \(silent\)"):
        supervisor.start(a_program(tmp_path, "lazy", ready=lambda: "silent", start_seconds=0.2))


def test_a_dead_program_is_started_again_later_and_later(tmp_path: Path) -> None:
    now, said = [100.0], []
    supervisor = Supervisor(ProcessMark(str(tmp_path)), said.append, clock=lambda: now[0])
    supervisor.launch(a_program(tmp_path, "mortal", "raise SystemExit(3)"))
    waits = []
    for _ in range(8):
        slot = supervisor.slots[0]
        assert slot.process is not None
        slot.process.popen.wait()
        slot.process.started = now[0]
        supervisor.tend()
        assert slot.process is None
        waits.append(slot.again_at - now[0])
        now[0] = slot.again_at
        supervisor.tend()
    supervisor.stop_all()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert said[0] == "mortal ended with exit code 3; it starts again in 1 s"


def test_programs_stop_last_first_with_all_they_started(supervisor: Supervisor, tmp_path: Path) -> None:
    before = psutil.Process().children(recursive=True)  # servers of other tests
    order = tmp_path / "order"
    code = (
        "import pathlib, signal, subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        "def end(*_):\n"
        f"    open({str(order)!r}, 'a').write(sys.argv[1]); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"pathlib.Path({str(tmp_path)!r}, sys.argv[1]).touch()\n"
        "time.sleep(600)\n"
    )
    for name in "abc":
        command = (sys.executable, "-c", code, name)
        ready = lambda name=name: "" if (tmp_path / name).exists() else "not yet"  # noqa: E731
        supervisor.start(Program(name, command, dict(os.environ), tmp_path / f"{name}.log", ready))
    grandchildren = [child for child in psutil.Process().children(recursive=True) if child not in before]
    assert len(grandchildren) == 6
    supervisor.stop_all()
    assert order.read_text() == "cba"
    assert not any(child.is_running() and child.status() != "zombie" for child in grandchildren)


def test_one_that_ignores_the_signal_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    code += f"pathlib.Path({str(mark)!r}).touch(); time.sleep(600)"
    ready = lambda: "" if mark.exists() else "not yet"  # noqa: E731
    supervisor.start(a_program(tmp_path, "deaf", code, ready=ready, stop_seconds=0.3))
    process = supervisor.slots[0].process
    assert process is not None
    started = time.monotonic()
    supervisor.stop_all()
    assert process.exit_code() == -signal.SIGKILL
    assert time.monotonic() - started < 400, "it sleeps ten minutes"


def test_leftovers_of_a_killed_supervisor_are_ended(tmp_path: Path) -> None:
    killed = Supervisor(ProcessMark(str(tmp_path)), report=lambda _: None)
    killed.launch(a_program(tmp_path, "orphan"))
    orphan = killed.slots[0].process
    assert isinstance(orphan, Process)
    assert Supervisor(ProcessMark(str(tmp_path)), report=lambda _: None).end_leftovers() == 1
    assert orphan.popen.wait(60) == -signal.SIGTERM
    assert Supervisor(ProcessMark(str(tmp_path)), report=lambda _: None).end_leftovers() == 0


def test_a_dead_server_s_worker_gives_the_port_to_the_next_one(supervisor: Supervisor, tmp_path: Path) -> None:
    """The parent binds, its worker in a session of its own serves: BentoML's way."""
    port = free_port()
    serve = "import os, time; os.listdir('.'); time.sleep(600)"
    code = (
        "import socket, subprocess, sys, time\n"
        f"listener = socket.create_server(('127.0.0.1', {port}))\n"
        f"command = [sys.executable, '-c', {serve!r}]\n"
        "subprocess.Popen(command, pass_fds=[listener.fileno()], start_new_session=True)\n"
        "time.sleep(600)\n"
    )
    ready = lambda: "" if is_taken(port) else "nobody listens"  # noqa: E731
    program, said = a_program(tmp_path, "service", code, ready=ready), list[str]()
    supervisor.report = said.append
    supervisor.start(program)
    _until(lambda: len(supervisor.mark.processes("service")) == 2)
    [slot] = supervisor.slots
    first = slot.process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    first.popen.wait()
    assert is_taken(port), "nothing is shown: the worker went with its parent"
    supervisor.tend()
    assert slot.process is None and not is_taken(port), "an orphan answers while nothing supervises it"
    _until(lambda: supervisor.tend() is None and slot.restarts == 1)
    supervisor.wait_ready("service")
    _until(lambda: len(supervisor.mark.processes("service")) == 2)
    assert slot.restarts == 1
    assert said == ["service was ended by SIGKILL; it starts again in 1 s"]


def test_what_is_left_of_a_program_ends_before_its_start(supervisor: Supervisor, tmp_path: Path) -> None:
    variables = {**os.environ, **supervisor.mark.variables("service")}
    left = subprocess.Popen([sys.executable, "-c", SLEEPER], env=variables)
    supervisor.launch(a_program(tmp_path, "service"))
    assert left.wait(120) == -signal.SIGKILL


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_a_person_quits_is_not_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.launch(a_program(tmp_path, "quits", "", may_quit=True))
    supervisor.launch(a_program(tmp_path, "fails", "raise SystemExit(3)", may_quit=True))
    deadline = time.monotonic() + 60
    while any(slot.program.name == "quits" for slot in supervisor.slots) and time.monotonic() < deadline:
        supervisor.tend()
        time.sleep(0.05)
    assert [slot.program.name for slot in supervisor.slots] == ["fails"]
