"""What the service does with every loaded model: say whose it is, and warm it up."""

from __future__ import annotations

import numpy as np

from neural_focus.features import FEATURE_NAMES
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Predictor
from neural_focus.models.sequences import LiveSteps
from neural_focus.personal.served import NOBODY, judge, learners_of
from neural_focus.prediction import TrainedOn
from neural_focus.replay import INPUT_NAMES
from neural_focus.snapshot_inputs import SnapshotInputs


def trained_on(predictor: Predictor) -> TrainedOn:
    """Whose data made the model, in the words of the API."""
    if predictor.trained_on == "people":
        return "people"
    return "demo" if predictor.trained_on == "demo" else "rules"


def warm_up(predictor: Predictor) -> None:
    """The first call of a library is its slowest: make it before anybody waits for it."""
    nothing = SnapshotInputs(np.zeros(len(INPUT_NAMES), np.float32))
    row = np.zeros((1, len(FEATURE_NAMES)), np.float32)
    past = PastRows.of_snapshots([nothing], LiveSteps().recent())
    explained, _ = judge(predictor, [learners_of(predictor, NOBODY, {})], row, past, np.array([NOBODY]))
    for target in ("switch", "break"):
        explained.reasons(target)
