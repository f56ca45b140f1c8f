"""Offers of help and the person's answers: a small window on the screen, a key in the terminal, or a policy."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast, get_args

from neural_focus.errors import CaptureError
from neural_focus.messages import InterventionOffered, Response

Decide = Callable[[InterventionOffered], tuple[str, float]]
"""What a demo person does with an offer: (accept | reject | snooze, seconds until then)."""
Click = Callable[[int, int], None]
"""Hands of a demo person: click at a place of the screen, through the X server."""
HIDE_AFTER_SECONDS = 5.0
"""Past its timeout an offer goes, also when the service is not there to say so."""
_LETTERS: dict[str, Response] = {"a": "accept", "r": "reject", "s": "snooze"}
_LABELS = {
    "SUGGEST_BREAK": (("accept", "Take a break"), ("reject", "Not now"), ("snooze", "In 5 minutes")),
    "PREDICTIVE_BLOCK": (("accept", "Keep them away"), ("reject", "Not now"), ("snooze", "In 5 minutes")),
}


@dataclass(slots=True)
class _Open:
    offer: InterventionOffered
    shown: float
    decided: tuple[str, float] | None
    clicked: bool = False


class PromptWindow(Protocol):
    """What shows an offer with buttons: ``neural_focus._x11.Prompt`` or a notification."""

    def show(self, lines: list[str], buttons: list[tuple[str, str]]) -> int:
        """Shows it; returns the window to be left out of capture, 0 for none. Raises CaptureError."""

    def buttons(self) -> dict[str, tuple[int, int]]:
        """{answer: (x, y)} on the screen, where that is known."""

    def poll(self) -> str | None:
        """The answer that was given since."""

    def hide(self) -> None:
        """Takes it away."""


class NoPrompt:
    """There is no place to show an offer but the terminal."""

    def show(self, lines: list[str], buttons: list[tuple[str, str]]) -> int:
        """Says so."""
        raise CaptureError("there is neither an X server nor a session bus to show it by")

    def buttons(self) -> dict[str, tuple[int, int]]:
        """None."""
        return {}

    def poll(self) -> str | None:
        """None."""
        return None

    def hide(self) -> None:
        """Nothing is shown."""


class InterventionPrompt:
    """At most one offer at a time. Not for several threads."""

    def __init__(
        self,
        make_prompt: Callable[[], PromptWindow],
        echo: Callable[[str], None],
        *,
        ignore: Callable[[int], None],
        decide: Decide | None = None,
        click: Click | None = None,
        terminal: bool = False,
    ) -> None:
        """``make_prompt`` is asked again when the display went away; ``ignore`` is told
        each window of ours; ``terminal``: letters typed there are answers."""
        self._echo, self._ignore, self._decide, self._click = echo, ignore, decide, click
        self._terminal, self._make_prompt = terminal, make_prompt
        self._prompt = make_prompt()
        self._open: _Open | None = None

    @property
    def offer(self) -> InterventionOffered | None:
        """What waits for an answer."""
        return self._open.offer if self._open else None

    def show(self, offer: InterventionOffered) -> None:
        """Shows an offer in place of the one before."""
        while self._terminal and self._typed() is not None:
            pass  # what was typed before was no answer to this
        self._open = _Open(offer, time.monotonic(), self._decide(offer) if self._decide else None)
        keys = " [a]ccept, [r]eject, [s]nooze, then Enter" if self._terminal else ""
        note = offer_note(offer)
        self._echo(f"{headline(offer)} {offer.reason}. {note}{keys}")
        buttons = [(answer, label) for answer, label in _LABELS.get(offer.type, _LABELS["SUGGEST_BREAK"])]
        lines = [headline(offer), *wrap_ascii(offer.reason), *wrap_ascii(note)]
        try:
            self._ignore(self._prompt.show(lines, buttons))
        except CaptureError:
            self._show_again(lines, buttons)

    def places(self) -> dict[str, tuple[int, int]]:
        """{answer: (x, y)} of the buttons on the screen, empty without an offer."""
        return self._prompt.buttons() if self._open else {}

    def poll(self) -> tuple[InterventionOffered, Response] | None:
        """The offer that was just answered, with the answer. Never waits."""
        if self._open is None:
            return None
        if time.monotonic() - self._open.shown > self._open.offer.timeout_seconds + HIDE_AFTER_SECONDS:
            self.hide()
            return None
        answer = self._prompt.poll() or self._typed() or self._decided(self._open)
        if answer not in get_args(Response):
            return None
        offer = self._open.offer
        self.hide()
        return offer, cast(Response, answer)

    def hide(self, offer_id: int | None = None) -> None:
        """Takes the offer away, if it is the one named (or any)."""
        if self._open is not None and offer_id in (None, self._open.offer.id):
            self._prompt.hide()
            self._open = None

    def _show_again(self, lines: list[str], buttons: list[tuple[str, str]]) -> None:
        """The X server went away since: on a new connection, else in the terminal only."""
        try:
            self._prompt = self._make_prompt()
            self._ignore(self._prompt.show(lines, buttons))
        except CaptureError as error:
            self._echo(f"The offer cannot be shown on the screen: {error}")

    def _typed(self) -> str | None:
        """The answer that was typed, "" for another line, None for no line."""
        if not self._terminal or not select.select([sys.stdin], [], [], 0)[0]:
            return None
        line = sys.stdin.readline()
        if not line:  # the terminal was closed
            self._terminal = False
            return None
        return _LETTERS.get(line.strip().lower()[:1], "")

    def _decided(self, waiting: _Open) -> str | None:
        if waiting.decided is None or time.monotonic() - waiting.shown < waiting.decided[1]:
            return None
        answer, delay = waiting.decided
        place = self.places().get(answer)
        if self._click is None or place is None:
            return answer
        if not waiting.clicked:
            waiting.clicked = True
            try:
                self._click(*place)
            except CaptureError as error:
                self._echo(f"The answer cannot be clicked: {error}")
        late = time.monotonic() - waiting.shown > delay + 2.0  # something lay over the button
        return answer if late else None


def headline(offer: InterventionOffered) -> str:
    """What is asked."""
    if offer.type == "PREDICTIVE_BLOCK":
        return f"Stay off {', '.join(offer.targets) or 'distracting sites'} for a while?"
    return "How about a short break?"


def offer_note(offer: InterventionOffered) -> str:
    """What accepting does and for how long, and what no answer does. A break can be left, a block taken back."""
    span = f" for {offer.minutes} min" if offer.minutes else ""
    if offer.type == "PREDICTIVE_BLOCK":
        sites = ", ".join(target for target in offer.targets if "." in target)
        apps = ", ".join(target for target in offer.targets if "." not in target)
        parts = [f"{sites} blocked in your browser"] * bool(sites) + [f"{apps} minimised"] * bool(apps)
        does = f"Accepting keeps {' and '.join(parts)}{span}; you can take it back." if parts else ""
    else:
        does = f"Accepting shows a break screen{span}; one key leaves it."
    silence = (
        "Without an answer it is done all the same" if offer.acts_by_itself else "Without an answer nothing is done"
    )
    return f"{does} {silence}.".strip()


def wrap_ascii(text: str, width: int = 60) -> list[str]:
    """Lines that the fonts of every X server have."""
    lines = [""]
    for word in text.encode("ascii", "replace").decode().split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
