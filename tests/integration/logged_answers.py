"""What a model said of each second, logged as the service logs its answers."""

from __future__ import annotations

import numpy as np

from neural_focus.features import FEATURE_NAMES
from neural_focus.models.predict import PredictionBatch
from neural_focus.replay import Snapshots
from neural_focus.store.database import Connection
from neural_focus.store.prediction_log import LoggedPrediction, insert_predictions


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
        named = dict(zip(FEATURE_NAMES, features.tolist(), strict=True)) if role == "champion" else {}
        rows.append(
            LoggedPrediction(
                user_id=user_id,
                machine_id=machine_id,
                session_id=None,
                snapshot_us=at,
                predicted_us=at,
                focus_score=judged,
                distraction_risk=chance,
                break_risk=broken if broken == broken else None,
                confidence=0.5,
                contributing_factors=(),
                features=named,
                focus_momentum=50.0,
                model_version=version,
                role=role,
                ab_test_group=None,
                inference_latency_ms=1.0,
            )
        )
    insert_predictions(connection, rows)
