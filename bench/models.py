"""Prediction with its reasons in process, beside the library's plain calls; and how long a training takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
import xgboost
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.figure import Figure, beside
from bench.served_path import load
from neural_focus.features import FEATURE_NAMES
from neural_focus.models.blend import blend
from neural_focus.models.calibration import fit_line
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments
from neural_focus.models.linear import fit_linear
from neural_focus.models.metrics import auc
from neural_focus.models.past import PastRows
from neural_focus.models.predict import Predictor
from neural_focus.models.recurrent import as_torch
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.models.sequences import CHANNELS, STEPS, LiveSteps, no_steps, split_rows
from neural_focus.models.train import train
from neural_focus.models.tree_model import TreeModel
from neural_focus.personal.served import NOBODY, judge, learners_of
from neural_focus.replay import INPUT_NAMES
from neural_focus.snapshot_inputs import SnapshotInputs

DAYS, A_DAY = 30, 2_880
"""30 days of eight hours, a moment every 10 s."""
WIDTH = len(V6.names)


def figures() -> Iterator[Figure]:
    """CPU seconds of one core; latencies are medians of 1,000 single rows."""
    moments = month_of_one_person()
    began = time.process_time()
    bundle = train(TreeModel, moments, (), is_demo=True)
    spent = time.process_time() - began
    yield beside("train on 30 days of one person", spent, "s", "the limit set for it", 60.0, less_is_better=True)
    predictor = Predictor.from_files(bundle.files, bundle.manifest, "xgboost_v1")
    yield from latencies(predictor, bundle.files)
    yield from library_figures(moments)
    began = time.process_time()
    some = moments.take(np.arange(0, len(moments), 6))
    network = train(SequenceModel, some, (), is_demo=True)
    spent = time.process_time() - began
    yield beside("train the LSTM on 14,400 of them", spent, "s", "the limit set for it", 120.0, less_is_better=True)
    yield from sequence_latencies(Predictor.from_files(network.files, network.manifest, "lstm_v1"))
    both = blend(bundle, network)
    yield from blend_latencies(Predictor.from_files(both.files, both.manifest, "blend_v1"))


def library_figures(moments: Moments) -> Iterator[Figure]:
    """What a library says as well, on 30,000 moments: the same answers, in ms of wall time."""
    label, rows = moments.switch[:30_000], moments.own[:30_000]
    score = np.asarray(rows[:, 3], np.float64)
    own, other = median_us(lambda: auc(label, score), 20), median_us(lambda: roc_auc_score(label, score), 20)
    yield beside("AUC", own / 1e3, "ms", "scikit-learn", other / 1e3, less_is_better=True)

    def cost(line: NDArray[np.float64]) -> float:
        odds = line[0] * score + line[1]
        return float(np.logaddexp(0, odds).sum() - label @ odds + 5 * (line[0] - 1) ** 2 + 0.05 * line[1] ** 2)

    def slope(line: NDArray[np.float64]) -> NDArray[np.float64]:
        off = expit(line[0] * score + line[1]) - label
        return np.array([score @ off + 10 * (line[0] - 1), off.sum() + 0.1 * line[1]])

    own = median_us(lambda: fit_line(score, label), 20)
    other = median_us(lambda: minimize(cost, [1.0, 0.0], jac=slope, method="BFGS"), 20)
    yield beside("Platt's line", own / 1e3, "ms", "SciPy, BFGS", other / 1e3, less_is_better=True)
    ridge = LogisticRegression(C=1 / (0.02 * len(label) / 4), solver="newton-cholesky")
    plain = make_pipeline(StandardScaler(), ridge)
    own, other = median_us(lambda: fit_linear(rows, label), 3), median_us(lambda: plain.fit(rows, label), 3)
    yield beside("logistic regression of all inputs", own / 1e3, "ms", "scikit-learn", other / 1e3, less_is_better=True)


def sequence_latencies(predictor: Predictor) -> Iterator[Figure]:
    """One row through the served path; the same members through PyTorch's plain call; and the reasons apart."""
    known, last = two_minutes()
    model = predictor.model
    if not isinstance(model, SequenceModel):
        return
    inputs, recent = split_rows(predictor.contract, predictor.inputs(last[None], known))
    members = as_torch(model.network, len(predictor.targets))
    scales = model.network.scales
    x = torch.from_numpy(scales.now(inputs)), torch.from_numpy(scales.steps(recent))

    def plain() -> None:
        with torch.inference_mode():
            for member in members:
                member(*x)

    value = median_us(lambda: predictor.predict(last[None], known))
    name = "LSTM, a prediction of three targets"
    yield beside(name, value, "µs", "PyTorch, the network's plain call", median_us(plain), less_is_better=True)
    yield beside(name, value, "µs", "the limit set for it", 1_000.0, less_is_better=True)
    judged, _ = judge(predictor, [learners_of(predictor, NOBODY, {})], last[None], known, np.array([NOBODY]))
    yield Figure("LSTM, the prediction's reasons", median_us(judged.reasons), "µs")


