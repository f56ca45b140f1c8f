"""What every kind of model can do: one protocol for trees, the sequence network, and the blend of both.

::

    TrainingData ──► fit ──► model ──► predict ──► log-odds ──► calibration ──► probabilities
                              │  └───► explain ──► what each input adds to the log-odds
                              └─ save ──► a bundle's files ──► load

What goes with a model of any kind is its ``ModelContext``. Rows are the contract's inputs float32[n, width] and, for
models that read sequences, the steps of the sequence flattened after them (``sequences.with_steps``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from neural_focus.models.calibration import Calibration
from neural_focus.models.confidence import InDistribution
from neural_focus.models.contracts import contract_of
from neural_focus.models.datasets import Moments
from neural_focus.models.hazard import Hazard
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.population import AppStatistics
from neural_focus.models.sequences import with_steps
from neural_focus.models.training_data import TrainingData
from neural_focus.models.typical import rows_from_json, rows_to_json

Floats = npt.NDArray[np.float64]
Part = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class ModelContext:
    """What goes with a model: how its inputs are made, what its log-odds mean, and what reasons compare with.

    ``calibration`` by target, of which there are as many as the model has. ``in_distribution``: None without a model.
    ``medians``: the median row per user id, under "*" everyone's; ``typical[target]`` in the same way the moment that
    reasons compare with (``typical``). ``hazards`` by target: how often it came true by the time since the last switch.
    """

    contract: InputContract
    calibration: Mapping[str, Calibration]
    population: AppStatistics
    in_distribution: InDistribution | None
    medians: Mapping[str, Rows]
    typical: Mapping[str, Mapping[str, Rows]]
    hazards: Mapping[str, Hazard]

    def to_json(self) -> dict[str, Any]:
        """A plain form for the bundle."""
        return {
            "input_version": self.contract.version,
            "input_hash": self.contract.hash,
            "calibration": {target: one.to_json() for target, one in self.calibration.items()},
            "population": self.population.to_json() if self.contract.version > 1 else {},
            "familiarity": self.in_distribution.to_json() if self.in_distribution else {},
            "usual": rows_to_json(self.medians),
            "typical": {target: rows_to_json(found) for target, found in self.typical.items()},
            "hazards": {target: found.to_json() for target, found in self.hazards.items()},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ModelContext:
        """What ``to_json`` wrote.

        Raises:
            ContractError: this code has no such input contract.
        """
        return ModelContext(
            contract=contract_of(data["input_version"], data["input_hash"]),
            calibration=calibrations(data["calibration"]),
            population=AppStatistics.from_json(data["population"]),
            in_distribution=InDistribution.from_json(data["familiarity"]),
            medians=rows_from_json(data["usual"]),
            typical={target: rows_from_json(found) for target, found in data["typical"].items()},
            hazards={target: Hazard.from_json(found) for target, found in data.get("hazards", {}).items()},
        )


class Model(Protocol):
    """A trained model of some targets.

    ``kind`` names it in the registry; ``most_moments`` are as many as it is trained on; ``names`` are what reasons are
    about: the contract's columns first.
    """

    kind: ClassVar[str]
    most_moments: ClassVar[int]
    reads_sequences: ClassVar[bool]

    @property
    def context(self) -> ModelContext: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    @classmethod
    def fit(cls, data: TrainingData, validation: tuple[Self, Part] | None = None) -> Self:
        """Fit the targets that have enough labels, and calibrate on moments that were not fitted on.

        ``validation``: a model of the moments numbered 0, whose log-odds calibrate on those numbered 1; by default the
        model splits the moments itself. Same data and seed, same bytes.
        """

    def predict(self, rows: Rows, targets: Sequence[str] | None = None) -> dict[str, Floats]:
        """Log-odds float64[n] of ``targets``, by default of all; not calibrated yet."""

    def explain(self, target: str, row: Rows, reference: Rows) -> Floats:
        """What each of ``names`` adds to one row's log-odds against a reference's float32[len(names)]; float64."""

    def values(self, row: Rows) -> Rows:
        """The values float32[len(names)] that reasons tell of one row."""

    def save(self) -> dict[str, bytes]:
        """The files of a bundle; no pickle."""

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """What ``save`` wrote.

        Raises:
            ContractError: it asks for another input contract than this code has.
        """


def inputs_of(model: Model, moments: Moments) -> Rows:
    """The model's rows of labelled moments of several people.

    Raises:
        ContractError: the model reads sequences and the moments come without.
    """
    rows = moments.inputs(model.context.contract, model.context.population)
    return with_steps(rows, moments.recent) if model.reads_sequences else rows


def probabilities_of(model: Model, target: str, moments: Moments) -> Floats:
    """Calibrated probabilities float64[n] of labelled moments, each with its person's offset."""
    log_odds = model.predict(inputs_of(model, moments), (target,))[target]
    return model.context.calibration[target].probabilities(log_odds, moments.person)


def calibrations(data: Mapping[str, Any]) -> dict[str, Calibration]:
    """From the plain form, by target."""
    return {target: Calibration.from_json(one) for target, one in data.items()}
