"""The one inference path: what serves, evaluates, explains and shadows goes through ``Predictor``.

It has a model of any kind behind it; who calls it need not know which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from neural_focus.errors import ContractError
from neural_focus.features import FEATURE_INDEX
from neural_focus.labelling.labels import settled
from neural_focus.models.blend_model import BlendModel
from neural_focus.models.calibration import Calibration
from neural_focus.models.confidence import confidence
from neural_focus.models.contracts import V1
from neural_focus.models.explain import rule_factors, word_factors
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.model import Model, ModelContext, inputs_of
from neural_focus.models.past import PastRows
from neural_focus.models.population import AppStatistics
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.models.sequences import no_steps, with_steps
from neural_focus.models.tree_model import TreeModel
from neural_focus.models.typical import EVERYONE
from neural_focus.replay import INPUT_INDEX
from neural_focus.timeline import Times

if TYPE_CHECKING:
    from neural_focus.models.datasets import Moments

Floats = npt.NDArray[np.float64]
_APP_AGE, _SWITCHES = FEATURE_INDEX["time_in_current_app"], FEATURE_INDEX["context_switches_5min"]
_IS_IDLE = INPUT_INDEX["is_idle"]
_RULES_CONFIDENCE = 0.3
MODELS: Mapping[str, type[Model]] = {one.kind: one for one in (TreeModel, SequenceModel, BlendModel)}
"""By kind."""


@dataclass(frozen=True, slots=True)
class PredictionBatch:
    """n predicted moments, float64[n] each: scores 0–100, the others 0–1; ``break_risk`` is nan when not settled."""

    focus_score: Floats
    distraction_risk: Floats
    break_risk: Floats
    confidence: Floats


@dataclass(frozen=True, slots=True)
class Contributions:
    """What each input ``names`` of one row adds to its log-odds against a row of ``reference``: float[len(names)]."""

    names: tuple[str, ...]
    row: Rows
    reference: Rows
    shares: Floats


@dataclass(frozen=True, slots=True)
class Judgement:
    """n predicted snapshots float32[n, 32]: a probability of each target, and why.

    ``rows`` float32[n, width] are the model's inputs, [n, 0] of rules; ``probability`` float64[n] by target;
    ``settled`` bool[n]; ``person`` int64[n], None for nobody in particular. ``weigh`` makes the contributions to what
    is predicted of those to what the model predicts, by target and place.
    """

    predictor: Predictor
    features: Rows
    rows: Rows
    probability: Mapping[str, Floats]
    settled: npt.NDArray[np.bool_]
    person: Times | None
    weigh: Callable[[str, int, Contributions], Contributions] = lambda _, __, found: found

    @property
    def batch(self) -> PredictionBatch:
        """Scores and risks."""
        return self.predictor.batch(self.rows, self.probability, self.settled)

    def reasons(self, target: str = "switch", place: int = 0) -> tuple[str, ...]:
        """Why the risk of ``target`` in one snapshot is what it is, in words, largest reason first."""
        if target not in self.predictor.targets:
            return rule_factors(self.features[place])
        user_id = None if self.person is None else int(self.person[place])
        found = self.predictor.contributions(target, self.rows[place], user_id)
        return self.predictor.words(self.weigh(target, place, found), user_id)


@dataclass(frozen=True, slots=True)
class Predictor:
    """A loaded model, or the rules that stand in for one (``version`` rules_v0).

    ``trained_on`` is "demo", "people" or "nothing".
    """

    version: str
    trained_on: str
    model: Model
    context: ModelContext
    manifest: Mapping[str, Any]

    @staticmethod
    def rules() -> Predictor:
        """What predicts when no model is there: documented rules of thumb, with low confidence."""
        nothing = TreeModel(ModelContext(V1, {}, AppStatistics({}), None, {}, {}, {}), {}, {})
        return Predictor("rules_v0", "nothing", nothing, nothing.context, {})

    @staticmethod
    def from_files(files: Mapping[str, bytes], manifest: Mapping[str, Any], version: str) -> Predictor:
        """A predictor from a bundle's files.

        Raises:
            ContractError: the model asks for another input contract than this code has, or has another form.
        """
        try:
            model = MODELS[manifest["kind"]].load(files)
            return Predictor(version, str(manifest["trained_on"]), model, model.context, manifest)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ContractError(
                f"{version} cannot be read by this code",
                why=f"{type(error).__name__}: {error}",
                hint="Train a new model with this code, or roll back to one that fits: neural-focus models rollback",
            ) from error

    @property
    def contract(self) -> InputContract:
        """The model's inputs."""
        return self.context.contract

    @property
    def calibration(self) -> Mapping[str, Calibration]:
        """From log-odds to probabilities, by target."""
        return self.context.calibration

    @property
    def targets(self) -> tuple[str, ...]:
        """What the model foresees; nothing without one."""
        return tuple(self.context.calibration)

    def inputs(self, features: Rows, past: PastRows | None = None, user_id: Times | int | None = None) -> Rows:
        """The contract's rows float32[n, width] from snapshots float32[n, 32] and what was known at each.

        ``user_id``: whose they are, of each or of all.

        Raises:
            ContractError: a block is missing or has not the model's width.
        """
        rows = self.contract.own(features, None if past is None else past.inputs)
        if past is not None and self.contract.version > 1:
            rows = np.concatenate([rows, self.context.population.rows(past.app, past.previous_app, user_id)], axis=1)
        if not self.reads_sequences:
            return rows
        return with_steps(rows, no_steps(len(rows)) if past is None else past.recent)

    @property
    def reads_sequences(self) -> bool:
        """Whether the model asks for the stream's last two minutes too (``PastRows.recent``, ``Moments.recent``)."""
        return self.model.reads_sequences

    def inputs_of(self, moments: Moments) -> Rows:
        """The rows of labelled moments of several people.

        Raises:
            ContractError: the model reads sequences and the moments come without.
        """
        return inputs_of(self.model, moments)

    def predict(self, features: Rows, past: PastRows | None = None, *, user_id: int | None = None) -> PredictionBatch:
        """Predict snapshots float32[n, 32] of one person, with what was known of the stream's past at each.

        Raises:
            ContractError: the snapshots or the past have not the model's width.
        """
        return self.batch(*self._predict(features, past, user_id))

    def judge(self, features: Rows, past: PastRows | None = None, *, person: Times | None = None) -> Judgement:
        """Snapshots float32[n, 32] of the people int64[n], as ``predict`` predicts them, with reasons of the same
        inputs."""
        return Judgement(self, features, *self._predict(features, past, person), person)

    def _predict(
        self, features: Rows, past: PastRows | None, user_id: Times | int | None
    ) -> tuple[Rows, dict[str, Floats], npt.NDArray[np.bool_]]:
        settled_now = _settled(features, past)
        if not self.targets:
            return np.empty((len(features), 0), np.float32), _predict_by_rules(features), settled_now
        rows = self.inputs(features, past, user_id)
        log_odds = self.model.predict(rows)
        probability = {name: self.calibration[name].probabilities(one, user_id) for name, one in log_odds.items()}
        return rows, probability, settled_now

    def batch(
        self, rows: Rows, probability: Mapping[str, Floats], settled_now: npt.NDArray[np.bool_]
    ) -> PredictionBatch:
        """What is predicted of assembled inputs with a probability float64[n] of each target."""
        risk, nothing = probability["switch"], np.full(len(rows), np.nan)
        measure = self.context.in_distribution
        known = measure.of(rows) if measure else np.ones(len(rows))
        sure = confidence(risk, known) if self.targets else np.full(len(rows), _RULES_CONFIDENCE)
        broken = np.where(settled_now, probability["break"], np.nan) if "break" in probability else nothing
        return PredictionBatch(100.0 * probability.get("outcome", 1.0 - risk), risk, broken, sure)

    def probabilities(self, target: str, rows: Rows, user_id: Times | int | None = None) -> Floats:
        """Calibrated probabilities float64[n] of one target from assembled inputs; nan if it was not trained."""
        if target not in self.targets:
            return np.full(len(rows), np.nan)
        return self.calibration[target].probabilities(self.model.predict(rows, (target,))[target], user_id)

    def judge_moments(self, target: str, moments: Moments) -> Floats:
        """``probabilities`` of labelled moments of several people, float64[n]."""
        return self.probabilities(target, self.inputs_of(moments), moments.person)

    def explain(self, target: str, row: Rows, user_id: int | None = None) -> Floats:
        """What each of the model's ``names`` adds to one row's log-odds, float64, against ``reference``."""
        return self.model.explain(target, row, self.reference(target, user_id))

    def reference(self, target: str, user_id: int | None = None) -> Rows:
        """The moment of the person that reasons compare with, or of everyone: inputs float32[len(names)]."""
        typical = self.context.typical[target]
        return typical.get(str(user_id), typical[EVERYONE])

    def contributions(self, target: str, row: Rows, user_id: int | None = None) -> Contributions:
        """``explain`` of one assembled row, with what it is about."""
        model, reference = self.model, self.reference(target, user_id)
        return Contributions(model.names, model.values(row), reference, model.explain(target, row, reference))

    def words(self, found: Contributions, user_id: int | None = None) -> tuple[str, ...]:
        """The largest contributions in words, beside the person's median, or everyone's."""
        medians = self.context.medians
        own = str(user_id) in medians
        median = medians[str(user_id) if own else EVERYONE]
        return word_factors(found.names, found.row, found.shares, median, own=own)


