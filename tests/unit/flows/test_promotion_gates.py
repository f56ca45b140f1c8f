"""Gates: what may serve, by the figures of its manifest alone."""

from __future__ import annotations

from typing import Any

import pytest

from flows.promotion import judge


def manifest(auc: float = 0.8, recency: float = 0.7, ece: float = 0.02, trained_on: str = "demo") -> dict[str, Any]:
    return {"trained_on": trained_on, "metrics": {"switch": {"auc": auc, "recency_auc": recency, "ece": ece}}}


def passes(challenger: dict[str, Any], champion: dict[str, Any] | None = None) -> bool:
    return all(gate.passed for gate in judge(challenger, champion))


def test_a_good_first_model_serves() -> None:
    assert passes(manifest())


@pytest.mark.parametrize("bad", [{"auc": 0.7}, {"auc": 0.69}, {"ece": 0.09}])
def test_a_model_that_the_baseline_beats_or_that_is_not_calibrated_does_not(bad: dict[str, float]) -> None:
    assert not passes(manifest(**bad))


def test_no_step_back_beyond_what_chance_moves() -> None:
    assert passes(manifest(auc=0.79), manifest(auc=0.8))
    assert not passes(manifest(auc=0.77), manifest(auc=0.8))


def test_real_peoples_model_replaces_a_demo_one_and_never_the_other_way() -> None:
    assert passes(manifest(auc=0.75, trained_on="people"), manifest(auc=0.9))
    assert not passes(manifest(auc=0.95), manifest(auc=0.75, trained_on="people"))
