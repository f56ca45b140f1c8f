"""The one inference path: what serves, evaluates, explains and shadows goes through ``Predictor``.

It has the trees of a bundle behind it, its network, or both; who calls it need not know which. The model's rows are
the input contract's columns and, where a network reads sequences, the steps of the sequence flattened after them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from neural_focus.errors import ContractError
from neural_focus.features import FEATURE_INDEX
from neural_focus.labelling.labels import settled
from neural_focus.models.calibrate import Calibration
from neural_focus.models.confidence import Familiarity, confidence
from neural_focus.models.contracts import V1, contract_of
from neural_focus.models.explain import rule_factors, word_factors
from neural_focus.models.hazard import Hazard
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.past import PastRows
from neural_focus.models.population import AppStatistics
from neural_focus.models.sequence_target import with_steps
from neural_focus.models.sequences import no_steps
from neural_focus.models.targets import READS_SEQUENCES, Margins, load_targets, margins_of
from neural_focus.models.typical import EVERYONE, rows_from_json
from neural_focus.registry.bundle import MODEL
from neural_focus.replay import INPUT_INDEX

if TYPE_CHECKING:
    from neural_focus.models.datasets import Moments

Floats = npt.NDArray[np.float64]
_RULES_CONFIDENCE = 0.3
_APP_AGE, _SWITCHES = FEATURE_INDEX["time_in_current_app"], FEATURE_INDEX["context_switches_5min"]
_IS_IDLE = INPUT_INDEX["is_idle"]


@dataclass(frozen=True, slots=True)
class PredictionBatch:
    """n judged moments, float64[n] each: scores 0–100, the others 0–1; ``break_risk`` is nan when not settled."""

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
    """One judged snapshot float32[32], n = 1: a probability of each target, and why.

    ``rows`` float32[1, width] are the model's inputs, [1, 0] of rules; ``said`` float64[1] by target. ``weigh`` makes
    the contributions to what is said of those to what the model says, by target.
    """

    predictor: Predictor
    features: Rows
    rows: Rows
    said: Mapping[str, Floats]
    settled: bool
    user_id: int | None
    weigh: Callable[[str, Contributions], Contributions] = lambda _, found: found

    @property
    def batch(self) -> PredictionBatch:
        """Scores and risks, n = 1."""
        return self.predictor.batch(self.rows, self.said, np.array([self.settled]))

    def reasons(self, target: str = "switch") -> tuple[str, ...]:
        """Why the risk of ``target`` is what it is, in words, largest reason first."""
        if target not in self.predictor.targets:
            return rule_factors(self.features)
        found = self.predictor.contributions(target, self.rows[0], self.user_id)
        return self.predictor.words(self.weigh(target, found), self.user_id)


@dataclass(frozen=True, slots=True)
class Predictor:
    """A loaded model, or the rules that stand in for one (``version`` rules_v0).

    ``trained_on`` is "demo", "people" or "nothing". ``usual`` has the median input per user id, under "*" everyone's;
    ``typical[target]`` in the same way the moment that reasons compare with (``typical``). ``hazards``: by target how
    often it came true by the time since the last switch.
    """

    version: str
    trained_on: str
    contract: InputContract
    targets: Mapping[str, Margins]
    calibration: Mapping[str, Calibration]
    population: AppStatistics
    familiarity: Familiarity | None
    usual: Mapping[str, Rows]
    typical: Mapping[str, Mapping[str, Rows]]
    hazards: Mapping[str, Hazard]
    manifest: Mapping[str, Any]

    @staticmethod
    def rules() -> Predictor:
        """What predicts when no model is there: documented rules of thumb, with low confidence."""
        return Predictor("rules_v0", "nothing", V1, {}, {}, AppStatistics({}), None, {}, {}, {}, {})

    @staticmethod
    def from_files(files: Mapping[str, bytes], manifest: Mapping[str, Any], version: str) -> Predictor:
        """A predictor from a bundle's files.

        Raises:
            ContractError: the model asks for another input contract than this code has, or has another form.
        """
        try:
            return Predictor._read(files, manifest, version)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ContractError(
                f"{version} cannot be read by this code",
                why=f"{type(error).__name__}: {error}",
                hint="Train a new model with this code, or roll back to one that fits: neural-focus models rollback",
            ) from error

    @staticmethod
    def _read(files: Mapping[str, bytes], manifest: Mapping[str, Any], version: str) -> Predictor:
        model = json.loads(files[MODEL])
        contract = contract_of(model["input_version"], model["input_hash"])
        targets, calibration = load_targets(files, model, contract)
        return Predictor(
            version=version,
            trained_on=str(manifest["trained_on"]),
            contract=contract,
            targets=targets,
            calibration=calibration,
            population=AppStatistics.from_json(model["population"]),
            familiarity=Familiarity.from_json(model["familiarity"]),
            usual=rows_from_json(model["usual"]),
            typical={target: rows_from_json(found) for target, found in model["typical"].items()},
            hazards={target: Hazard.from_json(found) for target, found in model.get("hazards", {}).items()},
            manifest=manifest,
        )

    def inputs(self, features: Rows, past: PastRows | None = None, user_id: int | None = None) -> Rows:
        """The contract's rows float32[n, width] from snapshots float32[n, 32] and what was known at each.

        Raises:
            ContractError: a block is missing or has not the model's width.
        """
        rows = self.contract.own(features, None if past is None else past.inputs)
        if past is not None and self.contract.version > 1:
            rows = np.concatenate([rows, self.population.rows(past.app, past.previous_app, user_id)], axis=1)
        if not self.reads_sequences:
            return rows
        return with_steps(rows, no_steps(len(rows)) if past is None else past.recent)

    @property
    def reads_sequences(self) -> bool:
        """Whether the model asks for the stream's last two minutes too (``PastRows.recent``, ``Moments.recent``)."""
        return any(isinstance(model, READS_SEQUENCES) for model in self.targets.values())

    def inputs_of(self, moments: Moments) -> Rows:
        """The rows of labelled moments of several people.

        Raises:
            ContractError: the model reads sequences and the moments come without.
        """
        rows = moments.inputs(self.contract, self.population)
        return with_steps(rows, moments.recent) if self.reads_sequences else rows

    def predict(self, features: Rows, past: PastRows | None = None, *, user_id: int | None = None) -> PredictionBatch:
        """Judge snapshots float32[n, 32] of one person, with what was known of the stream's past at each.

        Raises:
            ContractError: the snapshots or the past have not the model's width.
        """
        return self.batch(*self._said(features, past, user_id))

    def judge(self, features: Rows, past: PastRows | None = None, *, user_id: int | None = None) -> Judgement:
        """One snapshot float32[32] as ``predict`` judges it, with reasons of the same row of inputs."""
        rows, said, settled_now = self._said(features[None], past, user_id)
        return Judgement(self, features, rows, said, bool(settled_now[0]), user_id)

    def _said(
        self, features: Rows, past: PastRows | None, user_id: int | None
    ) -> tuple[Rows, dict[str, Floats], npt.NDArray[np.bool_]]:
        settled_now = _settled(features, past)
        if not self.targets:
            return np.empty((len(features), 0), np.float32), _say_rules(features), settled_now
        rows = self.inputs(features, past, user_id)
        return rows, self.say(rows, user_id), settled_now

    def say(self, rows: Rows, user_id: int | None = None) -> dict[str, Floats]:
        """Calibrated probabilities float64[n] of every target from assembled inputs of one person."""
        margins = margins_of(self.targets, rows)
        return {name: self.calibration[name].probabilities(line, user_id) for name, line in margins.items()}

    def batch(self, rows: Rows, said: Mapping[str, Floats], settled_now: npt.NDArray[np.bool_]) -> PredictionBatch:
        """The judgement of assembled inputs that is made of a probability float64[n] for each target."""
        risk = said["switch"]
        known = self.familiarity.of(rows) if self.familiarity else np.ones(len(rows))
        sure = confidence(risk, known) if self.targets else np.full(len(rows), _RULES_CONFIDENCE)
        broken = np.where(settled_now, said["break"], np.nan) if "break" in said else np.full(len(rows), np.nan)
        return PredictionBatch(100.0 * said.get("outcome", 1.0 - risk), risk, broken, sure)

    def probabilities(self, target: str, rows: Rows, user_id: int | None = None) -> Floats:
        """Calibrated probabilities float64[n] of one target from assembled inputs; nan if it was not trained."""
        if target not in self.targets:
            return np.full(len(rows), np.nan)
        return self.calibration[target].probabilities(self.targets[target].margins(rows), user_id)

    def judge_moments(self, target: str, moments: Moments) -> Floats:
        """``probabilities`` of labelled moments of several people, float64[n]."""
        if target not in self.targets:
            return np.full(len(moments), np.nan)
        margins = self.targets[target].margins(self.inputs_of(moments))
        return self.calibration[target].probabilities(margins, moments.person)

    def line_of(self, target: str, moments: Moments) -> Floats:
        """Calibrated log-odds float64[n] of labelled moments, without anybody's own offset."""
        return self.calibration[target].line(self.targets[target].margins(self.inputs_of(moments)))

    def contributions(self, target: str, row: Rows, user_id: int | None = None) -> Contributions:
        """What the inputs of one assembled row add to the log-odds of ``target``."""
        model, beside = self.targets[target], self.reference(target, user_id)
        shares = model.contributions(row, beside)
        if isinstance(model, READS_SEQUENCES):
            return Contributions(model.names, model.plain(row), beside, shares)
        return Contributions(self.contract.names, row, beside, shares)

    def words(self, found: Contributions, user_id: int | None = None) -> tuple[str, ...]:
        """The largest contributions in words, beside what is usual for the person, or for everyone."""
        own = str(user_id) in self.usual
        return word_factors(
            found.names, found.row, found.shares, self.usual[str(user_id) if own else EVERYONE], own=own
        )

    def reference(self, target: str, user_id: int | None = None) -> Rows:
        """The moment of the person that reasons compare with, or of everyone: inputs float32[width]."""
        return self.typical[target].get(str(user_id), self.typical[target][EVERYONE])


def _settled(features: Rows, past: PastRows | None) -> npt.NDArray[np.bool_]:
    """Where snapshots float32[n, 32] show settled focus; of streams without a past nothing is known to be idle."""
    idle = np.zeros(len(features), bool) if past is None else past.inputs[:, _IS_IDLE] > 0
    return settled(features[:, _APP_AGE], idle)


def _say_rules(features: Rows) -> dict[str, Floats]:
    """Rules of thumb: the hazard of leaving an app falls with the time spent in it, and rises with recent switching."""
    age = features[:, _APP_AGE].astype(np.float64)
    busy = np.minimum(features[:, _SWITCHES].astype(np.float64), 20.0) / 20.0
    risk = np.clip(0.65 / (1.0 + (age / 40.0) ** 0.8) + 0.25 * busy, 0.02, 0.95)
    broken = np.clip(0.05 + 0.3 * busy, 0.0, 1.0)
    distracted = features[:, FEATURE_INDEX["is_entertainment"]] + features[:, FEATURE_INDEX["is_pseudo_productive"]]
    focus = np.clip(1.0 - 0.6 * risk - 0.3 * busy - 0.4 * np.minimum(distracted, 1.0), 0.0, 1.0)
    return {"switch": risk, "break": broken, "outcome": focus}
