"""Train one model on streams: fit on earlier days, calibrate on later ones, measure on the last, then fit on all.

::

    days of each person   ├──── fit 60 % ────┤─ calibrate 15 % ─┤──── measure 25 % ────┤
    served model          ├───────────────── fit on everything ────────────────────────┤
    served calibration                        ├─ margins of models that had not seen ──┤

Moments with an intervention of ours in their horizon have no label and never reach a fit.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.errors import InputError
from neural_focus.models import measures
from neural_focus.models.boosted import fit_trees, load_trees
from neural_focus.models.bundle import MODEL, TrainedBundle, file_hashes, write_json
from neural_focus.models.calibrate import Calibration, fit_calibration
from neural_focus.models.confidence import learn_familiarity
from neural_focus.models.datasets import Moments, StreamTable, cut_moments
from neural_focus.models.inputs import CONTRACTS, InputContract
from neural_focus.models.labels import NO_LABEL, Labels, Outcome, Source
from neural_focus.models.predict import TARGETS
from neural_focus.models.splits import slices_by_days

FRACTIONS = (0.6, 0.75)
MAX_ROWS = 150_000
MIN_ROWS = 500
Report = Callable[[str, float], None]


def _silent(step: str, share: float) -> None:
    """The default progress report: none."""


def train(
    streams: Sequence[StreamTable],
    *,
    input_version: int = 1,
    seed: int = 7,
    checkpoint: Path | None = None,
    report: Report = _silent,
) -> TrainedBundle:
    """Train risk, break and outcome on streams of one kind, all demo or all real.

    ``checkpoint``: a folder in which finished steps survive a kill; the same call then goes on from there.
    Same data and seed: same bytes.

    Raises:
        InputError: demo and real people are mixed, or there are too few labelled moments.
    """
    if len({stream.is_demo for stream in streams}) != 1:
        raise InputError(
            "demo people and real ones cannot train one model" if streams else "there is nobody to train on",
            todo="Give streams of one kind",
        )
    report("cutting moments", 0.0)
    moments = cut_moments(streams, CONTRACTS[input_version])
    return train_moments(
        moments,
        is_demo=streams[0].is_demo,
        input_version=input_version,
        seed=seed,
        checkpoint=checkpoint,
        report=report,
    )


def train_moments(
    moments: Moments,
    *,
    is_demo: bool,
    input_version: int = 1,
    seed: int = 7,
    checkpoint: Path | None = None,
    report: Report = _silent,
) -> TrainedBundle:
    """``train`` on moments that are already cut, such as those the flows join as of the time.

    Raises:
        InputError: there are too few labelled moments.
    """
    contract = CONTRACTS[input_version]
    moments = _thin(moments)
    steps = _Steps(checkpoint, moments, seed)
    files: dict[str, bytes] = {}
    calibration: dict[str, Calibration] = {}
    metrics: dict[str, Any] = {}
    for number, target in enumerate(TARGETS):
        report(f"training {target}", 0.1 + 0.3 * number)
        rows, label = _labelled(moments, target)
        if len(rows) < MIN_ROWS or label.min() == label.max():
            if target == "switch":
                raise InputError(
                    f"{len(rows)} labelled moments are too few to train on",
                    todo="Capture for some hours of work first",
                )
            continue
        files[f"{target}.ubj"], calibration[target], metrics[target] = _train_target(
            rows, label, contract, target, steps
        )
    files[MODEL] = write_json(_around(moments, contract, calibration))
    report("trained", 1.0)
    return TrainedBundle("xgboost", files, _manifest(is_demo, moments, contract, files, metrics, seed))


class _Steps:
    """Fitted trees by what went in: kept in a folder, so that a killed training goes on where it was."""

    def __init__(self, folder: Path | None, moments: Moments, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.data = hashlib.sha256(moments.inputs.tobytes()).hexdigest()

    def fit(self, name: str, moments: Moments, label: Labels) -> bytes:
        """The trees of one step, from the folder if they are there whole."""
        digest = hashlib.sha256(f"{self.data} {name} {self.seed} {len(label)}".encode() + label.tobytes()).hexdigest()
        path = self.folder / f"{name}-{digest[:16]}.ubj" if self.folder else None
        if path and path.exists():
            return path.read_bytes()
        trees = fit_trees(moments.inputs, label, seed=self.seed)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_bytes(trees)
            partial.replace(path)
        return trees


def _train_target(
    moments: Moments, label: Labels, contract: InputContract, target: str, steps: _Steps
) -> tuple[bytes, Calibration, dict[str, Any]]:
    """Trees fitted on everything, calibration from margins of models that had not seen the moment, and figures."""
    width = len(contract.names)
    part = slices_by_days(moments.times_us, moments.person, FRACTIONS)
    margin = np.full(len(moments), np.nan)
    for step, (fit, judged) in enumerate((((0,), 1), ((0, 1), 2))):
        inside = np.isin(part, fit)
        if not inside.any() or label[inside].min() == label[inside].max():
            continue
        trees = load_trees(steps.fit(f"{target}-{step}", moments.take(inside), label[inside]), width)
        margin[part == judged] = trees.margins(moments.inputs[part == judged])
    middle, last = (part == 1) & np.isfinite(margin), (part == 2) & np.isfinite(margin)
    held_out = fit_calibration(margin[middle], label[middle], moments.person[middle])
    figures = _figures(moments.take(last), label[last], held_out.probabilities(margin[last], moments.person[last]))
    seen = middle | last
    served = fit_calibration(margin[seen], label[seen], moments.person[seen])
    return steps.fit(f"{target}-all", moments, label), served, figures


def _figures(moments: Moments, label: Labels, probability: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Held-out figures beside what the time since the last switch alone can do."""
    if not len(label):
        return {"n": 0}
    return {
        "n": len(label),
        "base_rate": float(label.mean()),
        "auc": measures.auc(label, probability),
        "average_precision": measures.average_precision(label, probability),
        "brier": measures.brier(label, probability),
        "log_loss": measures.log_loss(label, probability),
        "ece": measures.ece(label, probability),
        "recency_auc": measures.auc(label, -moments.recency_s),
        "switches_5min_auc": measures.auc(label, moments.switches_5min),
    }


