"""What the person says a stretch of time was: the strongest labels there are, stored and applied at once."""

from __future__ import annotations

from functools import partial

from neural_focus.store.database import Connection
from neural_focus.store.labels import HOTKEY_US, insert_label
from neural_focus.time import DAY_US, wall_clock_us
from serving.idempotency import RequestKey
from serving.problems import ProblemError
from serving.responses import LabelRequest, LabelResponse

LONGEST_US = 12 * 3_600_000_000
OLDEST_US = 28 * DAY_US


def add_label_once(connection: Connection, user_id: int, request: LabelRequest, key: RequestKey) -> LabelResponse:
    """As ``add_label``; a request that came before is answered as then. Raises as it, and as ``RequestKey.once``."""
    work = partial(add_label, connection, user_id, request)
    answer, _ = key.once(connection, user_id, LabelResponse, work, lambda made: (made.from_us, made.to_us))
    return answer


def add_label(connection: Connection, user_id: int, request: LabelRequest) -> LabelResponse:
    """Store a stretch that the person marked, or without times the five minutes before now.

    Raises:
        ProblemError: 422, the stretch is empty, in the future, too long or too old.
    """
    now_us = wall_clock_us()
    if request.from_us is None and request.to_us is None:
        start_us, end_us = now_us - HOTKEY_US, now_us
        changed = insert_label(connection, user_id, start_us, end_us, request.outcome, "HOTKEY")
        return LabelResponse(start_us, end_us, request.outcome, "HOTKEY", changed)
    start_us, end_us = request.from_us or 0, request.to_us or now_us
    if not now_us - OLDEST_US <= start_us < end_us <= now_us or end_us - start_us > LONGEST_US:
        raise ProblemError(
            422,
            "That stretch cannot be labelled",
            why=f"from {start_us} to {end_us} µs",
            hint="Give a stretch of the last 28 days that has ended and is at most 12 hours long",
        )
    changed = insert_label(connection, user_id, start_us, end_us, request.outcome, "RETROSPECTIVE")
    return LabelResponse(start_us, end_us, request.outcome, "RETROSPECTIVE", changed)
