"""The loop: help that works hides the very breaks it was offered for. Learning from such moments as if nothing had
happened teaches that risky moments are safe; with the horizon mask it does not."""

from __future__ import annotations

import numpy as np
import pytest

from neural_focus.labelling.labels import NO_LABEL, horizon_mask, switch_within
from neural_focus.models.calibration import fit_calibration
from neural_focus.models.linear import fit_linear
from neural_focus.models.metrics import auc, ece
from neural_focus.time import SECOND_US
from neural_focus.timeline import Timeline

MINUTE_US = 60 * SECOND_US
MOMENTS = 6_000
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Times = np.ndarray[tuple[int], np.dtype[np.int64]]


def live_through(seed: int, *, helped: bool) -> tuple[Times, Floats, Timeline, Times]:
    """A person for whom tension foretells a switch; help at tense moments, where given, keeps them in the app.

    Returns the times of the moments, one a minute, their inputs float64[n, 2], the log, and when help was shown.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(1, MOMENTS + 1, dtype=np.int64) * MINUTE_US
    tension, noise = rng.normal(size=MOMENTS), rng.normal(size=MOMENTS)
    risk = 1 / (1 + np.exp(1.0 - 1.5 * tension))
    shown = (risk > 0.45) & helped
    switches = rng.random(MOMENTS) < np.where(shown, 0.05, risk)
    switch_us = times[switches] + 15 * SECOND_US
    log = Timeline(
        switch_us=switch_us,
        apps=np.arange(len(switch_us) + 1, dtype=np.int32) % 2,
        app_names=("editor", "browser"),
        hints=np.zeros(len(switch_us) + 1, np.uint32),
        event_us=times,
        idle=np.empty((0, 2), np.int64),
        idle_since_us=np.empty(0, np.int64),
        covered=np.array([[0, int(times[-1]) + MINUTE_US]]),
        has_categories=False,
        begun_us=int(times[0]),
    )
    return times, np.stack([tension, noise], axis=1), log, times[shown] + 2 * SECOND_US


def judge_untouched(interventions_us: Times) -> tuple[float, float]:
    """AUC and calibration error on a life without help, of a model that took ``interventions_us`` for all the help."""
    times, inputs, log, _ = live_through(1, helped=True)
    found = switch_within(log, times)
    usable = horizon_mask(log, times, 30, interventions_us)
    label = np.where(usable, found, NO_LABEL).astype(np.int8)
    known = label != NO_LABEL
    rows = inputs.astype(np.float32)
    half = np.arange(MOMENTS) < MOMENTS // 2
    model = fit_linear(rows[known & half], label[known & half])
    line = fit_calibration(model.margins(rows[known & ~half]), label[known & ~half])
    later, fresh, untouched, _ = live_through(2, helped=False)
    truth = switch_within(untouched, later)
    said = line.probabilities(model.margins(fresh.astype(np.float32)))
    return auc(truth, said), ece(truth, said)


def test_moments_that_help_touched_are_not_learned_from_as_if_untouched() -> None:
    _, _, _, shown = live_through(1, helped=True)
    assert 0.2 < len(shown) / MOMENTS < 0.5
    masked_auc, masked_error = judge_untouched(shown)
    naive_auc, naive_error = judge_untouched(np.empty(0, np.int64))
    assert masked_error < 0.06
    assert naive_error > masked_error + 0.1
    assert masked_auc == pytest.approx(0.83, abs=0.04)
    assert naive_auc < masked_auc + 0.01  # nothing is won by it either
