"""How large the tables are, and what a year of such days will take."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from sample_records import START_US, some_records
from typer.testing import CliRunner

from infra.commands import doctor
from neural_focus.store.database import connect
from neural_focus.store.events import write_events
from neural_focus.store.retention import KEEP_DAYS
from neural_focus.store.sizes import YEAR_DAYS, TableSize, table_sizes, year_bytes
from neural_focus.store.users import ensure_user
from neural_focus.time import DAY_US

DAYS, ROWS = 3, 20_000


def fill(url: str) -> dict[str, TableSize]:
    with connect(url) as connection:
        before = table_sizes(connection)
        sent = {"user_id": ensure_user(connection, "ann"), "machine_id": str(uuid4()), "boot_id": str(uuid4())}
        for day in range(DAYS):
            records = some_records(ROWS, start_us=START_US // DAY_US * DAY_US + day * DAY_US, step_us=1_000_000)
            write_events(connection, first_seq=day * ROWS, records=records, **sent)
        connection.commit()
        after = table_sizes(connection)
    assert before["events"].days == 0 and year_bytes(before) is None
    return after


def test_a_table_is_as_large_as_its_parts(any_database_url: str) -> None:
    found = fill(any_database_url)["events"]
    assert found.days == DAYS
    with psycopg.connect(any_database_url) as connection:
        row = connection.execute(
            "SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits WHERE inhparent = 'events'::regclass"
        ).fetchone()
    assert row is not None and 0 <= found.bytes - row[0] < 100_000, "the table itself holds no row"
    assert 120 < found.bytes / (DAYS * ROWS) < 300


def test_a_year_keeps_each_table_for_its_days() -> None:
    day = {"events": TableSize(3_000, 3), "model_predictions": TableSize(500, 1), "users": TableSize(9_000, 1)}
    assert year_bytes(day) == 1_000 * KEEP_DAYS + 500 * YEAR_DAYS


def test_the_doctor_says_it(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    size = fill(fresh_database_url)
    line = next(line for line in CliRunner().invoke(doctor.app, []).stdout.splitlines() if "storage" in line[:15])
    year = year_bytes(size)
    assert year is not None and f"{year / 2**20:.0f} MB after a year of such days" in line
