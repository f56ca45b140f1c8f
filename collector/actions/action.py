"""The one protocol of everything that acts, and what can come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from neural_focus.messages import UndoneReason


@dataclass(frozen=True, slots=True)
class Applied:
    """It is done; ``where`` says what did it: screen, notification, x11, sway, process."""

    where: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is done; ``reason`` is a sentence for the person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pending:
    """Nothing is done yet: a warning runs, or there is nothing to do yet. ``turn`` says when that changes."""


@dataclass(frozen=True, slots=True)
class Ended:
    """It ended before its time."""

    reason: UndoneReason


@dataclass(frozen=True, slots=True)
class Touched:
    """One thing of the desktop's that an action changes, as the journal keeps it.

    ``handle``: X11 window, Sway container or process; ``place``: the workspace it was on, or what was done to it;
    ``floating``: not tiled there; ``since``: when the process started, in ticks since boot.
    """

    handle: int
    place: str = ""
    floating: bool = False
    since: int = 0


Note = Callable[[tuple[Touched, ...]], None]
"""Stores what an action is about to change. Raises OSError: then it must not change it."""


class Action(Protocol):
    """One order on its way. All times are µs of Unix time. Methods may raise CaptureError or OSError: it failed."""

    @property
    def expires_at(self) -> int:
        """When it ends by itself; 0 before ``apply``."""

    @property
    def lively(self) -> bool:
        """Whether the person may answer it at any moment: ``turn`` is then wanted ten times a second."""

    @property
    def rested(self) -> bool:
        """Whether it was a break in which the person really rested."""

    def apply(self, until_us: int) -> Applied | Refused | Pending:
        """Begins, until ``until_us``."""

    def turn(self) -> Applied | Refused | Ended | None:
        """Looks after it, each turn of the agent; what came of it since."""

    def undo(self) -> None:
        """Takes back what it did. Harmless when there is nothing to take back."""
