"""The honest comparison: models and baselines on days or people they had not seen, in one shape of rows.

Splits keep whole days or whole people together, with an embargo of 330 s. Every row is one (target, split, person,
model); ``person`` "all" pools the people, with a bootstrap interval over people (over days, where there is one).

A model that could not be trained in one fold has no word on that fold's people. Their own rows then have the models
that do; "all" is of the moments that every model judged, so that its rows stay comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.labelling.labels import NO_LABEL
from neural_focus.models import metrics
from neural_focus.models.baselines import baseline_probabilities
from neural_focus.models.blend_model import BlendModel, blend_probabilities
from neural_focus.models.calibration import Calibration, fit_calibration
from neural_focus.models.contracts import V6
from neural_focus.models.datasets import Moments, Stays, folds_by_person, slices_by_days
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.linear import Linear, fit_linear, fitted_rows
from neural_focus.models.metrics import alert_figures, figures
from neural_focus.models.model import Model, ModelContext, probabilities_of
from neural_focus.models.sequence_model import SequenceModel
from neural_focus.models.training_data import TrainingData, labelled_rows, probe_split
from neural_focus.models.tree_model import TreeModel
from neural_focus.time import DAY_US
from neural_focus.timeline import Times
from neural_focus.validation import plain

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
TRAIN_SHARE = 0.7
FOLDS = 5
TARGETS = ("switch", "break")
TRAINED: tuple[type[Model], ...] = (TreeModel, SequenceModel)
MODELS = ("base_rate", "recency", "switches_5min", "logistic", *(one.kind for one in TRAINED), BlendModel.kind)
TICK_SECONDS = 10
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """Every model's probabilities on the test moments of one target: name → float64[n], nan where it was not trained.

    ``moments`` without inputs. ``hours`` of activity in them: for breaks, of settled activity, in which alone an alert
    can fire.
    """

    target: str
    split: str
    moments: Moments
    label: Labels
    probabilities: Mapping[str, Floats]
    hours: float

    def take(self, chosen: npt.NDArray[np.bool_]) -> Judged:
        """The chosen moments, with the models that judged all of them."""
        found = {name: p[chosen] for name, p in self.probabilities.items() if np.isfinite(p[chosen]).all()}
        hours = self.hours * float(chosen.mean())
        return replace(
            self, moments=self.moments.take(chosen), label=self.label[chosen], probabilities=found, hours=hours
        )

    def common(self) -> Judged:
        """The moments that every model judged."""
        return self.take(np.all([np.isfinite(one) for one in self.probabilities.values()], axis=0))


@dataclass(frozen=True, slots=True)
class Split:
    """Which moments train and which test; bool[n] each."""

    name: str
    train: npt.NDArray[np.bool_]
    test: npt.NDArray[np.bool_]


def day_split(moments: Moments) -> Iterator[Split]:
    """Each person's first 70 % of days train, their last 30 % test."""
    part = slices_by_days(moments.times_us, moments.person, (TRAIN_SHARE,))
    yield Split("days", part == 0, part == 1)


def person_folds(moments: Moments, seed: int = 7) -> Iterator[Split]:
    """Five folds of people; each tests on people that it has not trained on."""
    people = len(np.unique(moments.person))
    fold = folds_by_person(moments.person, min(FOLDS, people), seed)
    for number in range(min(FOLDS, people)):
        yield Split("person", fold != number, fold == number)


def judge_split(
    moments: Moments,
    stays: Sequence[Stays],
    split: Split,
    report: Report,
    *,
    contract: InputContract = V6,
    network: bool = True,
    seed: int = 7,
    at_once: int = 1,
) -> list[Judged]:
    """Train every model on the one side, and let each judge the other; a result per target.

    ``network``: train the LSTM too, and blend both. ``at_once``: so many targets are fitted at the same time. The
    moments are not copied: inputs are made where they are read.
    """
    train, test = np.flatnonzero(split.train), np.flatnonzero(split.test)
    data = TrainingData.of_rows(moments, train, stays, contract, targets=TARGETS, seed=seed, at_once=at_once)
    trained = list[Model]()
    for kind in TRAINED:
        if network or not kind.reads_sequences:
            report(kind.kind)
            trained.append(kind.fit(data.whole() if kind.reads_sequences else data))
    results, plain = [], moments.without_inputs()
    for target in TARGETS:
        seen, known = labelled_rows(moments, target, train)
        asked, label = labelled_rows(moments, target, test)
        if not len(label) or not len(known):
            continue
        report(f"{target}: baselines")
        judged = plain.take(asked)
        found = baseline_probabilities(plain.take(seen), known, judged, target)
        found["logistic"] = _logistic(trained[0].context, moments, seen, known, asked)
        able = [one for one in trained if target in one.context.calibration]
        found |= {one.kind: probabilities_of(one, target, moments.take(asked)) for one in able}
        if len(able) == len(TRAINED):
            found[BlendModel.kind] = blend_probabilities(*(found[one.kind] for one in able))
        results.append(Judged(target, split.name, judged, label, found, len(judged) * TICK_SECONDS / 3600))
    return results


