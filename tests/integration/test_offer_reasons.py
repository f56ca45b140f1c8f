"""The reason in an offer is why focus may break, not why an app may be left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
from served_forecast import forecast_of
from serving_process import query
from told_inputs import told_past
from trained_person import TrainedPerson

from neural_focus.experiments.assignment import Arm, Draw
from neural_focus.experiments.budget import OpportunityWatch, Policy, Trigger
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.models.predict import Predictor
from neural_focus.personal.served import judge, learners_of
from neural_focus.settings import Settings
from serving.actions import Actions
from serving.browsers import Browsers
from serving.database import Database
from serving.forecast import Forecast
from serving.hub import Hub
from serving.interventions import Interventions
from serving.personal_models import PersonalModels
from serving.policy import Decision
from serving.streams import LiveStream, Streams

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000009"


def test_an_offer_is_explained_by_the_risk_it_is_for(
    trained_person: TrainedPerson, real_person: int, module_database_url: str, tmp_path: Path
) -> None:
    predictor = Predictor.from_files(trained_person.bundle.files, trained_person.bundle.manifest, "xgboost_v1")
    made = _whose_reasons_differ(predictor, real_person)
    why = made.prediction.factors["break"]
    learners = [learners_of(predictor, real_person, {})]
    judged, _ = judge(predictor, learners, made.rows.features, made.rows.past, made.rows.person)
    assert why == judged.reasons("break")
    database, hub, streams = Database(module_database_url), Hub(), Streams()
    actions = Actions(database, hub, Browsers(database, hub, streams))
    offers = Interventions(database, hub, streams, actions, Settings(home=tmp_path))
    stream = LiveStream(real_person, MACHINE, False, OpportunityWatch(Policy()))

    async def said_of(trigger: Trigger, made: Forecast) -> str:
        drawn = Draw(Arm.SUGGEST_BREAK, 0.5, 0.1)
        decision = Decision(None, trigger, draw=drawn, targets=(("SUGGEST_BREAK", None),))
        stored = await offers.record(stream, made, decision)
        assert stored is not None
        await offers.offer(stored, stream)
        offered = offers.open_for(real_person)
        assert offered is not None
        await offers.answer(real_person, offered.id, "accept")
        return offered.reason

    database.open()
    try:
        later = replace(made, prediction=replace(made.prediction, t_us=made.prediction.t_us + 1))
        said = [asyncio.run(said_of(*of)) for of in ((Trigger.BUDGET, made), (Trigger.WARM_START, later))]
    finally:
        database.close()
    risk = f"{made.prediction.break_risk:.0%}"
    assert said == [
        f"Your focus breaks within a minute with a probability of {risk}: {why[0]}",
        f"An example of help, at a risk of {risk}: {why[0]}",
    ]
    stored = query(
        module_database_url, "SELECT contributing_factors FROM interventions WHERE user_id = %s", real_person
    )
    assert [factors for (factors,) in stored] == [list(why)] * 2


def test_what_models_said_before_moves_no_word_of_theirs(trained_person: TrainedPerson) -> None:
    """Nobody's history that no model answered has any momentum, and every live moment has."""
    predictor = Predictor.from_files(trained_person.bundle.files, trained_person.bundle.manifest, "xgboost_v1")
    rows = np.random.default_rng(4).gamma(1.0, 40.0, (50, len(FEATURE_NAMES))).astype(np.float32)
    said = []
    for momentum in (5.0, 50.0, 95.0):
        rows[:, FEATURE_INDEX["focus_momentum"]] = momentum
        said.append(predictor.predict(rows, told_past(50)))
    for name in ("distraction_risk", "break_risk", "focus_score", "confidence"):
        first, *others = (getattr(batch, name) for batch in said)
        assert all(np.array_equal(first, other, equal_nan=True) for other in others), name


def _whose_reasons_differ(predictor: Predictor, user_id: int) -> Forecast:
    """A settled moment whose first reason for a break is not that for a switch."""
    rows = np.random.default_rng(3).gamma(1.0, 40.0, (200, len(FEATURE_NAMES))).astype(np.float32)
    rows[:, [FEATURE_INDEX["time_in_current_app"], FEATURE_INDEX["idle_time_30s"]]] = 200.0, 0.0
    for number, row in enumerate(rows):
        made = forecast_of(predictor, PersonalModels(), user_id, row, told_past(1, number)).explained()
        if made.prediction.contributing_factors[0] != made.prediction.reasons[0]:
            return made
    raise AssertionError("no such moment")
