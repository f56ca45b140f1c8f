"""From a snapshot to a prediction: write it to the feature store, read the online features back, predict, explain.

One thread does this for all streams (the stores are not made for several); the event loop only waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.messages import Snapshot
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Predictor
from neural_focus.personal.learner import Learner
from neural_focus.personal.served import Target, judge
from neural_focus.prediction import Prediction
from neural_focus.snapshot_inputs import SnapshotInputs
from neural_focus.store.predictions import LoggedPrediction
from neural_focus.time import iso, wall_clock_us
from serving.champion import Champion
from serving.online import OnlineFeatures
from serving.personal_models import PersonalModels
from serving.predictors import trained_on
from serving.problems import ProblemError
from serving.streams import LiveStream

MOMENTUM, IN_APP = FEATURE_INDEX["focus_momentum"], FEATURE_INDEX["time_in_current_app"]
MOST_AHEAD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Forecast:
    """A prediction with the features (float32[32]), the types of the last ten events (uint8[10]) and the past of the
    stream that it was made from, and how long it took from writing the snapshot to the finished prediction, in ms."""

    prediction: Prediction
    features: NDArray[np.float32]
    types: NDArray[np.uint8]
    past: PastRows
    latency_ms: float

    @property
    def minutes_in_app(self) -> int:
        """Whole minutes since the last switch."""
        return int(self.features[IN_APP]) // 60

    def logged(self, stream: LiveStream, prediction: Prediction) -> LoggedPrediction:
        """The row for ``model_predictions``, with what was decided upon it in ``prediction``."""
        role = "fallback" if prediction.trained_on == "rules" else "champion"
        return LoggedPrediction(
            stream.user_id,
            stream.machine_id,
            stream.session_id,
            prediction,
            role,
            self.latency_ms,
            self.features,
            self.types,
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
    online: OnlineFeatures,
    champion: Champion,
    people: PersonalModels,
    stream: LiveStream,
    snapshot: Snapshot,
    inputs: SnapshotInputs,
) -> Forecast:
    """Store the snapshot, predict from what the online store then holds and from the ``inputs`` that came with it, and
    advance the stream's momentum.

    Raises:
        ProblemError: the online store holds a later snapshot than this one.
        StoreError: the online store refuses.
    """
    momentum = stream.momentum.advance(snapshot.t_us, snapshot.features["seconds_since_session_start"])
    predictor = champion.predictor_for(stream.user_id)
    learners = people.of(stream.user_id, predictor)
    row = np.fromiter((snapshot.features[name] for name in FEATURE_NAMES), np.float32, len(FEATURE_NAMES))
    row[MOMENTUM] = momentum
    began = time.perf_counter()
    types = np.array(snapshot.sequence, np.uint8)
    features = online.exchange(stream.stream_id, snapshot.t_us, row, types)
    stream.steps.observe(snapshot.t_us, features, types)
    past = PastRows.of_snapshot(inputs, stream.steps.recent())
    prediction = predict(predictor, learners, stream.user_id, snapshot.t_us, features, momentum, past)
    latency_ms = (time.perf_counter() - began) * 1e3
    stream.momentum.predicted(prediction.focus_score)
    stream.snapshot = snapshot
    return Forecast(prediction, features, types, past, latency_ms)


def predict(
    predictor: Predictor,
    learners: Mapping[Target, Learner],
    user_id: int,
    t_us: int,
    features: NDArray[np.float32],
    momentum: float,
    past: PastRows,
) -> Prediction:
    """What the person's experts on top of the model foresee from online features float32[32] and the stream's past as
    of then, and why."""
    judged, mixtures = judge(predictor, learners, features, past, user_id)
    batch = judged.batch
    broken = float(batch.break_risk[0])
    settled = broken == broken  # nan is what differs from itself
    return Prediction(
        t_us=t_us,
        predicted_us=wall_clock_us(),
        focus_score=float(batch.focus_score[0]),
        distraction_risk=float(batch.distraction_risk[0]),
        break_risk=broken if settled else None,
        confidence=float(batch.confidence[0]),
        factors={target: judged.reasons(target) for target in (("switch", "break") if settled else ("switch",))},
        focus_momentum=momentum,
        model_version=predictor.version,
        trained_on=trained_on(predictor),
        mixtures=mixtures,
    )
