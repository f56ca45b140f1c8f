"""Settled focus is one thing: what is served as such from a desktop's snapshot, and what training labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streams import SCENARIOS, SECOND, Stream, make

from neural_focus._native import validate
from neural_focus.events import EventType
from neural_focus.features import FEATURE_INDEX
from neural_focus.labelling.labels import settled_break
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Predictor
from neural_focus.replay import replay_with_inputs
from neural_focus.timeline import read_timeline


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_a_break_is_foreseen_wherever_training_has_one_and_nowhere_else(scenario: Callable[[Stream], None]) -> None:
    """On hostile streams too: what is served as settled is what the labels take for settled."""
    stream = make(scenario, 5)
    stream.rng = np.random.default_rng(1)
    for _ in range(3):  # and some minutes in one app, idle now and then
        stream.event(EventType.WINDOW_FOCUS_CHANGE, app=b"app %d" % stream.now)
        for step in range(30):
            stream.event((EventType.KEY_PRESS, EventType.IDLE_START, EventType.SCREEN_LOCK)[(step // 9) % 3])
            stream.wait(4 * SECOND)
    records = stream.records()
    records = records[validate(records)[0]]
    snapshots, inputs = replay_with_inputs(records, every_s=1)
    past = PastRows.of_replay(inputs, np.arange(len(inputs)))
    foreseen = np.isfinite(Predictor.rules().predict(snapshots.features, past).break_risk)
    timeline = read_timeline(records)
    age_s = snapshots.features[:, FEATURE_INDEX["time_in_current_app"]]
    label = settled_break(timeline, snapshots.timestamps_us, age_s)
    assert foreseen.tolist() == (label >= 0).tolist()
    idle = timeline.idle_at(snapshots.timestamps_us)
    assert foreseen.any()
    assert ((age_s >= 60) & idle).any()