def pool(results: Sequence[Judged]) -> list[Judged]:
    """Folds of the same target and split as one result; each probability is from a model that had not seen it."""
    pooled = []
    for target in TARGETS:
        parts = [one for one in results if one.target == target]
        if not parts:
            continue
        names = [name for name in MODELS if any(name in one.probabilities for one in parts)]
        joined = Moments.join([one.moments for one in parts])
        probabilities = {
            name: np.concatenate([one.probabilities.get(name, np.full(len(one.label), np.nan)) for one in parts])
            for name in names
        }
        label, hours = np.concatenate([one.label for one in parts]), sum(one.hours for one in parts)
        pooled.append(Judged(target, parts[0].split, joined, label, probabilities, hours))
    return pooled


def rows_of(result: Judged, file: str, names: Mapping[int, str], *, bootstrap: int = 100) -> list[dict[str, Any]]:
    """The rows of one result: everybody together first, then each person."""
    people = [int(one) for one in np.unique(result.moments.person)]
    rows = []
    for person in [None, *people] if len(people) > 1 else people:
        part = result.common() if person is None else result.take(result.moments.person == person)
        for model, probability in part.probabilities.items():
            row: dict[str, Any] = {
                "file": file,
                "target": result.target,
                "split": result.split,
                "person": "all" if person is None else names[person],
                "model": model,
                **_figures(part, probability),
            }
            if person is None or len(people) == 1:
                row["auc_low"], row["auc_high"] = _interval(part, probability, bootstrap)
            rows.append(plain(row))
    return rows


def _figures(part: Judged, probability: Floats) -> dict[str, Any]:
    label, moments = part.label, part.moments
    found: dict[str, Any] = dict(figures(label, probability))
    if part.target == "switch":
        settled = moments.settled_break >= 0
        found["auc_settled"] = metrics.auc(label[settled], probability[settled])
    if part.target == "break":
        times_us, person, lead_s = moments.times_us, moments.person, moments.lead_s
        found |= alert_figures(label, probability, times_us, person, lead_s, part.hours)
    return found


def _interval(part: Judged, score: Floats, rounds: int) -> tuple[float, float]:
    people, label = part.moments.person, part.label
    group = people if len(np.unique(people)) > 2 else part.moments.times_us // DAY_US
    return metrics.auc_interval(label, score, group, rounds=rounds)


def _logistic(context: ModelContext, moments: Moments, seen: Times, known: Labels, asked: Times) -> Floats:
    """Logistic regression on the same inputs as the trees, calibrated like them: of the rows ``asked`` after learning
    the labels ``known`` of the rows ``seen``."""

    def rows(places: Times) -> Rows:
        return moments.inputs(context.contract, context.population, places)

    def fit(places: Times, label: Labels) -> Linear:
        fitted = fitted_rows(len(places))
        return fit_linear(rows(places[fitted]), label[fitted])

    part = probe_split(moments.without_inputs().take(seen))
    line = Calibration()
    if (part == 1).any() and known[part == 0].any():
        probe = fit(seen[part == 0], known[part == 0])
        line = fit_calibration(probe.margins(rows(seen[part == 1])), known[part == 1])
    return line.probabilities(fit(seen, known).margins(rows(asked)))


def permuted(moments: Moments, seed: int) -> Moments:
    """The same moments with the labels of each target dealt out anew among all labelled ones.

    Across people: each one's own base rate would be something to find.
    """
    rng = np.random.default_rng(seed)
    dealt = {}
    for name in ("switch", "settled_break"):
        label = getattr(moments, name).copy()
        known = np.flatnonzero(label != NO_LABEL)
        label[known] = label[rng.permutation(known)]
        dealt[name] = label
    return replace(moments, **dealt)
