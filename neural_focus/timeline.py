"""What a log says about one stream, ready for labels: who held the focus when, idleness, input, coverage.

::

    switch_us      |----------|-----|---------------|        k switches, the app before the first is ``apps[0]``
    app             apps[0]    [1]   [2]  …          [k]
    idle                  ▒▒▒▒▒            ▒▒                closed–open [start, end)
    covered        ══════════════════════════════════        capture ran here; labels need the whole horizon in it
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neural_focus.errors import InputError
from neural_focus.events import PRODUCTIVITY_MASK, PRODUCTIVITY_SHIFT, WORK, CategoryFlag, decode_app_name
from neural_focus.replay import CONTROL_DTYPE, ChangeKind, ControlKind, replay_changes
from neural_focus.time import SECOND_US

Times = npt.NDArray[np.int64]
NEVER = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One stream's log. All times µs UTC, ascending.

    ``switch_us`` int64[k]; ``apps`` int32[k + 1] codes into ``app_names``, ``apps[i]`` held the focus before switch i;
    ``hints`` uint32[k + 1] category bits of each stay; ``event_us`` int64[n] all events; ``idle`` and ``covered``
    int64[·, 2] intervals. Idle is causal: it begins when it becomes known, and ends ``NEVER`` while it lasts;
    ``idle_since_us`` int64[·] are the last inputs before. ``has_categories``: whether the hints say what is work.
    """

    switch_us: Times
    apps: npt.NDArray[np.int32]
    app_names: tuple[str, ...]
    hints: npt.NDArray[np.uint32]
    event_us: Times
    idle: Times
    idle_since_us: Times
    covered: Times
    has_categories: bool
    begun_us: int
    """When the first stay began."""

    def stay_at(self, times_us: Times) -> npt.NDArray[np.int64]:
        """Index of the stay that holds the focus at each time: 0 before the first switch."""
        return np.searchsorted(self.switch_us, times_us, side="right").astype(np.int64)

    def idle_at(self, times_us: Times) -> npt.NDArray[np.bool_]:
        """Whether each time lies in an idle interval."""
        return inside(self.idle, times_us)

    def idle_from_input(self) -> Times:
        """Idle from the last inputs on, int64[·, 2]."""
        return merge_intervals(np.stack([self.idle_since_us, self.idle[:, 1]], axis=1))

    def covers(self, start_us: Times, end_us: Times) -> npt.NDArray[np.bool_]:
        """Whether capture ran through the whole of each (start, end]."""
        if not len(self.covered):
            return np.zeros(len(start_us), bool)
        place = np.searchsorted(self.covered[:, 0], start_us, side="right") - 1
        safe = np.maximum(place, 0)
        covered: npt.NDArray[np.bool_] = (place >= 0) & (end_us <= self.covered[safe, 1])
        return covered


def inside(intervals: Times, times_us: Times) -> npt.NDArray[np.bool_]:
    """Whether each time lies in one of the disjoint ascending intervals [start, end)."""
    if not len(intervals):
        return np.zeros(len(times_us), bool)
    place = np.searchsorted(intervals[:, 0], times_us, side="right") - 1
    within: npt.NDArray[np.bool_] = (place >= 0) & (times_us < intervals[np.maximum(place, 0), 1])
    return within


def read_timeline(
    records: npt.NDArray[np.void], covered: Times | None = None, *, has_categories: bool | None = None
) -> Timeline:
    """The timeline of records (EVENT_DTYPE[n], in replay order), from what the engine tells of them.

    ``covered``: when capture ran; by default from the first record to the last, all that a bare log can say. An agent
    started at each of its begins. ``has_categories``: by default, whether any record tells one.

    Raises:
        InputError: there are no records.
    """
    if not len(records):
        raise InputError("the stream has no events", hint="Capture first, or give another table")
    times = records["timestamp_us"].astype(np.int64)
    covered = np.array([[times[0], times[-1]]]) if covered is None else covered
    starts = np.zeros(len(covered), CONTROL_DTYPE)
    starts["timestamp_us"], starts["kind"] = covered[:, 0], ControlKind.RESTART
    return timeline_of(replay_changes(records, starts), times, covered, has_categories=has_categories)


def timeline_of(
    changes: npt.NDArray[np.void], event_us: Times, covered: Times, *, has_categories: bool | None = None
) -> Timeline:
    """The timeline that rows (CHANGE_DTYPE[n], in time order) tell; the first of an app is the one held before."""
    kinds = changes["kind"]
    stays = changes[kinds <= ChangeKind.APP_SWITCH]
    begun, ended = (changes[kinds == kind] for kind in (ChangeKind.IDLE_START, ChangeKind.IDLE_END))
    ends = np.append(ended["time_us"], NEVER)[: len(begun)]
    names, codes = np.unique(stays["app"], return_inverse=True)
    return Timeline(
        switch_us=stays["time_us"][1:],
        apps=codes.astype(np.int32),
        app_names=tuple(decode_app_name(bytes(name)) for name in names),
        hints=stays["hint"],
        event_us=event_us,
        idle=np.stack([begun["time_us"], ends], axis=1),
        idle_since_us=np.append(ended["since_us"], begun["since_us"][len(ended) :]),
        covered=covered,
        has_categories=bool(np.any(stays["hint"])) if has_categories is None else has_categories,
        begun_us=int(stays["time_us"][0]) if len(stays) else int(event_us[0]),
    )


def merge_intervals(intervals: Times) -> Times:
    """The union of intervals int64[m, 2] as disjoint ascending ones; touching ones become one."""
    if not len(intervals):
        return np.empty((0, 2), np.int64)
    ordered = intervals[np.argsort(intervals[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ordered[:, 1])
    first = np.r_[True, ordered[1:, 0] > reach[:-1]]
    last = np.r_[np.flatnonzero(first)[1:] - 1, len(ordered) - 1]
    return np.stack([ordered[first, 0], reach[last]], axis=1)


def productivity(hints: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """``ProductivityCategory`` numbers of category bits."""
    return np.asarray((hints & PRODUCTIVITY_MASK) >> PRODUCTIVITY_SHIFT)


def is_work(hints: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Whether stays count as work: their kind is one of ``WORK`` and they do not merely look productive."""
    pseudo = (hints & np.uint32(CategoryFlag.PSEUDO_PRODUCTIVE)) != 0
    return np.asarray(np.isin(productivity(hints), WORK) & ~pseudo)


def ticks(event_us: Times, *, step_s: int = 10, max_age_s: int = 60) -> Times:
    """Whole multiples of ``step_s`` at which the last event is at most ``max_age_s`` old; causal, int64[m] µs."""
    if not len(event_us):
        return np.empty(0, np.int64)
    step, age = step_s * SECOND_US, max_age_s * SECOND_US
    breaks = np.flatnonzero(np.diff(event_us) > age)
    starts = event_us[np.r_[0, breaks + 1]]
    ends = event_us[np.r_[breaks, len(event_us) - 1]] + age
    first, last = -(-starts // step), ends // step
    counts = np.maximum(last - first + 1, 0)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.unique((np.repeat(first, counts) + offsets) * step)
