"""The end of a server that a test has started: it is there afterwards for no other test."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 120
"""A busy machine takes a minute; a server that does not stop at all is a fault."""


@contextmanager
def stopped(process: subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM) -> Iterator[None]:
    """Sends ``by`` at the end and waits. What does not stop is killed, and the test fails."""
    try:
        yield
    finally:
        process.send_signal(by)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
