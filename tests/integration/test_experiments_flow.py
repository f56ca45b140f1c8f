"""The nightly review on a real Prefect server: a stopped arm is in its artifacts and in the command's report."""

from __future__ import annotations

import httpx
import pytest
from experiment_files import OWN, changed
from prefect_server import PrefectServer
from test_experiments import NOW, a_trial

from flows.experiments import experiments
from infra.commands.experiment import app
from neural_focus.experiments.declaration import parse_experiment
from neural_focus.store.database import connect
from neural_focus.store.experiments import start_experiment


def test_a_broken_guardrail_is_told_by_the_flow_and_the_report(
    prefect_client: PrefectServer,
    fresh_database_url: str,
    tmp_path: object,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path))
    declared = changed(OWN, ("[plan]", '[[guardrails]]\nmetric = "rejected"\nbound = 0.4\n[plan]'))
    with connect(fresh_database_url) as connection:
        number = start_experiment(connection, parse_experiment(declared), NOW)
        a_trial(connection, number, effect=0.0, rejected=0.95, each=12)
    said = experiments()
    assert isinstance(said, str) and said.startswith("breaks-1 SUGGEST_BREAK stopped: rejected, bound 0.4:")
    assert "breaks-1 as a whole stopped: guardrails stopped every arm but the control." in said
    found = httpx.post(
        f"{prefect_client.environment['PREFECT_API_URL']}/artifacts/filter",
        json={"sort": "CREATED_DESC", "artifacts": {"key": {"any_": ["experiments-review"]}}},
        auth=tuple(prefect_client.environment["PREFECT_API_AUTH_STRING"].split(":", 1)),
        timeout=60,
    ).json()
    assert [one["data"] for one in found[:1]] == [said]
    assert experiments() == "All arms keep within their guardrails; no probability moved."
    app(["report", "breaks"], standalone_mode=False)
    reported = capsys.readouterr().out
    assert "SUGGEST_BREAK 0.5:" in reported and "stopped, rejected, bound 0.4:" in reported
