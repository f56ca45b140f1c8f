"""PLACEBO: a card that comes where offers come, names the minutes in the app, and offers nothing.

It is applied when it is shown, and over when its time is up or the person closes it.
"""

from __future__ import annotations

from collections.abc import Callable

from collector.actions.action import Applied, Ended, Pending, Refused
from collector.prompt import PromptWindow

CLOSE = ("close", "Close")


def card_line(minutes: str | None) -> str:
    """What it says: nothing but what is so."""
    count = int(minutes) if minutes and minutes.isdecimal() else 0
    if count < 1:
        return "You have been in this app for less than a minute."
    return f"You have been in this app for {count} minute{'s' * (count != 1)}."


class ShowCard:
    """One card. ``ignore`` is told its window, which is left out of capture."""

    lively = True
    rested = False

    def __init__(self, minutes: str | None, prompt: PromptWindow, ignore: Callable[[int], None], *, where: str) -> None:
        self._minutes, self._prompt, self._ignore, self._where = minutes, prompt, ignore, where
        self.expires_at = 0

    def apply(self, until_us: int) -> Applied | Refused | Pending:
        """Shows it."""
        self.expires_at = until_us
        self._ignore(self._prompt.show([card_line(self._minutes)], [CLOSE]))
        return Applied(self._where)

    def turn(self) -> Applied | Refused | Ended | None:
        """Draws it; the person may close it."""
        return None if self._prompt.poll() is None else Ended("undone")

    def undo(self) -> None:
        """Takes it away."""
        self._prompt.hide()
