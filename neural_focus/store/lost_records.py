"""Records that will never come: the spool gave them up (its limits, a broken disk), and said so."""

from __future__ import annotations

import psycopg

from neural_focus.errors import StoreError
from neural_focus.store.database import Connection


def skip_lost(connection: Connection, *, user_id: int, machine_id: str, boot_id: str, next_seq: int) -> int:
    """Moves a boot's position forward to ``next_seq`` and commits; returns how many records are given up.

    Only the desktop that holds the spool may say so: to everybody else a gap is an error (``write_events``).

    Raises:
        StoreError: the database refuses.
    """
    statement = """
        WITH before AS (
            SELECT next_seq FROM shipper_positions WHERE machine_id = %(machine)s AND boot_id = %(boot)s FOR UPDATE),
        moved AS (
            INSERT INTO shipper_positions (machine_id, boot_id, user_id, next_seq)
            SELECT %(machine)s, %(boot)s, %(user)s, %(next)s WHERE %(next)s > 0
            ON CONFLICT (machine_id, boot_id) DO UPDATE SET next_seq = EXCLUDED.next_seq
            WHERE shipper_positions.next_seq < EXCLUDED.next_seq RETURNING next_seq)
        SELECT moved.next_seq - COALESCE((SELECT next_seq FROM before), 0) FROM moved"""
    values = {"machine": machine_id, "boot": boot_id, "user": user_id, "next": next_seq}
    try:
        with connection.transaction():
            row = connection.execute(statement, values).fetchone()
        connection.commit()
    except psycopg.Error as error:
        raise StoreError("the database refused the shipper's position", why=str(error).splitlines()[0]) from error
    return int(row[0]) if row else 0
