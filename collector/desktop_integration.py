"""The agent on the person's desktop, by the session bus: tray, notifications, and the ear for the desktop's focus."""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import suppress

from collector.desktop_focus import Focused, FocusReceiver
from collector.notification import NotificationPrompt
from collector.session_bus import Part, SessionBus
from collector.tray import Tray, View
from neural_focus.errors import CaptureError


class DesktopIntegration:
    """What others on the bus see of the agent. ``command`` values are those of ``collector.tray.Tray``."""

    def __init__(self, news: Callable[[], None], receive_focus: Callable[[Focused], None] | None) -> None:
        """``news`` is called on the bus's thread when there is a command; ``receive_focus`` None: nobody need tell."""
        self._news = news
        self._commands: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._tray = Tray(self._command)
        self.prompt, self.break_notice, self.warning, self.card = (NotificationPrompt() for _ in range(4))
        parts: list[Part] = [self._tray, self.prompt, self.break_notice, self.warning, self.card]
        if receive_focus is not None:
            parts.append(FocusReceiver(receive_focus))
        self._notice = NotificationPrompt()
        parts.append(self._notice)
        self._bus = SessionBus(parts)

    def start(self) -> None:
        """Joins the bus; without one, ``problem`` says so."""
        self._bus.start_and_join()

    @property
    def problem(self) -> str:
        """Why the bus cannot be used; empty while it can."""
        return self._bus.problem

    @property
    def in_tray(self) -> bool:
        """Whether a tray shows the icon."""
        return self._tray.shown

    @property
    def shows_notifications(self) -> bool:
        """Whether somebody shows them."""
        return self.prompt.shown_by_somebody

    def commands(self) -> list[str]:
        """What was chosen since the last call."""
        found = []
        while not self._commands.empty():
            found.append(self._commands.get_nowait())
        return found

    def show(self, view: View) -> None:
        """Shows another state in the tray."""
        self._bus.call(lambda: self._tray.show(view))

    def notify(self, text: str) -> None:
        """Shows a text in place of the one before; the tray has it too, so nobody needs to show it."""
        with suppress(CaptureError):
            self._notice.show(["Neural Focus", text], [])

    def finish(self) -> None:
        """Leaves the desktop."""
        self._bus.finish()

    def _command(self, command: str) -> None:
        self._commands.put(command)
        self._news()
