"""Fit one model on moments: what serving, evaluation and promotion all call.

::

    moments ──┬── three quarters ──► probe: how many trees, how steep, how to weigh    (people or days not seen)
              └── all of them    ──► the trees and the regression that are kept

The line from margins to probabilities comes from the probe, so it is fitted on moments that its trees had not seen.
Focus breaks are rare: their own trees are stacked with the switch model's margin, which has seen many more events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.atomic_write import atomic_write
from neural_focus.labelling.labels import NO_LABEL, Labels, Outcome, Source
from neural_focus.models.calibrate import Calibration, fit_calibration, fit_stack
from neural_focus.models.confidence import learn_familiarity
from neural_focus.models.datasets import Moments, Stays, folds_by_person, learn_population, slices_by_days
from neural_focus.models.hazard import Hazard
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.linear import Linear, fit_linear
from neural_focus.models.population import AppStatistics
from neural_focus.models.trees import MANY_PEOPLE, Boosted, choose_rounds, fit_trees, load_trees
from neural_focus.models.typical import rows_to_json, typical_rows, usual_rows
from neural_focus.registry.bundle import MODEL, write_json

TARGETS = ("switch", "break", "outcome")
MAX_ROWS = 160_000
MAX_MOMENTS = 3 * MAX_ROWS
"""Of so many all that are settled are fitted on, since breaks are rare, and at most ``MAX_ROWS`` of the others."""
MIN_ROWS = 200
_MOST_TYPICAL = 20_000
Floats = npt.NDArray[np.float64]
Report = Callable[[str, float], None]


def silent(step: str, share: float) -> None:
    """The default progress report: none."""


@dataclass(frozen=True, slots=True)
class Stacked:
    """Break risk: the margin of its own model and the switch model's, weighed."""

    own: Boosted
    switch: Boosted
    own_weight: float
    switch_weight: float

    def margins(self, rows: Rows, switch: Floats | None = None) -> Floats:
        """Log-odds float64[n]; ``switch``: the switch model's, where they are known already."""
        other = self.switch.margins(rows) if switch is None else switch
        margins: Floats = self.own_weight * self.own.margins(rows) + self.switch_weight * other
        return margins

    def contributions(self, row: Rows, reference: Rows) -> Floats:
        """SHAP values float64[width] of one row's log-odds against a reference's float32[width]."""
        shares: Floats = self.own_weight * self.own.contributions(row, reference)
        return shares + self.switch_weight * self.switch.contributions(row, reference)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Everything a prediction needs, in memory; ``files`` is the same to keep."""

    contract: InputContract
    targets: Mapping[str, Boosted | Stacked]
    calibration: Mapping[str, Calibration]
    population: AppStatistics
    rounds: Mapping[str, int]
    parts: Mapping[str, tuple[bytes, Linear]]
    files: Mapping[str, bytes]

    def probabilities(self, target: str, moments: Moments) -> Floats:
        """Calibrated probabilities float64[n] of moments, each with its person's shift."""
        rows = moments.inputs(self.contract, self.population)
        return self.calibration[target].probabilities(self.targets[target].margins(rows), moments.person)


