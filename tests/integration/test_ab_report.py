"""The A/B report from a real database: outcomes from predictions, demo people apart, written in one step."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from logged_answers import logged
from typer.testing import CliRunner

from infra.commands.report import app
from neural_focus.errors import StoreError
from neural_focus.experiments.effect import read_trial_moments
from neural_focus.experiments.report import write_report
from neural_focus.settings import Settings
from neural_focus.simulation.history import write_history
from neural_focus.store.database import Connection, connect
from neural_focus.store.interventions import Opportunity, answer_offer, insert_opportunity
from neural_focus.store.predictions import insert_predictions
from neural_focus.store.users import ensure_user

NOW = dt.datetime(2025, 3, 29, 15, tzinfo=dt.UTC)
MACHINE = "5d1f8b9e-0000-4000-8000-000000000001"


def log_predictions(connection: Connection, user_id: int, start_us: int, scores: list[float]) -> None:
    rows = [
        logged(user_id, MACHINE, start_us + second * 1_000_000, focus_score=score)
        for second, score in enumerate(scores, start=1)
    ]
    insert_predictions(connection, rows)


def offer(connection: Connection, user_id: int, at_us: int, arm: str) -> int:
    kind, probability = ("NO_OP", 0.4) if arm == "NO_OP" else ("SUGGEST_BREAK", 0.3)
    drawn = Opportunity(
        user_id, MACHINE, None, str(uuid4()), at_us, at_us, kind, [(arm, None)], 0.6, (), 60.0, "xgboost_v1", arm,
        probability, "mrt-1", 30,
    )  # type: ignore[arg-type] # fmt: skip
    return insert_opportunity(connection, drawn)[0]


def test_report_on_demo_history_and_one_real_person(fresh_database_url: str, tmp_path: Path) -> None:
    with connect(fresh_database_url) as connection:
        write_history(connection, Settings(home=tmp_path), people=2, days=7, seed=1, now=NOW)
        real = ensure_user(connection, "ada")
        start = int((NOW - dt.timedelta(hours=5)).timestamp()) * 1_000_000
        log_predictions(connection, real, start, [40.0] * 300 + [80.0] * 300 + [10.0] * 60)
        shown = offer(connection, real, start + 300_000_000, "SUGGEST_BREAK")
        answer_offer(connection, real, shown, "ACCEPTED", start + 303_000_000, 3_000)
        offer(connection, real, start + 4_000_000_000, "NO_OP")  # nothing was predicted there
        connection.commit()

        page = write_report(connection, tmp_path / "ab", now=NOW)
        told = json.loads((tmp_path / "ab" / "report.json").read_text())
        groups = {trial["group"]: trial for trial in told["trials"]}
        assert set(groups) == {"people", "simulated"}
        suggest = next(arm for arm in groups["people"]["arms"] if arm["arm"] == "SUGGEST_BREAK")
        assert (suggest["focus_before"], suggest["focus_after"]) == (40.0, 80.0)
        assert suggest["answers"]["ACCEPTED"] == 1
        nothing = next(arm for arm in groups["people"]["arms"] if arm["arm"] == "NO_OP")
        assert (nothing["exposures"], nothing["with_outcome"], nothing["focus_after"]) == (1, 0, None)

        simulated = groups["simulated"]
        stored = connection.execute(
            "SELECT count(DISTINCT opportunity_id) FROM interventions WHERE experiment = 'simulated'"
        ).fetchone()
        assert stored is not None
        assert simulated["opportunities"] == stored[0]
        block = next(arm for arm in simulated["arms"] if arm["arm"] == "BLOCK_SITES")
        assert block["true_effect"] > 3
        assert block["effect"]["low"] < block["true_effect"] < block["effect"]["high"]
        assert not simulated["sample_ratio"]["mismatch"]
        assert "SIMULATED" in page.read_text()
        assert not list((tmp_path / "ab").glob(".*")), "nothing half-written stays"

        write_report(connection, tmp_path / "recent", now=NOW, days=1)
        recent = json.loads((tmp_path / "recent" / "report.json").read_text())
        assert {trial["group"] for trial in recent["trials"]} <= {"people", "simulated"}
        assert recent["trials"][0]["group"] == "people"


def test_only_what_was_reported_counts_and_a_break_counts_from_the_return(
    fresh_database_url: str, tmp_path: Path
) -> None:
    """40 before, 80 in a break of five minutes, 60 from the return on, 90 half an hour later."""
    with connect(fresh_database_url) as connection:
        real = ensure_user(connection, "ada", zone="Europe/Berlin")
        start = int((NOW - dt.timedelta(days=2)).timestamp()) * 1_000_000
        log_predictions(connection, real, start, [40.0] * 300 + [80.0] * 300 + [60.0] * 300 + [90.0] * 1_600)
        at = start + 300_000_000
        row = offer(connection, real, at, "SUGGEST_BREAK")
        answer_offer(connection, real, row, "ACCEPTED", at + 3_000_000, 3_000)

        def report() -> dict[str, Any]:
            connection.commit()
            write_report(connection, tmp_path / "ab", now=NOW)
            told = json.loads((tmp_path / "ab" / "report.json").read_text())
            return {arm["arm"]: arm for arm in told["trials"][0]["arms"]} | {"trial": told["trials"][0]}

        accepted = report()["SUGGEST_BREAK"]
        assert accepted["answers"]["ACCEPTED"] == 1 and accepted["focus_after"] == 80.0
        assert accepted["carried_out"]["applied"] == 0, "an answer is not a deed"

        connection.execute("UPDATE interventions SET ordered_at = responded_at WHERE id = %s", (row,))
        assert report()["SUGGEST_BREAK"]["carried_out"]["unreported"] == 1

        connection.execute(
            "UPDATE interventions SET applied_at = responded_at, applied_where = 'screen', undone_reason = 'ended',"
            " undone_at = triggered_at + interval '300 s', rested_at = triggered_at + interval '299 s' WHERE id = %s",
            (row,),
        )
        rested = report()["SUGGEST_BREAK"]
        assert (rested["focus_before"], rested["focus_after"]) == (40.0, 60.0)
        done = rested["carried_out"]
        assert (done["applied"], done["in_time"], done["rested"], done["unreported"]) == (1, 1, 1, 0)
        assert done["undone"] == {"ended": 1} and done["ended_early"] == 0

        refused = offer(connection, real, at + 400_000_000, "SUGGEST_BREAK")
        connection.execute(
            "UPDATE interventions SET ordered_at = triggered_at, refused_reason = 'No screen is in use.'"
            " WHERE id = %s", (refused,),
        )  # fmt: skip
        connection.execute(
            "INSERT INTO unavailable_moments (user_id, machine_id, snapshot_time, predicted_risk, reason, experiment)"
            " VALUES (%s, %s, %s, 0.7, 'call', 'mrt-1')", (real, MACHINE, NOW - dt.timedelta(days=1)),
        )  # fmt: skip
        both = report()
        assert both["SUGGEST_BREAK"]["carried_out"]["refused"] == {"No screen is in use.": 1}
        assert both["trial"]["data_quality"]["unavailable"] == {"call": 1}
        assert both["trial"]["opportunities"] == 2, "a moment at which nobody could see an offer is none"
        page = (tmp_path / "ab" / "index.html").read_text()
        assert "No screen is in use. (1)" in page and "call (1)" in page


def test_later_outcomes_are_those_of_the_day_and_the_session(fresh_database_url: str) -> None:
    """The person's own day: in Auckland it is over while it goes on in London."""
    with connect(fresh_database_url) as connection:
        found = {}
        for name, zone in (("ada", "Pacific/Auckland"), ("ben", "Europe/London")):
            user = ensure_user(connection, name, zone=zone)
            start = int((NOW - dt.timedelta(hours=5)).timestamp()) * 1_000_000  # 10:00 and 23:00
            log_predictions(connection, user, start, [50.0] * 3_600 + [100.0] * 3_600)
            offer(connection, user, start + 600_000_000, "NO_OP")
            connection.execute(
                "INSERT INTO sessions (user_id, start_time, end_time, planned_seconds, session_type, category,"
                " completed) VALUES (%s, %s, %s, 1500, 'pomodoro', 'coding', true)",
                (user, NOW - dt.timedelta(hours=5), NOW - dt.timedelta(hours=4)),
            )
            connection.execute(
                "UPDATE interventions SET session_id = (SELECT max(id) FROM sessions) WHERE user_id = %s", (user,)
            )
            connection.commit()
            found[name] = next(m for m in read_trial_moments(connection, now=NOW) if m.username == name)
        local = [str(found[name].local) for name in ("ada", "ben")]
        assert local == ["2025-03-29 23:10:00", "2025-03-29 10:10:00"]
        assert found["ada"].minutes == pytest.approx(25.0, abs=0.6), "50 minutes at score 50 until midnight"
        assert found["ben"].minutes is None, "London's day is not over"
        assert found["ada"].later == 50.0 and found["ada"].category == "coding" and found["ada"].completed is True


def test_a_limited_report_leaves_the_published_one_alone(
    fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    reports = Settings(home=tmp_path).reports
    for arguments, folder in (([], "ab"), (["--days", "1"], "ab-1-day"), (["--days", "7"], "ab-7-days")):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0 and result.output.splitlines()[-1] == str(reports / folder / "index.html")
        assert ("Limited" in (reports / folder / "index.html").read_text()) == bool(arguments)
    assert "Limited" not in (reports / "ab" / "index.html").read_text()


def test_report_says_what_is_wrong_with_the_folder(fresh_database_url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with connect(fresh_database_url) as connection, pytest.raises(StoreError, match="--out"):
        write_report(connection, tmp_path / "file" / "ab", now=NOW)
