"""What a model said, logged as the service logs its answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from neural_focus.models.predict import PredictionBatch
from neural_focus.prediction import Prediction
from neural_focus.replay import Snapshots
from neural_focus.store.database import Connection
from neural_focus.store.predictions import LoggedPrediction, insert_predictions


def logged(
    user_id: int,
    machine_id: str,
    t_us: int,
    *,
    features: np.ndarray | None = None,
    role: str = "champion",
    session_id: int | None = None,
    **told: Any,
) -> LoggedPrediction:
    """An answer of the champion's at a time, with what is ``told`` of it; the rest says little."""
    usual: dict[str, Any] = {
        "focus_score": 50.0,
        "distraction_risk": 0.1,
        "break_risk": None,
        "confidence": 0.5,
        "factors": {"switch": ()},
        "focus_momentum": 50.0,
        "model_version": "xgboost_v1",
        "trained_on": "people",
    }
    prediction = Prediction(t_us, t_us, **{**usual, **told})
    return LoggedPrediction(user_id, machine_id, session_id, prediction, role, 1.0, features)


def log_answers(
    connection: Connection,
    user_id: int,
    machine_id: str,
    snapshots: Snapshots,
    said: PredictionBatch,
    *,
    role: str = "champion",
    version: str = "xgboost_v1",
    risk: np.ndarray | None = None,
) -> None:
    """A row a snapshot; ``risk`` float64[n] of a switch instead of the one that was ``said``."""
    rows = []
    for at, features, judged, broken, chance in zip(
        snapshots.timestamps_us.tolist(),
        snapshots.features,
        said.focus_score.tolist(),
        said.break_risk.tolist(),
        (said.distraction_risk if risk is None else risk).tolist(),
        strict=True,
    ):
        rows.append(
            logged(
                user_id,
                machine_id,
                at,
                focus_score=judged,
                distraction_risk=chance,
                break_risk=broken if broken == broken else None,
                features=features if role == "champion" else None,
                model_version=version,
                role=role,
            )
        )
    insert_predictions(connection, rows)
