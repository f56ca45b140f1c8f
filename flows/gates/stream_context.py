"""What the database knows of a stream beside its events: clocks, boots, forgotten times, what live snapshots saw."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flows.gates.event_profile import minute_bits
from flows.gates.frames import StreamContext
from flows.stream_days import day_name
from neural_focus.store.database import Connection, in_us
from neural_focus.store.events import Stream
from neural_focus.store.forgotten import forgotten_on
from neural_focus.store.predictions import predicted_since
from neural_focus.time import DAY_US, SECOND_US, day_start, moment


def stream_context(connection: Connection, stream: Stream) -> StreamContext:
    """All of it but ``seen``, which is a stream's ``live_minutes`` by day."""
    rows = connection.execute(
        f"SELECT boot_number, {in_us('first_time')}, {in_us('last_time')}, {in_us('updated_at')}, next_seq,"  # noqa: S608
        " COALESCE(clock_step_us, 0) FROM shipper_positions"
        " WHERE user_id = %s AND machine_id = %s AND first_time IS NOT NULL ORDER BY boot_number",
        (stream.user_id, stream.machine_id),
    ).fetchall()
    ahead: dict[str, float] = {}
    step: dict[str, float] = {}
    before_us = None
    for _, first_us, last_us, stored_us, _, step_us in rows:
        if last_us > stored_us:
            for day in _days(max(first_us, stored_us), last_us):
                ahead[day] = max(ahead.get(day, 0.0), (last_us - stored_us) / SECOND_US)
        if step_us:
            for at in {first_us, first_us if before_us is None else before_us}:
                step[day_name(at)] = max(step.get(day_name(at), 0.0), abs(step_us) / SECOND_US)
        before_us = last_us
    forgotten = forgotten_on(connection, stream.user_id, stream.machine_id).tolist()
    return StreamContext(
        ahead_s=ahead,
        step_s=step,
        forgotten=frozenset(day for first, end in forgotten for day in _days(first, end)),
        boots={number: (day_name(first), stored) for number, first, _, _, stored, _ in rows},
    )


def live_minutes(connection: Connection, stream: Stream, day_us: int) -> str:
    """The minutes of a day in which a live snapshot of the stream shows keys or moves of the 30 s before it, as bits;
    "" where none does."""
    minute = in_us("date_trunc('minute', snapshot_time)")
    rows = connection.execute(
        f"SELECT DISTINCT {minute} FROM model_predictions"  # noqa: S608
        " WHERE user_id = %s AND machine_id = %s AND role <> 'challenger' AND features IS NOT NULL"
        " AND snapshot_time >= %s AND snapshot_time < %s AND predicted_at >= %s"
        " AND (features ->> 'keystroke_count')::float + (features ->> 'mouse_move_count')::float > 0",
        (stream.user_id, stream.machine_id, moment(day_us), moment(day_us + DAY_US), predicted_since(day_us)),
    ).fetchall()
    return minute_bits(np.array([at for (at,) in rows], np.int64)) if rows else ""


def _days(first_us: int, last_us: int) -> Iterator[str]:
    return (day_name(day_us) for day_us in range(day_start(first_us), last_us + 1, DAY_US))
