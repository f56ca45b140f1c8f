"""Each person from their first hour on: what every expert and the mixture say of an hour, then they learn from it.

This is prequential (Dawid 1984): every moment is judged by what was known at the start of its hour, by the code that
serves (``personal.learner``). Beside the experts stands the logistic regression on the person's own days alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.labelling.labels import MARGIN_US
from neural_focus.models.calibration import Calibration, fit_calibration, logit
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments, Stays
from neural_focus.models.hazard import Hazard
from neural_focus.models.linear import fit_linear
from neural_focus.models.metrics import alert_figures, figures
from neural_focus.models.model import probabilities_of
from neural_focus.models.population import AppStatistics
from neural_focus.models.training_data import TrainingData, labelled, trainable
from neural_focus.models.tree_model import TreeModel
from neural_focus.personal.learner import Known, Learner
from neural_focus.personal.mixture import EXPERTS
from neural_focus.time import DAY_US
from neural_focus.validation import plain

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
TARGETS = ("switch", "break")
MODELS = (*EXPERTS, "logistic", "mixture")
DAYS = (0, 1, 2, 3, 7, 14, 30, 60)
HOUR_US = 3_600_000_000
TICK_SECONDS = 10
BUDGETS = (1, 2)


@dataclass(frozen=True, slots=True)
class Prior:
    """What other people's moments taught: one model of all of them, where there are any, and a hazard per target."""

    model: TreeModel | None
    hazards: Mapping[str, Hazard]

    @property
    def population(self) -> AppStatistics:
        """What their logs say about apps."""
        return self.model.context.population if self.model else AppStatistics({})


@dataclass(frozen=True, slots=True)
class Days:
    """One person's labelled moments of one target as they came: n rows.

    ``day``: how many active days (UTC) lie before; ``said`` float64[n, len(MODELS)], nan where a model was not there
    yet; ``weights`` float64[n, len(EXPERTS)] of the mixture.
    """

    target: str
    person: int
    label: Labels
    times_us: npt.NDArray[np.int64]
    lead_s: Floats
    day: npt.NDArray[np.int64]
    said: Floats
    weights: Floats


def learn_prior(tables: Sequence[tuple[Moments, Sequence[Stays]]], *, seed: int = 7) -> Prior:
    """A prior of all people in some tables; none gives the rules' hazards and no model. Tables weigh alike in hazards.

    People of different tables have different numbers.
    """
    hazards = {
        target: Hazard.of_groups(
            [(found.recency_s, label) for found, label in (labelled(one, target) for one, _ in tables)], target
        )
        for target in TARGETS
    }
    if not tables:
        return Prior(None, hazards)
    stays = [one for _, each in tables for one in each]
    moments = Moments.join([one.without_sequences() for one, _ in tables])
    return Prior(TreeModel.fit(TrainingData(moments, stays, V6, targets=TARGETS, seed=seed).thinned()), hazards)


def go_through(moments: Moments, prior: Prior, target: str, *, seed: int = 7) -> Days:
    """One person's days, hour by hour."""
    mine, label = labelled(moments, target)
    order = np.argsort(mine.times_us, kind="stable")
    mine, label = mine.take(order), label[order]
    times_us, hour = mine.times_us, mine.times_us // HOUR_US
    rows = mine.inputs(V6, prior.population)
    known = Known(rows, _log_odds(prior, target, mine), mine.recency_s, mine.app, times_us)
    said, weights = np.full((len(label), len(MODELS)), np.nan), np.empty((len(label), len(EXPERTS)))
    learner, experts, alone = Learner.beginning(prior.hazards[target], seed=seed), len(EXPERTS), _Alone()
    for start in np.unique(hour):
        first, last = np.searchsorted(hour, [start, start + 1])
        now_us = int(start) * HOUR_US
        learner = learner.learn(known.take(slice(0, first)), said[:first, :experts], label[:first], now_us)
        alone = alone.learn(rows, label, times_us, now_us)
        part = known.take(slice(first, last))
        said[first:last, :experts] = learner.said(part)
        said[first:last, experts] = alone.said(part.rows)
        said[first:last, -1] = learner.weights.mix(said[first:last, :experts])
        weights[first:last] = learner.weights.of
    days = times_us // DAY_US
    day = np.searchsorted(np.unique(days), days)
    person = int(moments.person[0])
    return Days(target, person, label, times_us, mine.lead_s, day, said, weights)


