"""A network that trains in seconds: real, only not a good one."""

from __future__ import annotations

from neural_focus.features import FEATURE_NAMES
from neural_focus.models.inputs import TYPE_NAMES, Rows
from neural_focus.models.network import Recipe
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.models.sequences import FLAG, split_rows


class QuickNetwork(SequenceModel):
    """Few weights, few epochs."""

    recipe = Recipe(hidden=8, layer=16, epochs=4, batch=128, rate=1e-2, most_rows=2_000)


def put_back(model: SequenceModel, row: Rows, name: str, reference: Rows) -> Rows:
    """The flattened row with one of the model's ``names`` as in ``reference``, now and in every step that is there."""
    _, recent = split_rows(model.context.contract, row[None])
    place, channels = model.names.index(name), (*FEATURE_NAMES, *TYPE_NAMES)
    out = row.copy()
    if place < len(model.context.contract.names):
        out[place] = reference[place]
    if name in channels:
        channel, steps = channels.index(name), recent[0].astype(row.dtype)
        steps[:, channel] = model.steady_step(reference)[channel] * steps[:, FLAG]
        out[-steps.size :] = steps.ravel()
    return out
