"""All labels of a stream's ticks at once, with what the baselines know of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neural_focus.labelling import labels
from neural_focus.prediction import BREAK_HORIZON_SECONDS, HORIZON_SECONDS
from neural_focus.time import SECOND_US
from neural_focus.timeline import NEVER, Timeline, Times


@dataclass(frozen=True, slots=True)
class TickLabels:
    """One row a tick, in time order: labels int8[n] with -1 for none, ``outcome_source`` is ``labels.Source``.

    ``recency_s`` since the last switch, ``switches_5min`` and ``lead_s`` until the next switch: float64[n].
    """

    times_us: Times
    switch: labels.Labels
    settled_break: labels.Labels
    outcome: labels.Labels
    outcome_source: labels.Labels
    recency_s: npt.NDArray[np.float64]
    switches_5min: npt.NDArray[np.float64]
    lead_s: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.times_us)


def label_ticks(
    timeline: Timeline,
    times_us: Times,
    app_age_s: npt.NDArray[np.floating],
    interventions_us: Times,
    marks: Sequence[labels.OutcomeMark],
) -> TickLabels:
    """Labels of the times (int64[n] µs, ascending) at which snapshots have ``app_age_s`` as ``time_in_current_app``.

    ``interventions_us`` int64[k]: when something of ours was shown, ascending. ``marks``: people's words first; rules,
    marked as weak, where nobody said anything.
    """

    def masked(found: labels.Labels, horizon_s: float) -> labels.Labels:
        usable = labels.horizon_mask(timeline, times_us, horizon_s, interventions_us)
        return np.where(usable, found, labels.NO_LABEL).astype(np.int8)

    stay = timeline.stay_at(times_us)
    outcome, source = labels.resolve_outcomes(times_us, marks)
    weak = masked(labels.weak_outcomes(timeline, times_us), labels.WEAK_HORIZON_SECONDS)
    use = (source == labels.Source.NONE) & (weak >= 0)
    outcome[use], source[use] = weak[use], labels.Source.WEAK
    before = np.searchsorted(timeline.switch_us, times_us - 300 * SECOND_US, side="right")
    return TickLabels(
        times_us=times_us,
        switch=masked(labels.switch_within(timeline, times_us), HORIZON_SECONDS),
        settled_break=masked(labels.settled_break(timeline, times_us, app_age_s), BREAK_HORIZON_SECONDS),
        outcome=outcome,
        outcome_source=source,
        recency_s=(times_us - stay_begins(timeline)[stay]) / 1e6,
        switches_5min=(stay - before).astype(np.float64),
        lead_s=(np.append(timeline.switch_us, NEVER // 2)[stay] - times_us) / 1e6,
    )


def join_labels(parts: Sequence[TickLabels]) -> TickLabels:
    """The rows of at least one part, one part after the other."""
    return TickLabels(*(np.concatenate([getattr(part, name) for part in parts]) for name in TickLabels.__slots__))


def stay_begins(timeline: Timeline) -> Times:
    """When each stay began, int64[k + 1] µs."""
    return np.asarray(np.r_[timeline.begun_us, timeline.switch_us])
