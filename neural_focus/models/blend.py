"""Two trained models as one: the files of both, and what both predicted of the same held-out moments.

::

    trained bundle "xgboost" ──┐
                               ├──► bundle "blend"; nothing is trained
    trained bundle "lstm"    ──┘
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neural_focus.errors import ContractError
from neural_focus.models import drift, held_out
from neural_focus.models.blend_model import BlendModel, blend_probabilities
from neural_focus.models.held_out import DAYS, HeldOut, read_held_out, write_held_out
from neural_focus.models.metrics import auc, figures
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.models.tree_model import TreeModel
from neural_focus.registry.bundle import TrainedBundle, file_hashes

FEWEST_SHARED = 0.1
"""Share of the held-out moments of whoever has fewer that both predicted; each may have taken every k-th."""


def blend(trees: TrainedBundle, network: TrainedBundle) -> TrainedBundle:
    """One model of a bundle of trees and one of a network; targets are those that both have.

    Raises:
        ContractError: kind or number of people or the inputs differ, or their held-out moments do.
    """
    _check_same(trees.manifest, network.manifest)
    both = BlendModel.of(TreeModel.load(trees.files), SequenceModel.load(network.files))
    held = _blended(*(read_held_out(one.files[held_out.FILE]) for one in (trees, network)))
    files = {**both.save(), held_out.FILE: write_held_out(held), drift.FILE: trees.files[drift.FILE]}
    manifest: dict[str, Any] = {**trees.manifest, "kind": both.kind, "files": file_hashes(files), "learning_curve": []}
    manifest["parts"] = [one.manifest.get("version", one.kind) for one in (trees, network)]
    manifest["metrics"] = {target: _figures(held, target) for target in held.said if len(held.of(target))}
    until = [one["data"]["until_us"] for one in (trees.manifest, network.manifest)]
    seen = {person: max(one.get(person, 0) for one in until) for person in sorted(until[0].keys() | until[1].keys())}
    manifest["data"] = {**trees.manifest["data"], "until_us": seen}
    return TrainedBundle(both.kind, files, manifest)


def _check_same(trees: Mapping[str, Any], network: Mapping[str, Any]) -> None:
    own, other = ({**one["data"], **one} for one in (trees, network))
    for what in ("trained_on", "people", "streams", "outcome_labels", "input_version", "input_hash"):
        if own[what] != other[what]:
            raise _different(f"{what.replace('_', ' ')}: {own[what]} and {other[what]}")


def _different(why: str) -> ContractError:
    return ContractError("these two models cannot be blended", why=why, hint="Train both on the same data")


def _blended(trees: HeldOut, network: HeldOut) -> HeldOut:
    """The later days that neither had seen and both predicted: what each predicts there, and both together."""
    place = network.find(trees)
    both = place >= 0
    fewer = min(int((one.split == DAYS).sum()) for one in (trees, network))
    if both.sum() < FEWEST_SHARED * fewer:
        raise _different(f"only {both.sum():,} of {fewer:,} held-out moments are the same")
    ours, theirs = trees.take(both), network.take(place[both])
    said = {}
    for target in ours.said:
        if target in theirs.said:
            own, other = ours.said[target], theirs.said[target][SequenceModel.kind]
            blended = blend_probabilities(own[TreeModel.kind], other)
            said[target] = {**own, SequenceModel.kind: other, BlendModel.kind: blended}
    return replace(ours, said=said)


def _figures(held: HeldOut, target: str) -> dict[str, Any]:
    moments = held.of(target)
    label, said = moments.label[target], moments.said[target]
    beside = {f"{name}_auc": auc(label, said[name]) for name in ("recency", "switches_5min")}
    return figures(label, said[BlendModel.kind]) | beside
