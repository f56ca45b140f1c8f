"""Old events become an hour's activity: nothing is lost, nothing is counted twice, on both kinds of server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sample_records import START_US, some_records

from neural_focus.events import EventType
from neural_focus.store.database import connect
from neural_focus.store.events import write_events
from neural_focus.store.retention import retire_events
from neural_focus.store.users import ensure_user

START = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=START_US)


def test_old_events_are_rolled_up_before_they_go(any_database_url: str) -> None:
    records = some_records(3_000, step_us=200_000_000)  # about seven days
    with connect(any_database_url) as connection:
        sent = {"user_id": ensure_user(connection, "ann"), "machine_id": str(uuid4())}
        write_events(connection, boot_id=str(uuid4()), first_seq=0, records=records, **sent)
        now = START + timedelta(days=94)
        day_us = (int((now - timedelta(days=90)).timestamp()) // 86_400) * 86_400_000_000
        old = records["timestamp_us"] < day_us
        assert retire_events(connection, now) == old.sum() > 1_000
        assert retire_events(connection, now) == 0
        kept = connection.execute("SELECT count(*), min(time) FROM events").fetchone()
        assert kept is not None
        assert kept[0] == (~old).sum()
        assert kept[1].timestamp() * 1e6 >= day_us
        presses = int((records["event_type"][old] == EventType.KEY_PRESS).sum())
        assert _rolled_up(connection) == (int(old.sum()), presses)
        late = records[:10].copy()
        write_events(connection, boot_id=str(uuid4()), first_seq=0, records=late, **sent)
        assert retire_events(connection, now) == 10
        more = int((late["event_type"] == EventType.KEY_PRESS).sum())
        assert _rolled_up(connection) == (int(old.sum()) + 10, presses + more)
        parts = connection.execute(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'events'::regclass"
            " AND inhrelid::regclass::text NOT LIKE '%default'"
        ).fetchone()
        assert parts == (len(set((records["timestamp_us"][~old] // 86_400_000_000).tolist())),)


def _rolled_up(connection: object) -> tuple[int, int]:
    row = connection.execute("SELECT sum(events), sum(keystrokes) FROM hourly_activity").fetchone()  # type: ignore[attr-defined]
    return int(row[0]), int(row[1])
