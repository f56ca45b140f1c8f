"""Fit one LSTM model on moments: ``fitting.fit_model``'s counterpart for sequences, with the same kind of answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neural_focus.models.calibrate import Calibration, fit_calibration
from neural_focus.models.confidence import learn_familiarity
from neural_focus.models.datasets import Moments, Stays, folds_by_person, learn_population, slices_by_days
from neural_focus.models.fitting import (
    TARGETS,
    Report,
    chosen_rows,
    hazards_to_json,
    labelled,
    silent,
    trainable,
)
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.network import NETWORK, Network, Scales, learn_scales, network_bytes
from neural_focus.models.population import AppStatistics
from neural_focus.models.recurrent import Examples, Recipe, fit_member
from neural_focus.models.sequence_target import SequenceTarget
from neural_focus.models.sequences import STEPS, Recent, now_rows
from neural_focus.models.trees import MANY_PEOPLE
from neural_focus.models.typical import rows_to_json, typical_rows, usual_rows
from neural_focus.registry.bundle import MODEL, write_json

Floats = npt.NDArray[np.float64]
KIND = "lstm"
MEMBERS = 5
RECIPE = Recipe()
_MOST_TYPICAL = 4_000


@dataclass(frozen=True, slots=True)
class FittedSequences:
    """Everything a prediction needs, in memory; ``files`` is the same to keep."""

    contract: InputContract
    network: Network
    targets: tuple[str, ...]
    calibration: Mapping[str, Calibration]
    population: AppStatistics
    files: Mapping[str, bytes]

    def probabilities(self, target: str, moments: Moments) -> Floats:
        """Calibrated probabilities float64[n] of moments, each with its person's shift."""
        rows = moments.inputs(self.contract, self.population)
        margins = self.network.margins(now_rows(self.contract, rows, moments.recent), moments.recent)
        return self.calibration[target].probabilities(margins[:, self.targets.index(target)], moments.person)


def fit_sequences(
    moments: Moments,
    stays: Sequence[Stays],
    contract: InputContract,
    *,
    targets: Sequence[str] = TARGETS,
    seed: int = 7,
    folder: Path | None = None,
    recipe: Recipe = RECIPE,
    report: Report = silent,
) -> FittedSequences | None:
    """Fit the targets that have enough labels; None if none has. Same moments and seed, same bytes.

    ``folder``: where each member's state is kept after every epoch; see ``recurrent``.
    """
    usable = tuple(target for target in targets if trainable(labelled(moments, target)[1]))
    if not usable:
        return None
    population = learn_population(stays, moments)
    inputs = moments.inputs(contract, population)
    rows = now_rows(contract, inputs, moments.recent)
    scales = learn_scales(rows, moments.recent)
    label = np.stack([_labels(moments, target) for target in usable], axis=1)
    examples = Examples(scales.now(rows), _steps(scales, moments.recent), label)
    part = member_folds(moments)
    fold = np.where((label >= 0).any(axis=1), part, -2)
    members = []
    for member in range(MEMBERS):
        report(f"training member {member + 1} of {MEMBERS}", member / MEMBERS)
        fit, held = _sides(moments, fold, member)
        one = fit_member(examples, fit, held, member=member, seed=seed, recipe=recipe, folder=folder)
        members.append(one)
    network = Network({name: np.stack([one[name] for one in members]) for name in members[0]}, scales)
    unseen = np.empty((len(moments), len(usable)))
    for member in range(MEMBERS):
        own = part == member
        unseen[own] = network.member_margins(member, rows[own], moments.recent[own])
    calibration = {}
    for head, target in enumerate(usable):
        chosen = (label[:, head] >= 0) & (part >= 0)
        found = label[chosen, head].astype(np.int8)
        calibration[target] = fit_calibration(unseen[chosen, head], found, moments.person[chosen])
    typical = {
        target: _typical(moments, rows, SequenceTarget(network, head, contract), target, calibration[target])
        for head, target in enumerate(usable)
    }
    model = {
        "kind": KIND,
        "input_version": contract.version,
        "input_hash": contract.hash,
        "targets": usable,
        "calibration": {name: line.to_json() for name, line in calibration.items()},
        "population": population.to_json() if contract.version > 1 else {},
        "familiarity": learn_familiarity(contract, inputs, inputs[:0]).to_json(),
        "usual": rows_to_json(usual_rows(rows, moments.person)),
        "hazards": hazards_to_json(moments, [target for target in usable if target != "outcome"]),
        "typical": typical,
    }
    files = {NETWORK: network_bytes(network), MODEL: write_json(model)}
    return FittedSequences(contract, network, usable, calibration, population, files)


def member_folds(moments: Moments) -> npt.NDArray[np.int8]:
    """The member that does not train on a moment: people apart where there are many, else days; -1 in an embargo."""
    if len(np.unique(moments.person)) >= MANY_PEOPLE:
        return folds_by_person(moments.person, MEMBERS, 11)
    return slices_by_days(moments.times_us, moments.person, tuple((n + 1) / MEMBERS for n in range(MEMBERS - 1)))


def _sides(
    moments: Moments, fold: npt.NDArray[np.int8], member: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
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


def _typical(
    moments: Moments, rows: Rows, model: SequenceTarget, target: str, line: Calibration
) -> dict[str, list[float]]:
    """What reasons compare with: ``typical_rows`` of its moments, each as if it had been so for two minutes."""
    chosen = np.flatnonzero(chosen_rows(moments, target))
    chosen = chosen[:: max(1, -(-len(chosen) // _MOST_TYPICAL))]
    steady = np.stack([np.tile(model.usual_steps(row), (STEPS, 1)) for row in rows[chosen]])
    margins = model.network.margins(rows[chosen], steady.astype(np.float16))[:, model.head]
    return rows_to_json(
        typical_rows(rows[chosen], line.probabilities(margins, moments.person[chosen]), moments.person[chosen])
    )
