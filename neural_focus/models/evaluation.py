"""The honest comparison: models and baselines on days or people they had not seen, in one shape of rows.

Splits keep whole days or whole people together, with an embargo of 330 s. Every row is one (target, split, person,
model); ``person`` "all" pools the people, with a bootstrap interval over people (over days, where there is one).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.models import measures
from neural_focus.models.baselines import baseline_probabilities
from neural_focus.models.blend import blend_probabilities
from neural_focus.models.calibrate import Calibration, fit_calibration
from neural_focus.models.contracts import V4
from neural_focus.models.datasets import Moments, Stays
from neural_focus.models.figures import alert_figures, figures
from neural_focus.models.fitting import Fitted, fit_model, labelled, probe_split, step_of
from neural_focus.models.inputs import InputContract
from neural_focus.models.labels import NO_LABEL
from neural_focus.models.linear import fit_linear
from neural_focus.models.sequence_fitting import fit_sequences
from neural_focus.models.splits import folds_by_person, slices_by_days

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
TRAIN_SHARE = 0.7
FOLDS = 5
TARGETS = ("switch", "break")
MODELS = ("base_rate", "recency", "switches_5min", "logistic", "xgboost", "lstm", "blend")
TICK_SECONDS = 10
_DAY_US = 86_400_000_000
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """Every model's probabilities on the test moments of one target: name → float64[n].

    ``hours`` of activity in these moments: for breaks, of settled activity, in which alone an alert can fire.
    """

    target: str
    split: str
    moments: Moments
    label: Labels
    probabilities: Mapping[str, Floats]
    hours: float


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
    contract: InputContract = V4,
    network: bool = True,
    seed: int = 7,
) -> list[Judged]:
    """Train every model on the one side, and let each judge the other; a result per target.

    ``network``: train the LSTM too, and blend both.
    """
    train, test = moments.take(split.train), moments.take(split.test)
    report("xgboost")
    fitted = fit_model(train.without_sequences(), stays, contract, targets=TARGETS, seed=seed)
    if network:
        report("lstm")
    sequences = fit_sequences(train, stays, contract, targets=TARGETS, seed=seed) if network else None
    results = []
    for target in TARGETS:
        seen, known = labelled(train, target)
        judged, label = labelled(test, target)
        if not len(label) or not len(known):
            continue
        report(f"{target}: baselines")
        found = baseline_probabilities(seen, known, judged)
        found["logistic"] = _logistic(fitted, seen, known, judged)
        if target in fitted.targets:
            found["xgboost"] = fitted.probabilities(target, judged)
        if sequences is not None and target in sequences.targets:
            found["lstm"] = sequences.probabilities(target, judged)
        if "xgboost" in found and "lstm" in found:
            found["blend"] = blend_probabilities(found["xgboost"], found["lstm"])
        results.append(Judged(target, split.name, judged, label, found, len(judged) * TICK_SECONDS / 3600))
    return results


def pool(results: Sequence[Judged]) -> list[Judged]:
    """Folds of the same target and split as one result; each probability is from a model that had not seen it."""
    pooled = []
    for target in TARGETS:
        parts = [one for one in results if one.target == target]
        if not parts:
            continue
        names = [name for name in MODELS if all(name in one.probabilities for one in parts)]
        moments = [one.moments for one in parts]
        joined = Moments(*(np.concatenate([getattr(m, field) for m in moments]) for field in Moments.__slots__))
        probabilities = {name: np.concatenate([one.probabilities[name] for one in parts]) for name in names}
        label, hours = np.concatenate([one.label for one in parts]), sum(one.hours for one in parts)
        pooled.append(Judged(target, parts[0].split, joined, label, probabilities, hours))
    return pooled


def rows_of(result: Judged, file: str, names: Mapping[int, str], *, bootstrap: int = 100) -> list[dict[str, Any]]:
    """The rows of one result: everybody together first, then each person."""
    people = [int(one) for one in np.unique(result.moments.person)]
    rows = []
    for person in [None, *people] if len(people) > 1 else people:
        chosen = np.ones(len(result.label), bool) if person is None else result.moments.person == person
        share = float(chosen.mean())
        for model, probability in result.probabilities.items():
            row: dict[str, Any] = {
                "file": file,
                "target": result.target,
                "split": result.split,
                "person": "all" if person is None else names[person],
                "model": model,
                **_figures(result, chosen, probability, share),
            }
            if person is None or len(people) == 1:
                row["auc_low"], row["auc_high"] = _interval(result, probability, chosen, bootstrap)
            rows.append({name: _plain(value) for name, value in row.items()})
    return rows


def _figures(result: Judged, chosen: npt.NDArray[np.bool_], probability: Floats, share: float) -> dict[str, Any]:
    label, moments = result.label[chosen], result.moments.take(chosen)
    found: dict[str, Any] = dict(figures(label, probability[chosen]))
    if result.target == "switch":
        settled = moments.settled_break >= 0
        found["auc_settled"] = measures.auc(label[settled], probability[chosen][settled])
    if result.target == "break":
        hours = result.hours * share
        found |= alert_figures(label, probability[chosen], moments.times_us, moments.person, moments.lead_s, hours)
    return found


def _interval(result: Judged, probability: Floats, chosen: npt.NDArray[np.bool_], rounds: int) -> tuple[float, float]:
    people = result.moments.person[chosen]
    group = people if len(np.unique(people)) > 2 else result.moments.times_us[chosen] // _DAY_US
    label, score = result.label[chosen], probability[chosen]
    return measures.bootstrap_interval(lambda rows: measures.auc(label[rows], score[rows]), group, rounds=rounds)


def _plain(value: Any) -> Any:
    """JSON has no nan: what does not exist is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _logistic(fitted: Fitted, seen: Moments, known: Labels, judged: Moments) -> Floats:
    """Logistic regression on the same inputs as the trees, calibrated like them."""
    part = probe_split(seen)
    rows = seen.inputs(fitted.contract, fitted.population)
    line = Calibration()
    if (part == 1).any() and known[part == 0].any():
        probe = fit_linear(rows[part == 0], known[part == 0])
        line = fit_calibration(probe.margins(rows[part == 1]), known[part == 1])
    margins = fit_linear(rows, known).margins(judged.inputs(fitted.contract, fitted.population))
    return line.probabilities(margins)


def learning_curve(
    moments: Moments, stays: Sequence[Stays], split: Split, shares: Sequence[float] = (0.1, 0.25, 0.5, 1.0)
) -> list[dict[str, float]]:
    """AUC for a switch on the test side from growing parts of the training side, the latest days first."""
    test, label = labelled(moments.take(split.test), "switch")
    curve = []
    for share in shares:
        part = moments.take(_latest(moments, split.train, share)).without_sequences()
        fitted = fit_model(part, stays, V4, targets=("switch",))
        if "switch" in fitted.targets:
            auc = measures.auc(label, fitted.probabilities("switch", test))
            curve.append({"moments": len(part) // step_of(part), "auc": auc})
    return curve


def _latest(moments: Moments, train: npt.NDArray[np.bool_], share: float) -> npt.NDArray[np.bool_]:
    places = np.flatnonzero(train)
    kept = places[len(places) - int(len(places) * share) :]
    out = np.zeros(len(moments), bool)
    out[kept] = True
    return out


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
