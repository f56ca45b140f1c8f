"""``neural-focus evaluate --over-days`` on made-up logs: rows by day, the page, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from test_evaluate_command import made_up_log
from typer.testing import CliRunner

from infra.commands.evaluate import app
from neural_focus.errors import ConfigurationError
from neural_focus.evaluation import over_days
from neural_focus.personal.mixture import EXPERTS, Weights

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("logs")
    made_up_log(1, ["ann", "bob"], days=4).to_parquet(folder / "prior.parquet")
    made_up_log(2, ["cleo", "dora"], days=4).to_parquet(folder / "made.parquet")
    return folder / "prior.parquet", folder / "made.parquet"


def rows_of(*arguments: str, out: Path) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, [*arguments, "--over-days", "--json", str(out)])
    assert result.exit_code == 0, result.exception
    rows: list[dict[str, object]] = json.loads(out.read_text())["rows"]
    return rows


def test_each_person_is_gone_through_from_the_first_day(tables: tuple[Path, Path], tmp_path: Path) -> None:
    prior, made = tables
    out = tmp_path / "days.json"
    rows = rows_of(str(made), "--prior", str(prior), out=out)
    assert {row["person"] for row in rows} == {"all", "cleo", "dora"}
    assert {row["day"] for row in rows} == {0, 1, 2, 3} and {row["days"] for row in rows} == {"that day", "up to it"}
    everybody = {
        (row["day"], row["model"]): row
        for row in rows
        if (row["target"], row["person"], row["days"]) == ("switch", "all", "that day")
    }
    assert {model for day, model in everybody if day == 0} == {"recency", "prior", "personal", "mixture"}
    assert {model for day, model in everybody if day == 3} == set(over_days.MODELS)
    for row in rows:
        assert ("excess" in row) == (row["model"] == "mixture")
        assert ("precision_1" in row) == ("precision_2" in row) == (row["target"] == "break")
    assert everybody[3, "mixture"]["log_loss"] < everybody[3, "recency"]["log_loss"]  # type: ignore[operator]
    assert max(float(row["excess"]) for row in rows if row["model"] == "mixture") < np.log(len(EXPERTS))  # type: ignore[arg-type]
    page = out.with_suffix(".html").read_text()
    assert page.count("data:image/png") == 2 and "nats above that of the time since the last switch" in page


def test_the_mixture_is_what_is_judged(
    tables: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Weights, "mix", lambda self, said: np.full(len(said), 0.25))
    rows = rows_of(str(tables[1]), out=tmp_path / "days.json")
    mixed = [row for row in rows if row["model"] == "mixture" and row["auc"] is not None]
    assert mixed and all(row["auc"] == 0.5 for row in mixed)


def test_a_prior_has_not_met_who_is_judged(tables: tuple[Path, Path], tmp_path: Path) -> None:
    prior, made = tables
    both = CliRunner().invoke(app, [str(made), "--over-days", "--prior", str(made)]).exception
    assert isinstance(both, ConfigurationError) and "cannot be the prior too" in str(both)
    again = tmp_path / "again.parquet"
    again.write_bytes(made.read_bytes())
    out = tmp_path / "days.json"
    rows_of(str(made), "--prior", str(again), "--prior", str(prior), out=out)
    assert any(
        "cleo, dora in made.parquet and in the prior's tables" in one for one in json.loads(out.read_text())["notes"]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--over-days"], "takes event tables"),
        (["{made}", "--over-days", "--by", "days"], "takes event tables"),
        (["{made}", "--over-days", "--lstm"], "nor --lstm"),
        (["{made}", "--prior", "{made}"], "--prior goes with --over-days"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: list[str], words: str, tables: tuple[Path, Path]) -> None:
    error = CliRunner().invoke(app, [one.format(made=tables[1]) for one in arguments]).exception
    assert isinstance(error, ConfigurationError) and words in str(error)