def blend_latencies(predictor: Predictor) -> Iterator[Figure]:
    """Both parts of one row through the served path."""
    known, last = two_minutes()
    learners, nobody = [learners_of(predictor, NOBODY, {})], np.array([NOBODY])
    value = median_us(lambda: predictor.predict(last[None], known))
    name = "trees and LSTM, a prediction of three targets"
    yield beside(name, value, "µs", "the limit set for it", 1_000.0, less_is_better=True)
    yield Figure(
        "trees and LSTM, the prediction with its reasons",
        median_us(lambda: judge(predictor, learners, last[None], known, nobody)[0].reasons()),
        "µs",
    )


def two_minutes() -> tuple[PastRows, NDArray[np.float32]]:
    """A made-up past with its sequence, and the snapshot float32[32] that it ends with."""
    rng, steps = np.random.default_rng(3), LiveSteps()
    rows = rng.gamma(1.0, 2.0, (120, len(FEATURE_NAMES))).astype(np.float32)
    for second, row in enumerate(rows):
        steps.observe(second * 1_000_000, row, np.full(10, 1 + second % 6, np.uint8))
    return PastRows.of_snapshots([made_up_inputs(rng)], steps.recent()), rows[-1]


def made_up_inputs(rng: np.random.Generator) -> SnapshotInputs:
    """As a desktop sends them."""
    return SnapshotInputs(rng.gamma(1.0, 2.0, len(INPUT_NAMES)).astype(np.float32), "editor", "browser")


def month_of_one_person() -> Moments:
    """Made-up moments with made-up labels that follow three of the inputs."""
    rng = np.random.default_rng(1)
    count = DAYS * A_DAY
    own = rng.normal(size=(count, WIDTH - 6)).astype(np.float32)
    label = (rng.random(count) < 1 / (1 + np.exp(1.5 - own[:, 3] - own[:, 40] * own[:, 50]))).astype(np.int8)
    settled = rng.random(count) < 0.6
    app = np.full(count, "editor")
    day = np.repeat(np.arange(DAYS), A_DAY) * 86_400_000_000
    return Moments(
        own=own,
        app=app,
        previous_app=app,
        times_us=1_700_006_400_000_000 + day + np.tile(np.arange(A_DAY), DAYS) * 10_000_000,
        person=np.ones(count, np.int64),
        switch=label,
        settled_break=np.where(settled, label, -1).astype(np.int8),
        outcome=1 - label,
        outcome_source=np.ones(count, np.int8),
        recency_s=rng.exponential(60, count),
        switches_5min=rng.poisson(3, count).astype(np.float64),
        lead_s=rng.exponential(30, count),
        recent=np.zeros((count, STEPS, CHANNELS), np.float16),
    )


def latencies(predictor: Predictor, files: object) -> Iterator[Figure]:
    """One row through the served path, and the same trees through the library."""
    row = np.random.default_rng(2).random((1, 32)).astype(np.float32)
    row[0, 17], row[0, 19] = 90.0, 0.0  # settled
    text = made_up_inputs(np.random.default_rng(2)).to_text()
    known = PastRows.of_snapshots([SnapshotInputs.from_text(text)], no_steps(1))

    learners, nobody = [learners_of(predictor, NOBODY, {})], np.array([NOBODY])

    def served() -> None:
        judge(predictor, learners, row, known, nobody)[0].reasons()

    inputs = predictor.inputs(row, known)
    boosters = [load(data) for name, data in dict(files).items() if name.endswith(".ubj")]  # type: ignore[call-overload]
    plain = median_us(lambda: [booster.inplace_predict(inputs) for booster in boosters])
    shap = median_us(lambda: boosters[0].predict(xgboost.DMatrix(inputs, nthread=1), pred_contribs=True))
    value = median_us(served)
    name = "prediction of three targets, explained"
    yield beside(name, value, "µs", "XGBoost, predictions alone", plain, less_is_better=True)
    yield beside(name, value, "µs", "XGBoost, with its SHAP values", plain + shap, less_is_better=True)
    yield beside(name, value, "µs", "the limit set for it", 300.0, less_is_better=True)
    read = median_us(lambda: SnapshotInputs.from_text(text))
    yield Figure("the inputs that come with a snapshot, read and checked", read, "µs")


def median_us(call: Callable[[], object], times: int = 1_000) -> float:
    """Median wall time of a call, µs, after a warm-up."""
    for _ in range(times // 20):
        call()
    spent = []
    for _ in range(times):
        began = time.perf_counter_ns()
        call()
        spent.append(time.perf_counter_ns() - began)
    return float(np.median(spent)) / 1e3
