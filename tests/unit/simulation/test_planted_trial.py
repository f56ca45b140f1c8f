"""A short form of ``python -m bench.trials planted``: planted effects are found, absent ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from bench.trials import planted as trial
from bench.trials._cells import TrialCell, report_cells
from bench.trials._planted_world import FIXED, LEARNED, Size, planted
from bench.trials.planted import ALARMS, COVERAGE, POWERS, cells, planned_for
from neural_focus.experiments.planning import power_after

SIZE = Size(6, 1, 6)
HERE = ("table", "column")


def test_planted_effects_are_held_and_absent_ones_are_not_found() -> None:
    found = list(cells(30, (SIZE,), many=200))
    judged = [cell for cell in found if cell.band is not None]
    assert {cell.band for cell in judged} == {COVERAGE, ALARMS, POWERS, (0.0, 0.0), (0.0, 0.05)}
    assert len(judged) >= 22 and all(20 <= cell.runs <= 30 for cell in found)
    assert [cell for cell in judged if cell.state == "OUT"] == []


def test_an_interval_that_is_too_narrow_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "within_person", lambda *_, **__: trial.Effect(0.0, -0.1, 0.1, 0.01))
    out = [cell.figure for cell in cells(12, (SIZE,), many=100) if cell.state == "OUT"]
    assert any("by randomisation: intervals hold the truth" in name for name in out)
    assert any("by randomisation: false alarms" in name for name in out)


def test_a_cell_is_out_only_where_chance_cannot_have_put_it_there() -> None:
    def state(yes: int, of: int) -> str:
        return TrialCell.share(HERE, "x", [1.0] * yes + [0.0] * (of - yes), COVERAGE).state

    assert [state(95, 100), state(90, 100), state(100, 100), state(70, 100)] == ["in", "noise", "noise", "OUT"]
    assert [state(930, 1_000), state(920, 1_000), state(880, 1_000)] == ["in", "noise", "OUT"]
    assert (
        TrialCell.error(HERE, "x", [-1.0, 1.2, 0.1]).state == "noise"
        and TrialCell.error(HERE, "x", [1.0, 1.1, 0.9] * 9).state == "OUT"
    )
    assert TrialCell.share(HERE, "naive", [1.0] * 9).state == ""


def test_what_is_out_is_named_and_gives_the_exit_code(
    capsys: pytest.CaptureFixture[str], tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    good = TrialCell.share(HERE, "good", [1.0] * 95 + [0.0] * 5, COVERAGE)
    bad = TrialCell.share(HERE, "far too low", [0.0] * 99, COVERAGE)
    assert report_cells("t", [good]) and not report_cells("t", [good, bad])
    told = capsys.readouterr().out
    assert "0.950 (0." in told and "table: 100 runs each" in told
    assert "1 of 2 cells out of their band" in told and "table, column: far too low: 0.000 (0.00 to 0.10) OUT" in told


def test_the_effect_is_the_one_that_the_plan_finds_with_the_power() -> None:
    for experiment in (FIXED, LEARNED):
        asked = planned_for(experiment, SIZE)
        (arm,) = (arm for arm in asked.arms if arm.label == "BLOCK_SITES")
        assert power_after(asked, arm, SIZE.weeks) == pytest.approx(0.8, abs=1e-6)
        assert asked.plan.people == SIZE.people and 0.4 < asked.plan.carried_out < 0.6 and 5 < asked.plan.sd < 8


def test_the_planted_world_is_what_it_says() -> None:
    """What was applied did it; the rest of the arm did nothing; the distracted accept and score lower."""
    rng, nothing = np.random.default_rng(1), np.random.default_rng(1)
    with_effect, without = planted(rng, Size(30, 2, 6), 10.0), planted(nothing, Size(30, 2, 6), 0.0)
    pairs = list(zip(with_effect.moments, without.moments, strict=True))
    gains = np.array([a.after - b.after for a, b in pairs])  # type: ignore[operator]
    helped = np.array([a.applied and a.arm == "BLOCK_SITES" for a, _ in pairs])
    assert np.all(gains[~helped] == 0) and np.all(gains[helped] > 0)
    assert 0.3 * helped.sum() < with_effect.truth / 10 * len(pairs) * 0.3 < 1.2 * helped.sum()
    accepted = np.array([m.after for m in without.moments if m.arm == "SUGGEST_BREAK" and m.applied])
    refused = np.array([m.after for m in without.moments if m.arm == "SUGGEST_BREAK" and not m.applied])
    assert accepted.mean() < refused.mean() - 1
    assert without.truth == 0.0


def test_probabilities_are_those_of_the_platform_s_own_adaptation() -> None:
    learned = planted(np.random.default_rng(2), Size(10, 2, 6), 12.0, LEARNED).moments
    chances = np.array([m.chances["BLOCK_SITES"] for m in learned if m.chances])
    assert chances.min() >= LEARNED.adaptive.low and chances.max() <= LEARNED.adaptive.high
    assert chances[:60].tolist() == [0.5] * 60, "the first day is as declared"
    assert chances[-60:].mean() > 0.75
    assert all(m.probability == m.chances[m.arm] for m in learned if m.chances)
