"""``neural-focus models`` and the page "Models": what they refuse, what they say, and how a refusal by gates reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from trained_person import TrainedPerson
from typer.testing import CliRunner

from infra.commands.models import app
from neural_focus.errors import ConfigurationError, ContractError
from neural_focus.evaluation.model_index import model_index
from neural_focus.models.champion import promote
from neural_focus.registry.champion_pointer import champion
from neural_focus.registry.decision_log import decisions, log_decision
from neural_focus.registry.model_store import save
from neural_focus.registry.shadow_run import shadow
from neural_focus.settings import Settings

BEATS = "beats the champion beyond noise on the same moments"
GATES = (
    {"name": BEATS, "found": "switch: AUC 0.777 after 0.774, +0.003 (-0.001 to +0.007)", "passed": False},
    {"name": "latency within the budget", "found": "p99 0.38 ms", "passed": True},
)
FAILED = f"did not pass: {BEATS} (switch: AUC 0.777 after 0.774, +0.003 (−0.001 to +0.007))"


@pytest.fixture
def settings(trained_person: TrainedPerson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """xgboost_v1 serves, gates refused xgboost_v2, xgboost_v3 is stored beside them."""
    made = Settings(home=tmp_path)
    tags = [save(made, trained_person.bundle) for _ in range(3)]
    promote(made, tags[0], by="gates")
    log_decision(made, "refused", tags[1], by="gates", before=tags[0], gates=GATES)
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path))
    return made


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result
    return result.output


def refusal(*arguments: str) -> str:
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, ConfigurationError | ContractError), error
    return str(error)


def test_a_refusal_by_gates_reads_as_one_with_its_figures(settings: Settings) -> None:
    told = run("decisions")
    assert f"xgboost_v2  refused by gates, beside xgboost_v1\n    {FAILED}\n" in told and "latency" not in told
    assert run("decisions", "xgboost_v2") in told and "xgboost_v1  " not in run("decisions", "xgboost_v2")
    assert "There is no decision of xgboost_v3 yet" in run("decisions", "xgboost_v3")
    page = model_index(settings)
    assert f'<li class="failed">{FAILED}</li>' in page and "Passed: 1" in page
    assert f"<time>{decisions(settings)[-1]['at'][:10]} " in page and '<h3 id="xgboost_v2">' in page


def test_an_argument_that_would_be_ignored_is_refused(settings: Settings) -> None:
    promote(settings, "xgboost_v3")
    assert "goes back to xgboost_v1" in refusal("rollback", "xgboost_v2") and champion(settings) is not None
    assert champion(settings) == "neural_focus:xgboost_v3"
    assert "it lists all" in refusal("list", "xgboost_v2")
    assert "needs the model's tag" in refusal("promote")


def test_a_shadow_is_another_than_who_serves_and_its_end_is_logged(settings: Settings) -> None:
    assert "xgboost_v1 serves" in refusal("shadow", "xgboost_v1") and shadow(settings) is None
    assert "instead" not in run("shadow", "xgboost_v2")
    assert "instead of xgboost_v2" in run("shadow", "xgboost_v3")
    assert "until now xgboost_v3 did" in run("shadow", "off")
    last = decisions(settings)[-1]
    assert (last["decision"], last["model"]) == ("shadow ended", "neural_focus:xgboost_v3")
    assert "there was no shadow" in run("shadow", "off") and decisions(settings)[-1] == last


def test_who_serves_serves_already_and_a_refused_model_is_promoted_with_a_note(settings: Settings) -> None:
    told = decisions(settings)
    assert "xgboost_v1 serves already" in run("promote", "xgboost_v1") and decisions(settings) == told
    said = run("promote", "xgboost_v2")
    assert "xgboost_v2 serves now; before it xgboost_v1" in said and FAILED in said
    assert "Note" not in run("promote", "xgboost_v3")


def test_a_model_that_is_not_there_or_torn_is_no_reason_to_roll_back(settings: Settings) -> None:
    for action in ("promote", "shadow"):
        said = refusal(action, "xgbost_v2")
        assert "no model xgbost_v2" in said and "Stored: xgboost_v1, xgboost_v2, xgboost_v3" in said
    (settings.models / "models" / "neural_focus" / "xgboost_v2" / "switch.ubj").write_bytes(b"torn")
    for action in ("promote", "shadow"):
        said = refusal(action, "xgboost_v2")
        assert "switch.ubj is changed" in said and "xgboost_v1, xgboost_v3" in said and "rollback" not in said
    assert champion(settings) == "neural_focus:xgboost_v1" and shadow(settings) is None


def test_without_a_model_the_next_step_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL_FOCUS_HOME", str(tmp_path))
    for action in ("list", "decisions"):
        assert "No model is stored yet" in run(action) and "neural-focus up" in run(action)
    assert "no model xgboost_v1. No model is stored yet" in refusal("promote", "xgboost_v1")
