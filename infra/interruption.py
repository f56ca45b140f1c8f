"""Ctrl-C at any moment: it ends what waits, but never between starting a process and knowing of it.

interruptible() ── a signal ──► KeyboardInterrupt, at once
    └─ whole() ── a signal ──► noted; KeyboardInterrupt when the block is done
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class _Interruption:
    """Handlers run in the main thread between two steps of the interpreter, so plain fields will do."""

    blocks: int = 0
    noted: bool = False


_state = _Interruption()


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and a closed terminal end us as Ctrl-C does; Ctrl-C also where a shell in the background muted it."""
    before = {number: signal.signal(number, _end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def whole() -> Iterator[None]:
    """What is begun inside is finished before a signal ends us."""
    _state.blocks += 1
    try:
        yield
    finally:
        _state.blocks -= 1
    if _state.noted and _state.blocks == 0:
        _state.noted = False
        raise KeyboardInterrupt


def deaf() -> None:
    """While stopping, another Ctrl-C must not leave half of it running."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    if _state.blocks:
        _state.noted = True
    else:
        raise KeyboardInterrupt
