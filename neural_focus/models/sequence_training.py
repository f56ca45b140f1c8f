"""Train the LSTM that may serve: ``training.train_moments``'s counterpart, with the same kind of bundle and manifest.

Moments need their sequences (``Moments.recent``): ``cut_moments`` gives them, ``flows.label_files.join_moments`` with
``sequences=True``. Each moment carries its own, so moments may be thinned before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neural_focus.errors import InputError
from neural_focus.models import held_out
from neural_focus.models.contracts import CONTRACTS
from neural_focus.models.datasets import Moments, Stays, slices_by_days
from neural_focus.models.fitting import TARGETS, Report, labelled, settle_outcomes, silent, thin, trainable
from neural_focus.models.held_out import judge_held_out
from neural_focus.models.inputs import InputContract
from neural_focus.models.linear import Linear, fit_linear
from neural_focus.models.population import AppStatistics
from neural_focus.models.recurrent import Recipe
from neural_focus.models.sequence_fitting import KIND, RECIPE, fit_sequences
from neural_focus.models.training import HELD_OUT_FROM, complete, held_out_figures
from neural_focus.registry.bundle import TrainedBundle

MOST_ROWS = 75_000
"""Moments that one model is trained on: a sequence is a kilobyte, and neighbours tell nearly the same."""


def train_sequences(
    moments: Moments,
    stays: Sequence[Stays],
    *,
    is_demo: bool,
    input_version: int = 6,
    seed: int = 7,
    checkpoint: Path | None = None,
    recipe: Recipe = RECIPE,
    report: Report = silent,
) -> TrainedBundle:
    """Train an LSTM of kind "lstm" for switch, break and outcome on moments with their sequences.

    ``checkpoint``: a folder in which every finished epoch survives a kill; the same call then goes on from there.
    Same moments and seed: same bytes, on a CPU.

    Raises:
        InputError: there are too few labelled moments.
        ContractError: the moments have no sequences.
    """
    contract = CONTRACTS[input_version]
    moments = settle_outcomes(thin(moments, MOST_ROWS))
    if not trainable(labelled(moments, "switch")[1]):
        raise InputError(f"{len(moments)} moments are too few to train on", hint="Capture for some hours of work first")
    part = slices_by_days(moments.times_us, moments.person, (HELD_OUT_FROM,))
    seen, later = moments.take(part == 0), moments.take(part == 1)
    half = _part_of(report, 0.0)
    earlier = fit_sequences(seen, stays, contract, seed=seed, folder=checkpoint, recipe=recipe, report=half)
    rest = _part_of(report, 0.5)
    fitted = fit_sequences(moments, stays, contract, seed=seed, folder=checkpoint, recipe=recipe, report=rest)
    if earlier is None or fitted is None or "switch" not in fitted.targets or "switch" not in earlier.targets:
        raise InputError("the days are too few or too alike to train on", hint="Capture for some days first")
    held = judge_held_out(
        KIND,
        earlier,
        later,
        seen,
        split=held_out.DAYS,
        contract=contract,
        population=earlier.population,
        linear=_regressions(seen, contract, earlier.population),
    )
    report("trained", 1.0)
    return complete(
        KIND,
        fitted.files,
        moments,
        held,
        moments.inputs(contract, fitted.population),
        contract,
        streams=len(stays),
        is_demo=is_demo,
        seed=seed,
        manifest={"metrics": held_out_figures(earlier, later), "learning_curve": []},
    )


def _part_of(report: Report, begin: float) -> Report:
    return lambda step, share: report(step, begin + share / 2)


def _regressions(seen: Moments, contract: InputContract, population: AppStatistics) -> dict[str, Linear]:
    """The baseline of the same inputs, by target."""
    found = {}
    for target in TARGETS:
        known, label = labelled(seen, target)
        if trainable(label):
            found[target] = fit_linear(known.inputs(contract, population), label)
    return found