def _settled(features: Rows, past: PastRows | None) -> npt.NDArray[np.bool_]:
    """Where snapshots float32[n, 32] show settled focus; of streams without a past nothing is known to be idle."""
    idle = np.zeros(len(features), bool) if past is None else past.inputs[:, _IS_IDLE] > 0
    return settled(features[:, _APP_AGE], idle)


def _predict_by_rules(features: Rows) -> dict[str, Floats]:
    """Rules of thumb: the hazard of leaving an app falls with the time spent in it, and rises with recent switching."""
    age = features[:, _APP_AGE].astype(np.float64)
    busy = np.minimum(features[:, _SWITCHES].astype(np.float64), 20.0) / 20.0
    risk = np.clip(0.65 / (1.0 + (age / 40.0) ** 0.8) + 0.25 * busy, 0.02, 0.95)
    broken = np.clip(0.05 + 0.3 * busy, 0.0, 1.0)
    distracted = features[:, FEATURE_INDEX["is_entertainment"]] + features[:, FEATURE_INDEX["is_pseudo_productive"]]
    focus = np.clip(1.0 - 0.6 * risk - 0.3 * busy - 0.4 * np.minimum(distracted, 1.0), 0.0, 1.0)
    return {"switch": risk, "break": broken, "outcome": focus}
