"""Experiments that assign people or days, in the database: assigned, lived through, read back as whole days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from experiment_files import DAYS, MODELS
from logged_answers import logged

from neural_focus.experiments.assigned_days import read_days
from neural_focus.experiments.declaration import parse_experiment
from neural_focus.experiments.report import write_report
from neural_focus.store.database import Connection, connect
from neural_focus.store.experiments import FOR_GOOD, assign, list_experiments, read_running, start_experiment
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.users import ensure_user
from neural_focus.time import microseconds

START = datetime(2026, 6, 10, 9, tzinfo=UTC)
MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"
TODAY = START.date()


def a_day(connection: Connection, user_id: int, at: datetime, *, settled: int, version: str = "lstm_v2") -> None:
    """Two minutes of predictions, ``settled`` seconds of them with a risk that focus breaks; a challenger's beside."""
    times = [microseconds(at) + second * 1_000_000 for second in range(120)]
    risks = [0.2 if second < settled else None for second in range(120)]
    rows = [
        logged(user_id, MACHINE, t_us, model_version=version, break_risk=risk)
        for t_us, risk in zip(times, risks, strict=True)
    ]
    shadowed = [
        logged(user_id, MACHINE, t_us, role="challenger", model_version="lstm_v9", break_risk=0.2) for t_us in times
    ]
    insert_predictions(connection, rows + shadowed)


def arms_at(connection: Connection, day: date, users: list[int]) -> dict[int, str]:
    now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    found = assign(connection, read_running(connection), dict.fromkeys(users, day), now)
    connection.commit()
    return {user: one.arm for (_, user), one in found.items()}


def test_a_person_keeps_the_arm_and_whole_days_count(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
        start_experiment(connection, parse_experiment(MODELS), START)
        arm = arms_at(connection, TODAY, [ann])[ann]
        connection.execute("UPDATE experiment_assignments SET assigned_at = %s", (START,))
        assert {arms_at(connection, TODAY + timedelta(days=day), [ann])[ann] for day in range(9)} == {arm}
        assert connection.execute("SELECT DISTINCT day FROM experiment_assignments").fetchall() == [(FOR_GOOD,)]
        for day, settled in ((-2, 30), (-1, 90), (0, 60), (1, 120), (2, 0), (4, 60)):
            a_day(connection, ann, START + timedelta(days=day), settled=settled)
        [one] = list_experiments(connection)
        found = read_days(connection, one, START + timedelta(days=4, hours=1))
    told = [(known.day - TODAY, known.minutes, known.before, known.arm, known.version) for known in found]
    assert told == [(timedelta(days=1), 2.0, 1.0, arm, "lstm_v2"), (timedelta(days=2), 0.0, 1.0, arm, "lstm_v2")], (
        "neither the day it began in, nor the one that is not over, nor one without a prediction"
    )


def test_each_day_has_its_own_arm_in_the_persons_zone(fresh_database_url: str) -> None:
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann", zone="Pacific/Auckland")
        start_experiment(connection, parse_experiment(DAYS), START)
        arms = {day: arms_at(connection, TODAY + timedelta(days=day), [ann])[ann] for day in range(6)}
        assert set(arms.values()) == {"usual", "other"}, "six days of this person have both"
        connection.execute("UPDATE experiment_assignments SET arm = 'other' WHERE day = %s", (TODAY,))
        assert arms_at(connection, TODAY, [ann]) == {ann: "other"}, "what is stored counts"
        for day in range(6):
            a_day(connection, ann, START + timedelta(days=day, hours=4), settled=12 * day)  # 13:00 UTC is the next day
        a_day(connection, ann, START + timedelta(minutes=30), settled=30)  # in the day that it began in
        [one] = list_experiments(connection)
        found = read_days(connection, one, START + timedelta(days=5))
    told = {(known.day - TODAY).days: (known.minutes, known.before, known.arm) for known in found}
    later = {day: (pytest.approx(0.2 * (day - 1)), pytest.approx(0.2 * (day - 2)), arms[day]) for day in (2, 3, 4)}
    assert told == {1: (0.0, 0.5, arms[1])} | later


def test_the_report_has_a_section_of_it(fresh_database_url: str, tmp_path: Path) -> None:
    with connect(fresh_database_url) as connection:
        users = [ensure_user(connection, f"person-{number}") for number in range(12)]
        start_experiment(connection, parse_experiment(MODELS), START)
        arms = arms_at(connection, TODAY, users)
        connection.execute("UPDATE experiment_assignments SET assigned_at = %s", (START,))
        for user in users:
            for day in range(-1, 4):
                more = 40 if arms[user] == "other" and day > 0 else 0
                version = "xgboost_v1" if more and day != 3 else "lstm_v2"
                a_day(connection, user, START + timedelta(days=day), settled=40 + user % 7 + more, version=version)
        page = write_report(connection, tmp_path, now=START + timedelta(days=5))
    other = f"<td>{3 * list(arms.values()).count('other')}</td>"
    told = page.read_text("utf-8")
    assert "models-1" in told and other in told and "(67%)" in told and '"text helped"' in told
