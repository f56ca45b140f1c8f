"""Where a break is shown: over the whole screen on X11, else as a notification of the desktop."""

from __future__ import annotations

from typing import Any, Protocol

from collector.prompt import PromptWindow


class Cover(Protocol):
    """``collector.capture.DesktopCapture``, as far as a screen of ours concerns it."""

    def ignore(self, window: int) -> None:
        """A window of ours."""

    def set_covered(self, covered: bool, gone_ms: int | None = None) -> None:
        """It lies over everything, or went, on the X server's clock."""


class X11Screen:
    """A window over all monitors."""

    where = "screen"

    def __init__(self, display: str, capture: Cover) -> None:
        self._display, self._capture = display, capture
        self._screen: Any = None

    @property
    def lost(self) -> bool:
        """Whether the X server went away."""
        return bool(self._screen is not None and self._screen.lost)

    def show(self, lines: list[str], leave: str) -> None:
        """Capture is told first: that the focus leaves is no switch."""
        from neural_focus._x11 import BreakScreen

        screen = BreakScreen(self._display)
        self._capture.set_covered(True)
        try:
            self._capture.ignore(screen.show(lines, leave))
        except BaseException:
            self._capture.set_covered(False)
            raise
        self._screen = screen

    def write(self, lines: list[str]) -> None:
        """Other lines."""
        if self._screen is not None:
            self._screen.write(lines)

    def poll(self) -> bool:
        """Whether it was left."""
        return bool(self._screen is not None and self._screen.poll())

    def hide(self) -> None:
        """Takes it away; capture goes on with the window below, and with what is pressed from now on."""
        if self._screen is not None:
            gone_ms = self._screen.hide()
            self._screen = None
            self._capture.set_covered(False, gone_ms)


class NotificationPlace:
    """A notification that says so: a Wayland program cannot place a window over others."""

    where = "notification"
    lost = False

    def __init__(self, prompt: PromptWindow) -> None:
        self._prompt = prompt

    def show(self, lines: list[str], leave: str) -> None:
        """Shows it, with the time of its end instead of a timer."""
        head = lines[1].replace("until", "A break until", 1)
        self._prompt.show([head, *(line for line in lines[2:] if line)], [("leave", leave.partition(" (")[0])])

    def write(self, lines: list[str]) -> None:
        """A notification stays as it is."""

    def poll(self) -> bool:
        """Whether its button was pressed."""
        return self._prompt.poll() is not None

    def hide(self) -> None:
        """Takes it away."""
        self._prompt.hide()
