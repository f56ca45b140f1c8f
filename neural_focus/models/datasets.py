"""What training and evaluation work on: one stream's log with its snapshots, cut into labelled moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from neural_focus.models import labels
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.timeline import Timeline, Times, read_timeline, ticks
from neural_focus.prediction import BREAK_HORIZON_SECONDS, HORIZON_SECONDS

NO_TIMES: Times = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class StreamTable:
    """One (person, machine): records EVENT_DTYPE[m] in replay order and its snapshots.

    ``timestamps_us`` int64[n], ``features`` float32[n, 32] in FEATURES order, ``sequence`` uint8[n, 10].
    ``interventions_us``: when something of ours was shown (no-op draws are not), ascending. ``covered``: when capture
    ran, int64[·, 2]; by default from the first record to the last. ``marks``: outcomes that people gave.
    """

    stream_id: str
    user_id: int
    records: npt.NDArray[np.void]
    timestamps_us: Times
    features: Rows
    sequence: npt.NDArray[np.uint8]
    is_demo: bool = False
    interventions_us: Times = field(default_factory=lambda: NO_TIMES)
    covered: Times | None = None
    marks: Sequence[labels.OutcomeMark] = ()


@dataclass(frozen=True, slots=True)
class Moments:
    """Labelled ticks of several streams; one row each, ordered by stream, then time.

    ``inputs`` float32[n, width]; ``person`` int64[n] user ids; labels int8[n] with -1 for none. ``outcome_source`` is
    ``labels.Source``. ``recency_s`` and ``switches_5min`` are what the baselines know.
    """

    inputs: Rows
    times_us: Times
    person: Times
    stream: npt.NDArray[np.int32]
    switch: labels.Labels
    settled_break: labels.Labels
    outcome: labels.Labels
    outcome_source: labels.Labels
    recency_s: npt.NDArray[np.float64]
    switches_5min: npt.NDArray[np.float64]
    lead_s: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.times_us)

    def take(self, chosen: npt.NDArray[np.bool_] | Times) -> Moments:
        """The chosen rows."""
        return Moments(*(getattr(self, name)[chosen] for name in self.__slots__))


def cut_moments(streams: Sequence[StreamTable], contract: InputContract) -> Moments:
    """Ticks of every stream, every 10 s at most 60 s after the last event, with inputs and labels."""
    parts = [_stream_moments(stream, number, contract) for number, stream in enumerate(streams)]
    names = Moments.__slots__
    return Moments(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _stream_moments(stream: StreamTable, number: int, contract: InputContract) -> Moments:
    timeline = read_timeline(stream.records, stream.covered)
    at = ticks(timeline.event_us)
    place = np.searchsorted(stream.timestamps_us, at)
    found = place < len(stream.timestamps_us)
    found[found] = stream.timestamps_us[place[found]] == at[found]
    at, place = at[found], place[found]
    inputs = contract.assemble(stream.features[place], history_columns(stream, place, contract))
    stay = timeline.stay_at(at)
    begun = np.r_[timeline.event_us[0], timeline.switch_us][stay]
    before = np.searchsorted(timeline.switch_us, at - 300_000_000, side="right")
    outcome, source = _outcomes(stream, timeline, at)
    return Moments(
        inputs=inputs,
        times_us=at,
        person=np.full(len(at), stream.user_id, np.int64),
        stream=np.full(len(at), number, np.int32),
        switch=_masked(stream, timeline, at, labels.switch_within(timeline, at), HORIZON_SECONDS),
        settled_break=_masked(stream, timeline, at, labels.settled_break(timeline, at), BREAK_HORIZON_SECONDS),
        outcome=outcome,
        outcome_source=source,
        recency_s=(at - begun) / 1e6,
        switches_5min=(stay - before).astype(np.float64),
        lead_s=_lead(timeline, at),
    )


def history_columns(stream: StreamTable, place: Times, contract: InputContract) -> Rows | None:
    """History columns of the snapshots at ``place``; None when the contract has none."""
    if not contract.extra_names:
        return None
    raise NotImplementedError(contract.version)


def _masked(
    stream: StreamTable, timeline: Timeline, at: Times, found: labels.Labels, horizon_s: float
) -> labels.Labels:
    usable = labels.horizon_mask(timeline, at, horizon_s, stream.interventions_us)
    return np.where(usable, found, labels.NO_LABEL).astype(np.int8)


def _outcomes(stream: StreamTable, timeline: Timeline, at: Times) -> tuple[labels.Labels, labels.Labels]:
    """People's marks first; rules, marked as weak, where nobody said anything."""
    outcome, source = labels.resolve_outcomes(at, stream.marks)
    weak = _masked(stream, timeline, at, labels.weak_outcomes(timeline, at), labels.WEAK_HORIZON_SECONDS)
    use = (source == labels.Source.NONE) & (weak >= 0)
    outcome[use], source[use] = weak[use], labels.Source.WEAK
    return outcome, source


def _lead(timeline: Timeline, at: Times) -> npt.NDArray[np.float64]:
    """Seconds from each time to the next switch, inf if none."""
    times = np.append(timeline.switch_us, np.iinfo(np.int64).max // 2)
    lead: npt.NDArray[np.float64] = (times[timeline.stay_at(at)] - at) / 1e6
    return lead
