"""What training and evaluation work on: one stream's log with its snapshots, cut into labelled moments; and
splits of them that do not leak: whole days or whole people, purged and embargoed around every border.

::

    fit ───────────────┤ 330 s ├─── test
        labels look 30–300 s ahead, inputs up to 300 s back: nothing on one side may touch the other
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from neural_focus.apps import app_id
from neural_focus.features import FEATURE_INDEX
from neural_focus.labelling import labels
from neural_focus.labelling.tick_labels import TickLabels, label_ticks, stay_begins
from neural_focus.models.inputs import InputContract, Rows
from neural_focus.models.past import PastRows
from neural_focus.models.population import AppStatistics, count_stays
from neural_focus.models.sequences import Recent, no_steps, recent_steps
from neural_focus.replay import Inputs
from neural_focus.time import DAY_US, SECOND_US
from neural_focus.timeline import Timeline, Times, read_timeline, ticks

_APP_AGE = FEATURE_INDEX["time_in_current_app"]
NO_TIMES: Times = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class StreamTable:
    """One (person, machine): records EVENT_DTYPE[m] in replay order, its snapshots, and the engine's inputs at those
    that lie on whole ten seconds.

    ``timestamps_us`` int64[n], ``features`` float32[n, 32] in FEATURES order, ``sequence`` uint8[n, 10].
    ``interventions_us``: when something of ours was shown (no-op draws are not), ascending. ``covered``: when capture
    ran, int64[·, 2]; by default from the first record to the last. ``marks``: outcomes that people gave.
    ``has_categories``: whether the log itself knows which apps are work, by default whether it says so of any; labels
    do not lean on guesses by name.
    """

    stream_id: str
    user_id: int
    records: npt.NDArray[np.void]
    timestamps_us: Times
    features: Rows
    sequence: npt.NDArray[np.uint8]
    inputs: Inputs
    is_demo: bool = False
    interventions_us: Times = field(default_factory=lambda: NO_TIMES)
    covered: Times | None = None
    marks: Sequence[labels.OutcomeMark] = ()
    has_categories: bool | None = None


@dataclass(frozen=True, slots=True)
class Moments:
    """Labelled ticks of several streams; one row each, ordered by stream, then time.

    ``own`` float32[n, k]: the inputs that a stream's own past gives; ``inputs`` adds the others. ``person`` int64[n]
    user ids; labels int8[n] with -1 for none; ``outcome_source`` is ``labels.Source``. ``recency_s`` and
    ``switches_5min`` are what the baselines know; ``lead_s`` how far ahead the next switch is. ``recent``: the
    sequences that end at the moments, [n, STEPS, CHANNELS], or [n, 0, CHANNELS] where nobody reads them.
    """

    own: Rows
    app: npt.NDArray[np.str_]
    previous_app: npt.NDArray[np.str_]
    times_us: Times
    person: Times
    switch: labels.Labels
    settled_break: labels.Labels
    outcome: labels.Labels
    outcome_source: labels.Labels
    recency_s: npt.NDArray[np.float64]
    switches_5min: npt.NDArray[np.float64]
    lead_s: npt.NDArray[np.float64]
    recent: Recent

    def __len__(self) -> int:
        return len(self.times_us)

    def take(self, chosen: npt.NDArray[np.bool_] | Times) -> Moments:
        """The chosen rows."""
        return Moments(*(getattr(self, name)[chosen] for name in self.__slots__))

    @staticmethod
    def join(parts: Sequence[Moments]) -> Moments:
        """The rows of several, one part after the other."""
        return Moments(*(np.concatenate([getattr(part, name) for part in parts]) for name in Moments.__slots__))

    def without_sequences(self) -> Moments:
        """The same rows for models that read none: a tenth of the memory."""
        return replace(self, recent=no_steps(len(self)))

    def without_inputs(self) -> Moments:
        """The same rows for whoever reads labels and what the baselines know: a twentieth of the memory."""
        nothing = np.broadcast_to(np.array(""), len(self))
        return replace(self.without_sequences(), own=self.own[:, :0], app=nothing, previous_app=nothing)

    def inputs(self, contract: InputContract, population: AppStatistics, chosen: Times | None = None) -> Rows:
        """The contract's rows float32[n, width], by default of all moments; each person's see the others' statistics
        only. ``chosen``: row numbers int64[n]."""
        own, width = self.own, len(contract.names)
        if own.shape[1] == width:
            return own if chosen is None else own[chosen]
        chosen = np.arange(len(self)) if chosen is None else chosen
        person, rows = self.person[chosen], np.empty((len(chosen), width), np.float32)
        for one in np.unique(person):
            mine = np.flatnonzero(person == one)
            at = chosen[mine]
            rows[mine, : own.shape[1]] = own[at]
            rows[mine, own.shape[1] :] = population.rows(self.app[at], self.previous_app[at], int(one))
        return rows


@dataclass(frozen=True, slots=True)
class Stays:
    """The finished stays of one stream: ids of apps str[k], seconds float64[k], when each ended int64[k] µs."""

    person: int
    app: npt.NDArray[np.str_]
    seconds: npt.NDArray[np.float64]
    end_us: Times


def cut_moments(
    streams: Sequence[StreamTable], contract: InputContract, *, sequences: bool = False
) -> tuple[Moments, tuple[Stays, ...]]:
    """Ticks of every stream, every 10 s at most 60 s after the last event, with inputs and labels; and its stays.

    ``sequences``: with the two minutes before each tick too, a kilobyte a moment.
    """
    cut = [_cut_stream(stream, contract, sequences) for stream in streams]
    parts = [moments for moments, _ in cut]
    return Moments.join(parts), tuple(stays for _, stays in cut)


def learn_population(stays: Sequence[Stays], seen: Moments) -> AppStatistics:
    """App statistics of the people in ``seen``, each up to their last moment in it."""
    counted = []
    for one in stays:
        mine = seen.times_us[seen.person == one.person]
        if len(mine):
            known = one.end_us <= mine.max()
            counted.append((one.person, one.app[known], one.seconds[known]))
    return count_stays(counted)


def _cut_stream(stream: StreamTable, contract: InputContract, sequences: bool) -> tuple[Moments, Stays]:
    timeline = read_timeline(stream.records, stream.covered, has_categories=stream.has_categories)
    at, _, place = np.intersect1d(
        ticks(timeline.event_us), stream.timestamps_us, assume_unique=True, return_indices=True
    )
    past = PastRows.of_replay(stream.inputs, np.searchsorted(stream.inputs.timestamps_us, at))
    found = label_ticks(timeline, at, stream.features[place, _APP_AGE], stream.interventions_us, stream.marks)
    moments = Moments(
        own=contract.own(stream.features[place], past.inputs),
        app=past.app,
        previous_app=past.previous_app,
        person=np.full(len(at), stream.user_id, np.int64),
        **{name: getattr(found, name) for name in TickLabels.__slots__},
        recent=_recent(stream, place) if sequences else no_steps(len(at)),
    )
    return moments, stays_of(timeline, stream.user_id)


def stays_of(timeline: Timeline, person: int) -> Stays:
    """The finished stays of a person's stream."""
    names = np.array([app_id(name) for name in timeline.app_names])
    return Stays(person, names[timeline.apps[:-1]], np.diff(stay_begins(timeline)) / 1e6, timeline.switch_us)


