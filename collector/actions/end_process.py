"""KILL_<PROCESS>: a program of the person's own list is ended in a jail: warned of first, asked to end, then made to.

looking ──found──► warned ──30 s──► ending ──10 s──► killed      what ends by itself meanwhile was not ended by us
   ▲                                  │
   └──────────────────────────────────┘                          what was ended is not started again by anybody here
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from collector.actions.action import Applied, Ended, Note, Pending, Refused, Touched
from collector.actions.processes import is_alive, running, send

ASKED = "asked to end"
"""What the journal says of a process in the place of its workspace, before the signal is sent."""
WARN_SECONDS, ASK_SECONDS, LOOK_SECONDS = 30.0, 10.0, 5.0


def was_ended(touched: tuple[Touched, ...]) -> bool:
    """Whether a run that was killed had ended one of these: it had been asked to, and is gone."""
    return any(one.place == ASKED and not is_alive(one) for one in touched)


class Board(Protocol):
    """Where warnings are shown."""

    def put(self, key: str, line: str) -> None:
        """Shows a line. Raises CaptureError."""

    def drop(self, key: str) -> None:
        """Takes it away."""


class EndProcess:
    """One program kept ended. ``note`` stores each process, by number and start time, before it is warned of."""

    rested = False

    def __init__(
        self,
        app: str,
        board: Board,
        note: Note,
        *,
        warn_seconds: float = WARN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock`` stands still while the machine sleeps: nobody can read a warning then."""
        self._app, self._board, self._note = app, board, note
        self._warn_seconds, self._clock = warn_seconds, clock
        self._found: list[Touched] = []
        self._asked: list[Touched] = []
        self._due = 0.0
        self._stage = "looking"
        self.expires_at = 0

    @property
    def lively(self) -> bool:
        """Not while it merely looks."""
        return self._stage != "looking"

    def apply(self, until_us: int) -> Applied | Refused | Pending:
        """Looks for it; nothing is ended before its warning is over."""
        self.expires_at = until_us
        self._look()
        return Pending()

    def turn(self) -> Applied | Refused | Ended | None:
        """The next stage when it is due; tells when something of ours was ended."""
        if self._stage == "looking" and self._clock() >= self._due:
            self._look()
        elif self._stage == "warned" and self._clock() >= self._due:
            self._board.drop(self._app)
            self._note(tuple(replace(one, place=ASKED) for one in self._found))
            self._asked = [one for one in self._found if send(one, signal.SIGTERM)]
            self._stage, self._due = "ending", self._clock() + ASK_SECONDS
        elif self._stage == "ending":
            return self._see_it_end()
        return None

    def undo(self) -> None:
        """Nothing more is ended; what was, stays ended."""
        self._board.drop(self._app)
        self._stage, self._found, self._asked, self._due = "looking", [], [], float("inf")

    def _look(self) -> None:
        self._due = self._clock() + LOOK_SECONDS
        self._found = running(self._app)
        if not self._found:
            return
        self._note(tuple(self._found))
        seconds = round(self._warn_seconds)
        self._board.put(self._app, f"{self._app} will be ended in {seconds} s, as your jail says. Save your work now.")
        self._stage, self._due = "warned", self._clock() + self._warn_seconds

    def _see_it_end(self) -> Applied | None:
        alive = [one for one in self._asked if is_alive(one)]
        if alive:
            if self._clock() >= self._due:
                for one in alive:
                    send(one, signal.SIGKILL)
            return None
        ended = bool(self._asked)
        self._stage, self._due = "looking", self._clock() + LOOK_SECONDS
        return Applied("process") if ended else None
