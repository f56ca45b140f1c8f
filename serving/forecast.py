"""From snapshots to predictions: write them to the feature store, read the online features back, predict, explain.

One thread does this for all streams (the stores are not made for several); the event loop only waits for it. What came
together goes through together: one transaction, one call of the model. Reasons are made where somebody looks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neural_focus.errors import NeuralFocusError
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES
from neural_focus.messages import Snapshot
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Judgement, Predictor
from neural_focus.models.sequences import LiveSteps, no_steps, observe_together
from neural_focus.personal.served import judge
from neural_focus.prediction import Prediction
from neural_focus.snapshot_inputs import SnapshotInputs
from neural_focus.store.predictions import LoggedPrediction
from neural_focus.time import iso, wall_clock_us
from neural_focus.timeline import Times
from serving.champion import Champion
from serving.online import OnlineFeatures
from serving.personal_models import PersonalModels
from serving.predictors import trained_on
from serving.problems import ProblemError
from serving.streams import LiveStream

SESSION_AGE = "seconds_since_session_start"
MOMENTUM, IN_APP = FEATURE_INDEX["focus_momentum"], FEATURE_INDEX["time_in_current_app"]
MOST_AHEAD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """A stream's snapshot that is to be predicted, and what else it brings for a model. ``seen``: a page is open, so
    that its reasons are looked at."""

    stream: LiveStream
    snapshot: Snapshot
    inputs: SnapshotInputs
    seen: bool = False


@dataclass(frozen=True, slots=True)
class ServedRows:
    """n snapshots of as many people's streams as models read them.

    ``t_us``, ``person`` int64[n], ``is_demo`` bool[n], ``features`` float32[n, 32], types of the last ten events
    uint8[n, 10], ``past``, ``momentum`` float64[n].
    """

    t_us: Times
    person: Times
    is_demo: NDArray[np.bool_]
    features: NDArray[np.float32]
    types: NDArray[np.uint8]
    past: PastRows
    momentum: NDArray[np.float64]

    def take(self, at: Times, steps: Sequence[LiveSteps]) -> ServedRows:
        """Some of them, with their streams' last two minutes unless ``steps`` is empty."""
        own = (self.t_us[at], self.person[at], self.is_demo[at], self.features[at], self.types[at])
        recent = np.concatenate([one.recent() for one in steps]) if steps else no_steps(len(at))
        return ServedRows(*own, replace(self.past.take(at), recent=recent), self.momentum[at])


@dataclass(frozen=True, slots=True)
class Forecast:
    """A prediction, with the ``place`` of its snapshot in ``rows``, from which it was ``judged``; ``latency_ms`` from
    writing the snapshots to the finished predictions."""

    prediction: Prediction
    judged: Judgement
    rows: ServedRows
    place: int
    latency_ms: float

    @property
    def features(self) -> NDArray[np.float32]:
        """Of the snapshot, float32[32]."""
        features: NDArray[np.float32] = self.rows.features[self.place]
        return features

    @property
    def minutes_in_app(self) -> int:
        """Whole minutes since the last switch."""
        return int(self.features[IN_APP]) // 60

    def explained(self) -> Forecast:
        """The same with its reasons."""
        if self.prediction.factors:
            return self
        return replace(self, prediction=replace(self.prediction, factors=self.factors()))

    def factors(self) -> dict[str, tuple[str, ...]]:
        """The reasons of each risk that there is, by target."""
        targets = ("switch",) if self.prediction.break_risk is None else ("switch", "break")
        return {target: self.judged.reasons(target, self.place) for target in targets}

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
            self.rows.types[self.place],
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
    online: OnlineFeatures, champion: Champion, people: PersonalModels, asked: Sequence[Asked], *, sequences: bool
) -> list[Forecast | NeuralFocusError]:
    """Store the snapshots of different streams, predict each from what the online store then holds and from the inputs
    that came with it, and advance the streams' momentum. In place of a forecast: why there is none.

    ``sequences``: others than the models that answer read the streams' last two minutes.

    Raises:
        StoreError: the online store refuses.
    """
    rows = _as_they_came(asked)
    began = time.perf_counter()
    stored = online.exchange([one.stream.stream_id for one in asked], rows.t_us.tolist(), rows.features, rows.types)
    made: dict[int, Forecast | NeuralFocusError] = {}
    for place, row in enumerate(stored):
        if isinstance(row, NeuralFocusError):
            made[place] = row
        else:
            rows.features[place] = row
    good = np.array([place for place in range(len(asked)) if place not in made], np.int64)
    observe_together(
        [asked[place].stream.steps for place in good], rows.t_us[good], rows.features[good], rows.types[good]
    )
    for predictor, at in _by_predictor(champion, rows.person, good):
        steps = [asked[place].stream.steps for place in at] if sequences or predictor.reads_sequences else []
        part = rows.take(at, steps)
        predictions, judged = predict(predictor, people, part)
        latency_ms = (time.perf_counter() - began) * 1e3
        for place, prediction in enumerate(predictions):
            one, found = asked[at[place]], Forecast(prediction, judged, part, place, latency_ms)
            made[int(at[place])] = found.explained() if one.seen else found
            one.stream.momentum.predicted(prediction.focus_score)
            one.stream.snapshot = one.snapshot
    return [made[place] for place in range(len(asked))]