class TreeStore:
    """Fitted trees by what went in. With a folder, a killed training finds what it had finished."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def trees(self, rows: Rows, label: Labels, rounds: int, people: int, target: str, seed: int) -> bytes:
        """Trees on these rows of so many people, from the folder if they are there whole; see ``fit_trees``."""
        if self._folder is None:
            return fit_trees(rows, label, rounds, target=target, people=people, seed=seed)
        digest = hashlib.sha256(rows.tobytes() + label.tobytes())
        digest.update(f"{rounds} {people} {target} {seed}".encode())
        path = self._folder / f"{digest.hexdigest()[:24]}.ubj"
        if not path.exists():
            atomic_write(path, fit_trees(rows, label, rounds, target=target, people=people, seed=seed))
        return path.read_bytes()


def fit_model(
    moments: Moments,
    stays: Sequence[Stays],
    contract: InputContract,
    *,
    targets: Sequence[str] = TARGETS,
    seed: int = 7,
    store: TreeStore | None = None,
    probed: tuple[Fitted, npt.NDArray[np.int8]] | None = None,
    every: int | None = None,
    report: Report = silent,
) -> Fitted:
    """Fit the targets that have enough labels. Same moments and seed, same bytes.

    ``every``: see ``training_rows``; what fits a part of some moments and then all of them gives both the same.
    ``probed``: a model fitted before on the moments numbered 0, to be the probe, with those it had not seen numbered 1.
    """
    store = store or TreeStore()
    moments = settle_outcomes(moments if probed else thin(moments, MAX_MOMENTS))
    every = every or step_of(moments)
    split = probe_split(moments) if probed is None else probed[1]
    probe = moments.take(split == 0)
    models: dict[str, dict[str, Any]] = {"probe": dict(probed[0].parts) if probed else {}, "all": {}}
    rounds = dict(probed[0].rounds) if probed else {}
    populations = {
        "probe": probed[0].population if probed else learn_population(stays, probe),
        "all": learn_population(stays, moments),
    }
    for number, target in enumerate(targets):
        report(f"fitting {target}", number / len(targets))
        for name, part in (("probe", probe), ("all", moments)):
            if target in models[name] or (name == "all" and target not in models["probe"]):
                continue
            chosen, label = training_rows(part, target, every)
            if not trainable(label):
                continue
            rows = chosen.inputs(contract, populations[name])
            if target not in rounds:
                rounds[target] = choose_rounds(rows, label, chosen.person, chosen.times_us, target=target, seed=seed)
            people = len(np.unique(chosen.person))
            trees = store.trees(rows, label, rounds[target], people, target, seed)
            models[name][target] = (trees, fit_linear(rows, label))
    strangers = not np.isin(moments.person[split == 1], probe.person).any()
    return _assemble(moments, moments.take(split == 1), models, populations, rounds, contract, strangers)


def _assemble(
    moments: Moments,
    later: Moments,
    models: Mapping[str, Mapping[str, Any]],
    populations: Mapping[str, AppStatistics],
    rounds: Mapping[str, int],
    contract: InputContract,
    strangers: bool,
) -> Fitted:
    """Calibrate with the probe's models, keep the full ones. ``strangers``: the probe has not met the later people."""
    width, many = len(contract.names), len(np.unique(moments.person)) >= MANY_PEOPLE
    built = {
        name: {
            target: Boosted(load_trees(trees, width), None if many else linear)
            for target, (trees, linear) in parts.items()
        }
        for name, parts in models.items()
    }
    calibration, stack, served = {}, {}, dict[str, Boosted | Stacked]()
    for target, full in built["all"].items():
        judged, label = labelled(later, target)
        rows = judged.inputs(contract, populations["probe"])
        probing: Boosted | Stacked = built["probe"][target]
        served[target] = full
        if target == "break" and "switch" in built["all"]:
            own, switch = probing.margins(rows), built["probe"]["switch"].margins(rows)
            stack[target] = fit_stack(own, switch, label)
            probing = Stacked(built["probe"][target], built["probe"]["switch"], *stack[target])
            served[target] = Stacked(full, built["all"]["switch"], *stack[target])
        # a stack has no zero of its own: only a model's own margins can be right without a line
        apart = strangers and isinstance(probing, Boosted)
        calibration[target] = fit_calibration(probing.margins(rows), label, judged.person, strangers=apart)
    some = thin(moments, MAX_ROWS)
    rows = some.inputs(contract, populations["all"])
    model = {
        "input_version": contract.version,
        "input_hash": contract.hash,
        "calibration": {name: line.to_json() for name, line in calibration.items()},
        "linear": {} if many else {name: linear.to_json() for name, (_, linear) in models["all"].items()},
        "stack": stack,
        "population": populations["all"].to_json() if contract.version > 1 else {},
        "familiarity": learn_familiarity(contract, rows, later.own).to_json(),
        "usual": rows_to_json(usual_rows(rows, some.person)),
        "hazards": hazards_to_json(moments, [target for target in served if target != "outcome"]),
        "typical": {
            target: rows_to_json(_typical(some, rows, target, model, calibration[target]))
            for target, model in served.items()
        },
    }
    files = {f"{name}.ubj": trees for name, (trees, _) in models["all"].items()}
    files[MODEL] = write_json(model)
    return Fitted(contract, served, calibration, populations["all"], rounds, models["all"], files)


