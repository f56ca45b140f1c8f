"""Predictions in the database: what is written as text comes back as it was."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from logged_answers import logged

from neural_focus.features import FEATURE_NAMES
from neural_focus.prediction import Mixture
from neural_focus.store.database import connect
from neural_focus.store.predictions import insert_predictions, read_features, read_mixtures
from neural_focus.store.users import ensure_user

MACHINE = "0d9f5a3e-5b0c-4f0e-9a4e-000000000001"
NOON_US = 1_781_000_400_000_001


def test_a_row_comes_back_as_it_was_written(fresh_database_url: str) -> None:
    mixture = Mixture((0.1, math.nan, 1.0, 1e-9, 0.0), (0.2, 0.3, 0.5, 0.0, 0.0))
    reasons = ('a\tb\n"c" \\d', "Größe ☂", "\\N")
    features = np.random.default_rng(1).standard_normal(len(FEATURE_NAMES)).astype(np.float32)
    told: dict[str, Any] = {"factors": {"switch": reasons}, "ab_test_group": "a\\b", "mixtures": {"switch": mixture}}
    with connect(fresh_database_url) as connection:
        ann = ensure_user(connection, "ann")
        insert_predictions(connection, [logged(ann, MACHINE, NOON_US, features=features, **told)])
        row = connection.execute(
            "SELECT contributing_factors, ab_test_group, break_mixture, predicted_at = snapshot_time"
            " FROM model_predictions"
        ).fetchone()
        assert row == (list(reasons), "a\\b", None, True)
        times, said, weights = read_mixtures(connection, ann, "switch", 0, 1)[MACHINE]
        kept_us, kept, _ = read_features(connection, ann, MACHINE, 0, NOON_US)
    assert times.tolist() == kept_us.tolist() == [NOON_US]
    assert np.array_equal(said[0], np.float32(mixture.said), equal_nan=True)
    assert np.array_equal(weights[0], np.float32(mixture.weights))
    assert kept.tobytes() == features.tobytes()
