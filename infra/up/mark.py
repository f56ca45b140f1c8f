"""The mark on each process of a home: a variable that every descendant inherits, by which all of them are found.

    NEURAL_FOCUS_PROGRAM=<the home's id>/<the program's name>

A program that is killed leaves what it had started, as a killed ``up`` leaves its programs. They live on in sessions
of their own and have another parent, so that neither process groups nor parents nor noted pids lead to them; their
environment still does. Not ours are processes of another account or of another home, those at a terminal (the shell
of a person), and this process with all that started it. What is opened for a person, such as a browser, gets the
environment ``unmarked``.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from neural_focus.secrets import Secrets

VARIABLE = "NEURAL_FOCUS_PROGRAM"
KILL_SECONDS = 5.0
KILL_ROUNDS = 3
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """The mark of one home. ``home`` is an id of it that neither a copy nor the same path in a container shares."""

    home: str

    @classmethod
    def of(cls, home: Path, secrets: Secrets) -> ProcessMark:
        """The mark of an installation."""
        return cls(hashlib.sha256(f"{secrets.signing_key}\n{home.resolve()}".encode()).hexdigest()[:16])

    def variables(self, program: str) -> dict[str, str]:
        """What the environment of ``program`` has more than others."""
        return {VARIABLE: f"{self.home}/{program}"}

    def processes(self, program: str = "") -> list[psutil.Process]:
        """The living processes of ``program``, or of every program of the home."""
        start = f"{self.home}/{program}"
        apart = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
        return [found for found in psutil.process_iter() if found.pid not in apart and _is_ours(found, start, program)]

    def end(self, program: str = "", ask_seconds: float = 0.0) -> int:
        """Ends the processes of ``program``, or of every program; returns how many there were.

        ``ask_seconds``: they get so long to end by SIGTERM. The rest is killed, with what it starts meanwhile. A child
        of this process has to be waited for by its owner first.
        """
        ended: set[psutil.Process] = set()
        if ask_seconds:
            ended.update(asked := self.processes(program))
            _end(asked, psutil.Process.terminate, ask_seconds)
        for _ in range(KILL_ROUNDS):
            left = self.processes(program)
            ended.update(left)
            _end(left, psutil.Process.kill, KILL_SECONDS)
            if not left:
                break
        return len(ended)


def unmarked(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` for what outlives us: a program that is opened for the person."""
    return {name: value for name, value in environ.items() if name != VARIABLE}


def _is_ours(process: psutil.Process, start: str, program: str) -> bool:
    try:
        mark = process.environ().get(VARIABLE, "")
        belongs = mark == start if program else mark.startswith(start)
        return belongs and process.uids().real == os.getuid() and not _has_terminal(process.pid)
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return False


def _has_terminal(pid: int) -> bool:
    """psutil knows only the terminals that were there when it was first asked."""
    _state, _parent, _group, _session, terminal, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return terminal != "0"


def _end(processes: Iterable[psutil.Process], how: Callable[[psutil.Process], None], seconds: float) -> None:
    """Terminates or kills, then waits. A zombie counts as ended: not every container has somebody who reaps it."""
    waiting = list(processes)
    for process in waiting:
        with suppress(psutil.NoSuchProcess):
            how(process)
    deadline = time.monotonic() + seconds
    while (waiting := [process for process in waiting if _lives(process)]) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
