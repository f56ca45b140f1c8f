"""Carries an order out and takes it back in children of its own, each killed -9 a step later than the last.

``python killed_actions.py DISPLAY FOLDER ACTION TARGET``: says a line with the exit status of each child, and goes on
at a line it is told, until one is through. A step: the journal's file is made or moved, a window or a screen is
touched, a signal is sent. The libraries are imported once, before the children are forked.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from acting_desktop import Desk

import collector.actions.end_process
from collector.capture import X11Source
from neural_focus import _x11
from neural_focus.messages import UndoAction

TOUCHES = ("minimize", "bring_back", "show", "hide")


def die_at(step: int, folder: str) -> Callable[[], None]:
    """Kills this process at its ``step``-th step, from 0."""
    left = itertools.count(step, -1)

    def take_step() -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, told: tuple[Any, ...]) -> None:
        makes = event == "os.rename" or (event == "open" and told[2] & (os.O_WRONLY | os.O_RDWR))
        if makes and str(told[0]).startswith(folder):
            take_step()

    sys.addaudithook(watch)
    return take_step


class Stepping:
    """Something of the native module, with a step before and after each touch."""

    def __init__(self, inner: Any, take_step: Callable[[], None]) -> None:
        self._inner, self._take_step = inner, take_step

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in TOUCHES:
            return found

        def touch(*told: Any) -> Any:
            self._take_step()
            answer = found(*told)
            self._take_step()
            return answer

        return touch


def act_and_die(display: str, folder: Path, action: str, target: str, step: int) -> None:
    """One child."""
    take_step = die_at(step, str(folder))
    for name in ("Minimizer", "BreakScreen", "Prompt"):
        made = getattr(_x11, name)
        setattr(_x11, name, lambda shown, made=made: Stepping(made(shown), take_step))
    send = collector.actions.end_process.send

    def step_and_send(*told: Any) -> bool:
        take_step()
        sent = send(*told)
        take_step()
        return sent

    collector.actions.end_process.send = step_and_send
    desk = Desk(X11Source(display), folder)
    desk.order(step + 1, action, target or None, 60, "MANUAL_JAIL")
    deadline = time.monotonic() + 120
    while not desk.applied(step + 1) and time.monotonic() < deadline:
        desk.turn()
        time.sleep(0.02)
    desk.turn()
    desk.runner.undo(UndoAction(step + 1, "undone"))


def main() -> None:
    display, folder, action, target = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    status = -1
    for step in itertools.count():
        if status == 0:
            return
        child = os.fork()
        if child == 0:
            act_and_die(display, folder, action, target, step)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, flush=True)  # noqa: T201
        sys.stdin.readline()


if __name__ == "__main__":
    main()