def _labelled(moments: Moments, target: str) -> tuple[Moments, Labels]:
    """The moments that have the target's label, and the labels as 0/1."""
    if target == "outcome":
        # people's labels are never mixed with weak ones: with enough of them, theirs alone count
        people = moments.outcome_source > Source.WEAK
        enough = people.sum() >= MIN_ROWS
        chosen = people if enough else moments.outcome_source == Source.WEAK
        return moments.take(chosen), (moments.outcome[chosen] == Outcome.FOCUSED).astype(np.int8)
    found = moments.switch if target == "switch" else moments.settled_break
    chosen = found != NO_LABEL
    return moments.take(chosen), found[chosen]


def _thin(moments: Moments) -> Moments:
    """Every k-th moment, so that a year of many people still trains in a minute."""
    keep = -(-len(moments) // MAX_ROWS)
    return moments if keep <= 1 else moments.take(np.arange(0, len(moments), keep))


def _around(moments: Moments, contract: InputContract, calibration: dict[str, Calibration]) -> dict[str, Any]:
    """``model.json``: everything a prediction needs beside the trees."""
    people = np.unique(moments.person)
    usual = {str(int(one)): np.median(moments.inputs[moments.person == one], axis=0) for one in people}
    usual["*"] = np.median(moments.inputs, axis=0)
    return {
        "input_version": contract.version,
        "input_hash": contract.hash,
        "calibration": {name: line.to_json() for name, line in calibration.items()},
        "familiarity": learn_familiarity(moments.inputs).to_json(),
        "usual": {key: values.astype(float).tolist() for key, values in usual.items()},
    }


def _manifest(
    is_demo: bool,
    moments: Moments,
    contract: InputContract,
    files: dict[str, bytes],
    metrics: dict[str, Any],
    seed: int,
) -> dict[str, Any]:
    people = moments.outcome_source > Source.WEAK
    return {
        "kind": "xgboost",
        "trained_on": "demo" if is_demo else "people",
        "data": {
            "first_us": int(moments.times_us.min()),
            "last_us": int(moments.times_us.max()),
            "streams": len(np.unique(moments.stream)),
            "people": len(np.unique(moments.person)),
            "moments": len(moments),
        },
        "outcome_labels": "people" if people.sum() >= MIN_ROWS else "weak",
        "input_version": contract.version,
        "input_hash": contract.hash,
        "code_version": importlib.metadata.version("neural-focus"),
        "seed": seed,
        "metrics": metrics,
        "files": file_hashes(files),
    }
