"""The table after the start: every figure can be read on 80 columns, and on fewer words wrap before numbers do."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from infra.up import table
from infra.up.counts import Counts
from neural_focus.prediction import TARGET_WORDS
from neural_focus.registry.model_store import StoredModel
from neural_focus.settings import Settings

DROPPED = {"queue full": 12_345, "before the consent": 3, "older than what is kept": 7}
FIGURES = {"n": 1_234_567, "auc": 0.7734, "recency_auc": 0.6851, "ece": 0.0154}


@pytest.mark.parametrize("width", [60, 80])
def test_no_figure_is_cut(width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = {"trained_on": "demo", "metrics": dict.fromkeys(TARGET_WORDS, FIGURES)}
    monkeypatch.setattr(table, "list_models", lambda _: [StoredModel("neural_focus:blend_v12", "blend_v12", manifest)])
    monkeypatch.setattr(table, "champion", lambda _: "neural_focus:blend_v12")
    console = Console(width=width, record=True)
    console.print(table.counts_table(Counts(captured=123_456_789, dropped=DROPPED, stored=123_444_434), demo=True))
    console.print(table.champion_table(Settings(home=tmp_path)))
    told = console.export_text()
    assert "…" not in told and max(map(len, told.splitlines())) <= width
    assert told.split().count("0.773") == told.split().count("0.685") == told.split().count("0.015") == 3
    for figure in ("123,456,789", "12,355", "123,444,434", "1,234,567"):
        assert figure in told.split()
