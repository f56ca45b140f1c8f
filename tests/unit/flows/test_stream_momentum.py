"""The momentum that a prediction used goes back into the snapshot of its second, and nowhere else."""

from __future__ import annotations

import numpy as np

from flows.stream_controls import MOMENTUM, put_momentum
from flows.stream_days import day_name
from neural_focus.features import FEATURE_NAMES
from neural_focus.time import DAY_US, day_start


def test_logged_momentum_replaces_the_computed_one() -> None:
    times = np.array([10, 20, 30, 40], np.int64) * 1_000_000
    features = np.zeros((4, len(FEATURE_NAMES)), np.float32)
    logged = np.array([20, 25, 40, 50], np.int64) * 1_000_000, np.array([61, 62, 63, 64], np.float32)
    put_momentum(times, features, logged)
    assert features[:, MOMENTUM].tolist() == [0, 61, 0, 63]
    assert not np.delete(features, MOMENTUM, axis=1).any()


def test_nothing_logged_changes_nothing() -> None:
    features = np.ones((1, len(FEATURE_NAMES)), np.float32)
    put_momentum(np.array([1], np.int64), features, (np.empty(0, np.int64), np.empty(0, np.float32)))
    assert (features == 1).all()


def test_days_are_utc() -> None:
    midnight = 20_000 * DAY_US
    assert day_start(midnight - 1) == midnight - DAY_US
    assert day_start(midnight) == midnight
    assert day_name(midnight) == "2024-10-04"
