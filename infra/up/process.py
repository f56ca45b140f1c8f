"""One supervised program: marked, in a session of its own, its words in a log file, stopped with all it started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from infra.up.mark import ProcessMark

LOG_BYTES = 20 * 1024 * 1024
TAIL_LINES = 400


def always_ready() -> str:
    """A program that needs no time to get ready."""
    return ""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. ``ready`` says what is missing yet, or nothing when the program does its work."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    ready: Callable[[], str] = always_ready
    start_seconds: float = 90.0
    stop_seconds: float = 15.0
    stop_signal: signal.Signals = signal.SIGTERM
    may_quit: bool = False
    """Exit code 0 is the person's wish: it is not started again."""


@dataclass(slots=True)
class Process:
    """A program that was started."""

    program: Program
    mark: ProcessMark
    popen: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, program: Program, mark: ProcessMark) -> Process:
        """Ends what is left of ``program``, then starts it; a Ctrl-C in our terminal does not reach it."""
        mark.end(program.name)
        program.log.parent.mkdir(parents=True, exist_ok=True)
        _rotate(program.log)
        descriptor = os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            popen = subprocess.Popen(
                program.command,
                env={**program.environment, **mark.variables(program.name)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return cls(program, mark, popen)

    @property
    def pid(self) -> int:
        """Its pid, and the id of its process group."""
        return self.popen.pid

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.popen.poll()

    def stop(self) -> None:
        """Asks it to end, waits, then ends it and everything it started."""
        if self.exit_code() is None:
            _signal_group(self.pid, self.program.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(self.program.stop_seconds)
        self.popen.kill()
        self.popen.wait()
        self.mark.end(self.program.name)


def log_tail(log: Path, lines: int = 3) -> str:
    """The last lines of a log that say something, as one line; the error of a traceback if it ends with one."""
    try:
        text = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    except OSError:
        return ""
    lines_with_text = [line.strip() for line in text if line.strip()]
    return " / ".join(lines_with_text[-lines:])[-400:].rstrip(".")


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _rotate(log: Path) -> None:
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
