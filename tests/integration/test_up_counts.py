"""What `up` counts in the database, beside what the agent says in its file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sample_records import some_records

from infra.up.counts import AgentRun, read_counts
from neural_focus.store.actions import order_rows
from neural_focus.store.database import connect
from neural_focus.store.events import write_events
from neural_focus.store.interventions import Opportunity, insert_opportunity
from neural_focus.store.users import ensure_user
from neural_focus.time import microseconds


def test_a_pause_begins_another_boot_whose_rows_count_too(fresh_database_url: str, tmp_path: Path) -> None:
    machine, before, *boots = (str(uuid4()) for _ in range(4))
    told = tmp_path / "agent.json"
    told.write_text(json.dumps({"machine_id": machine, "boots": boots, "captured": 70, "spooled": 70, "shipped": 70}))
    with connect(fresh_database_url) as connection:
        person = ensure_user(connection, "somebody")
        for boot, count in ((before, 5), (boots[0], 40), (boots[1], 30)):
            records = some_records(count)
            write_events(connection, user_id=person, machine_id=machine, boot_id=boot, first_seq=0, records=records)
        counts = read_counts(connection, AgentRun(told, person, datetime.now(UTC)))
    assert (counts.captured, counts.stored) == (70, 70), "both boots of this run, not the run before"


def test_a_placebo_is_no_help_that_was_ordered(fresh_database_url: str, tmp_path: Path) -> None:
    machine, told, began = str(uuid4()), tmp_path / "agent.json", datetime.now(UTC)
    told.write_text(json.dumps({"machine_id": machine, "boots": [str(uuid4())]}))
    now_us = microseconds(began) + 1_000_000
    with connect(fresh_database_url) as connection:
        person = ensure_user(connection, "somebody")
        for arm, kind in (("SUGGEST_BREAK", "SUGGEST_BREAK"), ("PLACEBO", "NO_OP"), ("NO_OP", "NO_OP")):
            made = Opportunity(
                person, machine, None, str(uuid4()), now_us, now_us, kind, [(arm, None)], 0.6, (), 60.0, "rules_v0",
                arm, 0.3, "demo-1", 30,
            )  # fmt: skip
            ids = insert_opportunity(connection, made)
            if arm != "NO_OP":
                order_rows(connection, ids, now_us, now_us + 60_000_000)
                connection.execute("UPDATE interventions SET applied_at = ordered_at WHERE id = ANY(%s)", (ids,))
        connection.commit()
        counts = read_counts(connection, AgentRun(told, person, began))
    assert (counts.ordered, counts.applied, counts.refused) == (1, 1, 0)
