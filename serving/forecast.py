"""From a snapshot to a prediction: write it to the feature store, read the online features back, predict, explain.

One thread does this for all streams (the stores are not made for several); the event loop only waits for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.messages import PredictionMade, Snapshot
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Explained, Predictor
from neural_focus.prediction import HORIZON_SECONDS, categorize_risk
from neural_focus.snapshot_inputs import SnapshotInputs
from neural_focus.store.interventions import StoredOffer
from neural_focus.store.predictions import LoggedPrediction
from neural_focus.time import iso, parse_iso, wall_clock_us
from serving.champion import Champion
from serving.online import OnlineFeatures
from serving.predictors import trained_on
from serving.problems import ProblemError
from serving.streams import LiveStream

MOMENTUM, IN_APP = FEATURE_INDEX["focus_momentum"], FEATURE_INDEX["time_in_current_app"]
MOST_AHEAD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Forecast:
    """A prediction as it is told, what the model judged, with the features (float32[32]), the types of the last ten
    events (uint8[10]) and the past of the stream that it was made from, and how long it took from writing the snapshot
    to the finished prediction, in ms."""

    message: PredictionMade
    judged: Explained
    features: NDArray[np.float32]
    types: NDArray[np.uint8]
    past: PastRows
    predicted_us: int
    latency_ms: float

    def reasons(self) -> tuple[str, ...]:
        """Why the risk that help is for is what it is: the break's, where focus is settled."""
        return self.judged.reasons("switch" if self.message.break_risk is None else "break")

    @property
    def minutes_in_app(self) -> int:
        """Whole minutes since the last switch."""
        return int(self.features[IN_APP]) // 60

    def logged(self, stream: LiveStream, ab_test_group: str | None) -> LoggedPrediction:
        """The row for ``model_predictions``."""
        told = self.message
        return LoggedPrediction(
            user_id=stream.user_id,
            machine_id=stream.machine_id,
            session_id=stream.session_id,
            snapshot_us=told.t_us,
            predicted_us=self.predicted_us,
            focus_score=told.focus_score,
            distraction_risk=told.distraction_risk,
            break_risk=told.break_risk,
            confidence=told.confidence,
            contributing_factors=told.contributing_factors,
            features=dict(zip(FEATURE_NAMES, self.features.tolist(), strict=True)),
            event_types=self.types.tolist(),
            focus_momentum=told.focus_momentum,
            model_version=told.model_version,
            role="fallback" if told.trained_on == "rules" else "champion",
            ab_test_group=ab_test_group,
            inference_latency_ms=self.latency_ms,
        )


def check_time(stream: LiveStream, snapshot: Snapshot) -> None:
    """Refuse a snapshot that is not later than the stream's last one, or lies in the future.

    Raises:
        ProblemError: 409, saying which times were compared.
    """
    if stream.snapshot is not None and snapshot.t_us <= stream.snapshot.t_us:
        raise ProblemError(
            409, "The snapshot is old", why=f"{iso(snapshot.t_us)} is not after {iso(stream.snapshot.t_us)}"
        )
    if is_ahead(snapshot):
        raise ProblemError(
            409, "The snapshot lies in the future", why=iso(snapshot.t_us), hint="Set the clocks of both machines"
        )


def is_ahead(snapshot: Snapshot) -> bool:
    """Whether it lies further in the future than clocks of two machines may differ."""
    return snapshot.t_us > (time.time() + MOST_AHEAD_SECONDS) * 1e6


def forecast(
    online: OnlineFeatures, champion: Champion, stream: LiveStream, snapshot: Snapshot, inputs: SnapshotInputs
) -> Forecast:
    """Store the snapshot, predict from what the online store then holds and from the ``inputs`` that came with it, and
    advance the stream's momentum.

    Raises:
        ProblemError: the online store holds a later snapshot than this one.
        StoreError: the online store refuses.
    """
    momentum = stream.momentum.advance(snapshot.t_us, snapshot.features["seconds_since_session_start"])
    predictor = champion.predictor_for(stream.user_id)
    row = np.fromiter((snapshot.features[name] for name in FEATURE_NAMES), np.float32, len(FEATURE_NAMES))
    row[MOMENTUM] = momentum
    began = time.perf_counter()
    types = np.array(snapshot.sequence, np.uint8)
    features = online.exchange(stream.stream_id, snapshot.t_us, row, types)
    stream.steps.observe(snapshot.t_us, features, types)
    past = PastRows.of_snapshot(inputs, stream.steps.recent())
    message, judged = judge(predictor, stream.user_id, snapshot.t_us, features, momentum, past)
    latency_ms = (time.perf_counter() - began) * 1e3
    stream.momentum.predicted(message.focus_score)
    return Forecast(message, judged, features, types, past, parse_iso(message.timestamp), latency_ms)


def judge(
    predictor: Predictor,
    user_id: int,
    t_us: int,
    features: NDArray[np.float32],
    momentum: float,
    past: PastRows,
) -> tuple[PredictionMade, Explained]:
    """The model's word on online features float32[32] and the stream's past as of then, with its reasons."""
    judged = predictor.judge(features, past, user_id=user_id)
    batch = judged.batch
    risk, broken = float(batch.distraction_risk[0]), float(batch.break_risk[0])
    message = PredictionMade(
        timestamp=iso(wall_clock_us()),
        t_us=t_us,
        focus_score=float(batch.focus_score[0]),
        distraction_risk=risk,
        risk_category=categorize_risk(risk).value,
        confidence=float(batch.confidence[0]),
        contributing_factors=judged.reasons(),
        prediction_horizon_seconds=HORIZON_SECONDS,
        break_risk=None if np.isnan(broken) else broken,
        focus_momentum=momentum,
        model_version=predictor.version,
        trained_on=trained_on(predictor),
    )
    return message, judged


def with_arm(told: PredictionMade, held: StoredOffer) -> PredictionMade:
    """A prediction with what was drawn for its moment."""
    arm, sites = held.opportunity.arm, ", ".join(target for _, target in held.opportunity.targets if target)
    if held.opportunity.type == "NO_OP":
        return replace(told, ab_test_group=arm)
    return replace(
        told,
        ab_test_group=arm,
        intervention_type=arm,
        intervention_target=sites or None,
        intervention_reason="Focus is at risk",
    )
