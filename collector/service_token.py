"""The token that the service knows this desktop by, and what happens once the service does not know it any more.

refused ─► nobody asks the service again ─► the file has another token (pair, machines rotate): asked at once
                                        └─► REFUSED_SECONDS are over: asked once
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from neural_focus.errors import TokenError

REFUSED_SECONDS = 600.0
"""It may have been a mistake over there, such as a database that was put back: then nobody has to pair again."""


class ServiceToken:
    """For all threads of one agent."""

    def __init__(self, text: str, file: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """``file``: where the token is kept, and looked for again once it was refused; None: it never changes."""
        self._text, self._file, self._clock = text, file, clock
        self._refused_at: float | None = None
        self._lock = threading.Lock()

    def read(self) -> str:
        """The token to ask with now.

        Raises:
            TokenError: it was refused, and nothing has changed since.
        """
        with self._lock:
            if self._refused_at is None:
                return self._text
            kept = self._kept()
            if kept == self._text and self._clock() - self._refused_at < REFUSED_SECONDS:
                raise _not_known()
            self._text, self._refused_at = kept, None
            return kept

    def refuse(self, text: str) -> None:
        """The service does not know ``text`` (any more)."""
        with self._lock:
            if text == self._text:
                self._refused_at = self._clock()

    @property
    def problem(self) -> str:
        """Why nobody is asked; empty while all is well."""
        return "" if self._refused_at is None else str(_not_known())

    def _kept(self) -> str:
        try:
            return self._text if self._file is None else self._file.read_text("utf-8").strip() or self._text
        except (OSError, ValueError):
            return self._text


def _not_known() -> TokenError:
    return TokenError(
        "the service does not know this machine",
        why="its token was revoked or replaced, or its person was disabled",
        hint="What is captured waits here. Pair the machine again: neural-focus pair --service URL. Where you were "
        "disabled, ask whoever runs the service: neural-focus people enable",
    )
