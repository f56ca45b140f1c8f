"""Counts that add up pass; each kind of loss is named by its stage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.up.counts import Counts, faults, missing_stage

ROUND = Counts(
    captured=110,
    dropped={"RING_FULL": 10},
    spooled=100,
    shipped=100,
    stored=100,
    snapshots=60,
    predictions=58,
    stored_predictions=58,
    interventions=2,
    stored_interventions=2,
    answers=1,
    stored_answers=1,
)


def test_a_whole_round_has_no_faults() -> None:
    assert faults(ROUND) == []
    assert missing_stage(ROUND) == ""


@pytest.mark.parametrize(
    ("changed", "stage"),
    [
        ({"captured": 111}, "spool: 111 captured, but 100 spooled and 10 dropped"),
        ({"shipped": 99, "stored": 99}, "shipper: 100 spooled, but 99 shipped"),
        ({"stored": 101}, "database: 100 shipped, but 101 stored"),
        ({"predictions": 61, "stored_predictions": 61}, "predictions: 61 for 60 snapshots"),
        ({"stored_predictions": 50}, "predictions: 58 received, but 50 stored"),
        ({"answers": 2}, "answers: 2 given, but 1 stored"),
        ({"interventions": 0}, "interventions: nothing came through"),
    ],
)
def test_a_loss_is_named_by_its_stage(changed: dict[str, int], stage: str) -> None:
    assert any(fault.startswith(stage) for fault in faults(replace(ROUND, **changed)))


def test_the_first_empty_stage_is_the_one_to_look_at() -> None:
    assert missing_stage(Counts()) == "capture"
    assert missing_stage(Counts(captured=1, spooled=1)) == "database"
