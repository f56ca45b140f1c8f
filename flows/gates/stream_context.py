"""What the database knows of a stream beside its events: clocks, boots, forgotten times, what live snapshots saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from flows.gates.event_profile import minute_bits
from flows.gates.frames import StreamContext
from flows.stream_days import day_name
from neural_focus.store.database import Connection, in_us
from neural_focus.store.events import Stream
from neural_focus.store.forgotten import forgotten_on
from neural_focus.store.predictions import predicted_since
from neural_focus.time import DAY_US, SECOND_US, day_start, moment

WRONG_US = 600 * SECOND_US
"""So long a boot has to have had a wrong clock."""


def stream_context(connection: Connection, stream: Stream) -> StreamContext:
    """All of it but ``seen``, which is a stream's ``live_minutes`` by day."""
    rows = connection.execute(
        f"SELECT boot_number, {in_us('first_time')}, {in_us('last_time')}, {in_us('updated_at')}, next_seq,"  # noqa: S608
        " COALESCE(clock_step_us, 0) FROM shipper_positions"
        " WHERE user_id = %s AND machine_id = %s AND first_time IS NOT NULL ORDER BY boot_number",
        (stream.user_id, stream.machine_id),
    ).fetchall()
    ahead: dict[str, float] = {}
    for _, first_us, last_us, stored_us, _, _ in rows:
        if last_us > stored_us:
            for day in _days(max(first_us, stored_us), last_us):
                ahead[day] = max(ahead.get(day, 0.0), (last_us - stored_us) / SECOND_US)
    forgotten = forgotten_on(connection, stream.user_id, stream.machine_id).tolist()
    return StreamContext(
        ahead_s=ahead,
        step_s=steps_by_day([(number, first, last, step) for number, first, last, _, _, step in rows]),
        forgotten=frozenset(day for first, end in forgotten for day in _days(first, end)),
        boots={number: (day_name(first), stored) for number, first, _, _, stored, _ in rows},
    )


def steps_by_day(boots: Sequence[tuple[int, int, int, int]]) -> dict[str, float]:
    """How far, s, the clock was off on days that were replayed with wrong times. A boot: its number, its first and last
    record's µs, and by how many µs the clock was moved just before it.

    The wrong times are those of the boot before it, where there still is one. Where the clock was set back, they are
    the ones after that boot's true end, up to where the next begins: replay leaves out what comes later. A few minutes
    are none: of two systems on one laptop one may keep the clock in local time, which is put right after each start.
    """
    known = {number: (first_us, last_us) for number, first_us, last_us, _ in boots}
    found: dict[str, float] = {}
    for number, next_us, _, step_us in boots:
        if not step_us or number - 1 not in known:
            continue
        first_us, last_us = known[number - 1]
        wrong_from = max(first_us, last_us + step_us) if step_us < 0 else first_us
        wrong_until = min(last_us, next_us)
        if wrong_until - wrong_from >= WRONG_US:
            for day in _days(wrong_from, wrong_until):
                found[day] = max(found.get(day, 0.0), abs(step_us) / SECOND_US)
    return found


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
