"""With whose word a person begins: the model's where it has learned from them or from their like, else recency's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neural_focus.models.predict import Predictor
from neural_focus.personal.learner import Learner
from neural_focus.personal.mixture import Weights
from neural_focus.personal.served import TARGETS, learners_of

ME, SOMEBODY = 4, 5


@pytest.mark.parametrize(
    ("trained_on", "learned_from", "is_demo", "leader"),
    [
        ("demo", SOMEBODY, True, "model"),
        ("demo", SOMEBODY, False, "recency"),
        ("people", SOMEBODY, True, "recency"),
        ("people", SOMEBODY, False, "recency"),
        ("people", ME, False, "model"),
        ("demo", ME, True, "model"),
        ("nothing", SOMEBODY, True, "recency"),
    ],
)
def test_a_model_begins_with_whom_it_learned_from_and_demo_people_with_one_of_demo_people(
    trained_on: str, learned_from: int, is_demo: bool, leader: str
) -> None:
    manifest = {"data": {"until_us": {str(learned_from): 1}}}
    predictor = replace(Predictor.rules(), trained_on=trained_on, manifest=manifest)
    learners = learners_of(predictor, ME, {}, is_demo=is_demo)
    assert {learners[target].weights.leader for target in TARGETS} == {leader}


def test_what_a_demo_person_has_taught_is_kept_where_the_model_comes_in() -> None:
    predictor = replace(Predictor.rules(), trained_on="demo")
    own = Learner.beginning(learners_of(predictor, ME, {})["switch"].start)
    own = replace(own, seen=300, weights=Weights.first())
    met = learners_of(predictor, ME, {"switch": own}, is_demo=True)["switch"]
    assert met.seen == 300 and met.weights.of.tolist() == Weights.first().meet().of.tolist()
    assert learners_of(predictor, ME, {"switch": own})["switch"] == own
