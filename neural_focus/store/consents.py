"""What people agreed to, and when they took it back."""

from __future__ import annotations

from neural_focus.store.database import Connection


def record_consent(
    connection: Connection, user_id: int, machine_id: str, text_version: str, *, titles: bool = False
) -> None:
    """Notes that the person agreed on this machine; agreeing to the same words again adds nothing."""
    connection.execute(
        """INSERT INTO consents (user_id, machine_id, text_version, titles)
        SELECT %(user)s, %(machine)s, %(version)s::varchar, %(titles)s WHERE NOT EXISTS (
            SELECT 1 FROM consents WHERE user_id = %(user)s AND machine_id = %(machine)s::uuid
            AND text_version = %(version)s::varchar AND titles = %(titles)s AND revoked_at IS NULL)""",
        {"user": user_id, "machine": machine_id, "version": text_version, "titles": titles},
    )


def revoke_consents(connection: Connection, user_id: int, machine_id: str | None = None) -> int:
    """Takes back what the person agreed to, on one machine or on all; returns how many consents ended."""
    cursor = connection.execute(
        "UPDATE consents SET revoked_at = now() WHERE user_id = %(user)s AND revoked_at IS NULL"
        " AND (%(machine)s::uuid IS NULL OR machine_id = %(machine)s::uuid)",
        {"user": user_id, "machine": machine_id},
    )
    return cursor.rowcount


def has_consent(connection: Connection, user_id: int, machine_id: str) -> bool:
    """True while a consent of the person on this machine stands."""
    asked = "SELECT 1 FROM consents WHERE user_id = %s AND machine_id = %s AND revoked_at IS NULL LIMIT 1"
    return connection.execute(asked, (user_id, machine_id)).fetchone() is not None
