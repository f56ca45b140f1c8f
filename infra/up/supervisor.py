"""Starts programs in order, restarts those that die, and stops them in the opposite order.

    start ─► ready? ─► running ─► died ─► wait 1, 2, 4 … 60 s ─► start again
                                   │
                                   └─ ran for two minutes before: the wait begins at 1 s again

``processes.json`` names what runs, so that after a kill -9 of the supervisor the next one ends the leftovers.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from infra.interruption import whole
from infra.up.process import Process, Program, end_family, log_tail
from neural_focus.atomic_write import atomic_write
from neural_focus.errors import ServiceError

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
STEADY_SECONDS = 120.0
POLL_SECONDS = 0.1


@dataclass(slots=True)
class _Slot:
    program: Program
    process: Process | None
    wait: float = FIRST_WAIT_SECONDS
    again_at: float = 0.0
    restarts: int = 0


@dataclass(slots=True)
class Supervisor:
    """Programs in the order they were started."""

    register: Path
    report: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    slots: list[_Slot] = field(default_factory=list)

    def launch(self, program: Program) -> None:
        """Starts ``program`` without waiting for it."""
        with whole():
            try:
                process = Process.start(program)
            except OSError as error:
                raise ServiceError(f"{program.name} cannot be started", why=str(error)) from error
            self.slots.append(_Slot(program, process))
            self._write_register()

    def adopt(self, program: Program, running: subprocess.Popen[bytes]) -> None:
        """Takes over what somebody else started; a restart uses the program's own command."""
        self.slots.append(_Slot(program, Process(program, running)))
        self._write_register()

    def wait_ready(self, name: str) -> None:
        """Waits until the program called ``name`` does its work.

        Raises:
            ServiceError: it died, or is not ready in its time; with the end of its log.
        """
        slot = next(slot for slot in self.slots if slot.program.name == name)
        program, deadline = slot.program, self.clock() + slot.program.start_seconds
        while missing := program.ready():
            code = slot.process.exit_code() if slot.process else -1
            if code is not None:
                raise _failure(program, f"{name} ended with exit code {code}")
            if self.clock() > deadline:
                raise _failure(program, f"{name} is not ready after {program.start_seconds:.0f} s ({missing})")
            time.sleep(POLL_SECONDS)

    def start(self, program: Program) -> None:
        """Starts ``program`` and waits until it does its work."""
        self.launch(program)
        self.wait_ready(program.name)

    def dead(self) -> list[str]:
        """Names of programs that ended by themselves and were not started again yet, with exit code and log."""
        found = []
        for slot in self.slots:
            code = slot.process.exit_code() if slot.process else -1
            if code is not None:
                found.append(f"{slot.program.name} (exit code {code}): {log_tail(slot.program.log)}")
        return found

    def tend(self) -> None:
        """One look: notes who died, and starts again those whose wait is over. Never raises for a dead program."""
        now = self.clock()
        for slot in list(self.slots):
            if slot.process is not None and slot.process.exit_code() == 0 and slot.program.may_quit:
                self.report(f"{slot.program.name} was told to quit, and is not started again")
                self.stop(slot.program.name)
                continue
            if slot.process is not None and slot.process.exit_code() is not None:
                self._note_death(slot, now)
            if slot.process is None and now >= slot.again_at:
                self._restart(slot)

    def stop(self, name: str) -> None:
        """Stops one program for good."""
        for slot in [slot for slot in self.slots if slot.program.name == name]:
            if slot.process is not None:
                slot.process.stop()
            self.slots.remove(slot)
        self._write_register()

    def stop_all(self) -> None:
        """Stops every program, the last started first."""
        for slot in reversed(list(self.slots)):
            self.stop(slot.program.name)

    def end_leftovers(self) -> int:
        """Ends programs of a supervisor that was killed; returns how many there were."""
        ended = 0
        for pid, created in _read_register(self.register):
            try:
                process = psutil.Process(pid)
                if abs(process.create_time() - created) > 1:
                    continue  # the pid belongs to somebody else by now
                family = [*process.children(recursive=True), process]
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            end_family(pid, family)
            ended += 1
        self.register.unlink(missing_ok=True)
        return ended

    def _note_death(self, slot: _Slot, now: float) -> None:
        process = slot.process
        if process is None:
            return
        if now - process.started > STEADY_SECONDS:
            slot.wait = FIRST_WAIT_SECONDS
        said = log_tail(slot.program.log, 1)
        text = f"{slot.program.name} ended with exit code {process.exit_code()}, again in {slot.wait:.0f} s"
        self.report(f"{text}: {said}" if said else text)
        process.stop()  # what it started must not outlive it
        slot.process, slot.again_at = None, now + slot.wait
        slot.wait = min(2 * slot.wait, LONGEST_WAIT_SECONDS)

    def _restart(self, slot: _Slot) -> None:
        try:
            with whole():
                slot.process = Process.start(slot.program)
        except OSError as error:
            self.report(f"{slot.program.name} cannot be started: {error}")
            slot.again_at, slot.wait = self.clock() + slot.wait, min(2 * slot.wait, LONGEST_WAIT_SECONDS)
            return
        slot.restarts += 1
        self._write_register()

    def _write_register(self) -> None:
        entries = []
        for slot in self.slots:
            try:
                if slot.process is not None:
                    created = psutil.Process(slot.process.pid).create_time()
                    entries.append({"name": slot.program.name, "pid": slot.process.pid, "created": created})
            except psutil.NoSuchProcess:
                continue
        atomic_write(self.register, json.dumps(entries).encode())


def _failure(program: Program, what: str) -> ServiceError:
    return ServiceError(what, why=log_tail(program.log), todo=f"{program.log} says more")


def _read_register(path: Path) -> list[tuple[int, float]]:
    """(pid, created) of what the last supervisor had started."""
    try:
        return [(int(entry["pid"]), float(entry["created"])) for entry in json.loads(path.read_text())]
    except (OSError, ValueError, TypeError, KeyError):
        return []
