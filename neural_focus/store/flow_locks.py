"""Who works on what the flows write: advisory locks of PostgreSQL, which go with their connection.

So they hold across processes and machines, and a killed run never leaves one behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

from neural_focus.store.database import Connection


def lock_key(name: str) -> int:
    """A flow's number among the advisory locks: 63 bits of a hash of its name."""
    return int.from_bytes(sha256(f"neural-focus flow {name}".encode()).digest()[:8], "big") >> 1


@contextmanager
def locked(connection: Connection, names: Sequence[str]) -> Iterator[str]:
    """Holds the locks of all flows in ``names`` inside; yields the name of one that is at work, "" where none is. Then
    nothing is held."""
    held: list[str] = []
    busy = ""
    try:
        for name in names:
            got = connection.execute("SELECT pg_try_advisory_lock(%s)", (lock_key(name),)).fetchone()
            if not (got and got[0]):
                busy = name
                break
            held.append(name)
        if busy:
            _unlock(connection, held)
        yield busy
    finally:
        if not connection.closed:
            connection.rollback()  # of what failed: only then it can be asked
            _unlock(connection, held)
            connection.commit()


def _unlock(connection: Connection, held: list[str]) -> None:
    while held:
        connection.execute("SELECT pg_advisory_unlock(%s)", (lock_key(held.pop()),))
