"""What came true after a moment, read off the stored snapshots. Pure functions over one stream's ``Moments``.

The age of the app says when it was switched to, at the snapshots' resolution of a second. A horizon in which capture
stopped decides nothing, and neither does one in which help was shown: whether it prevented something is the trial's
question.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neural_focus.prediction import AWAY_SECONDS, BREAK_HORIZON_SECONDS, HIGH_FROM, HORIZON_SECONDS, MANY_SWITCHES
from neural_focus.store.prediction_log import Moments

US = 1_000_000
MARGIN_US = 330 * US
"""Before a window: how long a snapshot's own past reaches; after it: the longest horizon."""
SLACK_US = 2 * US
"""Snapshots this close follow each other."""
WarningKind = Literal["HIGH_RISK", "BREAK"]
HORIZON: dict[WarningKind, int] = {"HIGH_RISK": HORIZON_SECONDS, "BREAK": BREAK_HORIZON_SECONDS}
Times = NDArray[np.int64]


def switch_seconds(past: Moments) -> Times:
    """Ends of the seconds in which the person switched apps, int64[k] ascending. A session's start is none."""
    if not len(past.t_us):
        return np.empty(0, np.int64)
    begun = past.t_us - past.app_age_s.astype(np.int64) * US
    before = np.r_[begun[0], past.t_us[:-1]]
    return np.unique(begun[(begun > before) & (past.session_age_s > past.app_age_s)])


def break_seconds(past: Moments, switches: Times) -> Times:
    """Switches (int64[k]) that leave for an app outside work and stay outside for at least 10 s."""
    changes = np.flatnonzero(np.r_[True, past.off_work[1:] != past.off_work[:-1], True])
    if len(changes) < 2 or not len(switches):
        return np.empty(0, np.int64)
    run = np.searchsorted(changes, np.arange(len(past.t_us)), side="right") - 1
    last_of_run = past.t_us[changes[run + 1] - 1]
    at = np.minimum(np.searchsorted(past.t_us, switches, side="left"), len(past.t_us) - 1)
    return np.asarray(switches[past.off_work[at] & (last_of_run[at] - switches >= AWAY_SECONDS * US)])


def came_true(past: Moments, kind: WarningKind, asked_us: Times) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """For warnings at ``asked_us`` (int64[n]): 1 came true, 0 did not, -1 undecided (int8[n]); seconds until it did."""
    horizon = HORIZON[kind] * US
    switches = switch_seconds(past)
    if kind == "HIGH_RISK":
        when = _next_after(switches, asked_us)
    else:
        third = np.searchsorted(switches, asked_us, side="right") + MANY_SWITCHES - 1
        padded = np.r_[switches, np.full(MANY_SWITCHES, np.iinfo(np.int64).max)]
        left = _next_after(break_seconds(past, switches), asked_us)
        when = np.minimum(padded[np.minimum(third, len(padded) - 1)], left)
    hit = when <= asked_us + horizon
    ends = asked_us + horizon
    near = np.searchsorted(past.t_us, ends - SLACK_US, side="left")
    known = np.r_[past.t_us, np.iinfo(np.int64).max][near] <= ends + SLACK_US
    verdict = np.where(hit, 1, np.where(known, 0, -1)).astype(np.int8)
    return verdict, np.where(hit, (when - asked_us) / US, np.nan)


def _next_after(events: Times, asked_us: Times) -> Times:
    padded = np.r_[events, np.iinfo(np.int64).max]
    return np.asarray(padded[np.searchsorted(events, asked_us, side="right")])


def high_onsets(past: Moments) -> Times:
    """When the risk became HIGH: snapshots at 0.7 or above that follow one below, or nothing; int64[k]."""
    high = past.distraction_risk >= HIGH_FROM
    before = np.r_[False, high[:-1] & (np.diff(past.t_us) <= SLACK_US)]
    return np.asarray(past.t_us[high & ~before])


def untouched(kind: WarningKind, asked_us: Times, shown_us: Times) -> NDArray[np.bool_]:
    """Whether nothing of ours was shown in (t, t + horizon] of each time; ``shown_us`` int64[k] ascending."""
    until = np.searchsorted(shown_us, asked_us + HORIZON[kind] * US, side="right")
    return np.asarray(until == np.searchsorted(shown_us, asked_us, side="right"))


def outcomes(past: Moments, kind: WarningKind, shown_us: Times) -> NDArray[np.int8]:
    """What became of each moment of ``past``, as an untouched one: 1, 0, or -1 undecided or touched; int8[n].

    Breaks are undecided where focus was not settled.
    """
    verdict, _ = came_true(past, kind, past.t_us)
    counts = untouched(kind, past.t_us, shown_us)
    if kind == "BREAK":
        counts &= np.isfinite(past.break_risk)
    return np.where(counts, verdict, -1).astype(np.int8)
