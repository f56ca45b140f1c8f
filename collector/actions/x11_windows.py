"""Windows put away through an X11 window manager, by EWMH (measured: within milliseconds)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from collector.actions.action import Touched
from neural_focus.apps import app_id
from neural_focus.errors import CaptureError

if TYPE_CHECKING:
    from neural_focus._x11 import Minimizer

SETTLE_SECONDS = 0.5
OUR_DOING_MS, AFTERWARDS_MS = 1000, 200
"""A busy window manager does what it is asked, and moves the focus then, this late at most. A switch of the person's
own meanwhile is not seen as one."""


class Expecting(Protocol):
    """``collector.capture.DesktopCapture``, as far as it is told of what windows do by our doing."""

    def expect_our_doing(self, milliseconds: int) -> None:
        """What windows do for so long is no switch."""


def wait_until(there: Callable[[], bool], why_not: str) -> None:
    """Waits a little for what was asked. Raises CaptureError with ``why_not``: it may be asked again."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while not there():
        if time.monotonic() >= deadline:
            raise CaptureError(why_not, why=f"not within {SETTLE_SECONDS} s")
        time.sleep(0.01)


class X11Windows:
    """All windows of one display. A lost connection is opened anew."""

    where = "x11"

    def __init__(self, display: str, capture: Expecting) -> None:
        self._display, self._capture = display, capture
        self._server: Any = None

    def refusal(self) -> tuple[str, str]:
        """A window manager has to run."""
        if self._connection().manager():
            return "", ""
        return "no window manager runs that can minimise windows", "Start one, such as openbox"

    def shown(self, app: str) -> list[Touched]:
        """By the class of the window, as capture names apps."""
        listed = self._connection().windows()
        return [Touched(window) for window, name, away in listed if not away and app_id(name) == app]

    def put_away(self, windows: list[Touched]) -> int:
        """Asks the window manager, and waits for it a little."""
        server = self._connection()
        self._capture.expect_our_doing(OUR_DOING_MS)
        wanted = {one.handle for one in windows}
        for window in wanted:
            server.minimize(window)
        deadline = time.monotonic() + SETTLE_SECONDS
        while (away := self._away(server) & wanted) != wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        if away == wanted:
            self._capture.expect_our_doing(AFTERWARDS_MS)
        return len(away)

    def put_back(self, windows: list[Touched]) -> int:
        """Windows that were closed meanwhile, or shown by somebody else, are left alone."""
        server = self._connection()
        ours = {one.handle for one in windows} & self._away(server)
        if ours:
            self._capture.expect_our_doing(OUR_DOING_MS)
            server.bring_back(sorted(ours))
            wait_until(lambda: not ours & self._away(server), "the window manager does not bring windows back")
        return len(ours)

    def _away(self, server: Minimizer) -> set[int]:
        return {window for window, _, away in server.windows() if away}

    def _connection(self) -> Minimizer:
        from neural_focus._x11 import Minimizer

        if self._server is None or self._server.lost:
            self._server = Minimizer(self._display)
        server: Minimizer = self._server
        return server
