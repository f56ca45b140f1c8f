"""The migrated schema is the one that the tables say, on both kinds of server."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from infra.database_schema import differences, migrate, newest_revision, revision
from neural_focus.errors import StoreError
from neural_focus.store.database import connect, has_hypertables, sqlalchemy_engine


def test_the_migrated_schema_equals_the_tables(any_database_url: str) -> None:
    engine = sqlalchemy_engine(any_database_url)
    with engine.connect() as connection:
        assert differences(connection) == []
        assert revision(connection) == newest_revision() == "0013"
        connection.execute(text("ALTER TABLE interventions DROP COLUMN probability"))
        assert [change[0] for change in differences(connection)] == ["add_column"]
    engine.dispose()


def test_migrating_again_changes_nothing(fresh_database_url: str) -> None:
    assert migrate(fresh_database_url) == newest_revision()


def test_a_newer_schema_is_refused(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="the database has schema 9999: a newer version"):
        migrate(fresh_database_url)


def test_long_tables_are_cut_by_time(any_database_url: str) -> None:
    """Hypertables of a day on TimescaleDB; elsewhere tables with partitions, which are made with their rows."""
    with connect(any_database_url) as connection:
        if has_hypertables(connection):
            rows = connection.execute(
                "SELECT hypertable_name, time_interval FROM timescaledb_information.dimensions ORDER BY 1"
            ).fetchall()
            assert [(name, interval.days) for name, interval in rows] == [("events", 1), ("model_predictions", 1)]
        else:
            rows = connection.execute(
                "SELECT partrelid::regclass::text, partstrat::text FROM pg_partitioned_table ORDER BY 1"
            ).fetchall()
            assert rows == [("events", "r"), ("model_predictions", "r")]


def test_days_are_days_in_the_zone_of_that_time(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        connection.execute("INSERT INTO users (username, email) VALUES ('ann', 'ann@localhost')")
        connection.execute(
            "INSERT INTO user_zones VALUES (1, '-infinity', 'America/New_York'), (1, '2026-03-10Z', 'Asia/Tokyo')"
        )
        connection.execute(
            """INSERT INTO sessions (user_id, start_time, end_time, session_type, category, completed) VALUES
            (1, '2026-03-02 03:00Z', '2026-03-02 04:30Z', 'pomodoro', 'Building', true),
            (1, '2026-03-12 18:00Z', '2026-03-12 19:00Z', 'natural', 'Studying', false)"""
        )
        days = connection.execute(
            "SELECT date::text, total_hours::float, completed_sessions FROM daily_stats"
        ).fetchall()
        categories = connection.execute("SELECT date::text, category, hours::float FROM category_stats").fetchall()
    assert sorted(days) == [("2026-03-01", 1.5, 1), ("2026-03-13", 1.0, 0)]
    assert sorted(categories) == [("2026-03-01", "Building", 1.5), ("2026-03-13", "Studying", 1.0)]
