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
from neural_focus.events import (
    INPUT,
    PRODUCTIVITY_MASK,
    PRODUCTIVITY_SHIFT,
    WORK,
    CategoryFlag,
    EventType,
    decode_app_name,
)

Times = npt.NDArray[np.int64]
US = 1_000_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """One stream's log. All times µs UTC, ascending.

    ``switch_us`` int64[k]; ``apps`` int32[k + 1] codes into ``app_names``, ``apps[i]`` held the focus before switch i;
    ``hints`` uint32[k + 1] category bits of each stay; ``event_us`` int64[n] all events; ``idle`` and ``covered``
    int64[·, 2] intervals. Idle is causal: it begins when it becomes known.
    """

    switch_us: Times
    apps: npt.NDArray[np.int32]
    app_names: tuple[str, ...]
    hints: npt.NDArray[np.uint32]
    event_us: Times
    idle: Times
    covered: Times

    @property
    def has_categories(self) -> bool:
        """Whether any stay is known to be work, entertainment or the like."""
        return bool(np.any(self.hints))

    def stay_at(self, times_us: Times) -> npt.NDArray[np.int64]:
        """Index of the stay that holds the focus at each time: 0 before the first switch."""
        return np.searchsorted(self.switch_us, times_us, side="right").astype(np.int64)

    def idle_at(self, times_us: Times) -> npt.NDArray[np.bool_]:
        """Whether each time lies in an idle interval."""
        return inside(self.idle, times_us)

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


def read_timeline(records: npt.NDArray[np.void], covered: Times | None = None) -> Timeline:
    """The timeline of records (EVENT_DTYPE[n], in replay order).

    ``covered``: when capture ran; by default from the first record to the last, all that a bare log can say.

    Raises:
        InputError: there are no records.
    """
    if not len(records):
        raise InputError("the stream has no events", todo="Capture first, or give another table")
    times = records["timestamp_us"].astype(np.int64)
    kinds = records["event_type"]
    focus = np.flatnonzero(kinds == EventType.WINDOW_FOCUS_CHANGE)
    names, codes = np.unique(records["app_name"][np.r_[0, focus]], return_inverse=True)
    switched = np.flatnonzero(codes[1:] != codes[:-1])
    hint = records["data"][:, 2].astype(np.uint32)
    return Timeline(
        switch_us=times[focus[switched]],
        apps=np.r_[codes[0], codes[1:][switched]].astype(np.int32),
        app_names=tuple(decode_app_name(bytes(name)) for name in names),
        hints=_stay_hints(hint[focus], switched, kinds[0] == EventType.WINDOW_FOCUS_CHANGE),
        event_us=times,
        idle=idle_intervals(times, kinds),
        covered=np.array([[times[0], times[-1]]]) if covered is None else covered,
    )


def _stay_hints(
    focus_hints: npt.NDArray[np.uint32], switched: npt.NDArray[np.int64], starts_with_focus: bool
) -> npt.NDArray[np.uint32]:
    """Category bits at the begin of each stay; unknown before the first focus change unless the log starts with one."""
    first = focus_hints[:1] if starts_with_focus and len(focus_hints) else np.zeros(1, np.uint32)
    return np.concatenate([first, focus_hints[switched]])


def idle_intervals(times_us: Times, kinds: npt.NDArray[np.uint32]) -> Times:
    """Union of idle and locked stretches as far as they were known at the time, int64[m, 2].

    Known from IDLE_START or SCREEN_LOCK on; any input closes what is open, as in the engine.
    """
    closing = np.isin(kinds, (EventType.IDLE_END, EventType.SCREEN_UNLOCK, *INPUT))
    opening = np.flatnonzero(np.isin(kinds, (EventType.IDLE_START, EventType.SCREEN_LOCK)))
    if not len(opening):
        return np.empty((0, 2), np.int64)
    ends = np.append(times_us[closing], times_us[-1] + 1)
    place = np.searchsorted(np.flatnonzero(closing), opening)
    return merge_intervals(np.stack([times_us[opening], ends[place]], axis=1))


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
    step, age = step_s * US, max_age_s * US
    breaks = np.flatnonzero(np.diff(event_us) > age)
    starts = event_us[np.r_[0, breaks + 1]]
    ends = event_us[np.r_[breaks, len(event_us) - 1]] + age
    first, last = -(-starts // step), ends // step
    counts = np.maximum(last - first + 1, 0)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.unique((np.repeat(first, counts) + offsets) * step)
