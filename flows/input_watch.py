"""Whether somebody is at the keyboard or the pointer of this installation's desktops now."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from neural_focus.events import INPUT
from neural_focus.settings import Settings
from neural_focus.store.database import connect

QUIET = timedelta(minutes=5)
"""No input for so long is a pause."""
AHEAD = timedelta(minutes=1)
"""Events of a clock that has been set back since say nothing about now."""


class InputWatch:
    """Looks at stored events; where they stay in the spool, at whether the agent captured any since the last look."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._captured: Any = None

    def __call__(self, now: datetime) -> bool:
        """Whether there was input in the last minutes.

        Raises:
            StoreError: the database refuses.
        """
        if self._settings.ship == "features":
            before, self._captured = self._captured, self._count()
            return bool(before != self._captured)
        with connect(self._settings.database_url or "") as connection:
            row = connection.execute(
                "SELECT EXISTS (SELECT FROM events WHERE time > %s AND time < %s"
                " AND event_type = ANY(%s::event_type[]))",
                (now - QUIET, now + AHEAD, [kind.name for kind in INPUT]),
            ).fetchone()
        return bool(row and row[0])

    def _count(self) -> Any:
        try:
            return json.loads((self._settings.home / "agent.json").read_text("utf-8"))["captured"]
        except (OSError, ValueError, KeyError, TypeError):
            return None  # no agent runs here
