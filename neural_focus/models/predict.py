"""The one inference path: what serves, evaluates, explains and shadows goes through ``Predictor``.

It has the trees of a bundle behind it, its network, or both; who calls it need not know which. The model's rows are
the input contract's columns and, where a network reads sequences, the steps of the sequence flattened after them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
class Explained:
    """One judged snapshot, n = 1, and why: ``reasons`` says it of the row that was judged, in words."""

    batch: PredictionBatch
    reasons_of: Callable[[str], tuple[str, ...]]

    def reasons(self, target: str = "switch") -> tuple[str, ...]:
        """Why the risk of ``target`` is what it is, largest reason first."""
        return self.reasons_of(target)


@dataclass(frozen=True, slots=True)
class Predictor:
    """A loaded model, or the rules that stand in for one (``version`` rules_v0).

    ``trained_on`` is "demo", "people" or "nothing". ``usual`` has the median input per user id, under "*" everyone's;
    ``typical[target]`` in the same way the moment that reasons compare with (``typical``).
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
    manifest: Mapping[str, Any]

    @staticmethod
    def rules() -> Predictor:
        """What predicts when no model is there: documented rules of thumb, with low confidence."""
        return Predictor("rules_v0", "nothing", V1, {}, {}, AppStatistics({}), None, {}, {}, {})

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
        if not self.targets:
            return _judge_by_rules(features, _settled(features, past))
        return self._judge(self.inputs(features, past, user_id), _settled(features, past), user_id)

    def judge(self, features: Rows, past: PastRows | None = None, *, user_id: int | None = None) -> Explained:
        """Probabilities and reasons of one snapshot float32[32], from one row of inputs: what live serving calls."""
        settled_now = _settled(features[None], past)
        if not self.targets:
            return Explained(_judge_by_rules(features[None], settled_now), lambda target: rule_factors(features))
        rows = self.inputs(features[None], past, user_id)

        def reasons(target: str) -> tuple[str, ...]:
            return self._words(rows[0], target, user_id) if target in self.targets else rule_factors(features)

        return Explained(self._judge(rows, settled_now, user_id), reasons)

    def _judge(self, rows: Rows, settled_now: npt.NDArray[np.bool_], user_id: int | None) -> PredictionBatch:
        margins = margins_of(self.targets, rows)
        said = {name: self.calibration[name].probabilities(line, user_id) for name, line in margins.items()}
        risk = said["switch"]
        known = self.familiarity.of(rows) if self.familiarity else np.ones(len(rows))
        focus = said.get("outcome", 1.0 - risk)
        broken = np.where(settled_now, said["break"], np.nan) if "break" in said else np.full(len(rows), np.nan)
        return PredictionBatch(100.0 * focus, risk, broken, confidence(risk, known))

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

    def with_shifts(self, shifts: Mapping[str, Mapping[int, float]]) -> Predictor:
        """This model with people's own offsets to its calibration, by target and person, where there are any."""
        fitted = {
            target: replace(line, shift={**line.shift, **shifts.get(target, {})})
            for target, line in self.calibration.items()
        }
        return replace(self, calibration=fitted)

    def _words(self, row: Rows, target: str, user_id: int | None) -> tuple[str, ...]:
        own = str(user_id) in self.usual
        usual = self.usual[str(user_id) if own else "*"]
        model, beside = self.targets[target], self.reference(target, user_id)
        if isinstance(model, READS_SEQUENCES):
            return word_factors(model.names, model.plain(row), model.contributions(row, beside), usual, own=own)
        return word_factors(self.contract.names, row, model.contributions(row, beside), usual, own=own)

    def reference(self, target: str, user_id: int | None = None) -> Rows:
        """The moment of the person that reasons compare with, or of everyone: inputs float32[width]."""
        return self.typical[target].get(str(user_id), self.typical[target][EVERYONE])


def _settled(features: Rows, past: PastRows | None) -> npt.NDArray[np.bool_]:
    """Where snapshots float32[n, 32] show settled focus; of streams without a past nothing is known to be idle."""
    idle = np.zeros(len(features), bool) if past is None else past.inputs[:, _IS_IDLE] > 0
    return settled(features[:, _APP_AGE], idle)


def _judge_by_rules(features: Rows, settled_now: npt.NDArray[np.bool_]) -> PredictionBatch:
    """Rules of thumb: the hazard of leaving an app falls with the time spent in it, and rises with recent switching."""
    age = features[:, _APP_AGE].astype(np.float64)
    busy = np.minimum(features[:, _SWITCHES].astype(np.float64), 20.0) / 20.0
    risk = np.clip(0.65 / (1.0 + (age / 40.0) ** 0.8) + 0.25 * busy, 0.02, 0.95)
    broken = np.where(settled_now, np.clip(0.05 + 0.3 * busy, 0.0, 1.0), np.nan)
    distracted = features[:, FEATURE_INDEX["is_entertainment"]] + features[:, FEATURE_INDEX["is_pseudo_productive"]]
    score = 100.0 * np.clip(1.0 - 0.6 * risk - 0.3 * busy - 0.4 * np.minimum(distracted, 1.0), 0.0, 1.0)
    return PredictionBatch(score, risk, broken, np.full(len(features), 0.3))
