"""SUGGEST_BREAK: a screen with a timer that says what for, and whether the person rested while it was there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from collector.actions.action import Applied, Ended, Pending, Refused
from collector.actions.rest_meter import RestMeter
from collector.prompt import wrap_ascii

LEAVE = "Leave the break (Escape)"
RULE = "It counts as a break if you really rest: hands off keyboard and mouse."


class BreakPlace(Protocol):
    """What shows a break: a screen over all others, or a notification."""

    @property
    def where(self) -> str:
        """The word for it in reports."""

    @property
    def lost(self) -> bool:
        """Whether it went away by itself."""

    def show(self, lines: list[str], leave: str) -> None:
        """Shows it. Raises CaptureError."""

    def write(self, lines: list[str]) -> None:
        """Other lines."""

    def poll(self) -> bool:
        """Whether the person left it. Never waits."""

    def hide(self) -> None:
        """Takes it away."""


class TakeBreak:
    """One break. ``clock``: the boot clock, µs; ``newest_input`` as for ``RestMeter``; ``now_us``: Unix time."""

    lively = True

    def __init__(
        self,
        why: str,
        place: BreakPlace,
        *,
        now_us: Callable[[], int],
        clock: Callable[[], int],
        newest_input: Callable[[], int | None],
    ) -> None:
        self._why, self._place, self._now_us = why, place, now_us
        self._clock, self._newest_input = clock, newest_input
        self._meter: RestMeter | None = None
        self.expires_at = 0

    @property
    def rested(self) -> bool:
        """Whether they really rested."""
        return self._meter is not None and self._meter.rested

    def apply(self, until_us: int) -> Applied | Refused | Pending:
        """Shows it."""
        self.expires_at = until_us
        self._place.show(self._lines(), LEAVE)
        self._meter = RestMeter(until_us - self._now_us(), self._clock, self._newest_input)
        return Applied(self._place.where)

    def turn(self) -> Applied | Refused | Ended | None:
        """The timer goes on; the person may leave."""
        if self._meter is not None:
            self._meter.look()
        if self._place.lost:
            return Ended("failed")
        if self._place.poll():
            return Ended("undone")
        self._place.write(self._lines())
        return None

    def undo(self) -> None:
        """Takes the screen away."""
        if self._meter is not None:
            self._meter.look()
        self._place.hide()

    def _lines(self) -> list[str]:
        left = max(0, -(-(self.expires_at - self._now_us()) // 1_000_000))
        until = datetime.fromtimestamp(self.expires_at / 1e6).astimezone()
        reason = wrap_ascii(self._why) if self._why else []
        return [f"A break: {left // 60}:{left % 60:02d}", f"until {until:%H:%M}", *reason, "", *wrap_ascii(RULE)]
