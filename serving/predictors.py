"""What the service does with every loaded model: say whose it is, warm it up, give it people's own calibrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neural_focus.features import FEATURE_NAMES
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Predictor
from neural_focus.models.sequences import LiveSteps
from neural_focus.prediction import TrainedOn
from neural_focus.replay import INPUT_NAMES
from neural_focus.snapshot_inputs import SnapshotInputs
from neural_focus.store.person_record import PersonCalibration


def shifts_of(found: Mapping[int, Sequence[PersonCalibration]]) -> dict[str, dict[int, float]]:
    """People's own offsets by target, then person."""
    shifts: dict[str, dict[int, float]] = {}
    for user_id, calibrations in found.items():
        for one in calibrations:
            shifts.setdefault(one.target, {})[user_id] = one.shift
    return shifts


def shares_of(found: Mapping[int, Sequence[PersonCalibration]]) -> dict[int, float]:
    """By person: how much of the calibration is their own data's word, 0–1."""
    return {user: max(one.share for one in known) for user, known in found.items() if known}


def trained_on(predictor: Predictor) -> TrainedOn:
    """Whose data made the model, in the words of the API."""
    if predictor.trained_on == "people":
        return "people"
    return "demo" if predictor.trained_on == "demo" else "rules"


def warm_up(predictor: Predictor) -> None:
    """The first call of a library is its slowest: make it before anybody waits for it."""
    nothing = SnapshotInputs(np.zeros(len(INPUT_NAMES), np.float32))
    row = np.zeros(len(FEATURE_NAMES), np.float32)
    judged = predictor.judge(row, PastRows.of_snapshot(nothing, LiveSteps().recent()))
    for target in ("switch", "break"):
        judged.reasons(target)
