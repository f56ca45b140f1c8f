"""Gates: what may serve, by what was said of the same held-out moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neural_focus.evaluation.comparison import paired_auc, resampling_units
from neural_focus.evaluation.gates import (
    beats_baselines,
    beats_champion,
    calibrated,
    no_collapse,
    no_worse_live,
    says_as_much,
    says_numbers,
)
from neural_focus.models.held_out import HeldOut, read_held_out, write_held_out

COUNT, PEOPLE = 6_000, 10
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def said(truth: Floats, noise: float, seed: int) -> Floats:
    """Probabilities of a judge that sees the true log-odds through noise; calibrated by shrinking."""
    rng = np.random.default_rng(seed)
    odds = np.log(truth / (1 - truth))
    spread = odds.var()
    return 1 / (1 + np.exp(-(odds + rng.normal(0, noise, len(odds))) * spread / (spread + noise**2)))


def held_out(ours: float = 0.5, recency: float = 3.0, seed: int = 1) -> HeldOut:
    rng = np.random.default_rng(seed)
    truth = 1 / (1 + np.exp(-rng.normal(0, 1.5, COUNT)))
    label = (rng.random(COUNT) < truth).astype(np.int8)
    by = {
        "base_rate": np.full(COUNT, label.mean()),
        "recency": said(truth, recency, 2),
        "switches_5min": said(truth, 4.0, 3),
        "xgboost": said(truth, ours, 4),
    }
    person = np.repeat(np.arange(PEOPLE), COUNT // PEOPLE)
    return HeldOut(
        split=np.full(COUNT, "days"),
        person=person,
        times_us=1_700_000_000_000_000 + np.arange(COUNT) % (COUNT // PEOPLE) * 10_000_000,
        app=np.full(COUNT, "editor"),
        category=np.where(np.arange(COUNT) % 2 == 0, "ide", "browser"),
        hour=np.full(COUNT, 10, np.int8),
        lead_s=np.full(COUNT, 30.0),
        label={"switch": label, "break": np.full(COUNT, -1, np.int8), "outcome": np.full(COUNT, -1, np.int8)},
        said={"switch": by},
    )


def passes(held: HeldOut) -> bool:
    return all(gate.passed for gate in [*beats_baselines(held, "xgboost"), *calibrated(held, "xgboost")])


def test_a_good_first_model_passes_and_says_why() -> None:
    gates = list(beats_baselines(held_out(), "xgboost"))
    assert passes(held_out())
    assert "over recency +" in gates[0].found and "10 units" in gates[0].found


@pytest.mark.parametrize("ours", [3.0, 6.0])
def test_a_model_that_is_no_better_than_one_number_beyond_noise_fails(ours: float) -> None:
    assert not passes(held_out(ours=ours))


def test_probabilities_that_do_not_mean_what_they_say_fail() -> None:
    held = held_out()
    wrong = {**held.said["switch"], "xgboost": np.clip(held.said["switch"]["xgboost"] + 0.15, 0, 1)}
    assert not all(gate.passed for gate in calibrated(replace(held, said={"switch": wrong}), "xgboost"))


def test_one_fallen_segment_is_enough_and_is_named() -> None:
    held = held_out()
    by = held.said["switch"]
    assert no_collapse(held, "switch", by["xgboost"], {"recency": by["recency"]}).passed
    broken = np.where(held.category == "browser", 1 - by["xgboost"], by["xgboost"])
    gate = no_collapse(held, "switch", broken, {"recency": by["recency"]})
    assert not gate.passed and "in browser against recency" in gate.found


@pytest.mark.parametrize(("champion", "better"), [(2.5, True), (0.5, False), (0.2, False)])
def test_the_champion_is_beaten_beyond_noise_or_stays(champion: float, better: bool) -> None:
    held = held_out()
    theirs = said(truth_of(held), champion, 9)
    gates = list(beats_champion(held, "xgboost", {"switch": theirs, "break": np.full(COUNT, np.nan)}))
    assert gates[-1].passed is better


def test_words_that_are_none_fail_and_so_does_a_model_that_foresees_less() -> None:
    held = held_out()
    assert says_numbers(held, "xgboost").passed
    holes = held.said["switch"]["xgboost"].copy()
    holes[[3, 7]] = np.nan
    gate = says_numbers(replace(held, said={"switch": {**held.said["switch"], "xgboost": holes}}), "xgboost")
    assert not gate.passed and "switch: 2 without" in gate.found
    assert says_as_much(["switch", "break", "outcome"], ["switch", "break"]).passed
    gate = says_as_much(["switch"], ["switch", "break"])
    assert not gate.passed and "missing: break" in gate.found


def test_moments_that_the_champion_may_have_seen_do_not_count() -> None:
    held = held_out()
    theirs = said(truth_of(held), 2.5, 9)
    theirs[300:] = np.nan
    gate = list(beats_champion(held, "xgboost", {"switch": theirs}))[-1]
    assert not gate.passed and "too few" in gate.found


def truth_of(held: HeldOut) -> Floats:
    """The probabilities that ``held_out`` drew the labels from."""
    return np.asarray(1 / (1 + np.exp(-np.random.default_rng(1).normal(0, 1.5, COUNT))))


def test_a_shadow_that_is_clearly_worse_live_fails_and_few_moments_say_nothing() -> None:
    held = held_out()
    by, label = held.said["switch"], held.label["switch"]
    rows = (held.person, held.times_us, label)
    good = no_worse_live({"switch": (*rows, by["xgboost"], by["xgboost"])})
    bad = no_worse_live({"switch": (*rows, by["recency"], by["xgboost"])})
    assert good is not None and good.passed
    assert bad is not None and not bad.passed
    few = tuple(column[:100] for column in (*rows, by["xgboost"], by["xgboost"]))
    assert no_worse_live({"switch": few}) is None  # type: ignore[dict-item]


def test_the_paired_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Two judges of equal skill: zero lies in the 95 % interval nearly always, and not because it is endless."""
    inside, width = 0, []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth = 1 / (1 + np.exp(-rng.normal(0, 1.5, 2_000)))
        label = (rng.random(2_000) < truth).astype(np.int8)
        units = np.repeat(np.arange(50), 40)
        gain = paired_auc(label, said(truth, 1.0, 2 * seed), said(truth, 1.0, 2 * seed + 1), units, rounds=200)
        inside += gain.low <= 0 <= gain.high
        width.append(gain.high - gain.low)
    assert inside >= 33
    assert 0.01 < np.mean(width) < 0.06


def test_units_are_people_where_there_are_many_else_their_days_or_hours() -> None:
    hours = np.arange(100, dtype=np.int64) * 3_600_000_000
    assert resampling_units(np.arange(100) % 9, hours).max() == 8
    assert resampling_units(np.zeros(24 * 9, np.int64), np.arange(24 * 9, dtype=np.int64) * 3_600_000_000).max() == 8
    assert resampling_units(np.zeros(20, np.int64), hours[:20]).max() == 19


def test_held_out_moments_come_back_as_they_went() -> None:
    held = held_out()
    back = read_held_out(write_held_out(held))
    assert write_held_out(back) == write_held_out(held)
    assert (back.category == held.category).all() and (back.label["switch"] == held.label["switch"]).all()
