"""Labels of moments, from what happened after them. Pure functions over a ``Timeline``.

::

    t ──────────── horizon ────────────┤
    │  a switch in (t, t + 30 s]            → switch
    │  settled at t, focus breaks in 60 s   → break
    │  capture stopped in the horizon       → no label
    │  an intervention of ours in it        → no label: the moment was touched

``-1`` is "no label" everywhere: never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from neural_focus.prediction import AWAY_SECONDS, BREAK_HORIZON_SECONDS, HORIZON_SECONDS, MANY_SWITCHES
from neural_focus.time import SECOND_US
from neural_focus.timeline import NEVER, Timeline, Times, is_work

SETTLED_SECONDS = 60
FOR_GOOD_SECONDS = 60
WEAK_HORIZON_SECONDS = 300
NO_LABEL = -1
MARGIN_US = 330 * SECOND_US
"""What lies further from a moment matters to none of its labels and to no window of its features: 300 s ahead, 300 s
back, and what comes late."""

Labels = npt.NDArray[np.int8]


class Outcome(IntEnum):
    """What a stretch of work was, in the words of ``model_predictions.actual_outcome``."""

    DISTRACTED = 0
    FOCUSED = 1
    PSEUDO_PRODUCTIVE = 2


class Source(IntEnum):
    """Who says so, weakest first: people beat rules, a marked stretch beats a key, a key beats a timer."""

    NONE = 0
    WEAK = 1
    TIMER = 2
    HOTKEY = 3
    RETROSPECTIVE = 4


@dataclass(frozen=True, slots=True)
class OutcomeMark:
    """A stretch (start, end] µs that someone, or a rule, judged; as in the table ``labels``."""

    start_us: int
    end_us: int
    outcome: Outcome
    source: Source


def untouched(times_us: Times, horizon_s: float, interventions_us: Times) -> npt.NDArray[np.bool_]:
    """Whether nothing of ours was shown (int64[k] µs, ascending) in (t, t + horizon] of each time."""
    until = np.searchsorted(interventions_us, times_us + int(horizon_s * SECOND_US), side="right")
    return np.asarray(until == np.searchsorted(interventions_us, times_us, side="right"))


def horizon_mask(
    timeline: Timeline, times_us: Times, horizon_s: float, interventions_us: Times
) -> npt.NDArray[np.bool_]:
    """Whether (t, t + horizon] was captured and free of our own interventions (int64[k] µs, ascending)."""
    covered = timeline.covers(times_us, times_us + int(horizon_s * SECOND_US))
    return np.asarray(covered & untouched(times_us, horizon_s, interventions_us))


def next_switch(timeline: Timeline, times_us: Times) -> Times:
    """When the first app switch after each time is, ``NEVER`` if there is none; int64[n]."""
    return np.asarray(np.append(timeline.switch_us, NEVER)[timeline.stay_at(times_us)])


def next_break(timeline: Timeline, times_us: Times) -> Times:
    """When focus as of each time is broken: at the third switch, or earlier by leaving; ``NEVER`` if it is not.

    With categories, leaving is a switch after which apps outside work hold the focus for at least 10 s. Without, it is
    staying away for at least 60 s from the app held.
    """
    stay = timeline.stay_at(times_us)
    switches = np.append(timeline.switch_us, np.full(MANY_SWITCHES, NEVER))
    return np.asarray(np.minimum(switches[stay + MANY_SWITCHES - 1], _leaving(timeline)[stay]))


def switch_within(timeline: Timeline, times_us: Times, horizon_s: int = HORIZON_SECONDS) -> Labels:
    """1 where at least one app switch lies in (t, t + horizon], else 0; int8[n]."""
    return (next_switch(timeline, times_us) <= times_us + horizon_s * SECOND_US).astype(np.int8)


def settled(app_age_s: npt.NDArray[np.floating], idle: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether focus is settled: 60 s in one app of the session (``time_in_current_app``), and not known to be idle."""
    return np.asarray((app_age_s >= SETTLED_SECONDS) & ~idle)


def settled_break(timeline: Timeline, times_us: Times, app_age_s: npt.NDArray[np.floating]) -> Labels:
    """1 where settled focus breaks in (t, t + 60 s], 0 where it holds, -1 where it is not settled; int8[n].

    ``app_age_s``: ``time_in_current_app`` of the snapshots at the times.
    """
    broken = next_break(timeline, times_us) <= times_us + BREAK_HORIZON_SECONDS * SECOND_US
    return np.where(settled(app_age_s, timeline.idle_at(times_us)), broken, NO_LABEL).astype(np.int8)


