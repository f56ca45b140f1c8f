"""Records into the database exactly once, and back bit by bit, on both kinds of server."""

from __future__ import annotations

from uuid import uuid4

import numpy as np
import pytest
from sample_records import START_US, some_records

from neural_focus._native import validate
from neural_focus.errors import ContractError, InputError, StoreError
from neural_focus.events import EventType
from neural_focus.replay import replay
from neural_focus.store.database import connect
from neural_focus.store.events import count_events, list_streams, read_events, read_position, write_events
from neural_focus.store.users import ensure_user


def test_records_come_back_bit_by_bit(any_database_url: str) -> None:
    records, machine, boot = some_records(5_000, step_us=40_000_000), str(uuid4()), str(uuid4())
    with connect(any_database_url) as connection:
        user = ensure_user(connection, "ann")
        sent = {"user_id": user, "machine_id": machine, "boot_id": boot}
        assert write_events(connection, first_seq=0, records=records[:3_000], **sent) == 3_000
        assert write_events(connection, first_seq=3_000, records=records[3_000:], **sent) == 2_000
        read, seq = read_events(connection, user, machine, 0, START_US * 2)
        assert read.tobytes() == records.tobytes()
        assert seq.tolist() == list(range(5_000))
        middle = int(records["timestamp_us"][2_500])
        assert len(read_events(connection, user, machine, middle, START_US * 2)[0]) == int(
            (records["timestamp_us"] >= middle).sum()
        )
        stream = list_streams(connection, demo=False)[0]
        assert (stream.first_us, stream.last_us) == (
            int(records["timestamp_us"].min()),
            int(records["timestamp_us"].max()),
        )


def test_a_name_that_is_no_text_is_stored_repaired_and_gives_the_same_features(fresh_database_url: str) -> None:
    """Such records may lie in a spool that an earlier version or another program wrote."""
    names = [
        b"ok",
        b"\xff\xfe",
        b"\xed\xa0\x80" * 10,
        "日本語".encode() * 3 + b"\xe6\x97",
        b"a\x1b[2J",
        b"x" * 31 + b"\xc3",
    ]
    records, machine, boot = some_records(240, step_us=500_000), str(uuid4()), str(uuid4())
    records["event_type"] = EventType.WINDOW_FOCUS_CHANGE
    records["app_name"] = [names[index % len(names)] for index in range(len(records))]
    with connect(fresh_database_url) as connection:
        user = ensure_user(connection, "ann")
        sent = {"user_id": user, "machine_id": machine, "boot_id": boot}
        assert write_events(connection, first_seq=0, records=records, **sent) == len(records)
        read, _ = read_events(connection, user, machine, 0, START_US * 2)
    assert [name.decode() for name in read["app_name"][: len(names)]] == [
        *("ok", "\ufffd\ufffd", "\ufffd" * 10, "日本語" * 3, "a\ufffd[2J", "x" * 31),
    ]
    assert validate(records)[0].all()
    assert replay(read, zone="UTC").features.tobytes() == replay(records, zone="UTC").features.tobytes()


def test_a_resend_adds_nothing_and_an_overlap_only_its_end(fresh_database_url: str) -> None:
    records, machine, boot = some_records(1_000), str(uuid4()), str(uuid4())
    with connect(fresh_database_url) as connection:
        user = ensure_user(connection, "ann")
        sent = {"user_id": user, "machine_id": machine, "boot_id": boot}
        assert write_events(connection, first_seq=0, records=records[:600], **sent) == 600
        assert write_events(connection, first_seq=0, records=records[:600], **sent) == 0
        assert write_events(connection, first_seq=400, records=records[400:], **sent) == 400
        assert read_position(connection, machine, boot) == count_events(connection, user, machine) == 1_000
        with pytest.raises(InputError, match="records 1000 to 1004 of boot"):
            write_events(connection, first_seq=1_005, records=records[:1], **sent)
        other = ensure_user(connection, "bob")
        with pytest.raises(ContractError, match="belongs to user"):
            write_events(connection, first_seq=1_000, records=records[:1], **(sent | {"user_id": other}))


