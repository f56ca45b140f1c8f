"""Train the model that serves: measured on the last days of each person first, then fitted on everything.

::

    days of each person   ├────────── fit, calibrate ──────────┤ 330 s ├── figures ──┤
    served model          ├───────────────────── fit on everything ────────────────────┤
    its calibration                                                    ├── margins of ──┤  the model that had not
                                                                                           seen these days

Moments with an intervention of ours in their horizon have no label and never reach a fit.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neural_focus.errors import InputError
from neural_focus.models.bundle import TrainedBundle, file_hashes
from neural_focus.models.contracts import CONTRACTS
from neural_focus.models.datasets import Moments, Stays, StreamTable, cut_moments
from neural_focus.models.figures import figures
from neural_focus.models.fitting import (
    MAX_ROWS,
    MIN_ROWS,
    TARGETS,
    Fitted,
    Report,
    TreeStore,
    fit_model,
    labelled,
    silent,
    thin,
    trainable,
)
from neural_focus.models.labels import Source
from neural_focus.models.measures import auc
from neural_focus.models.splits import slices_by_days

HELD_OUT_FROM = 0.75


def train(
    streams: Sequence[StreamTable],
    *,
    input_version: int = 2,
    seed: int = 7,
    checkpoint: Path | None = None,
    report: Report = silent,
) -> TrainedBundle:
    """Train risk, break and outcome on streams of one kind, all demo or all real; see ``train_moments``.

    Raises:
        InputError: demo and real people are mixed, or there are too few labelled moments.
    """
    if len({stream.is_demo for stream in streams}) != 1:
        raise InputError(
            "demo people and real ones cannot train one model" if streams else "there is nobody to train on",
            todo="Give streams of one kind",
        )
    report("cutting moments", 0.0)
    moments, stays = cut_moments(streams, CONTRACTS[input_version])
    return train_moments(
        moments,
        stays,
        is_demo=streams[0].is_demo,
        input_version=input_version,
        seed=seed,
        checkpoint=checkpoint,
        report=report,
    )


def train_moments(
    moments: Moments,
    stays: Sequence[Stays],
    *,
    is_demo: bool,
    input_version: int = 2,
    seed: int = 7,
    checkpoint: Path | None = None,
    report: Report = silent,
) -> TrainedBundle:
    """Train on moments that were cut before (``datasets.cut_moments``) with the same input version.

    ``checkpoint``: a folder in which finished steps survive a kill; the same call then goes on from there.
    Same moments and seed: same bytes.

    Raises:
        InputError: there are too few labelled moments.
    """
    contract, store = CONTRACTS[input_version], TreeStore(checkpoint)
    moments = thin(moments, MAX_ROWS)
    if not trainable(labelled(moments, "switch")[1]):
        raise InputError(f"{len(moments)} moments are too few to train on", todo="Capture for some hours of work first")
    report("fitting on the earlier days", 0.1)
    part = slices_by_days(moments.times_us, moments.person, (HELD_OUT_FROM,))
    earlier = fit_model(moments.take(part == 0), stays, contract, seed=seed, store=store)
    metrics = _held_out(earlier, moments.take(part == 1))
    report("fitting on everything", 0.55)
    probed = (earlier, part) if earlier.targets else None
    fitted = fit_model(moments, stays, contract, seed=seed, store=store, probed=probed)
    if "switch" not in fitted.targets:
        raise InputError("the days are too few or too alike to train on", todo="Capture for some days first")
    report("trained", 1.0)
    return TrainedBundle("xgboost", fitted.files, _manifest(moments, len(stays), is_demo, fitted, metrics, seed))


def _held_out(fitted: Fitted, later: Moments) -> dict[str, Any]:
    """Figures of each target on days that the model had not seen, beside what one number can do."""
    metrics = {}
    for target in TARGETS:
        judged, label = labelled(later, target)
        if target in fitted.targets and len(label):
            metrics[target] = figures(label, fitted.probabilities(target, judged)) | {
                "recency_auc": auc(label, -judged.recency_s),
                "switches_5min_auc": auc(label, judged.switches_5min),
            }
    return metrics


def _manifest(
    moments: Moments, streams: int, is_demo: bool, fitted: Fitted, metrics: dict[str, Any], seed: int
) -> dict[str, Any]:
    people = moments.outcome_source > Source.WEAK
    return {
        "kind": "xgboost",
        "trained_on": "demo" if is_demo else "people",
        "data": {
            "first_us": int(moments.times_us.min()),
            "last_us": int(moments.times_us.max()),
            "streams": streams,
            "people": len(np.unique(moments.person)),
            "moments": len(moments),
        },
        "outcome_labels": "people" if people.sum() >= MIN_ROWS else "weak",
        "input_version": fitted.contract.version,
        "input_hash": fitted.contract.hash,
        "code_version": importlib.metadata.version("neural-focus"),
        "seed": seed,
        "rounds": dict(fitted.rounds),
        "metrics": metrics,
        "files": file_hashes(fitted.files),
    }
