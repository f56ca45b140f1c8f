"""People's rows are kept apart by the database itself, and each part of the platform may do what it does, no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from logged_answers import logged
from sent_batches import recent_records

from infra.database_logins import with_login
from infra.database_roles import EVERYONE, FLOWS_MAY, MAY, SERVICE
from neural_focus.batches import AgreedTo, BatchHeader, BatchStored, SentBatch, ZoneSince
from neural_focus.errors import ContractError, StoreError
from neural_focus.secrets import load_secrets
from neural_focus.settings import Settings
from neural_focus.store.batch_writer import RowContext, store_batch
from neural_focus.store.database import Connection, connect, has_hypertables
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.retention import retire_events
from neural_focus.store.row_scope import see_everyone, see_person
from neural_focus.store.users import ensure_user
from serving.database import Database

WHOSE = {
    "category_stats": None,  # views, of the sessions below
    "daily_stats": None,
    "local_sessions": None,
    "consents": "(user_id, machine_id, text_version) VALUES (%(user)s, %(machine)s, '1')",
    "events": "(time, user_id, event_type, machine_id, boot_id, seq, process_id, window_handle, data) VALUES"
    " (now(), %(user)s, 'KEY_PRESS', %(machine)s, %(machine)s, 0, 0, 0, '')",
    "experiment_assignments": "(experiment_id, user_id, arm, probability) VALUES (1, %(user)s, 'a', 1)",
    "exposures": "(experiment_id, user_id, machine_id, opportunity_id, arm, probability, exposed_at, chances, context)"
    " VALUES (1, %(user)s, %(machine)s, %(machine)s, 'a', 1, now(), '{}', '{}')",
    "forgotten": "(user_id, first_time, end_time) VALUES (%(user)s, now(), now() + interval '1 s')",
    "hourly_activity": "VALUES (%(user)s, %(machine)s, now(), '', 1, 1, 1, 1, 4)",
    "idempotency_keys": "(user_id, key, request_hash, answer) VALUES (%(user)s, 'k', '', '{}')",
    "identities": "(user_id, email) VALUES (%(user)s, %(machine)s || '@example.org')",
    "interventions": "(user_id, triggered_at, type, action, predicted_risk, arm, probability) VALUES"
    " (%(user)s, now(), 'NO_OP', 'NO_OP', 0.5, 'no_op', 0.5)",
    "labels": "(user_id, start_time, end_time, outcome, source) VALUES"
    " (%(user)s, now(), now() + interval '1 s', 'FOCUSED', 'WEAK')",
    "model_predictions": "(user_id, machine_id, predicted_at, snapshot_time, focus_score, distraction_risk) VALUES"
    " (%(user)s, %(machine)s, now(), now(), 50, 0.5)",
    "paired_browsers": "(user_id, origin, browser, token_hash) VALUES (%(user)s, 'o', 'b', %(machine)s)",
    "paired_machines": "(user_id, name, token_hash) VALUES (%(user)s, 'm', %(machine)s)",
    "personal_models": "(user_id, target, state) VALUES (%(user)s, 'switch', '{}')",
    "sessions": "(user_id, start_time, end_time, session_type, category) VALUES"
    " (%(user)s, now(), now() + interval '1 s', 'natural', 'Building')",
    "shipper_positions": "(machine_id, boot_id, user_id, next_seq) VALUES (%(machine)s, %(machine)s, %(user)s, 0)",
    "unavailable_moments": "(user_id, machine_id, snapshot_time, predicted_risk, reason) VALUES"
    " (%(user)s, %(machine)s, now(), 0.5, 'locked')",
    "user_zones": "VALUES (%(user)s, now(), 'UTC')",
    "warning_days": "VALUES (%(user)s, now(), 'BREAK', 1, 1, 0, '[]')",
}
"""A row of a person in every relation that has a ``user_id``."""
HAVE_USER_ID = """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
    AND a.attname = 'user_id' AND NOT a.attisdropped"""


def with_part(part: Any, database_url: str, home: Path) -> str:
    """Where the service or the flows of an installation connect; it is made if need be."""
    settings = Settings(home=home, database_url=database_url)
    url = with_login(part, settings, load_secrets(settings.secrets), pytest.fail).database_url
    assert url is not None and url != database_url
    return url


@pytest.fixture
def people(any_database_url: str) -> tuple[int, int]:
    """Two, with a row each in every relation of people's rows."""
    with connect(any_database_url) as owner:
        found = {name for (name,) in owner.execute(HAVE_USER_ID)}
        assert found == set(WHOSE), "tell this test what a row of the new table is"
        owner.execute(
            "INSERT INTO experiments (id, name, version, layer, spec, spec_hash) VALUES (1, 'x', 1, 'l', '{}', '')"
        )
        ann, bob = (ensure_user(owner, name) for name in ("ann", "bob"))
        for user in (ann, bob):
            for table, row in WHOSE.items():
                if row is not None:
                    owner.execute(f"INSERT INTO {table} {row}", {"user": user, "machine": str(uuid4())})
    return ann, bob


