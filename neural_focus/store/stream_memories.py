"""What the service remembers of a stream, kept over its own end: a row of ``stream_memories`` for each."""

from __future__ import annotations

from neural_focus.store.database import Connection
from neural_focus.time import microseconds, moment


def keep_memory(
    connection: Connection, user_id: int, machine_id: str, input_hash: str, snapshot_us: int, arrays: bytes
) -> None:
    """Keep the memory as of a snapshot, µs UTC, in the place of the one before; nothing of a person who was erased."""
    connection.execute(
        """INSERT INTO stream_memories (user_id, machine_id, input_hash, snapshot_time, arrays)
        SELECT id, %s, %s, %s, %s FROM users WHERE id = %s
        ON CONFLICT (user_id, machine_id) DO UPDATE SET input_hash = EXCLUDED.input_hash,
            snapshot_time = EXCLUDED.snapshot_time, arrays = EXCLUDED.arrays""",
        (machine_id, input_hash, moment(snapshot_us), arrays, user_id),
    )


def read_memory(connection: Connection, user_id: int, machine_id: str, input_hash: str) -> tuple[int, bytes] | None:
    """The snapshot's time and the arrays; None if there is none, or one of other inputs."""
    row = connection.execute(
        "SELECT snapshot_time, arrays FROM stream_memories WHERE user_id = %s AND machine_id = %s AND input_hash = %s",
        (user_id, machine_id, input_hash),
    ).fetchone()
    return None if row is None else (microseconds(row[0]), bytes(row[1]))
