"""Trees and network together: the weighted mean of their calibrated log-odds.

This is the logarithmic opinion pool (Genest and Zidek 1986) of two calibrated opinions whose errors differ. Nothing is
fitted here: each part brings its own calibration, and the weights are the same for every log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neural_focus.models.calibration import Calibration, logit, sigmoid
from neural_focus.models.inputs import Rows
from neural_focus.models.model import Floats, ModelContext, Part, calibrations
from neural_focus.models.network import NETWORK, read_network
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.models.training_data import TrainingData
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.bundle import MODEL, write_json

NETWORK_SHARE = 0.3
"""The trees weigh more: with many people they are the better half (``bench.trials.forward_filter``)."""


@dataclass(frozen=True, slots=True)
class BlendModel:
    """``Model`` of kind "blend", of the targets that both parts have.

    Inputs, app statistics and the in-distribution score are the trees', learned from more of the same moments; medians
    and typical moments the network's, which have the columns that only it counts too.
    """

    kind: ClassVar[str] = "blend"
    most_moments: ClassVar[int] = SequenceModel.most_moments
    reads_sequences: ClassVar[bool] = True

    context: ModelContext
    trees: TreeModel
    network: SequenceModel

    @staticmethod
    def of(trees: TreeModel, network: SequenceModel) -> BlendModel:
        """The blend of two trained models."""
        own, other = trees.context, network.context
        calibration = {
            target: blend_offsets(own.calibration[target], other.calibration[target])
            for target in own.calibration
            if target in other.calibration
        }
        context = replace(own, calibration=calibration, medians=other.medians, typical=other.typical)
        return BlendModel(context, trees, network)

    @property
    def names(self) -> tuple[str, ...]:
        """The network's names, of which the trees' inputs come first."""
        return self.network.names

    @classmethod
    def fit(cls, data: TrainingData, validation: tuple[BlendModel, Part] | None = None) -> BlendModel:
        """See ``Model``: fits both parts on the same moments."""
        probe = validation and (validation[0].trees, validation[1])
        return cls.of(TreeModel.fit(data, probe), SequenceModel.fit(data))

    def predict(self, rows: Rows, targets: Sequence[str] | None = None) -> dict[str, Floats]:
        """See ``Model``."""
        wanted = tuple(self.context.calibration) if targets is None else targets
        trees, network = self.trees.predict(self._for_trees(rows), wanted), self.network.predict(rows, wanted)
        own, other = self.trees.context.calibration, self.network.context.calibration
        return {one: weigh(own[one].line(trees[one]), other[one].line(network[one])) for one in wanted}

    def explain(self, target: str, row: Rows, reference: Rows) -> Floats:
        """See ``Model``: the parts' own reasons, weighed like their log-odds."""
        width = len(self.context.contract.names)
        own, other = (part.context.calibration[target].slope for part in (self.trees, self.network))
        shares = NETWORK_SHARE * other * self.network.explain(target, row, reference)
        of_trees = self.trees.explain(target, self._for_trees(row[None])[0], reference[:width])
        shares[:width] += (1 - NETWORK_SHARE) * own * of_trees
        return shares

    def values(self, row: Rows) -> Rows:
        """The network's."""
        return self.network.values(row)

    def save(self) -> dict[str, bytes]:
        """See ``Model``: the files of both parts, and one ``model.json`` for both."""
        trees, network = self.trees.save(), self.network.save()
        other = json.loads(network[MODEL])
        data = {**json.loads(trees[MODEL]), "usual": other["usual"], "typical": other["typical"]}
        data["network"] = {name: other[name] for name in ("targets", "calibration")}
        return {**trees, **network, MODEL: write_json(data)}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> BlendModel:
        """See ``Model``."""
        trees, told = TreeModel.load(files), json.loads(files[MODEL])["network"]
        context = replace(trees.context, calibration=calibrations(told["calibration"]))
        return cls.of(trees, SequenceModel(context, read_network(files[NETWORK]), tuple(told["targets"])))

    def _for_trees(self, rows: Rows) -> Rows:
        """What the trees read of flattened rows: the contract's inputs float32[n, width]."""
        return np.ascontiguousarray(rows[:, : len(self.context.contract.names)])


def weigh(trees: Floats, network: Floats) -> Floats:
    """The blend of both parts' calibrated log-odds float64[n]."""
    return (1 - NETWORK_SHARE) * trees + NETWORK_SHARE * network


def blend_probabilities(trees: Floats, network: Floats) -> Floats:
    """The same of calibrated probabilities float64[n]."""
    return sigmoid(weigh(logit(trees), logit(network)))


def blend_offsets(trees: Calibration, network: Calibration) -> Calibration:
    """What is left to calibrate after the blend: each person's own offset."""
    people = sorted(trees.shift.keys() | network.shift.keys())
    shift = {
        one: (1 - NETWORK_SHARE) * trees.shift.get(one, 0.0) + NETWORK_SHARE * network.shift.get(one, 0.0)
        for one in people
    }
    return Calibration(shift=shift)
