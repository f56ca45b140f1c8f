"""The trained targets of a bundle, of whatever kind: trees, a network, or both blended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from neural_focus.models.blend import Blended, blend_shifts
from neural_focus.models.calibrate import Calibration
from neural_focus.models.fitting import Stacked
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.linear import Linear
from neural_focus.models.network import NETWORK, read_network
from neural_focus.models.sequence_target import SequenceTarget, margins_of_all
from neural_focus.models.trees import Boosted, load_trees

Floats = npt.NDArray[np.float64]
READS_SEQUENCES = (SequenceTarget, Blended)


class Margins(Protocol):
    """One trained target: log-odds of rows, and what each column adds to one row's, against a row of reference."""

    def margins(self, rows: Rows) -> Floats: ...

    def contributions(self, row: Rows, reference: Rows) -> Floats: ...


def load_targets(
    files: Mapping[str, bytes], model: Mapping[str, Any], contract: InputContract
) -> tuple[Mapping[str, Margins], dict[str, Calibration]]:
    """The targets in a bundle's ``files`` and ``model.json``, and the calibration of each."""
    calibration = _calibration(model)
    if NETWORK not in files:
        return _load_trees(files, model, len(contract.names)), calibration
    if "network" not in model:
        return _load_network(files, model["targets"], contract), calibration
    trees = _load_trees(files, model, len(contract.names))
    network = _load_network(files, model["network"]["targets"], contract)
    theirs = _calibration(model["network"])
    shared = [name for name in trees if name in network]
    targets = {name: Blended(trees[name], network[name], calibration[name], theirs[name]) for name in shared}
    return targets, {name: blend_shifts(calibration[name], theirs[name]) for name in shared}


def margins_of(targets: Mapping[str, Margins], rows: Rows) -> dict[str, Floats]:
    """Log-odds float64[n] of every target; what several share is computed once."""
    if blended := {name: target for name, target in targets.items() if isinstance(target, Blended)}:
        inputs = next(iter(blended.values())).for_trees(rows)
        trees = margins_of({name: target.trees for name, target in blended.items()}, inputs)
        network = margins_of({name: target.network for name, target in blended.items()}, rows)
        return {name: target.weigh(trees[name], network[name]) for name, target in blended.items()}
    if any(isinstance(target, SequenceTarget) for target in targets.values()):
        return margins_of_all(targets, rows)
    own = {name: target.margins(rows) for name, target in targets.items() if not isinstance(target, Stacked)}
    stacked = {name: target for name, target in targets.items() if isinstance(target, Stacked)}
    return {name: target.margins(rows, own.get("switch")) for name, target in stacked.items()} | own


def _calibration(told: Mapping[str, Any]) -> dict[str, Calibration]:
    return {name: Calibration.from_json(data) for name, data in told["calibration"].items()}


def _load_network(files: Mapping[str, bytes], targets: list[str], contract: InputContract) -> dict[str, SequenceTarget]:
    network = read_network(files[NETWORK])
    return {name: SequenceTarget(network, head, contract) for head, name in enumerate(targets)}


def _load_trees(files: Mapping[str, bytes], model: Mapping[str, Any], width: int) -> dict[str, Boosted | Stacked]:
    own = {
        name: Boosted(
            load_trees(files[f"{name}.ubj"], width),
            Linear.from_json(model["linear"][name]) if name in model["linear"] else None,
        )
        for name in model["calibration"]
    }
    return {**own, **{name: Stacked(own[name], own["switch"], *weights) for name, weights in model["stack"].items()}}
