"""Records that will never come: the spool gave them up (its limits, a broken disk), and said so."""

from __future__ import annotations

from neural_focus.store.database import Connection
from neural_focus.store.events import lock_position


def skip_lost(connection: Connection, *, user_id: int, machine_id: str, boot_id: str, next_seq: int) -> int:
    """Moves a boot's position forward to ``next_seq`` in the caller's transaction; returns how many records are given
    up.

    Only the desktop that holds the spool may say so: to everybody else a gap is an error (``append_events``).

    Raises:
        ContractError: the boot is another person's.
        psycopg.Error: the database refuses.
    """
    position = lock_position(connection, user_id, machine_id, boot_id)
    if position >= next_seq:
        return 0
    connection.execute(
        "UPDATE shipper_positions SET next_seq = %s WHERE machine_id = %s AND boot_id = %s",
        (next_seq, machine_id, boot_id),
    )
    return next_seq - position
