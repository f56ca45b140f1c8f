"""Whether somebody types now: by what is stored, or by what the agent counted where events stay in the spool."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sample_records import START_US, some_records

from flows.input_watch import InputWatch
from neural_focus.events import EventType
from neural_focus.settings import Settings
from neural_focus.store.database import connect
from neural_focus.store.events import write_events
from neural_focus.store.users import ensure_user

AT = datetime.fromtimestamp(START_US / 1e6, UTC)


@pytest.mark.parametrize(
    ("kind", "later", "typed"),
    [
        (EventType.KEY_PRESS, timedelta(minutes=4), True),
        (EventType.MOUSE_MOVE, timedelta(minutes=4), True),
        (EventType.KEY_PRESS, timedelta(minutes=6), False),
        (EventType.KEY_PRESS, -timedelta(minutes=6), False),
        (EventType.WINDOW_TITLE_CHANGE, timedelta(minutes=4), False),
    ],
    ids=["a key", "the pointer", "long ago", "a clock that was ahead", "only a title"],
)
def test_stored_input(fresh_database_url: str, tmp_path: Path, kind: EventType, later: timedelta, typed: bool) -> None:
    records = some_records(3, step_us=1000)
    records["event_type"] = kind
    with connect(fresh_database_url) as connection:
        user = ensure_user(connection, "somebody")
        ids = {"machine_id": str(uuid4()), "boot_id": str(uuid4())}
        write_events(connection, user_id=user, first_seq=0, records=records, **ids)
    watch = InputWatch(Settings(home=tmp_path, database_url=fresh_database_url))
    assert watch(AT + later) is typed


def test_the_agents_counter_where_events_stay_in_the_spool(tmp_path: Path) -> None:
    watch = InputWatch(Settings(home=tmp_path, ship="features"))
    assert watch(AT) is False, "no agent runs"
    for captured, typed in ((5, True), (5, False), (9, True), (9, False)):
        (tmp_path / "agent.json").write_text(json.dumps({"captured": captured}))
        assert watch(AT) is typed
