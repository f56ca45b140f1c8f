"""How much memory the whole platform took at most: every process of it, shared pages counted once.

Linux tells each process its proportional share (PSS); elsewhere resident sets are summed, which counts more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

EVERY_SECONDS = 2.0


@dataclass(slots=True)
class MemoryWatch:
    """Looks every two seconds at this process, at all it started, and at ``others`` (pids) with theirs."""

    others: Callable[[], Iterable[int]]
    peak_bytes: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to look, in a thread of its own."""
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Looks no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> int:
        """Bytes at this moment."""
        roots = [psutil.Process(), *_alive(self.others())]
        family = {process.pid: process for root in roots for process in (root, *_children(root))}
        total = sum(_bytes(process) for process in family.values())
        self.peak_bytes = max(self.peak_bytes, total)
        return total

    def _watch(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self.look()


def _alive(pids: Iterable[int]) -> list[psutil.Process]:
    found = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    return found


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _bytes(process: psutil.Process) -> int:
    try:
        used = process.memory_full_info()
        return int(getattr(used, "pss", 0) or used.rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return 0