@pytest.fixture
def service(any_database_url: str, people: tuple[int, int], tmp_path: Path) -> Iterator[Connection]:
    """A connection of the service's login, for whoever is asked about, as the service's pool has them."""
    with psycopg.connect(with_part("service", any_database_url, tmp_path), autocommit=True) as connection:
        yield connection


def whose(connection: Connection, relation: str) -> set[int] | None:
    """Whose rows a question without a WHERE brings; None where it may not be asked."""
    column = "id" if relation == "users" else "user_id"
    try:
        return {user for (user,) in connection.execute(f"SELECT {column} FROM {relation}")}
    except psycopg.errors.InsufficientPrivilege:
        return None


def test_a_forgotten_where_shows_the_persons_own_rows_alone(service: Connection, people: tuple[int, int]) -> None:
    ann, _ = people
    for relation in ("users", *WHOSE):
        own, all_rows = ("SELECT" in MAY[role].get(relation, "") for role in (SERVICE, EVERYONE))
        see_person(service, ann)
        assert whose(service, relation) == ({ann} if own else None), relation
        service.rollback()
        see_everyone(service)
        assert whose(service, relation) == (set(people) if all_rows else None), relation
        service.rollback()


def test_without_a_person_nothing_is_seen(service: Connection) -> None:
    for relation in ("users", *WHOSE):
        assert not whose(service, relation), relation
    see_person(service, 1)
    service.commit()
    assert not whose(service, "sessions"), "a person holds for one transaction"


def test_a_forgotten_where_changes_the_persons_own_rows_alone(service: Connection, people: tuple[int, int]) -> None:
    ann, bob = people
    tables = [table for table in WHOSE if "UPDATE" in MAY[SERVICE].get(table, "")]
    for table in tables:
        see_person(service, ann)
        changed = service.execute(f"UPDATE {table} SET user_id = user_id RETURNING user_id").fetchall()
        assert {user for (user,) in changed} == {ann}, table
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security policy"):
            service.execute(f"UPDATE {table} SET user_id = %s", (bob,))
        service.rollback()
    assert len(tables) == 11
    see_person(service, ann)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security policy"):
        service.execute(f"INSERT INTO sessions {WHOSE['sessions']}", {"user": bob})
    service.rollback()


