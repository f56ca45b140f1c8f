"""Train the model that serves: measured on the last days of each person first, then fitted on everything.

::

    days of each person   ├────────── fit, calibrate ──────────┤ 330 s ├── held out ──┤  figures, gates, report
    served model          ├───────────────────── fit on everything ────────────────────┤
    its calibration                                                    ├── margins of ──┤  the model that had not
                                                                                           seen these days

Moments with an intervention of ours in their horizon have no label and never reach a fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neural_focus.errors import InputError
from neural_focus.labelling.labels import Source
from neural_focus.models import drift, held_out
from neural_focus.models.baselines import one_numbers
from neural_focus.models.contracts import CONTRACTS
from neural_focus.models.datasets import Moments, Stays, folds_by_person, slices_by_days
from neural_focus.models.fitting import (
    MAX_MOMENTS,
    MAX_ROWS,
    MIN_ROWS,
    TARGETS,
    Fitted,
    Report,
    TreeStore,
    fit_model,
    labelled,
    settle_outcomes,
    silent,
    step_of,
    thin,
    trainable,
)
from neural_focus.models.held_out import HeldOut, Judge, judge_held_out, write_held_out
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.measures import auc, figures
from neural_focus.registry.bundle import TrainedBundle, file_hashes, write_json
from neural_focus.registry.provenance import code_of, libraries

HELD_OUT_FROM = 0.75
NEW_PEOPLE_FROM = 8
"""People from which a quarter of them is held out once, to see how the model does on people that are new to it."""
_CURVE = (0.1, 0.3)


def train_moments(
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
    """Train on moments that were cut before (``datasets.cut_moments``) with the same input version.

    ``checkpoint``: a folder in which finished steps survive a kill; the same call then goes on from there.
    ``thorough``: also learn without some people and from less data, for the report.
    Same moments and seed: same bytes.

    Raises:
        InputError: there are too few labelled moments.
    """
    contract, store = CONTRACTS[input_version], TreeStore(checkpoint)
    moments = settle_outcomes(thin(moments, MAX_MOMENTS))
    every = step_of(moments)
    if not trainable(labelled(moments, "switch")[1]):
        raise InputError(f"{len(moments)} moments are too few to train on", hint="Capture for some hours of work first")
    report("fitting on the earlier days", 0.1)
    part = slices_by_days(moments.times_us, moments.person, (HELD_OUT_FROM,))
    seen, later = moments.take(part == 0), moments.take(np.flatnonzero(part == 1)[::every])
    earlier = fit_model(seen, stays, contract, seed=seed, store=store, every=every)
    metrics, held = held_out_figures(earlier, later), _judged(earlier, later, seen, held_out.DAYS)
    report("fitting on everything", 0.55)
    probed = (earlier, part) if earlier.targets else None
    fitted = fit_model(moments, stays, contract, seed=seed, store=store, probed=probed, every=every)
    if "switch" not in fitted.targets:
        raise InputError("the days are too few or too alike to train on", hint="Capture for some days first")
    curve: list[dict[str, float]] = []
    if thorough:
        report("judging new people and less data", 0.8)
        held = held_out.join([held, *_new_people(seen, later, stays, contract, seed, every)])
        curve = [
            *_learning_curve(seen, later, stays, contract, seed, every),
            _point(len(seen) // every, metrics),
        ]
    report("trained", 1.0)
    inputs = thin(moments, MAX_ROWS).inputs(contract, fitted.population)
    return complete(
        "xgboost",
        fitted.files,
        moments,
        held,
        inputs,
        contract,
        streams=len(stays),
        is_demo=is_demo,
        seed=seed,
        manifest={"metrics": metrics, "learning_curve": curve},
    )


def complete(
    kind: str,
    files: Mapping[str, bytes],
    moments: Moments,
    held: HeldOut,
    inputs: Rows,
    contract: InputContract,
    *,
    streams: int,
    is_demo: bool,
    seed: int,
    manifest: Mapping[str, Any],
) -> TrainedBundle:
    """A model of any kind with all that goes with it: held-out moments, reference of its inputs, manifest.

    ``inputs``: the contract's rows float32[n, width] of ``moments`` or some of them; ``manifest``: what only it knows.
    """
    whole = {
        **files,
        held_out.FILE: write_held_out(held),
        drift.FILE: write_json(drift.reference_of(contract.names[: inputs.shape[1]], inputs)),
    }
    common = _manifest(moments, streams, is_demo, contract, seed)
    return TrainedBundle(kind, whole, {**common, **manifest, "kind": kind, "files": file_hashes(whole)})


def _judged(fitted: Fitted, test: Moments, seen: Moments, split: str) -> HeldOut:
    linear = {target: line for target, (_, line) in fitted.parts.items()}
    return judge_held_out(
        "xgboost",
        fitted,
        test,
        seen,
        split=split,
        contract=fitted.contract,
        population=fitted.population,
        linear=linear,
    )


def _new_people(
    seen: Moments, later: Moments, stays: Sequence[Stays], contract: InputContract, seed: int, every: int
) -> list[HeldOut]:
    """A quarter of the people, judged on their later days by a model of the others; nothing with too few people."""
    if len(np.unique(seen.person)) < NEW_PEOPLE_FROM:
        return []
    people = np.unique(seen.person)
    new = people[folds_by_person(people, 4, seed) == 0]
    others = seen.take(~np.isin(seen.person, new))
    known = [one for one in stays if one.person not in new]
    fitted = fit_model(others, known, contract, targets=("switch", "break"), seed=seed, every=every)
    return [_judged(fitted, later.take(np.isin(later.person, new)), others, held_out.PERSON)]


def _learning_curve(
    seen: Moments, later: Moments, stays: Sequence[Stays], contract: InputContract, seed: int, every: int
) -> list[dict[str, float]]:
    """AUC for a switch on the held-out days after learning from each person's latest days only."""
    points = []
    for share in _CURVE:
        latest = slices_by_days(seen.times_us, seen.person, (1 - share,)) == 1
        fitted = fit_model(seen.take(latest), stays, contract, targets=("switch",), seed=seed, every=every)
        if "switch" in fitted.targets:
            points.append(_point(int(latest.sum()) // every, held_out_figures(fitted, later)))
    return points


def _point(moments: int, metrics: Mapping[str, Any]) -> dict[str, float]:
    return {"moments": moments, "auc": metrics["switch"]["auc"]}


def held_out_figures(fitted: Judge, later: Moments) -> dict[str, Any]:
    """Figures of each target on days that the model had not seen, beside what one number can do."""
    metrics = {}
    for target in TARGETS:
        judged, label = labelled(later, target)
        if target in fitted.targets and len(label):
            metrics[target] = figures(label, fitted.probabilities(target, judged)) | {
                f"{name}_auc": auc(label, number) for name, number in one_numbers(judged, target).items()
            }
    return metrics


def _manifest(moments: Moments, streams: int, is_demo: bool, contract: InputContract, seed: int) -> dict[str, Any]:
    people = moments.outcome_source > Source.WEAK
    code = code_of()
    return {
        "trained_on": "demo" if is_demo else "people",
        "data": {
            "first_us": int(moments.times_us.min()),
            "last_us": int(moments.times_us.max()),
            "streams": streams,
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
        "seed": seed,
    }
