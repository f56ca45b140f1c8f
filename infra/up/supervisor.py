"""Starts programs in order, restarts those that die, and stops them in the opposite order.

    start ─► ready? ─► running ─► died ─► wait 1, 2, 4 … 60 s ─► start again
                                   │
                                   └─ ran for two minutes before: the wait begins at 1 s again

A program runs once: what a dead one leaves is ended at its death, and again before it starts anew. What a killed
supervisor leaves is ended by the next one. Both find it by its mark.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.interruption import whole
from infra.up.mark import ProcessMark
from infra.up.process import Process, Program, log_tail
from neural_focus.errors import ServiceError

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
STEADY_SECONDS = 120.0
ORPHAN_SECONDS = 10.0
"""What a dead program or supervisor left gets so long to end in order: an agent closes its spool, a flow run says that
it was ended."""
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

    mark: ProcessMark
    report: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    slots: list[_Slot] = field(default_factory=list)

    def launch(self, program: Program) -> None:
        """Starts ``program`` without waiting for it."""
        with whole():
            try:
                process = Process.start(program, self.mark)
            except OSError as error:
                raise ServiceError(f"{program.name} cannot be started", why=str(error)) from error
            self.slots.append(_Slot(program, process))

    def adopt(self, program: Program, running: subprocess.Popen[bytes]) -> None:
        """Takes over what somebody else started with its mark; a restart uses the program's own command."""
        self.slots.append(_Slot(program, Process(program, self.mark, running)))

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

    def stop_all(self) -> None:
        """Stops every program, the last started first."""
        for slot in reversed(list(self.slots)):
            self.stop(slot.program.name)

    def end_leftovers(self) -> int:
        """Ends the processes of a supervisor that was killed; returns how many there were."""
        return self.mark.end(ask_seconds=ORPHAN_SECONDS)

    def _note_death(self, slot: _Slot, now: float) -> None:
        process = slot.process
        if process is None:
            return
        if now - process.started > STEADY_SECONDS:
            slot.wait = FIRST_WAIT_SECONDS
        self.report(f"{slot.program.name} {_how(process)}; it starts again in {slot.wait:.0f} s")
        self.mark.end(slot.program.name, ORPHAN_SECONDS)  # what it started must not outlive it
        slot.process, slot.again_at = None, now + slot.wait
        slot.wait = min(2 * slot.wait, LONGEST_WAIT_SECONDS)

    def _restart(self, slot: _Slot) -> None:
        try:
            with whole():
                slot.process = Process.start(slot.program, self.mark)
        except OSError as error:
            self.report(f"{slot.program.name} cannot be started: {error}")
            slot.again_at, slot.wait = self.clock() + slot.wait, min(2 * slot.wait, LONGEST_WAIT_SECONDS)
            return
        slot.restarts += 1


def _how(process: Process) -> str:
    """How it ended. A killed program had no time to say why: the last line of its log is about something else."""
    code = process.exit_code() or 0
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    last_line = log_tail(process.program.log, 1)
    return f"ended with exit code {code}{f' ({last_line})' if last_line else ''}"


def _failure(program: Program, what: str) -> ServiceError:
    return ServiceError(what, why=log_tail(program.log), hint=f"{program.log} says more")
