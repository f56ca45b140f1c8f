"""``idempotency_keys``: the first answer to a request, kept for a day by the key that the request brought.

::

    BEGIN ─► lock on (person, key) ─► kept? ─ no ─► the work ─► keep the answer ─► COMMIT
                  │ another request          └ yes ─► that answer, nothing is done
                  └ with it waits here

The answer is kept in the transaction of the work: a kill leaves both or neither.
"""

from __future__ import annotations

from dataclasses import dataclass

from neural_focus.store.database import Connection
from neural_focus.time import moment

KEPT_HOURS = 24
LOCK = 7_306_522
_YOUNG = f"asked_at > now() - interval '{KEPT_HOURS} hours'"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """``request_hash``: SHA-256 of what was asked, in hex; ``answer``: what it was answered with, JSON."""

    request_hash: str
    answer: str


def find_answer(connection: Connection, user_id: int, key: str) -> KeptAnswer | None:
    """What the person's request with this key was answered with; None where it is not done.

    A request with the same key waits here until the caller's transaction ends.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK, f"{user_id} {key}"))
    row = connection.execute(
        f"SELECT request_hash, answer FROM idempotency_keys WHERE user_id = %s AND key = %s AND {_YOUNG}",
        (user_id, key),
    ).fetchone()
    return None if row is None else KeptAnswer(*row)


def keep_answer(
    connection: Connection, user_id: int, key: str, kept: KeptAnswer, about: tuple[int, int] | None
) -> None:
    """Keeps an answer in the caller's transaction, which began with ``find_answer``.

    ``about``: the times, first and last in µs UTC, that it speaks of: who has them forgotten has it forgotten.
    """
    first, end = (None, None) if about is None else (moment(about[0]), moment(about[1]))
    connection.execute(
        "INSERT INTO idempotency_keys (user_id, key, request_hash, answer, first_time, end_time)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (user_id, key) DO UPDATE SET asked_at = excluded.asked_at,"
        " request_hash = excluded.request_hash, answer = excluded.answer, first_time = excluded.first_time,"
        " end_time = excluded.end_time",
        (user_id, key, kept.request_hash, kept.answer, first, end),
    )


def delete_old_answers(connection: Connection) -> int:
    """Deletes what nobody is answered with any more; returns how many that were."""
    return connection.execute(f"DELETE FROM idempotency_keys WHERE NOT {_YOUNG}").rowcount
