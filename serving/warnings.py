"""What happened and what was warned of, for the page: pure functions over one stream's ``Timeline`` and predictions.

What came true is ``neural_focus.labelling.outcomes``' word. A warning on which we acted is shown but not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.labelling.labels import untouched
from neural_focus.labelling.outcomes import HORIZON, high_onsets, warning_outcome
from neural_focus.prediction import WarningKind
from neural_focus.store.predictions import LoggedMoments
from neural_focus.time import SECOND_US
from neural_focus.timeline import Timeline
from serving.recent_responses import Switch, TimeSpan, WarningGiven


@dataclass(frozen=True, slots=True)
class Offered:
    """An opportunity as the review needs it; ``acted``: the person was shown something."""

    intervention_id: int
    t_us: int
    risk: float
    acted: bool
    reason: str


def switches_of(timeline: Timeline, start_us: int) -> list[Switch]:
    """The switches after ``start_us``, for the page: by the second."""
    seconds, counts = np.unique(-(-timeline.switch_us // SECOND_US) * SECOND_US, return_counts=True)
    return [
        Switch(t_us, count) for t_us, count in zip(seconds.tolist(), counts.tolist(), strict=True) if t_us > start_us
    ]


def idle_stretches(timeline: Timeline, start_us: int, end_us: int) -> list[TimeSpan]:
    """When nobody was at the keys, from the last input on, as far as that lies in (start, end]."""
    idle = timeline.idle_from_input().tolist()
    return [TimeSpan(begin, min(end, end_us)) for begin, end in idle if end > start_us]


def warnings_of(
    timeline: Timeline, past: LoggedMoments, offered: Sequence[Offered], shown_us: NDArray[np.int64], start_us: int
) -> list[WarningGiven]:
    """Every warning after ``start_us`` with its outcome, oldest first; ``shown_us``: ``labels.shown_on``."""
    onsets = high_onsets(past)
    risks = past.distraction_risk[np.searchsorted(past.t_us, onsets)]
    acted = ~untouched(onsets, HORIZON["HIGH_RISK"], shown_us)
    verdicts, leads = warning_outcome(timeline, "HIGH_RISK", onsets)
    found = [
        _warning(int(t), "HIGH_RISK", float(risk), int(verdict), float(lead), bool(touched))
        for t, risk, verdict, lead, touched in zip(onsets, risks, verdicts, leads, acted, strict=True)
    ]
    times = np.array([item.t_us for item in offered], np.int64)
    verdicts, leads = warning_outcome(timeline, "BREAK", times)
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
