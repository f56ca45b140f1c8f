"""The A/B report from a real database: outcomes from predictions, demo people apart, written in one step."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from uuid import uuid4

import pytest
from logged_answers import logged
from typer.testing import CliRunner

from infra.commands.report import app
from neural_focus.errors import StoreError
from neural_focus.experiments.report import write_report
from neural_focus.settings import Settings
from neural_focus.simulation.history import write_history
from neural_focus.store.database import Connection, connect
from neural_focus.store.prediction_log import insert_predictions
from neural_focus.store.trial import Opportunity, answer_offer, insert_opportunity
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
