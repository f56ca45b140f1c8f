"""A person who travels: the machine's zone changes while the agent runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from neural_focus.errors import ConfigurationError
from neural_focus.machine_zone import machine_zone, zone_files

LOOK_SECONDS = 60.0


class ZoneWatch:
    """Looks at the machine's zone at most once a minute. Only for a zone that neither a setting nor TZ fixes."""

    def __init__(self, zone: str, root: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> None:
        self._zone, self._root, self._clock = zone, root, clock
        self._files: tuple[object, ...] = ()
        self._looked = clock()

    def moved(self) -> str | None:
        """The new zone, once, where it is another one than before."""
        if self._clock() - self._looked < LOOK_SECONDS:
            return None
        self._looked = self._clock()
        files = zone_files(self._root)
        if files == self._files:
            return None
        try:
            zone = machine_zone({}, self._root)
        except ConfigurationError:
            return None  # a copy that is being written; what it says then holds
        self._files = files
        if zone == self._zone:
            return None
        self._zone = zone
        return zone
