"""The recurrent network with a head for each target as one model: the LSTM of the two kinds.

Each member of the network trains on four folds of five, and its log-odds on the fifth are what the calibration is
fitted on. Reasons are told by input: what an input adds now and in every step before is one number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from neural_focus.features import FEATURE_NAMES
from neural_focus.models.calibration import fit_calibration
from neural_focus.models.confidence import learn_in_distribution
from neural_focus.models.datasets import Moments, folds_by_person, learn_population, slices_by_days
from neural_focus.models.inputs import TYPE_NAMES, Rows
from neural_focus.models.model import Floats, ModelContext, Part
from neural_focus.models.network import NETWORK, Network, Recipe, Scales, learn_scales, network_bytes, read_network
from neural_focus.models.sequences import (
    CHANNELS,
    FLAG,
    STEPS,
    TYPES,
    Recent,
    now_names,
    now_rows,
    signed_log,
    split_rows,
)
from neural_focus.models.training_data import (
    MANY_PEOPLE,
    TrainingData,
    chosen_rows,
    labelled,
    learn_hazards,
    trainable,
)
from neural_focus.models.typical import median_rows, typical_rows
from neural_focus.registry.bundle import MODEL, write_json

MEMBERS = 5
_MOST_TYPICAL = 4_000
_CHANNEL_NAMES = (*FEATURE_NAMES, *TYPE_NAMES)


@dataclass(frozen=True, slots=True)
class SequenceModel:
    """``Model`` of kind "lstm"; ``targets`` in the order of the network's heads."""

    kind: ClassVar[str] = "lstm"
    most_moments: ClassVar[int] = 75_000
    """A sequence is a kilobyte, and neighbours tell nearly the same."""
    reads_sequences: ClassVar[bool] = True
    recipe: ClassVar[Recipe] = Recipe()

    context: ModelContext
    network: Network
    targets: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The contract's columns and the counts of event types."""
        return now_names(self.context.contract)

    @classmethod
    def fit(cls, data: TrainingData, validation: tuple[SequenceModel, Part] | None = None) -> SequenceModel:
        """See ``Model``: ``validation`` is not needed, since each member is calibrated on its own fold."""
        moments, contract = data.moments, data.contract
        usable = tuple(target for target in data.targets if trainable(labelled(moments, target)[1]))
        population = learn_population(data.stays, moments)
        inputs = moments.inputs(contract, population)
        rows = now_rows(contract, inputs, moments.recent)
        scales = learn_scales(rows, moments.recent)
        context = ModelContext(
            contract, {}, population, learn_in_distribution(contract, inputs, inputs[:0]), {}, {}, {}
        )
        if not usable:
            return cls(context, Network({}, scales), ())
        label = np.stack([_labels(moments, target) for target in usable], axis=1)
        part = member_folds(moments)
        network = _fit_network(rows, label, part, scales, cls.recipe, data)
        unseen = np.empty((len(moments), len(usable)))
        for member in range(MEMBERS):
            own = part == member
            unseen[own] = network.member_margins(member, rows[own], moments.recent[own])
        calibration = {}
        for head, target in enumerate(usable):
            chosen = (label[:, head] >= 0) & (part >= 0)
            found = label[chosen, head].astype(np.int8)
            calibration[target] = fit_calibration(unseen[chosen, head], found, moments.person[chosen])
        context = replace(
            context,
            calibration=calibration,
            medians=median_rows(rows, moments.person),
            hazards=learn_hazards(moments, usable),
        )
        model = cls(context, network, usable)
        typical = {target: model._typical(moments, rows, target) for target in usable}
        return replace(model, context=replace(context, typical=typical))

    def predict(self, rows: Rows, targets: Sequence[str] | None = None) -> dict[str, Floats]:
        """See ``Model``: all heads in one pass."""
        log_odds = self.network.margins(*split_rows(self.context.contract, rows))
        wanted = self.targets if targets is None else targets
        return {target: log_odds[:, self.targets.index(target)] for target in wanted}

    def explain(self, target: str, row: Rows, reference: Rows) -> Floats:
        """See ``Model``: integrated gradients."""
        now, recent = split_rows(self.context.contract, row[None])
        steady = self.steady_step(reference) * recent[0, :, FLAG:]
        own, by_step = self.network.attribute(self.targets.index(target), now[0], recent[0], reference, steady)
        shares = own.copy()
        for name, share in zip(_CHANNEL_NAMES, by_step.sum(axis=0), strict=False):
            if name in self.names:
                shares[self.names.index(name)] += share
        return shares

    def values(self, row: Rows) -> Rows:
        """The inputs of now."""
        now, _ = split_rows(self.context.contract, row[None])
        return np.asarray(now[0])

    def save(self) -> dict[str, bytes]:
        """See ``Model``: weights and scales as safetensors."""
        data = {**self.context.to_json(), "kind": self.kind, "targets": self.targets}
        return {NETWORK: network_bytes(self.network), MODEL: write_json(data)}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> SequenceModel:
        """See ``Model``."""
        data = json.loads(files[MODEL])
        return cls(ModelContext.from_json(data), read_network(files[NETWORK]), tuple(data["targets"]))

    def steady_step(self, reference: Rows) -> Rows:
        """The step float32[CHANNELS] of a stream in which everything stays as in a reference float32[len(names)]."""
        step, columns = np.zeros(CHANNELS, np.float32), self.context.contract.names
        for channel, name in enumerate(FEATURE_NAMES):
            if name in columns:
                step[channel] = signed_log(reference[[columns.index(name)]])[0]
        first = self.names.index(TYPE_NAMES[0])
        step[TYPES] = reference[first : first + len(TYPE_NAMES)]
        step[FLAG] = 1
        return step

    def _typical(self, moments: Moments, rows: Rows, target: str) -> Mapping[str, Rows]:
        """What reasons compare with: ``typical_rows`` of its moments, each as if it had been so for two minutes."""
        chosen = np.flatnonzero(chosen_rows(moments, target))
        chosen = chosen[:: max(1, -(-len(chosen) // _MOST_TYPICAL))]
        steady = np.stack([np.tile(self.steady_step(row), (STEPS, 1)) for row in rows[chosen]])
        log_odds = self.network.margins(rows[chosen], steady.astype(np.float16))[:, self.targets.index(target)]
        probability = self.context.calibration[target].probabilities(log_odds, moments.person[chosen])
        return typical_rows(rows[chosen], probability, moments.person[chosen])


def member_folds(moments: Moments) -> Part:
    """The member that does not train on a moment: people apart where there are many, else days; -1 in an embargo."""
    if len(np.unique(moments.person)) >= MANY_PEOPLE:
        return folds_by_person(moments.person, MEMBERS, 11)
    return slices_by_days(moments.times_us, moments.person, tuple((n + 1) / MEMBERS for n in range(MEMBERS - 1)))


def _fit_network(rows: Rows, label: Rows, part: Part, scales: Scales, recipe: Recipe, data: TrainingData) -> Network:
    """All members, each trained on the folds ``part`` that are not its own."""
    from neural_focus.models.recurrent import Examples, fit_member  # only here: PyTorch takes seconds to import

    examples = Examples(scales.now(rows), _steps(scales, data.moments.recent), label)
    fold = np.where((label >= 0).any(axis=1), part, -2)
    how = partial(fit_member, seed=data.seed, recipe=recipe, folder=data.checkpoint)
    members = [how(examples, *_sides(fold, member), member=member) for member in range(MEMBERS)]
    return Network({name: np.stack([one[name] for one in members]) for name in members[0]}, scales)


def _sides(fold: Part, member: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows that a member trains on and those that stop it; with too little on a side, everything on both."""
    fit, held = np.flatnonzero((fold >= 0) & (fold != member)), np.flatnonzero(fold == member)
    if len(fit) and len(held):
        return fit, held
    known = np.flatnonzero(fold > -2)
    return known, known


def _steps(scales: Scales, recent: Recent) -> Recent:
    """Standardised sequences; two decimals of a standard deviation are enough to learn from."""
    blocks = [scales.steps(recent[at : at + 8192]).astype(np.float16) for at in range(0, len(recent), 8192)]
    return np.concatenate(blocks)


def _labels(moments: Moments, target: str) -> Rows:
    found = np.full(len(moments), -1.0, np.float32)
    found[chosen_rows(moments, target)] = labelled(moments, target)[1]
    return found
