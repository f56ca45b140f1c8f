"""MINIMIZE_<APP>: all windows of an app put away and kept away, never closed; what was put away comes back."""

from __future__ import annotations

from typing import Protocol

from collector.actions.action import Applied, Ended, Note, Pending, Refused, Touched


class AppWindows(Protocol):
    """The windows of other programs: X11's window manager or Sway. Methods raise CaptureError."""

    @property
    def where(self) -> str:
        """The word for it in reports."""

    def refusal(self) -> tuple[str, str]:
        """Why it cannot put windows away here, and what would help; empty where it can."""

    def shown(self, app: str) -> list[Touched]:
        """The windows of an app (an id of ``neural_focus.apps``) that are not put away."""

    def put_away(self, windows: list[Touched]) -> int:
        """Puts them away; returns how many are away then."""

    def put_back(self, windows: list[Touched]) -> int:
        """Shows those that are still away, without the focus; returns how many that were."""


class MinimizeApp:
    """One app kept away. ``note`` stores each window before it is touched."""

    lively = False
    rested = False

    def __init__(self, app: str, windows: AppWindows, note: Note) -> None:
        self._app, self._windows, self._note = app, windows, note
        self._touched: dict[int, Touched] = {}
        self.expires_at = 0

    def apply(self, until_us: int) -> Applied | Refused | Pending:
        """Puts away what is there now; an app without a window is kept away all the same."""
        self.expires_at = until_us
        shown, away = self._keep_away()
        if shown and not away:
            return Refused(f"The window of {self._app} stayed where it was: the desktop did not put it away.")
        return Applied(self._windows.where)

    def turn(self) -> Applied | Refused | Ended | None:
        """What was raised since goes away again."""
        self._keep_away()
        return None

    def undo(self) -> None:
        """What is still away comes back."""
        if self._touched:
            self._windows.put_back(list(self._touched.values()))
            self._touched.clear()

    def _keep_away(self) -> tuple[int, int]:
        shown = self._windows.shown(self._app)
        if not shown:
            return 0, 0
        fresh = {one.handle: one for one in shown if one.handle not in self._touched}
        if fresh:
            self._touched.update(fresh)
            self._note(tuple(self._touched.values()))
        return len(shown), self._windows.put_away(shown)