def test_what_each_part_may_do_is_of_tables_that_there_are(any_database_url: str) -> None:
    with connect(any_database_url) as owner:
        known = {
            name
            for (name,) in owner.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND NOT relispartition"
            )
        }
    assert {table for may in MAY.values() for table in may} <= known
    assert not any("DELETE" in verbs for role in (SERVICE, EVERYONE) for verbs in MAY[role].values())


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (n int)",
        "ALTER TABLE sessions ADD COLUMN mine int",
        "ALTER TABLE sessions DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_rows ON sessions",
        "DROP TABLE sessions",
        "TRUNCATE sessions",
        "DELETE FROM sessions",
        "SELECT FROM alembic_version",
        "SELECT FROM hourly_activity",
        "SELECT FROM pg_authid",
        "SELECT drop_event_days(now())",
        "SET ROLE neural_focus",
        "SET ROLE neural_focus_flows",
        "CREATE ROLE mine",
        "COPY sessions TO PROGRAM 'cat'",
    ],
)
def test_the_services_login_may_do_nothing_but_its_work(
    statement: str, fresh_database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(with_part("service", fresh_database_url, tmp_path), autocommit=True) as connection:
        see_everyone(connection)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def in_service(database_url: str, work: Callable[[Database], Any]) -> Any:
    """What the work comes to on the service's own pool."""
    database = Database(database_url)
    database.open()
    try:
        return asyncio.run(work(database))
    finally:
        database.close()


def test_predictions_and_batches_are_stored_under_the_services_login(any_database_url: str, tmp_path: Path) -> None:
    """By COPY, which PostgreSQL refuses to whom a policy holds back; on plain PostgreSQL into the partitions of their
    days, which it makes."""
    with connect(any_database_url) as owner:
        ann, bob = (ensure_user(owner, name) for name in ("ann", "bob"))
    records, machine, boot = recent_records(30), uuid4(), uuid4()
    now_us = int(records["timestamp_us"].max())
    zones = (ZoneSince("Europe/Berlin", now_us - 9), ZoneSince("Asia/Kathmandu", now_us))
    told = {"zones": zones, "consent": AgreedTo("0123456789ab", titles=False), "clock_step_us": -5}
    sent = SentBatch(replace(BatchHeader(machine, boot, 0, len(records)), **told), records)
    rows = [logged(user, str(machine), now_us - day * 86_400_000_000) for user in (ann, bob) for day in (0, 3)]

    async def work(database: Database) -> BatchStored:
        await database.run_for_all(lambda connection: insert_predictions(connection, rows))
        stored = await database.run_for(ann, lambda connection: store_batch(connection, ann, sent, RowContext()))
        with pytest.raises(ContractError, match="another person's"):
            await database.run_for(bob, lambda connection: store_batch(connection, bob, sent, RowContext()))
        assert await database.run_for(bob, lambda connection: whose(connection, "events")) == set()
        return stored

    assert in_service(with_part("service", any_database_url, tmp_path), work) == BatchStored(30, 30)
    with connect(any_database_url) as owner:
        assert whose(owner, "events") == {ann} and whose(owner, "model_predictions") == {ann, bob}
        parts = owner.execute(
            "SELECT inhparent::regclass::text, count(*) FROM pg_inherits WHERE inhrelid::regclass::text ~ 'part_[0-9]'"
            " GROUP BY 1"
        ).fetchall()
        assert has_hypertables(owner) or dict(parts)["model_predictions"] == 2


def test_whose_rows_are_seen_ends_with_the_work(any_database_url: str, tmp_path: Path) -> None:
    with connect(any_database_url) as owner:
        ann, bob = (ensure_user(owner, name) for name in ("ann", "bob"))

    async def work(database: Database) -> None:
        def seen(connection: Connection) -> set[int] | None:
            return whose(connection, "users")

        def ended(connection: Connection) -> set[int] | None:
            connection.commit()
            return whose(connection, "users")

        for _ in range(3):
            assert await database.run_for_all(seen) == {ann, bob}
            assert await database.run_for(ann, seen) == {ann}
            assert await database.run_for_all(ended) == set()
        with pytest.raises(StoreError):
            await database.run_for_all(lambda connection: connection.execute("SELECT 1 / 0"))
        assert await database.run_for(bob, seen) == {bob}

    in_service(with_part("service", any_database_url, tmp_path), work)


def test_flows_work_on_everybody_and_drop_old_days(
    any_database_url: str, people: tuple[int, int], tmp_path: Path
) -> None:
    with connect(with_part("flows", any_database_url, tmp_path)) as flows:
        for relation in WHOSE:
            may = "SELECT" in FLOWS_MAY.get(relation, "")
            assert whose(flows, relation) == (set(people) if may else None), relation
            flows.rollback()
        assert retire_events(flows, datetime.now(UTC) + timedelta(days=100)) == 2
        for statement in (
            "DELETE FROM users",
            "DELETE FROM sessions",
            "DROP TABLE events",
            "CREATE TABLE mine (n int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                flows.execute(statement)
            flows.rollback()