def _as_they_came(asked: Sequence[Asked]) -> ServedRows:
    features = np.array([[one.snapshot.features[name] for name in FEATURE_NAMES] for one in asked], np.float32)
    momentum = np.array(
        [one.stream.momentum.advance(one.snapshot.t_us, one.snapshot.features[SESSION_AGE]) for one in asked]
    )
    features[:, MOMENTUM] = momentum
    return ServedRows(
        np.array([one.snapshot.t_us for one in asked], np.int64),
        np.array([one.stream.user_id for one in asked], np.int64),
        np.array([one.stream.is_demo for one in asked], np.bool_),
        features,
        np.array([one.snapshot.sequence for one in asked], np.uint8),
        PastRows.of_snapshots([one.inputs for one in asked], no_steps(len(asked))),
        momentum,
    )


def _by_predictor(champion: Champion, person: Times, good: Times) -> Iterator[tuple[Predictor, Times]]:
    """Each model that answers somebody of the ``good`` places, and whom."""
    places: dict[str, tuple[Predictor, list[int]]] = {}
    for place in good.tolist():
        predictor = champion.predictor_for(int(person[place]))
        places.setdefault(predictor.version, (predictor, []))[1].append(place)
    for predictor, at in places.values():
        yield predictor, np.array(at)


def predict(predictor: Predictor, people: PersonalModels, rows: ServedRows) -> tuple[list[Prediction], Judgement]:
    """What each person's experts on top of the model foresee, without reasons; and what these follow from."""
    whose = zip(rows.person.tolist(), rows.is_demo.tolist(), strict=True)
    learners = [people.of(user_id, predictor, is_demo=is_demo) for user_id, is_demo in whose]
    judged, mixtures = judge(predictor, learners, rows.features, rows.past, rows.person)
    batch, now_us, source = judged.batch, wall_clock_us(), trained_on(predictor)
    columns = (rows.t_us, batch.focus_score, batch.distraction_risk, batch.break_risk, batch.confidence, rows.momentum)
    return [
        Prediction(
            t_us=t_us,
            predicted_us=now_us,
            focus_score=score,
            distraction_risk=risk,
            break_risk=None if broken != broken else broken,  # nan is what differs from itself
            confidence=sure,
            factors={},
            focus_momentum=momentum,
            model_version=predictor.version,
            trained_on=source,
            mixtures=mixture,
        )
        for t_us, score, risk, broken, sure, momentum, mixture in zip(
            *(column.tolist() for column in columns), mixtures, strict=True
        )
    ], judged
