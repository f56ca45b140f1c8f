"""One person's snapshot as the service forecasts it, without a store."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from neural_focus.models.past import PastRows
from neural_focus.models.predict import Predictor
from serving.forecast import Forecast, ServedRows, predict
from serving.personal_models import PersonalModels


def forecast_of(
    predictor: Predictor,
    people: PersonalModels,
    user_id: int,
    features: NDArray[np.float32],
    past: PastRows,
    t_us: int | None = None,
) -> Forecast:
    """Of features float32[32] now, or at ``t_us``, without reasons."""
    times = np.array([time.time_ns() // 1000 if t_us is None else t_us])
    types, momentum = np.zeros((1, 10), np.uint8), np.array([50.0])
    rows = ServedRows(times, np.array([user_id]), np.array([False]), features[None], types, past, momentum)
    [prediction], judged = predict(predictor, people, rows)
    return Forecast(prediction, judged, rows, 0, 1.0)
