"""A wall clock that a test moves under processes of its own; the machine's stays."""

from __future__ import annotations

import mmap
import time
from pathlib import Path

MOVER = Path(__file__).parent / "e2e" / "moved_clock"
"""Its ``sitecustomize.py`` moves what Python calls wall time."""


class MovedClock:
    """What processes with ``variables`` take for wall time."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._moved = mmap.mmap(file.fileno(), 8)
        self.seconds = 0
        self.variables = {"MOVED_CLOCK": str(path), "PYTHONPATH": str(MOVER)}

    def move(self, seconds: int) -> None:
        self.seconds += seconds
        self._moved[:] = (self.seconds * 1_000_000).to_bytes(8, "little", signed=True)

    def time(self) -> float:
        return time.time() + self.seconds