def _recent(stream: StreamTable, place: Times) -> Recent:
    return recent_steps(stream.timestamps_us // SECOND_US, stream.features, stream.sequence, place)


def day_border(times_us: Times, fraction: float) -> int:
    """When the last ``1 − fraction`` of activity begins, µs: the midnight (UTC) nearest to that share of the ticks.

    Days are weighed by their ticks, so a week off or an hour on a Sunday moves nothing. Within one day the border is
    the tick itself. ``times_us`` in any order: two machines of a person work on the same days.
    """
    times_us = np.sort(times_us)
    begins = np.unique(times_us // DAY_US)[1:] * DAY_US
    if not len(begins):
        return int(times_us[int(len(times_us) * fraction)])
    before = np.searchsorted(times_us, begins) / len(times_us)
    return int(begins[np.argmin(np.abs(before - fraction))])


def slices_by_days(times_us: Times, group: Times, fractions: Sequence[float]) -> npt.NDArray[np.int8]:
    """Slice number of each moment, int8[n]: 0 before the first border of its group, and so on; -1 within an embargo.

    Borders are set for each ``group`` (a person) apart, on its own active days.
    """
    out = np.full(len(times_us), -1, np.int8)
    for one in np.unique(group):
        mine = np.flatnonzero(group == one)
        borders = [day_border(times_us[mine], fraction) for fraction in fractions]
        number = np.searchsorted(borders, times_us[mine], side="right")
        until = np.append(borders, np.iinfo(np.int64).max)[number]
        purged = times_us[mine] >= until - labels.MARGIN_US
        out[mine] = np.where(purged, -1, number)
    return out


def folds_by_person(person: Times, folds: int, seed: int) -> npt.NDArray[np.int8]:
    """Fold number of each moment, int8[n]; every person is in one fold, people in a random but fixed order."""
    people = np.unique(person)
    order = np.random.default_rng(seed).permutation(len(people))
    fold = np.empty(len(people), np.int8)
    fold[order] = np.arange(len(people)) % folds
    return np.asarray(fold[np.searchsorted(people, person)])
