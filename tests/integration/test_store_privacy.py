"""One person erased or exported, another untouched."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from sample_records import START_US, some_records

from neural_focus.errors import InputError
from neural_focus.store.consents import has_consent, record_consent, revoke_consents
from neural_focus.store.database import Connection, connect
from neural_focus.store.events import write_events
from neural_focus.store.idempotency import KeptAnswer, keep_answer
from neural_focus.store.outcomes import apply_labels
from neural_focus.store.person_record import BINS, WarningDay, write_day, write_personal_models
from neural_focus.store.privacy import count_rows, erase_user, export_user, machines_of
from neural_focus.store.users import ensure_user, list_users, set_zone, zone_history


def a_life(connection: Connection, name: str) -> int:
    """A person with at least one row in every table."""
    user, machine = ensure_user(connection, name), str(uuid4())
    sent = {"user_id": user, "machine_id": machine, "boot_id": str(uuid4())}
    write_events(connection, first_seq=0, records=some_records(200), **sent)
    record_consent(connection, user, machine, "1")
    session = connection.execute(
        "INSERT INTO sessions (user_id, start_time, session_type) VALUES (%s, now(), 'natural') RETURNING id", (user,)
    ).fetchone()
    assert session is not None
    connection.execute(
        "INSERT INTO interventions (user_id, session_id, triggered_at, type, action, predicted_risk, arm, probability)"
        " VALUES (%s, %s, now(), 'NO_OP', 'NO_OP', 0.4, 'NO_OP', 0.5)",
        (user, session[0]),
    )
    connection.execute(
        "INSERT INTO model_predictions (user_id, machine_id, predicted_at, snapshot_time, focus_score,"
        " distraction_risk) VALUES (%s, %s, now(), to_timestamp(%s), 50, 0.5)",
        (user, machine, START_US / 1e6),
    )
    connection.execute(
        "INSERT INTO hourly_activity VALUES (%s, %s, now(), 'code', 1, 1, 1, 1, 4)",
        (user, machine),
    )
    for outcome, source in (("DISTRACTED", "TIMER"), ("FOCUSED", "RETROSPECTIVE"), ("DISTRACTED", "WEAK")):
        connection.execute(
            "INSERT INTO labels (user_id, start_time, end_time, outcome, source)"
            " VALUES (%s, to_timestamp(%s), to_timestamp(%s), %s, %s)",
            (user, START_US / 1e6 - 60, START_US / 1e6 + 60, outcome, source),
        )
    write_personal_models(connection, user, {"switch": {"weights": {"recency": 1.0}}})
    write_day(connection, user, date(2026, 3, 6), [WarningDay("BREAK", 2, 1, 0, np.zeros((BINS, 3)))])
    connection.execute(
        "INSERT INTO unavailable_moments (user_id, machine_id, snapshot_time, predicted_risk, reason)"
        " VALUES (%s, %s, now(), 0.4, 'call')",
        (user, machine),
    )
    connection.execute(
        "INSERT INTO paired_browsers (user_id, origin, browser, token_hash) VALUES (%s, 'moz-extension://a', 'f', %s)",
        (user, name),
    )
    keep_answer(connection, user, "a key", KeptAnswer("", "{}"), None)
    connection.execute(
        "INSERT INTO paired_machines (user_id, name, token_hash) VALUES (%s, 'laptop', %s)", (user, f"m-{name}")
    )
    connection.execute("INSERT INTO identities (user_id, email) VALUES (%s, %s)", (user, f"{name}@example.org"))
    running = connection.execute(
        "INSERT INTO experiments (name, version, layer, spec, spec_hash) VALUES ('tried', 1, 'help', '{}', '')"
        " ON CONFLICT (name, version) DO UPDATE SET layer = 'help' RETURNING id"
    ).fetchone()
    assert running is not None
    connection.execute(
        "INSERT INTO experiment_assignments (experiment_id, user_id, arm, probability) VALUES (%s, %s, 'more', 0.5)",
        (running[0], user),
    )
    connection.execute(
        "INSERT INTO exposures (experiment_id, user_id, machine_id, opportunity_id, arm, probability, exposed_at,"
        " chances, context) VALUES (%s, %s, %s, %s, 'NO_OP', 0.4, now(), '{}', '{}')",
        (running[0], user, machine, str(uuid4())),
    )
    connection.execute(
        "INSERT INTO forgotten (user_id, first_time, end_time) VALUES (%s, '2026-01-01', now())", (user,)
    )
    connection.commit()
    return user


def test_erasing_leaves_nothing_of_one_and_all_of_the_other(any_database_url: str) -> None:
    with connect(any_database_url) as connection:
        ann, bob = a_life(connection, "ann"), a_life(connection, "bob")
        before = count_rows(connection, bob)
        assert all(before.values()), f"the test misses a table: {before}"
        machines = machines_of(connection, ann)
        connection.execute("DELETE FROM shipper_positions WHERE user_id = %s", (ann,))  # raw events stayed at home
        assert machines_of(connection, ann) == machines and len(machines) == 1
        assert erase_user(connection, ann) == {**before, "shipper_positions": 0}
    with connect(any_database_url) as connection:
        assert set(count_rows(connection, ann).values()) == {0}
        assert count_rows(connection, bob) == before


def test_an_export_holds_every_row(fresh_database_url: str, tmp_path: Path) -> None:
    with connect(fresh_database_url) as connection:
        ann = a_life(connection, "ann")
        counts = export_user(connection, ann, tmp_path / "ann")
        assert json.loads((tmp_path / "ann" / "counts.json").read_text()) == counts == count_rows(connection, ann)
        for name, rows in counts.items():
            assert len((tmp_path / "ann" / f"{name}.csv").read_text().splitlines()) == rows + 1
        with pytest.raises(InputError, match="exists"):
            export_user(connection, ann, tmp_path / "ann")


def test_the_strongest_label_counts(any_database_url: str) -> None:
    with connect(any_database_url) as connection:
        ann = a_life(connection, "ann")
        assert apply_labels(connection, ann, 0, START_US) == 1
        assert apply_labels(connection, ann, 0, START_US) == 0
        assert connection.execute("SELECT actual_outcome, label_source FROM model_predictions").fetchall() == [
            ("FOCUSED", "RETROSPECTIVE")
        ]


def test_consent_is_noted_once_and_can_be_taken_back(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        ann, machine = ensure_user(connection, "ann"), str(uuid4())
        assert not has_consent(connection, ann, machine)
        record_consent(connection, ann, machine, "1")
        record_consent(connection, ann, machine, "1")
        assert has_consent(connection, ann, machine)
        assert revoke_consents(connection, ann) == 1
        assert not has_consent(connection, ann, machine)


def test_people_keep_their_kind_and_their_zones(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann", zone="Europe/Berlin")
        assert ensure_user(connection, "ann", zone="Asia/Tokyo") == ann
        set_zone(connection, ann, "Asia/Tokyo")
        assert [zone for _, zone in zone_history(connection, ann)] == ["Europe/Berlin", "Asia/Tokyo"]
        assert zone_history(connection, ann)[0][0] == 0
        with pytest.raises(InputError, match="is a real person"):
            ensure_user(connection, "ann", is_demo=True)
        with pytest.raises(InputError, match="Middle/Earth"):
            ensure_user(connection, "bob", zone="Middle/Earth")
        connection.rollback()
        ensure_user(connection, "demo-01", is_demo=True)
        assert [user.username for user in list_users(connection, demo=True)] == ["demo-01"]
