"""Train a model of any kind: measured on the last days of each person first, then fitted on everything.

::

    days of each person   ├────────── fit, calibrate ──────────┤ 330 s ├── held out ──┤  figures, gates, report
    served model          ├───────────────────── fit on everything ────────────────────┤
    trees' calibration                                                 ├─ log-odds of ─┤  the model that had not
                                                                                           seen these days

Moments with an intervention of ours in their horizon have no label and never reach a fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from neural_focus.errors import InputError
from neural_focus.labelling.labels import Source
from neural_focus.models import drift, held_out
from neural_focus.models.baselines import one_numbers
from neural_focus.models.contracts import CONTRACTS
from neural_focus.models.datasets import Moments, Stays, folds_by_person, slices_by_days
from neural_focus.models.held_out import HeldOut, predict_held_out, write_held_out
from neural_focus.models.metrics import auc, figures
from neural_focus.models.model import Model, probabilities_of
from neural_focus.models.training_data import MAX_ROWS, MIN_ROWS, TARGETS, TrainingData, labelled, thin, trainable
from neural_focus.registry.bundle import TrainedBundle, file_hashes, write_json
from neural_focus.registry.provenance import code_of, libraries

HELD_OUT_FROM = 0.75
NEW_PEOPLE_FROM = 8
"""People from which a quarter of them is held out once, to see how the model does on people that are new to it."""
_CURVE = (0.1, 0.3)
Report = Callable[[str, float], None]


def silent(step: str, share: float) -> None:
    """The default progress report: none."""


def train(
    kind: type[Model],
    moments: Moments,
    stays: Sequence[Stays],
    *,
    is_demo: bool,
    input_version: int = 6,
    seed: int = 7,
    checkpoint: Path | None = None,
    thorough: bool = False,
    report: Report = silent,
) -> TrainedBundle:
    """Train a model of ``kind`` on moments that were cut before (``datasets.cut_moments``) with the same input version.

    ``checkpoint``: a folder in which finished steps survive a kill; the same call then goes on from there.
    ``thorough``: also learn without some people and from less data, for the report.
    Same moments, seed and libraries: same bytes, on CPUs of one kind, with any number of threads.

    Raises:
        InputError: there are too few labelled moments.
        ContractError: the model reads sequences and the moments have none.
    """
    with threadpool_limits(1):  # the libraries' sums have another order with another number of threads
        return _train(kind, moments, stays, is_demo, input_version, seed, checkpoint, thorough, report)


def _train(
    kind: type[Model],
    moments: Moments,
    stays: Sequence[Stays],
    is_demo: bool,
    input_version: int,
    seed: int,
    checkpoint: Path | None,
    thorough: bool,
    report: Report,
) -> TrainedBundle:
    data = TrainingData(moments, stays, CONTRACTS[input_version], seed=seed, checkpoint=checkpoint)
    data = data.thinned(kind.most_moments)
    if not trainable(labelled(data.moments, "switch")[1]):
        count = len(data.moments)
        raise InputError(f"{count} moments are too few to train on", hint="Capture for some hours of work first")
    report("fitting on the earlier days", 0.1)
    part = slices_by_days(data.moments.times_us, data.moments.person, (HELD_OUT_FROM,))
    seen, later = data.take(part == 0), data.moments.take(np.flatnonzero(part == 1)[:: data.every])
    earlier = kind.fit(seen)
    _check_trained(earlier)
    metrics, held = held_out_figures(earlier, later), predict_held_out(earlier, later, seen, held_out.DAYS)
    report("fitting on everything", 0.55)
    model = kind.fit(data, (earlier, part))
    _check_trained(model)
    curve: list[dict[str, float]] = []
    if thorough:
        report("predicting new people, and from less data", 0.8)
        held = held_out.join([held, *_new_people(kind, seen, later)])
        curve = [*_learning_curve(kind, seen, later), _point(seen, metrics)]
    report("trained", 1.0)
    contract = data.contract
    inputs = thin(data.moments, MAX_ROWS).inputs(contract, model.context.population)
    files = {
        **model.save(),
        held_out.FILE: write_held_out(held),
        drift.FILE: write_json(drift.reference_of(contract.names[: inputs.shape[1]], inputs)),
    }
    own = {"metrics": metrics, "learning_curve": curve, "kind": kind.kind, "files": file_hashes(files)}
    return TrainedBundle(kind.kind, files, {**_manifest(data, is_demo), **own})


def _check_trained(model: Model) -> None:
    if "switch" not in model.context.calibration:
        raise InputError("the days are too few or too alike to train on", hint="Capture for some days first")


def _new_people(kind: type[Model], seen: TrainingData, later: Moments) -> list[HeldOut]:
    """A quarter of the people, on their later days by a model of the others; nothing with too few people."""
    people = np.unique(seen.moments.person)
    if len(people) < NEW_PEOPLE_FROM:
        return []
    new = people[folds_by_person(people, 4, seen.seed) == 0]
    others = seen.take(~np.isin(seen.moments.person, new))
    stays = [one for one in seen.stays if one.person not in new]
    others = replace(others, stays=stays, targets=("switch", "break"), checkpoint=None)
    model = kind.fit(others)
    return [predict_held_out(model, later.take(np.isin(later.person, new)), others, held_out.PERSON)]


def _learning_curve(kind: type[Model], seen: TrainingData, later: Moments) -> list[dict[str, float]]:
    """AUC for a switch on the held-out days after learning from each person's latest days only."""
    points = []
    for share in _CURVE:
        latest = seen.take(slices_by_days(seen.moments.times_us, seen.moments.person, (1 - share,)) == 1)
        model = kind.fit(replace(latest, targets=("switch",), checkpoint=None))
        if "switch" in model.context.calibration:
            points.append(_point(latest, held_out_figures(model, later)))
    return points


def _point(data: TrainingData, metrics: Mapping[str, Any]) -> dict[str, float]:
    return {"moments": len(data.moments) // data.every, "auc": metrics["switch"]["auc"]}


def held_out_figures(model: Model, later: Moments) -> dict[str, Any]:
    """Figures of each target on days that the model had not seen, beside what one number can do."""
    metrics = {}
    for target in TARGETS:
        known, label = labelled(later, target)
        if target in model.context.calibration and len(label):
            metrics[target] = figures(label, probabilities_of(model, target, known)) | {
                f"{name}_auc": auc(label, number) for name, number in one_numbers(known, target).items()
            }
    return metrics


def _manifest(data: TrainingData, is_demo: bool) -> dict[str, Any]:
    moments, contract, code = data.moments, data.contract, code_of()
    people = moments.outcome_source > Source.WEAK
    return {
        "trained_on": "demo" if is_demo else "people",
        "data": {
            "first_us": int(moments.times_us.min()),
            "last_us": int(moments.times_us.max()),
            "streams": len(data.stays),
            "people": len(np.unique(moments.person)),
            "moments": len(moments),
            "until_us": {
                str(one): int(moments.times_us[moments.person == one].max()) for one in np.unique(moments.person)
            },
        },
        "outcome_labels": "people" if people.sum() >= MIN_ROWS else "weak",
        "input_version": contract.version,
        "input_hash": contract.hash,
        "code_version": code["version"],
        "code_commit": code["commit"],
        "libraries": libraries(),
        "seed": data.seed,
    }
