"""Stretches that people, timers and rules judged: the rows of ``labels``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from psycopg.rows import class_row

from neural_focus.prediction import HORIZON_SECONDS
from neural_focus.store.boots import read_boots
from neural_focus.store.database import Connection, in_us
from neural_focus.store.events import Stream
from neural_focus.store.forgotten import forgotten_on, without
from neural_focus.store.outcomes import apply_labels
from neural_focus.store.row_pages import Place, rows_before
from neural_focus.time import SECOND_US, moment

HOTKEY_US = 300 * 1_000_000
"""A hotkey judges the five minutes before it."""
_STEP_US = HORIZON_SECONDS * SECOND_US


@dataclass(frozen=True, slots=True)
class LabelledStretch:
    """(start, end] µs UTC had ``outcome``, says ``source`` (the words of the table)."""

    start_us: int
    end_us: int
    outcome: str
    source: str


def read_labels(connection: Connection, stream: Stream) -> list[LabelledStretch]:
    """What people and timers said about a stream, nothing weak; the latest word last, where ``apply_labels`` has it."""
    rows = connection.execute(
        """SELECT (EXTRACT(epoch FROM start_time) * 1000000)::bigint, (EXTRACT(epoch FROM end_time) * 1000000)::bigint,
            outcome, source FROM labels
        WHERE user_id = %s AND (machine_id IS NULL OR machine_id = %s) AND source <> 'WEAK' ORDER BY created_at, id""",
        (stream.user_id, stream.machine_id),
    )
    return [LabelledStretch(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class LabelRow(LabelledStretch):
    """A row of ``labels``."""

    id: int


def read_label_page(connection: Connection, user_id: int, limit: int, before: Place | None = None) -> list[LabelRow]:
    """The person's labels, the latest end first, that are before a place by their end."""
    where, values = rows_before("end_time", before)
    asked = (
        f"SELECT {in_us('start_time')} AS start_us, {in_us('end_time')} AS end_us, outcome, source, id FROM labels"
        f" WHERE user_id = %s{where} ORDER BY end_time DESC, id DESC LIMIT %s"
    )
    return connection.cursor(row_factory=class_row(LabelRow)).execute(asked, (user_id, *values, limit)).fetchall()


def insert_label(
    connection: Connection,
    user_id: int,
    start_us: int,
    end_us: int,
    outcome: str,
    source: Literal["HOTKEY", "RETROSPECTIVE"],
) -> int:
    """Store what a person said of (start, end] on all their machines, and apply it, in one transaction.

    Returns how many predictions now have another outcome.
    """
    with connection.transaction():
        connection.execute(
            "INSERT INTO labels (user_id, start_time, end_time, outcome, source) VALUES (%s, %s, %s, %s, %s)",
            (user_id, moment(start_us), moment(end_us), outcome, source),
        )
        return apply_labels(connection, user_id, start_us, end_us)


def add_timer_labels(connection: Connection, user_id: int) -> int:
    """A TIMER label FOCUSED for each completed timed session that has none; returns how many were added."""
    return connection.execute(
        """INSERT INTO labels (user_id, machine_id, session_id, start_time, end_time, outcome, source)
        SELECT s.user_id, s.machine_id, s.id, s.start_time, s.end_time, 'FOCUSED', 'TIMER' FROM sessions s
        WHERE s.user_id = %s AND s.completed AND s.session_type <> 'natural' AND s.end_time > s.start_time
        AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.session_id = s.id AND l.source = 'TIMER')""",
        (user_id,),
    ).rowcount


def replace_weak_labels(
    connection: Connection, stream: Stream, stretches: Sequence[LabelledStretch], first_us: int, last_us: int
) -> None:
    """The WEAK labels of a stream that begin in [first, last) become exactly ``stretches``, in the caller's
    transaction."""
    connection.execute(
        "DELETE FROM labels WHERE user_id = %s AND machine_id = %s AND source = 'WEAK'"
        " AND start_time >= %s AND start_time < %s",
        (stream.user_id, stream.machine_id, moment(first_us), moment(last_us)),
    )
    columns = "user_id, machine_id, start_time, end_time, outcome, source"
    with connection.cursor().copy(f"COPY labels ({columns}) FROM STDIN") as copy:
        for stretch in stretches:
            times = (moment(stretch.start_us), moment(stretch.end_us))
            copy.write_row((stream.user_id, stream.machine_id, *times, stretch.outcome, "WEAK"))


def shown_on(connection: Connection, user_id: int, machine_id: str) -> NDArray[np.int64]:
    """Instants at which an offer of ours was open on a person's machine, or what it or a jail ordered was done there.

    int64[k] µs, ascending; no-op draws are none.

    ::

        ●───── 30 s ─────●───── 30 s ─────●─────●       ●───── 30 s ─────●─────●
        triggered                               closed  applied                over, as reported, or planned

    Every horizon is 30 s or longer: one that lies wholly in between has an instant in it, too.
    """
    rows = connection.execute(
        """SELECT (EXTRACT(epoch FROM from_at) * 1000000)::bigint, (EXTRACT(epoch FROM until_at) * 1000000)::bigint
        FROM interventions CROSS JOIN LATERAL (
            SELECT triggered_at, COALESCE(
                responded_at, triggered_at + make_interval(secs => COALESCE(timeout_seconds, 0)))
            WHERE type <> 'MANUAL_JAIL'
            UNION ALL SELECT applied_at, GREATEST(applied_at, COALESCE(undone_at, ends_at)) WHERE applied_at IS NOT NULL
        ) AS touched(from_at, until_at)
        WHERE user_id = %s AND (machine_id IS NULL OR machine_id = %s) AND action <> 'NO_OP'""",
        (user_id, machine_id),
    ).fetchall()
    first, last = np.array(rows, np.int64).reshape(-1, 2).T
    steps = np.maximum((last - first) // _STEP_US + 1, 0)
    number = np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)
    return np.unique(np.concatenate([np.repeat(first, steps) + _STEP_US * number, last]))


def read_covered(connection: Connection, stream: Stream) -> list[tuple[int, int]]:
    """When the agent ran: first and last replayed record of each of its boots, µs, in time order, without what the
    person has had forgotten."""
    boots = read_boots(connection, stream.user_id, stream.machine_id)
    ran = [(boot.first_us, boot.until_us) for boot in boots if boot.until_us >= boot.first_us]
    return without(ran, forgotten_on(connection, stream.user_id, stream.machine_id))
