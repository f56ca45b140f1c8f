"""One UTC day of a stream, labelled by itself: what its labels need of the days around it is carried in.

::

          the day before │            the day             │ the day after
     ●──────────┤ 330 s  │▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│ 330 s  ├───────●
     who holds the focus,                                            the next switch,
     since when; idle                                                whenever it is

Labels look 300 s ahead and what the baselines know 300 s back, so nothing else can matter: by day or all at once, they
are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neural_focus.labelling.labels import MARGIN_US, OutcomeMark
from neural_focus.labelling.tick_labels import TickLabels, label_ticks
from neural_focus.replay import CHANGE_DTYPE, ChangeKind
from neural_focus.time import DAY_US
from neural_focus.timeline import Times, ticks, timeline_of

Changes = npt.NDArray[np.void]
NO_CHANGES: Changes = np.zeros(0, CHANGE_DTYPE)


@dataclass(frozen=True, slots=True)
class Day:
    """The day that begins at ``first_us``. All times µs UTC.

    ``before`` CHANGE_DTYPE[·]: what went on before ``changes`` (``going_on``); ``changes``: from at least the margin
    before the day; ``later``: those of later days that may hold the next switch. ``event_us`` int64[n]: from the margin
    before the day to its end, ascending. ``covered`` int64[·, 2] of the whole stream. ``has_categories``: whether the
    stream ever tells what is work.
    """

    first_us: int
    before: Changes
    changes: Changes
    later: Changes
    event_us: Times
    covered: Times
    has_categories: bool

    @property
    def end_us(self) -> int:
        """The midnight at its end."""
        return self.first_us + DAY_US


def going_on(before: Changes, told: Changes) -> Changes:
    """What goes on after ``told``: the row of the app that holds the focus, and of idle while it lasts; at most two."""
    rows = np.concatenate([before, told])
    of_app = rows["kind"] <= ChangeKind.APP_SWITCH
    idle = rows[~of_app][-1:]
    found = np.concatenate([rows[of_app][-1:], idle[idle["kind"] == ChangeKind.IDLE_START]])
    return np.asarray(found[np.argsort(found["time_us"], kind="stable")])


def first_switch(changes: Changes) -> Changes:
    """The first row that is a switch, if there is one."""
    return np.asarray(changes[changes["kind"] == ChangeKind.APP_SWITCH][:1])


def label_day(
    day: Day,
    snapshot_us: Times,
    app_age_s: npt.NDArray[np.floating],
    interventions_us: Times,
    marks: Sequence[OutcomeMark],
) -> TickLabels:
    """Labels of the day's ticks that have a snapshot (int64[m], with their ``time_in_current_app``), as
    ``label_ticks``."""
    at = ticks(day.event_us)
    at = at[(at >= day.first_us) & (at < day.end_us)]
    at, _, place = np.intersect1d(at, snapshot_us, assume_unique=True, return_indices=True)
    near = day.changes["time_us"] < day.end_us + MARGIN_US
    switch = first_switch(np.concatenate([day.changes[~near], day.later]))
    timeline = timeline_of(
        np.concatenate([day.before, day.changes[near], switch]),
        day.event_us,
        near_day(day.covered, day.first_us),
        has_categories=day.has_categories,
    )
    return label_ticks(timeline, at, app_age_s[place], interventions_us, marks)


def near_day(intervals: Times, first_us: int) -> Times:
    """What of the intervals int64[·, 2], ascending and apart, lies in a day or its margins."""
    low, high = first_us - MARGIN_US, first_us + DAY_US + MARGIN_US
    first, last = intervals[:, 1].searchsorted(low), intervals[:, 0].searchsorted(high, side="right")
    return intervals[first:last].clip(low, high)