def _leaving(timeline: Timeline) -> Times:
    """When the focus is left next from each stay on (``next_break``), int64[k + 1]."""
    times, last = timeline.switch_us, int(timeline.covered[-1, 1])
    if timeline.has_categories:
        off = ~is_work(timeline.hints[1:])
        back = np.append(times, last)[_next_true(~off)]
        leaves = off & (back - times >= AWAY_SECONDS * SECOND_US)
        return np.asarray(np.append(times, NEVER)[np.append(_next_true(leaves), len(times))])
    for_good = _next_return(timeline.apps, times, last) - times >= FOR_GOOD_SECONDS * SECOND_US
    return np.append(np.where(for_good, times, NEVER), NEVER)


def _next_true(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Index of the first True at or after each place, len(flags) where there is none."""
    places = np.where(flags, np.arange(len(flags)), len(flags))
    return np.asarray(np.minimum.accumulate(places[::-1])[::-1] if len(flags) else places)


def _next_return(apps: npt.NDArray[np.int32], switch_us: Times, last_us: int) -> Times:
    """When the app that switch i leaves (``apps[i]``) gets the focus back, ``last_us`` if never."""
    out = np.full(len(switch_us), last_us, np.int64)
    seen: dict[int, int] = {}
    for i in range(len(switch_us) - 1, -1, -1):
        out[i] = seen.get(int(apps[i]), last_us)
        seen[int(apps[i + 1])] = int(switch_us[i])
    return out


def resolve_outcomes(times_us: Times, marks: Sequence[OutcomeMark]) -> tuple[Labels, Labels]:
    """Outcome and source at each time: RETROSPECTIVE > HOTKEY > TIMER > WEAK, the later mark among equals.

    A mark holds for start < t <= end. The same in SQL is ``store.outcomes.apply_labels``; a test compares both.
    Returns int8[n] outcomes (-1 without a mark) and int8[n] sources, so that weak ones are never taken for people's.
    """
    outcome = np.full(len(times_us), NO_LABEL, np.int8)
    source = np.zeros(len(times_us), np.int8)
    for mark in sorted(marks, key=lambda mark: mark.source):
        here = (times_us > mark.start_us) & (times_us <= mark.end_us)
        outcome[here], source[here] = mark.outcome, mark.source
    return outcome, source


def weak_outcomes(timeline: Timeline, times_us: Times) -> Labels:
    """What rules say the next five minutes were; int8[n] of ``Outcome``, weak by definition.

    FOCUSED: at most three switches, idle for less than half, and (with categories) at least 70 % of it at work.
    PSEUDO_PRODUCTIVE: at least half of it in apps that only look like work. DISTRACTED: the rest.
    """
    ends = times_us + WEAK_HORIZON_SECONDS * SECOND_US
    switches = np.searchsorted(timeline.switch_us, ends, side="right") - timeline.stay_at(times_us)
    calm = (switches <= MANY_SWITCHES) & (_share(timeline.idle, times_us, ends) < 0.5)
    if not timeline.has_categories:
        return calm.astype(np.int8)
    working = _share(_stays(timeline, is_work(timeline.hints)), times_us, ends) >= 0.7
    pseudo = _share(_stays(timeline, (timeline.hints & 32) != 0), times_us, ends) >= 0.5
    return np.where(pseudo, Outcome.PSEUDO_PRODUCTIVE, np.where(calm & working, 1, 0)).astype(np.int8)


def _stays(timeline: Timeline, chosen: npt.NDArray[np.bool_]) -> Times:
    edges = np.r_[timeline.begun_us, timeline.switch_us, max(timeline.covered[-1, 1], timeline.event_us[-1])]
    return np.stack([edges[:-1], edges[1:]], axis=1)[chosen]


def _share(intervals: Times, starts_us: Times, ends_us: Times) -> npt.NDArray[np.float64]:
    """Which part of each (start, end] the disjoint ascending intervals cover."""
    if not len(intervals):
        return np.zeros(len(starts_us))
    lengths = np.r_[0, np.cumsum(intervals[:, 1] - intervals[:, 0])]

    def covered_until(times: Times) -> npt.NDArray[np.float64]:
        place = np.searchsorted(intervals[:, 0], times, side="right")
        over = np.where(place > 0, np.maximum(intervals[np.maximum(place - 1, 0), 1] - times, 0), 0)
        return np.asarray(lengths[place] - over, np.float64)

    return np.asarray((covered_until(ends_us) - covered_until(starts_us)) / (ends_us - starts_us))
