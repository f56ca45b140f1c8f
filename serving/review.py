"""What was warned, and what came true. Pure functions over one stream's ``Moments``.

What came true is ``neural_focus.hindsight``'s word. A warning within whose horizon capture stopped is undecided, never
wrong. A warning on which we acted is shown but not counted: whether the help prevented it is the trial's question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.hindsight import HORIZON, SLACK_US, US, WarningKind, came_true, high_onsets, switch_seconds, untouched
from neural_focus.prediction import HORIZON_SECONDS
from neural_focus.store.prediction_log import Moments
from serving.recent_responses import Stretch, Switch, WarningGiven


@dataclass(frozen=True, slots=True)
class Offered:
    """An opportunity as the review needs it; ``acted``: the person was shown something."""

    intervention_id: int
    t_us: int
    risk: float
    acted: bool
    reason: str


def switches_of(past: Moments, start_us: int) -> list[Switch]:
    """The switches after ``start_us``, for the page."""
    return [Switch(int(t), 1) for t in switch_seconds(past) if t > start_us]


def idle_stretches(past: Moments, start_us: int) -> list[Stretch]:
    """When nobody was at the keys: the idle time of the 30 s before grows, or fills them, second after second."""
    if len(past.t_us) < 2:
        return []
    follows = np.diff(past.t_us) <= SLACK_US
    idle = np.r_[False, follows & ((np.diff(past.idle_s) > 0) | (past.idle_s[1:] >= HORIZON_SECONDS))]
    edges = np.flatnonzero(np.diff(np.r_[False, idle, False].astype(np.int8)))
    # Idle is known some seconds after the last input: the first step holds them all.
    begun = past.t_us - (np.diff(past.idle_s, prepend=0.0) * US).astype(np.int64)
    found = [Stretch(int(begun[first]), int(past.t_us[end - 1])) for first, end in edges.reshape(-1, 2)]
    return [stretch for stretch in found if stretch.to_us > start_us]


def warnings_of(
    past: Moments, offered: Sequence[Offered], shown_us: NDArray[np.int64], start_us: int
) -> list[WarningGiven]:
    """Every warning after ``start_us`` with its outcome, oldest first; ``shown_us``: ``labels.shown_on``."""
    onsets = high_onsets(past)
    risks = past.distraction_risk[np.searchsorted(past.t_us, onsets)]
    acted = ~untouched("HIGH_RISK", onsets, shown_us)
    verdicts, leads = came_true(past, "HIGH_RISK", onsets)
    found = [
        _warning(int(t), "HIGH_RISK", float(risk), int(verdict), float(lead), bool(touched))
        for t, risk, verdict, lead, touched in zip(onsets, risks, verdicts, leads, acted, strict=True)
    ]
    times = np.array([item.t_us for item in offered], np.int64)
    verdicts, leads = came_true(past, "BREAK", times)
    found += [
        _warning(item.t_us, "BREAK", item.risk, int(verdict), float(lead), item.acted, item)
        for item, verdict, lead in zip(offered, verdicts, leads, strict=True)
    ]
    return sorted((warning for warning in found if warning.t_us > start_us), key=lambda warning: warning.t_us)


def _warning(
    t_us: int, kind: WarningKind, risk: float, verdict: int, lead: float, acted: bool, offered: Offered | None = None
) -> WarningGiven:
    return WarningGiven(
        t_us=t_us,
        kind=kind,
        risk=risk,
        horizon_seconds=HORIZON[kind],
        came_true=None if verdict < 0 else bool(verdict),
        lead_s=None if np.isnan(lead) else lead,
        acted_on=acted,
        intervention_id=offered.intervention_id if offered else None,
        reason=offered.reason if offered else "",
    )