@dataclass(frozen=True, slots=True)
class _Alone:
    """Logistic regression on one's own days, calibrated on the latest quarter: a baseline."""

    model: Any = None
    line: Calibration = field(default_factory=Calibration)
    day: int = -1
    seen: int = 0

    def learn(self, rows: Any, label: Labels, times_us: npt.NDArray[np.int64], now_us: int) -> _Alone:
        until = int(np.searchsorted(times_us, now_us - MARGIN_US))
        if now_us // DAY_US == self.day or until < 1.2 * self.seen or not trainable(label[:until]):
            return self
        cut = int(until * 0.75)
        line = Calibration()
        if 0 < label[:cut].sum() < cut:
            probe = fit_linear(rows[:cut], label[:cut])
            line = fit_calibration(probe.margins(rows[cut:until]), label[cut:until])
        return _Alone(fit_linear(rows[:until], label[:until]), line, now_us // DAY_US, until)

    def said(self, rows: Any) -> Floats:
        return np.full(len(rows), np.nan) if self.model is None else self.line.probabilities(self.model.margins(rows))


def _log_odds(prior: Prior, target: str, mine: Moments) -> Floats:
    if prior.model is None or target not in prior.model.ensembles:
        return logit(prior.hazards[target].probabilities(mine.recency_s))
    return logit(probabilities_of(prior.model, target, mine))


def rows_of(results: Sequence[Days], file: str, names: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """A row per target, person ("all" first), day or days up to it, and model that judged all of these moments.

    ``day`` is the number of active days before; ``days`` is "that day" or "up to it". Rows of the mixture have its
    ``excess``: how far its summed log-loss lies above recency's at most, nats.
    """
    for target in TARGETS:
        mine = [one for one in results if one.target == target and len(one.label)]
        for person in [None, *sorted({one.person for one in mine})] if len(names) > 1 else sorted(names):
            chosen = [one for one in mine if person in (None, one.person)]
            if not chosen:
                continue
            last = max(int(one.day[-1]) for one in chosen)
            for day in [one for one in DAYS if one < last] + [last]:
                for words, first in (("that day", day), ("up to it", 0)):
                    parts = [(one, (one.day >= first) & (one.day <= day)) for one in chosen]
                    for row in _figures(target, [(one, part) for one, part in parts if part.any()]):
                        who = "all" if person is None else names[person]
                        found = {"file": file, "target": target, "person": who, "day": day, "days": words}
                        yield plain({**found, **row})


def _figures(target: str, parts: Sequence[tuple[Days, npt.NDArray[np.bool_]]]) -> Iterator[dict[str, Any]]:
    if not parts:
        return
    label = np.concatenate([one.label[part] for one, part in parts])
    said = np.concatenate([one.said[part] for one, part in parts])
    times_us = np.concatenate([one.times_us[part] for one, part in parts])
    person = np.concatenate([np.full(int(part.sum()), one.person) for one, part in parts])
    lead_s = np.concatenate([one.lead_s[part] for one, part in parts])
    for number, model in enumerate(MODELS):
        probability = said[:, number]
        if not np.isfinite(probability).all():
            continue
        row: dict[str, Any] = {"model": model, **figures(label, probability)}
        if target == "break":
            hours = len(label) * TICK_SECONDS / 3600
            alerts = alert_figures(label, probability, times_us, person, lead_s, hours)
            row |= {name: alerts[name] for name in (f"precision_{rate}" for rate in BUDGETS)}
        if model == "mixture":
            row["excess"] = max(excess(one) for one, _ in parts)
        yield row


def excess(one: Days) -> float:
    """By how many nats the mixture's summed log-loss was above recency's when it was furthest, over all hours."""
    loss = _losses(one.label, one.said[:, -1]) - _losses(one.label, one.said[:, EXPERTS.index("recency")])
    return float(np.cumsum(loss).max(initial=0.0))


def _losses(label: Labels, probability: Floats) -> Floats:
    safe = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(-np.where(label == 1, np.log(safe), np.log1p(-safe)))
