"""A run of the flow `labels` in Prefect's own page: a task a day, one of which lost its connection and was tried again.

All of it happens: some days' labels are deleted, so that they are due, and the database ends the session that writes
one of them. The run then makes the same labels again.
"""

from __future__ import annotations

from psycopg import sql

from neural_focus.store.events import Stream
from neural_focus.time import DAY_US, moment


def rows_of_day(stream: Stream, day_us: int) -> sql.Composed:
    """The statement that locks a day's labels which rules made: `labels` replaces them, and nothing else does."""
    return sql.SQL(
        "SELECT FROM labels WHERE user_id = {} AND machine_id = {} AND source = 'WEAK'"
        " AND start_time >= {} AND start_time < {} FOR UPDATE"
    ).format(stream.user_id, stream.machine_id, moment(day_us), moment(day_us + DAY_US))
