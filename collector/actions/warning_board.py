"""Warnings of what is about to be ended: one small window, or one notification, for all of them."""

from __future__ import annotations

from collections.abc import Callable

from collector.prompt import PromptWindow

SEEN = ("seen", "I have seen it")


class WarningBoard:
    """``make_prompt`` is called at the first warning. ``ignore`` is told each window of ours."""

    def __init__(self, make_prompt: Callable[[], PromptWindow], ignore: Callable[[int], None]) -> None:
        self._make_prompt, self._ignore = make_prompt, ignore
        self._prompt: PromptWindow | None = None
        self._lines: dict[str, str] = {}

    def put(self, key: str, line: str) -> None:
        """Shows a line beside those that are there. Raises CaptureError: nothing is shown."""
        self._lines[key] = line
        try:
            self._show()
        except BaseException:
            del self._lines[key]
            raise

    def drop(self, key: str) -> None:
        """Takes a line away."""
        if self._lines.pop(key, None) is not None:
            self._show()

    def turn(self) -> None:
        """Draws what is to be drawn; whoever has seen it need not see it any longer."""
        if self._prompt is not None and self._lines and self._prompt.poll() is not None:
            self._prompt.hide()

    def _show(self) -> None:
        if self._prompt is None:
            self._prompt = self._make_prompt()
        if self._lines:
            self._ignore(self._prompt.show(list(self._lines.values()), [SEEN]))
        else:
            self._prompt.hide()
