"""What `up` counts in the database, beside what the agent says in its file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sample_records import some_records

from infra.up.counts import Desk, read_counts
from neural_focus.store.database import connect
from neural_focus.store.events import write_events
from neural_focus.store.users import ensure_user


def test_a_pause_begins_another_boot_whose_rows_count_too(fresh_database_url: str, tmp_path: Path) -> None:
    machine, before, *boots = (str(uuid4()) for _ in range(4))
    told = tmp_path / "agent.json"
    told.write_text(json.dumps({"machine_id": machine, "boots": boots, "captured": 70, "spooled": 70, "shipped": 70}))
    with connect(fresh_database_url) as connection:
        person = ensure_user(connection, "somebody")
        for boot, count in ((before, 5), (boots[0], 40), (boots[1], 30)):
            records = some_records(count)
            write_events(connection, user_id=person, machine_id=machine, boot_id=boot, first_seq=0, records=records)
        counts = read_counts(connection, Desk(told, person, datetime.now(UTC)))
    assert (counts.captured, counts.stored) == (70, 70), "both boots of this run, not the run before"