def hazards_to_json(moments: Moments, targets: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """By target how often it came true by the time since the last switch, people weighing alike; a plain form."""
    found = {}
    for target in targets:
        mine, label = labelled(moments, target)
        groups = [(mine.recency_s[mine.person == one], label[mine.person == one]) for one in np.unique(mine.person)]
        found[target] = Hazard.of_groups(groups, target).to_json()
    return found


def probe_split(moments: Moments) -> npt.NDArray[np.int8]:
    """0: the probe fits here; 1: it is judged here; -1: embargo. People apart where there are many, else days."""
    if len(np.unique(moments.person)) >= MANY_PEOPLE:
        return np.asarray(folds_by_person(moments.person, 4, 11) == 0, np.int8)
    return slices_by_days(moments.times_us, moments.person, (0.75,))


def labelled(moments: Moments, target: str) -> tuple[Moments, Labels]:
    """The moments that have the target's label, and the labels as 0/1."""
    chosen = chosen_rows(moments, target)
    if target == "outcome":
        return moments.take(chosen), (moments.outcome[chosen] == Outcome.FOCUSED).astype(np.int8)
    found = moments.switch if target == "switch" else moments.settled_break
    return moments.take(chosen), found[chosen]


def training_rows(moments: Moments, target: str, every: int) -> tuple[Moments, Labels]:
    """The labelled moments to fit on: of all moments every k-th, but each settled one, since breaks are rare."""
    return labelled(moments if target == "break" else moments.take(np.arange(0, len(moments), every)), target)


def step_of(moments: Moments, most: int = MAX_ROWS) -> int:
    """Every how many moments are at most ``most`` of them."""
    return max(1, -(-len(moments) // most))


def chosen_rows(moments: Moments, target: str) -> npt.NDArray[np.bool_]:
    """Which moments have the target's label, bool[n]; see ``settle_outcomes`` for the outcome's."""
    found = {"outcome": moments.outcome, "switch": moments.switch, "break": moments.settled_break}[target]
    return np.asarray(found != NO_LABEL)


def settle_outcomes(moments: Moments) -> Moments:
    """Keep outcome labels of one kind: what people judged, else with their timers', else what rules say.

    A timer calls every minute of its session focused, so it says little beside judgements of both kinds; rules are
    never mixed with people. Decided once on all moments, so that no slice of them decides otherwise.
    """
    source = np.where(moments.outcome == NO_LABEL, Source.NONE, moments.outcome_source)
    judged, people, rules = source >= Source.HOTKEY, source > Source.WEAK, source == Source.WEAK
    if trainable((moments.outcome[judged] == Outcome.FOCUSED).astype(np.int8)):
        kept = judged
    else:
        kept = people if people.sum() >= MIN_ROWS or not rules.any() else rules
    return replace(moments, outcome=np.where(kept, moments.outcome, NO_LABEL).astype(np.int8))


def trainable(label: Labels) -> bool:
    """Whether there is enough of both kinds."""
    return len(label) >= MIN_ROWS and 20 <= int(label.sum()) <= len(label) - 20


def thin(moments: Moments, most: int) -> Moments:
    """Every k-th moment: at most so many, evenly over people and time."""
    step = step_of(moments, most)
    return moments if step == 1 else moments.take(np.arange(0, len(moments), step))


def _typical(moments: Moments, rows: Rows, target: str, model: Boosted | Stacked, line: Calibration) -> dict[str, Rows]:
    """What reasons compare with: ``typical_rows`` of the moments that have the target's label."""
    chosen = np.flatnonzero(chosen_rows(moments, target))
    chosen = chosen[:: max(1, -(-len(chosen) // _MOST_TYPICAL))]
    said = line.probabilities(model.margins(rows[chosen]), moments.person[chosen])
    return typical_rows(rows[chosen], said, moments.person[chosen])
