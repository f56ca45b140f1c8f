"""Events are kept for 90 days; what stays after that is an hour's activity by app.

An hour is rolled up and its events are dropped in one transaction, so every event is either there or counted, once.
Late events of days that are gone are added to what was counted before.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from neural_focus.store.database import Connection

KEEP_DAYS = 90
ROLL_UP = """
INSERT INTO hourly_activity AS h
    (user_id, machine_id, hour, app_name, keystrokes, mouse_moves, mouse_clicks, focus_changes, events)
SELECT user_id, machine_id, date_trunc('hour', time, 'UTC'), COALESCE(app_name, ''),
    count(*) FILTER (WHERE event_type = 'KEY_PRESS'),
    count(*) FILTER (WHERE event_type = 'MOUSE_MOVE'),
    count(*) FILTER (WHERE event_type = 'MOUSE_CLICK'),
    count(*) FILTER (WHERE event_type = 'WINDOW_FOCUS_CHANGE'),
    count(*)
FROM events WHERE time < %s GROUP BY 1, 2, 3, 4
ON CONFLICT (user_id, machine_id, hour, app_name) DO UPDATE SET
    keystrokes = h.keystrokes + EXCLUDED.keystrokes,
    mouse_moves = h.mouse_moves + EXCLUDED.mouse_moves,
    mouse_clicks = h.mouse_clicks + EXCLUDED.mouse_clicks,
    focus_changes = h.focus_changes + EXCLUDED.focus_changes,
    events = h.events + EXCLUDED.events"""


def retire_events(connection: Connection, now: datetime, keep_days: int = KEEP_DAYS) -> int:
    """Rolls up and drops the whole UTC days before ``now`` − ``keep_days``, and commits; returns how many events went.

    The table is closed to writers meanwhile; shippers wait.
    """
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=keep_days)
    with connection.transaction():
        connection.execute("LOCK TABLE events IN EXCLUSIVE MODE")
        row = connection.execute("SELECT count(*) FROM events WHERE time < %s", (day,)).fetchone()
        old = int(row[0]) if row else 0
        if old:
            connection.execute(ROLL_UP, (day,))
            _drop(connection, day)
    connection.commit()
    return old


def _drop(connection: Connection, day: datetime) -> None:
    connection.execute("SELECT drop_event_days(%s)", (day,))
    # Chunks of another width, or the default partition, may hold a rest.
    connection.execute("DELETE FROM events WHERE time < %s", (day,))
