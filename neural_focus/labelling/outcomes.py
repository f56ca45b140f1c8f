"""What became of warnings and of what was served: the labels' own rules, over what happened in the stream.

A horizon that capture did not cover decides nothing, and neither does one in which help was shown: whether it prevented
something is the trial's question.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_focus.labelling.labels import NO_LABEL, Labels, next_break, next_switch, untouched
from neural_focus.prediction import BREAK_HORIZON_SECONDS, HIGH_FROM, HORIZON_SECONDS, WarningKind
from neural_focus.store.predictions import LoggedMoments
from neural_focus.time import SECOND_US
from neural_focus.timeline import Timeline, Times

SLACK_US = 2 * SECOND_US
"""Snapshots this close follow each other."""
HORIZON: dict[WarningKind, int] = {"HIGH_RISK": HORIZON_SECONDS, "BREAK": BREAK_HORIZON_SECONDS}


def warning_outcome(timeline: Timeline, kind: WarningKind, warned_us: Times) -> tuple[Labels, NDArray[np.float64]]:
    """Of warnings at ``warned_us`` (int64[n]): 1 came true, 0 did not, -1 undecided (int8[n]); seconds until it did."""
    when = (next_switch if kind == "HIGH_RISK" else next_break)(timeline, warned_us)
    ends = warned_us + HORIZON[kind] * SECOND_US
    covered = timeline.covers(warned_us, ends)
    verdict = np.where(covered, when <= ends, NO_LABEL).astype(np.int8)
    return verdict, np.where(verdict == 1, (when - warned_us) / SECOND_US, np.nan)


def served_outcome(timeline: Timeline, past: LoggedMoments, kind: WarningKind, shown_us: Times) -> Labels:
    """What became of each moment of ``past``, as an untouched one: 1, 0, or -1 undecided or touched; int8[n].

    Breaks are undecided where none was foreseen: focus was not settled.
    """
    verdict, _ = warning_outcome(timeline, kind, past.t_us)
    counts = untouched(past.t_us, HORIZON[kind], shown_us)
    if kind == "BREAK":
        counts &= np.isfinite(past.break_risk)
    return np.where(counts, verdict, NO_LABEL).astype(np.int8)


def high_onsets(past: LoggedMoments) -> Times:
    """When the risk became HIGH: snapshots at 0.7 or above that follow one below, or nothing; int64[k]."""
    high = past.distraction_risk >= HIGH_FROM
    before = np.r_[False, high[:-1] & (np.diff(past.t_us) <= SLACK_US)]
    return np.asarray(past.t_us[high & ~before])
