"""The client side in a process of its own: what it measures is not late because of what watches."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

END_SECONDS = 10.0


@contextmanager
def client_process(work: Callable[[Any, Connection], None], job: object) -> Iterator[Connection]:
    """Runs ``work(job, channel)`` elsewhere; gives the other end of its channel."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(job, theirs))
    process.start()
    theirs.close()
    try:
        yield ours
        process.join(END_SECONDS)
    finally:
        process.kill()
        process.join()


def receive(channel: Connection, seconds: float | None = None) -> object:
    """What the process tells next; None where it told nothing for so long, an exception where it has ended."""
    try:
        return channel.recv() if channel.poll(seconds) else None
    except EOFError:
        return ConnectionError("the client's process ended")
