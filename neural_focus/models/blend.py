"""Trees and network together: the weighted mean of their calibrated log-odds.

::

    trained bundle "xgboost" ──┐
                               ├──► bundle "blend": the files of both, and what both said of the same held-out moments
    trained bundle "lstm"    ──┘

This is the logarithmic opinion pool (Genest and Zidek 1986) of two calibrated opinions whose errors differ. Nothing is
fitted here: each part brings its own calibration, and the weights are the same for every log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.errors import ContractError
from neural_focus.models import drift, held_out
from neural_focus.models.calibrate import Calibration, logit, sigmoid
from neural_focus.models.fitting import Stacked
from neural_focus.models.held_out import DAYS, HeldOut, read_held_out, write_held_out
from neural_focus.models.inputs import Rows
from neural_focus.models.measures import auc, figures
from neural_focus.models.network import NETWORK
from neural_focus.models.sequence_target import SequenceTarget
from neural_focus.models.trees import Boosted
from neural_focus.registry.bundle import MODEL, TrainedBundle, file_hashes, write_json

Floats = npt.NDArray[np.float64]
KIND = "blend"
NETWORK_SHARE = 0.3
"""The trees' word weighs more: with many people they are the better half (``bench.trials.forward_filter``)."""
FEWEST_SHARED = 0.1
"""Share of the held-out moments of whoever has fewer that both were judged on; each may have taken every k-th."""


@dataclass(frozen=True, slots=True)
class Blended:
    """One target of both: rows are a network's, the inputs with the sequence's steps after them."""

    trees: Boosted | Stacked
    network: SequenceTarget
    trees_line: Calibration
    network_line: Calibration

    @property
    def names(self) -> tuple[str, ...]:
        """What reasons are about: the network's names, of which the trees' inputs come first."""
        return self.network.names

    def margins(self, rows: Rows) -> Floats:
        """Log-odds float64[n] of flattened rows."""
        return self.weigh(self.trees.margins(self.for_trees(rows)), self.network.margins(rows))

    def weigh(self, trees: Floats, network: Floats) -> Floats:
        """The blend of both parts' own margins float64[n]."""
        return (1 - NETWORK_SHARE) * self.trees_line.line(trees) + NETWORK_SHARE * self.network_line.line(network)

    def for_trees(self, rows: Rows) -> Rows:
        """What the trees read of flattened rows: the contract's inputs float32[n, width]."""
        return np.ascontiguousarray(rows[:, : len(self.network.contract.names)])

    def plain(self, row: Rows) -> Rows:
        """The values that reasons tell, float32[len(names)], of one flattened row."""
        return self.network.plain(row)

    def contributions(self, row: Rows, usual: Rows) -> Floats:
        """What each of ``names`` adds to one row's log-odds against ``usual`` float32[len(names)]."""
        width = len(self.network.contract.names)
        shares = NETWORK_SHARE * self.network_line.slope * self.network.contributions(row, usual)
        of_trees = self.trees.contributions(self.for_trees(row[None])[0], usual[:width])
        shares[:width] += (1 - NETWORK_SHARE) * self.trees_line.slope * of_trees
        return shares


def blend_probabilities(trees: Floats, network: Floats) -> Floats:
    """The same of calibrated probabilities float64[n]."""
    return sigmoid((1 - NETWORK_SHARE) * logit(trees) + NETWORK_SHARE * logit(network))


def blend_shifts(trees: Calibration, network: Calibration) -> Calibration:
    """What is left to calibrate after the blend: each person's own offset."""
    people = sorted(trees.shift.keys() | network.shift.keys())
    shift = {
        one: (1 - NETWORK_SHARE) * trees.shift.get(one, 0.0) + NETWORK_SHARE * network.shift.get(one, 0.0)
        for one in people
    }
    return Calibration(shift=shift)


def blend(trees: TrainedBundle, network: TrainedBundle) -> TrainedBundle:
    """One model of a bundle of trees and one of a network; targets are those that both have.

    Inputs, app statistics and familiarity are the trees', learned from more of the same moments.

    Raises:
        ContractError: kind or number of people or the inputs differ, or they were judged on different moments.
    """
    _check_same(trees.manifest, network.manifest)
    own, other = json.loads(trees.files[MODEL]), json.loads(network.files[MODEL])
    # the network's have the columns that only it counts, too
    model = {**own, "usual": other["usual"], "typical": other["typical"]}
    model["network"] = {name: other[name] for name in ("targets", "calibration")}
    judged = read_held_out(trees.files[held_out.FILE])
    held = _blended(judged, read_held_out(network.files[held_out.FILE]), network.kind)
    files = {name: data for name, data in trees.files.items() if name.endswith(".ubj")}
    files |= {
        MODEL: write_json(model),
        NETWORK: network.files[NETWORK],
        held_out.FILE: write_held_out(held),
        drift.FILE: trees.files[drift.FILE],
    }
    manifest: dict[str, Any] = {**trees.manifest, "kind": KIND, "files": file_hashes(files), "learning_curve": []}
    manifest["parts"] = [one.manifest.get("version", one.kind) for one in (trees, network)]
    manifest["metrics"] = {target: _figures(held, target) for target in held.said if len(held.of(target))}
    until = [one["data"]["until_us"] for one in (trees.manifest, network.manifest)]
    seen = {person: max(one.get(person, 0) for one in until) for person in sorted(until[0].keys() | until[1].keys())}
    manifest["data"] = {**trees.manifest["data"], "until_us": seen}
    return TrainedBundle(KIND, files, manifest)


def _check_same(trees: Mapping[str, Any], network: Mapping[str, Any]) -> None:
    told = [{**one["data"], **one} for one in (trees, network)]
    for what in ("trained_on", "people", "streams", "outcome_labels", "input_version", "input_hash"):
        if told[0][what] != told[1][what]:
            raise _different(f"{what.replace('_', ' ')}: {told[0][what]} and {told[1][what]}")


def _different(why: str) -> ContractError:
    return ContractError("these two models cannot be blended", why=why, hint="Train both on the same data")


def _blended(trees: HeldOut, network: HeldOut, kind: str) -> HeldOut:
    """The later days that neither had seen and both were judged on: what each says there, and both together."""
    place = network.find(trees)
    both = place >= 0
    fewer = min(int((one.split == DAYS).sum()) for one in (trees, network))
    if both.sum() < FEWEST_SHARED * fewer:
        raise _different(f"only {both.sum():,} of {fewer:,} held-out moments are the same")
    ours, theirs = trees.take(both), network.take(place[both])
    said = {}
    for target in ours.said:
        if target in theirs.said:
            own, other = ours.said[target], theirs.said[target][kind]
            said[target] = {**own, kind: other, KIND: blend_probabilities(own["xgboost"], other)}
    return replace(ours, said=said)


def _figures(held: HeldOut, target: str) -> dict[str, Any]:
    moments = held.of(target)
    label, said = moments.label[target], moments.said[target]
    beside = {f"{name}_auc": auc(label, said[name]) for name in ("recency", "switches_5min")}
    return figures(label, said[KIND]) | beside
