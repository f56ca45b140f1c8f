"""A model trained on simulated people, beside the truth: a short form of ``python -m bench.trials forward_filter``."""

from __future__ import annotations

import numpy as np
import pytest

from bench.trials.forward_filter import (
    KnownPeople,
    area_under_risk_coverage,
    chance_ece_of_stretches,
    filter_figures,
    parted,
    people_of,
    predictor_of,
    said_of,
    stretches,
    trees_of,
    unfamiliar,
)
from neural_focus.models.confidence import confidence
from neural_focus.models.predict import Predictor

Trained = tuple[Predictor, KnownPeople]


@pytest.fixture(scope="module")
def trained() -> Trained:
    seen, later = parted(people_of([101, 102], days=8))
    return predictor_of(trees_of(seen)), later


@pytest.fixture(scope="module")
def strangers() -> KnownPeople:
    return people_of([181], days=3, strangers=True)


def test_the_model_comes_near_the_filter_and_never_beats_it(trained: Trained) -> None:
    predictor, later = trained
    found = {figure.name: figure for figure in filter_figures("later", later, said_of(predictor, later.moments))}
    assert -0.01 < found["later: switch, below the filter"].value < 0.06
    assert found["later: switch, AUC"].value > 0.70
    assert found["later: switch, ECE"].value < 0.06
    assert found["later: focus score, AUC of on task"].value > 0.5
    assert (found["later: focus score, AUC of on task"].peer_value or 0) > 0.90


def test_few_judged_stretches_look_off_by_chance_and_many_do_not() -> None:
    person, times = np.repeat([1, 2], 600), np.tile(np.arange(600) * 10_000_000, 2)
    times[300:] += 60_000_000
    assert np.unique(stretches(person, times), return_counts=True)[1].tolist() == [300, 300, 600]
    said = np.full(6_000, 0.8)
    few, many = (chance_ece_of_stretches(said, np.arange(6_000) // ticks) for ticks in (300, 1))
    assert many < 0.02 < 0.1 < few


def test_confidence_ranks_errors_as_well_as_the_probability_alone_does(trained: Trained) -> None:
    predictor, later = trained
    assert predictor.context.in_distribution is not None
    known = later.moments.switch >= 0
    said = said_of(predictor, later.moments)
    risk = said.probability["switch"][known]
    sure = confidence(risk, predictor.context.in_distribution.of(said.rows[known]))
    wrong = (risk >= 0.5) != (later.moments.switch[known] == 1)
    mine = area_under_risk_coverage(wrong, sure)
    assert mine < 0.75 * wrong.mean()
    assert mine < area_under_risk_coverage(wrong, np.maximum(risk, 1 - risk)) + 0.003


def test_confidence_is_high_at_home_and_drops_away_from_it(trained: Trained, strangers: KnownPeople) -> None:
    predictor, later = trained
    assert predictor.context.in_distribution is not None
    familiar = predictor.context.in_distribution

    def median(rows: np.ndarray) -> float:
        risk = predictor.probabilities("switch", rows)
        return float(np.median(confidence(risk, familiar.of(rows))))

    at_home = median(said_of(predictor, later.moments).rows)
    assert at_home >= 0.7
    strange = unfamiliar(said_of(predictor, later.moments).rows, said_of(predictor, strangers.moments).rows)
    found = {name: median(rows) for name, rows in strange.items()}
    assert found["another kind of people"] < at_home - 0.2
    assert found["each input shuffled"] < at_home - 0.05
    assert found["50 times"] < 0.2 and found["noise"] < 0.4


def test_somebody_new_is_no_stranger_in_the_first_minutes(trained: Trained) -> None:
    """Hardly anything is known of the past then, and the features speak for themselves."""
    from neural_focus.models.past import PastRows
    from neural_focus.replay import replay_with_inputs
    from neural_focus.simulation.parameters import draw_person
    from neural_focus.simulation.person import live

    predictor, _ = trained
    person = live(draw_person(120), 3, number=120, trials=False)
    times = person.records["timestamp_us"].astype(np.int64)
    snapshots, inputs = replay_with_inputs(person.records[times < times[0] + 180_000_000], every_s=1)
    past = PastRows.of_replay(inputs, np.arange(len(inputs)))
    sure = predictor.predict(snapshots.features, past).confidence
    assert np.median(sure[:180]) >= 0.5
