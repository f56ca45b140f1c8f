"""Trees for each target as one model: the XGBoost of the two kinds.

::

    moments ──┬── three quarters ──► probe: how many trees, how steep, how to weigh    (people or days not seen)
              └── all of them    ──► the trees and the regression that are kept

The line from log-odds to probabilities comes from the probe, so it is fitted on moments that its trees had not seen.
Focus breaks are rare: their own trees are stacked with the switch model's log-odds, which have seen many more events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from neural_focus.models.calibration import fit_calibration, fit_stack
from neural_focus.models.confidence import learn_in_distribution
from neural_focus.models.datasets import Moments, learn_population
from neural_focus.models.inputs import Rows
from neural_focus.models.linear import Linear, fit_linear
from neural_focus.models.model import Floats, ModelContext, Part
from neural_focus.models.population import AppStatistics
from neural_focus.models.training_data import (
    MANY_PEOPLE,
    MAX_MOMENTS,
    MAX_ROWS,
    TrainingData,
    chosen_rows,
    labelled_rows,
    learn_hazards,
    probe_split,
    step_of,
    trainable,
)
from neural_focus.models.trees import TreeEnsemble, choose_rounds, fit_trees
from neural_focus.models.typical import median_rows, typical_rows
from neural_focus.registry.bundle import MODEL, write_json
from neural_focus.side_by_side import side_by_side
from neural_focus.timeline import Times

Ensembles = Mapping[str, TreeEnsemble]
_MOST_TYPICAL = 20_000


@dataclass(frozen=True, slots=True)
class TreeModel:
    """``Model`` of kind "xgboost". ``stack``: of targets that are stacked, the weights of own and switch's log-odds."""

    kind: ClassVar[str] = "xgboost"
    most_moments: ClassVar[int] = MAX_MOMENTS
    reads_sequences: ClassVar[bool] = False

    context: ModelContext
    ensembles: Ensembles
    stack: Mapping[str, tuple[float, float]]

    @property
    def names(self) -> tuple[str, ...]:
        """The contract's columns."""
        return self.context.contract.names

    @classmethod
    def fit(cls, data: TrainingData, validation: tuple[TreeModel, Part] | None = None) -> TreeModel:
        """See ``Model``: a model that was fitted before is the probe, with as many trees."""
        data = data.without_sequences()
        split = validation[1] if validation else probe_split(data.moments)
        first, later = np.flatnonzero(split == 0), np.flatnonzero(split == 1)
        moments, plain = data.moments, data.moments.without_inputs()
        many = len(np.unique(data.moments.person)) >= MANY_PEOPLE
        if validation:
            probe, population = validation[0].ensembles, validation[0].context.population
        else:
            population = learn_population(data.stays, plain.take(first))
            probe = _fit_ensembles(data, population, dict.fromkeys(data.targets, 0), many, first)
        everyone = learn_population(data.stays, plain)
        rounds = {target: one.rounds for target, one in probe.items()}
        ensembles = _fit_ensembles(data, everyone, rounds, many)
        strangers = not np.isin(moments.person[later], moments.person[first]).any()
        calibration, stack = {}, {}
        for target in ensembles:
            seen, label = labelled_rows(moments, target, later)
            rows = data.inputs(population, seen)
            log_odds = probe[target].log_odds(rows)
            if target == "break" and "switch" in ensembles:
                switch = probe["switch"].log_odds(rows)
                stack[target] = fit_stack(log_odds, switch, label)
                log_odds = stack[target][0] * log_odds + stack[target][1] * switch
            # a stack has no zero of its own: only a model's own log-odds can be right without a line
            apart = strangers and target not in stack
            calibration[target] = fit_calibration(log_odds, label, moments.person[seen], strangers=apart)
        places = np.arange(0, len(moments), step_of(moments, MAX_ROWS))
        some, rows = plain.take(places), data.inputs(everyone, places)
        context = ModelContext(
            contract=data.contract,
            calibration=calibration,
            population=everyone,
            in_distribution=learn_in_distribution(data.contract, rows, data.own(later)),
            medians=median_rows(rows, some.person),
            typical={},
            hazards=learn_hazards(data.moments, ensembles),
        )
        model = cls(context, ensembles, stack)
        return replace(model, context=replace(context, typical={t: model._typical(some, rows, t) for t in ensembles}))

    def predict(self, rows: Rows, targets: Sequence[str] | None = None) -> dict[str, Floats]:
        """See ``Model``."""
        wanted = tuple(self.ensembles) if targets is None else targets
        needed = {*wanted, *("switch" for target in wanted if target in self.stack)}
        own = {target: self.ensembles[target].log_odds(rows) for target in needed}
        return {target: self._stacked(target, own[target], own.get("switch")) for target in wanted}

    def explain(self, target: str, row: Rows, reference: Rows) -> Floats:
        """See ``Model``: SHAP values."""
        own = self.ensembles[target].explain(row, reference)
        switch = self.ensembles["switch"].explain(row, reference) if target in self.stack else None
        return self._stacked(target, own, switch)

    def values(self, row: Rows) -> Rows:
        """The row itself."""
        return row

    def save(self) -> dict[str, bytes]:
        """See ``Model``: the trees as XGBoost's UBJ."""
        linear = {target: one.linear.to_json() for target, one in self.ensembles.items() if one.linear}
        data = {**self.context.to_json(), "linear": linear, "stack": self.stack}
        return {**{f"{target}.ubj": one.ubj for target, one in self.ensembles.items()}, MODEL: write_json(data)}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> TreeModel:
        """See ``Model``."""
        data = json.loads(files[MODEL])
        context = ModelContext.from_json(data)
        linear = {target: Linear.from_json(told) for target, told in data["linear"].items()}
        width = len(context.contract.names)
        ensembles = {
            target: TreeEnsemble.of(files[f"{target}.ubj"], width, linear.get(target)) for target in context.calibration
        }
        return cls(context, ensembles, {target: (own, switch) for target, (own, switch) in data["stack"].items()})

    def _stacked(self, target: str, own: Floats, switch: Floats | None) -> Floats:
        if switch is None or target not in self.stack:
            return own
        own_weight, switch_weight = self.stack[target]
        return own_weight * own + switch_weight * switch

    def _typical(self, moments: Moments, rows: Rows, target: str) -> Mapping[str, Rows]:
        """What reasons compare with: ``typical_rows`` of the moments that have the target's label."""
        chosen = np.flatnonzero(chosen_rows(moments, target))
        chosen = chosen[:: max(1, -(-len(chosen) // _MOST_TYPICAL))]
        log_odds = self.predict(rows[chosen], (target,))[target]
        probability = self.context.calibration[target].probabilities(log_odds, moments.person[chosen])
        return typical_rows(rows[chosen], probability, moments.person[chosen])


def _fit_ensembles(
    data: TrainingData,
    population: AppStatistics,
    rounds: Mapping[str, int],
    many: bool,
    within: Times | None = None,
) -> dict[str, TreeEnsemble]:
    """Trees of the targets in ``rounds`` that have enough labels among all moments, or those ``within``; of 0 rounds,
    as many as suit these moments."""
    moments = data.moments

    def fit(target: str, count: int) -> TreeEnsemble | None:
        chosen, label = data.rows(target, within)
        if not trainable(label):
            return None
        rows, person = data.inputs(population, chosen), moments.person[chosen]
        best = count or choose_rounds(rows, label, person, moments.times_us[chosen], target=target, seed=data.seed)
        people = len(np.unique(person))
        ubj = fit_trees(rows, label, best, target=target, people=people, seed=data.seed, folder=data.checkpoint)
        return TreeEnsemble.of(ubj, rows.shape[1], None if many else fit_linear(rows, label))

    found = side_by_side([partial(fit, target, count) for target, count in rounds.items()], data.at_once)
    return {target: one for target, one in zip(rounds, found, strict=True) if one is not None}
