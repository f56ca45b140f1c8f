"""A batch in the database: all of it or nothing, once, and only its own person's."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest
from sample_records import START_US, some_records

from neural_focus.batches import AgreedTo, BatchHeader, BatchStored, SentBatch, ZoneSince
from neural_focus.errors import ContractError, GapError, InputError
from neural_focus.store.batch_writer import RowContext, store_batch
from neural_focus.store.consents import has_consent
from neural_focus.store.database import connect
from neural_focus.store.events import count_events, read_events, read_position
from neural_focus.store.users import ensure_user, zone_history

RECORDS = some_records(100)
NOTHING_KNOWN = RowContext()


def batch(first: int, last: int, machine: UUID, boot: UUID, **told: object) -> SentBatch:
    header = replace(BatchHeader(machine, boot, first, last - first), **told)
    return SentBatch(header, RECORDS[first:last])


def test_a_batch_is_stored_once_with_all_that_came_with_it(any_database_url: str) -> None:
    machine, boot = uuid4(), uuid4()
    with connect(any_database_url) as connection:
        ann = ensure_user(connection, "ann", zone="Europe/Berlin")
        connection.commit()
        told = {
            "zones": (ZoneSince("Europe/Berlin", START_US - 1), ZoneSince("Asia/Kathmandu", START_US)),
            "consent": AgreedTo("0123456789ab", titles=False),
            "clock_step_us": -5_000_000,
        }
        context = RowContext(None, 61.5, 0.25, {"keystroke_rate": 3.0})
        sent = batch(0, 60, machine, boot, **told)
        assert store_batch(connection, ann, sent, context) == BatchStored(60, 60)
        assert store_batch(connection, ann, sent, context) == BatchStored(60, 0), "the answer was lost"
        assert store_batch(connection, ann, batch(40, 100, machine, boot), NOTHING_KNOWN) == BatchStored(100, 40)
        read, seq = read_events(connection, ann, str(machine), 0, START_US * 2)
        assert read.tobytes() == RECORDS.tobytes() and seq.tolist() == list(range(100))
        known = connection.execute(
            "SELECT count(focus_score), min(focus_score), min(distraction_risk), count(features),"
            " (min(seq) FILTER (WHERE features->>'keystroke_rate' = '3.0'))::int FROM events"
        ).fetchone()
        assert known == (60, 61.5, 0.25, 1, 0), "all have the prediction, the first one its features"
        assert [zone for _, zone in zone_history(connection, ann)] == ["Europe/Berlin", "Asia/Kathmandu"]
        assert has_consent(connection, ann, str(machine))
        assert connection.execute("SELECT clock_step_us FROM shipper_positions").fetchall() == [(-5_000_000,)]


def test_what_is_refused_changes_nothing(fresh_database_url: str) -> None:
    machine, boot = uuid4(), uuid4()
    with connect(fresh_database_url) as connection:
        ann, bob = ensure_user(connection, "ann"), ensure_user(connection, "bob")
        connection.commit()
        store_batch(connection, ann, batch(0, 10, machine, boot), NOTHING_KNOWN)
        moved = (ZoneSince("Asia/Tokyo", START_US),)
        with pytest.raises(GapError, match="records 10 to 19 of boot") as gap:
            store_batch(connection, ann, batch(20, 30, machine, boot, zones=moved), NOTHING_KNOWN)
        assert gap.value.next_seq == 10
        with pytest.raises(GapError, match="records 10 to 19 of boot"):
            store_batch(connection, ann, batch(20, 30, machine, boot, lost_from=5), NOTHING_KNOWN)
        with pytest.raises(GapError, match="records 0 to 4 of boot"):
            store_batch(connection, ann, batch(5, 10, machine, uuid4()), NOTHING_KNOWN)
        for boots in (boot, uuid4()):
            with pytest.raises(ContractError, match="another person's"):
                store_batch(connection, bob, batch(0, 10, machine, boots), NOTHING_KNOWN)
        with pytest.raises(InputError, match="time zone 'Mars' is unknown"):
            store_batch(
                connection, ann, batch(10, 20, machine, boot, zones=(ZoneSince("Mars", START_US),)), NOTHING_KNOWN
            )
        assert count_events(connection, ann, str(machine)) == read_position(connection, str(machine), str(boot)) == 10
        assert [zone for _, zone in zone_history(connection, ann)] == ["UTC"]
        assert connection.execute("SELECT count(*) FROM shipper_positions").fetchone() == (1,)


def test_records_that_the_spool_lost_are_given_up_by_name(fresh_database_url: str) -> None:
    machine, boot = uuid4(), uuid4()
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
        connection.commit()
        store_batch(connection, ann, batch(0, 10, machine, boot), NOTHING_KNOWN)
        lost = batch(20, 30, machine, boot, lost_from=10)
        assert store_batch(connection, ann, lost, NOTHING_KNOWN) == BatchStored(30, 10, 10)
        assert store_batch(connection, ann, lost, NOTHING_KNOWN) == BatchStored(30, 0), "told twice, lost once"
        assert np.array_equal(
            read_events(connection, ann, str(machine), 0, START_US * 2)[1], [*range(10), *range(20, 30)]
        )


def test_a_batch_without_records_begins_no_boot(fresh_database_url: str) -> None:
    machine, boot = uuid4(), uuid4()
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
        connection.commit()
        moved = batch(0, 0, machine, boot, zones=(ZoneSince("Asia/Tokyo", START_US),))
        assert store_batch(connection, ann, moved, NOTHING_KNOWN) == BatchStored(0, 0)
        assert zone_history(connection, ann)[-1] == (START_US, "Asia/Tokyo")
        assert connection.execute("SELECT count(*) FROM shipper_positions").fetchone() == (0,)