def test_position_and_rows_are_one_transaction(fresh_database_url: str) -> None:
    machine, boot = str(uuid4()), str(uuid4())
    with connect(fresh_database_url) as connection:
        user = ensure_user(connection, "ann")
        connection.commit()
        connection.execute("ALTER TABLE events ADD CONSTRAINT no_late CHECK (seq < 5)")
        connection.commit()
        sent = {"user_id": user, "machine_id": machine, "boot_id": boot}
        with pytest.raises(StoreError, match="no_late"):
            write_events(connection, first_seq=0, records=some_records(10), **sent)
        assert read_position(connection, machine, boot) == count_events(connection, user, machine) == 0


def test_boots_replay_in_their_order_even_at_one_time(fresh_database_url: str) -> None:
    machine = str(uuid4())
    records = some_records(40)
    records["timestamp_us"] = START_US  # clamped to the last record before the restart
    with connect(fresh_database_url) as connection:
        user = ensure_user(connection, "ann")
        for index, boot in enumerate(sorted((str(uuid4()) for _ in range(4)), reverse=True)):
            part = records[index * 10 : index * 10 + 10]
            write_events(connection, user_id=user, machine_id=machine, boot_id=boot, first_seq=0, records=part)
        assert read_events(connection, user, machine, 0, START_US + 1)[0].tobytes() == records.tobytes()


def test_titles_and_the_known_prediction_go_onto_the_rows(fresh_database_url: str) -> None:
    records = some_records(2)
    records["event_type"] = [EventType.WINDOW_TITLE_CHANGE, EventType.KEY_PRESS]
    records["data"][:, 0] = 3
    with connect(fresh_database_url) as connection:
        user = ensure_user(connection, "ann")
        write_events(
            connection,
            user_id=user,
            machine_id=str(uuid4()),
            boot_id=str(uuid4()),
            first_seq=0,
            records=records,
            titles={3: "thesis\0.tex" + "x" * 600},
            session_id=9,
            focus_score=61.5,
            distraction_risk=0.25,
            features={"keystroke_rate": 2.5},
        )
        rows = connection.execute(
            "SELECT event_type::text, window_title, session_id, focus_score, distraction_risk, features"
            " FROM events ORDER BY seq"
        ).fetchall()
    assert rows[0] == ("WINDOW_TITLE_CHANGE", "thesis.tex" + "x" * 502, 9, 61.5, 0.25, {"keystroke_rate": 2.5})
    assert rows[1] == ("KEY_PRESS", None, 9, 61.5, 0.25, None), "the rows in between have the same features"


def test_tables_are_cut_into_days(any_database_url: str) -> None:
    day_us = 86_400_000_000
    records = some_records(5, step_us=day_us)
    records["timestamp_us"] = START_US + np.arange(5) * day_us
    with connect(any_database_url) as connection:
        user = ensure_user(connection, "ann")
        sent = {"user_id": user, "machine_id": str(uuid4()), "boot_id": str(uuid4())}
        write_events(connection, first_seq=0, records=records, **sent)
        parts = connection.execute(
            "SELECT count(*) FROM pg_inherits i WHERE i.inhparent = 'events'::regclass"
            " AND i.inhrelid::regclass::text NOT LIKE '%default'"
        ).fetchone()
    assert parts == (5,)


def test_a_refused_read_is_said_and_the_connection_lives_on(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        user, machine = 1, str(uuid4())
        connection.execute("ALTER TABLE shipper_positions RENAME TO elsewhere")
        with pytest.raises(StoreError, match="the database refused to read"):
            read_events(connection, user, machine, 0, START_US)
        connection.rollback()
        assert len(read_events(connection, user, machine, 0, START_US)[0]) == 0
