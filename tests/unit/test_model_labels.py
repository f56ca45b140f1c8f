"""Labels against slow, obvious forms of their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_streams import random_records

from neural_focus.features import FEATURE_INDEX
from neural_focus.labelling import labels
from neural_focus.labelling.labels import Outcome, OutcomeMark, Source
from neural_focus.replay import replay
from neural_focus.timeline import Timeline, inside, merge_intervals, read_timeline, ticks

US = 1_000_000
SEEDS = range(6)


def held_at(timeline: Timeline, t: int) -> int:
    return int(timeline.apps[sum(s <= t for s in timeline.switch_us.tolist())])


def slow_break(timeline: Timeline, t: int, *, categories: bool) -> int:
    switches = timeline.switch_us.tolist()
    before = [s for s in switches if s <= t]
    begun = before[-1] if before else int(timeline.event_us[0])
    if t - begun < 60 * US or inside(timeline.idle, np.array([t]))[0]:
        return -1
    within = [s for s in switches if t < s <= t + 60 * US]
    if len(within) >= 3:
        return 1
    end = int(timeline.covered[-1, 1])
    for s in within:
        place = switches.index(s) + 1
        if categories:
            if timeline.hints[place] >> 8 in (1, 2, 3):
                continue
            back = [x for i, x in enumerate(switches) if x > s and timeline.hints[i + 1] >> 8 in (1, 2, 3)]
            if (back[0] if back else end) - s >= 10 * US:
                return 1
        elif s == within[0]:
            mine = held_at(timeline, t)
            back = [x for i, x in enumerate(switches) if x > s and timeline.apps[i + 1] == mine]
            if (back[0] if back else end) - s >= 60 * US:
                return 1
    return 0


@pytest.mark.parametrize("seed", SEEDS)
def test_ticks_are_causal_and_complete(seed: int) -> None:
    events = read_timeline(random_records(seed)).event_us
    wanted = [
        t
        for t in range(int(events[0] // (10 * US)) * 10 * US, int(events[-1]) + 120 * US, 10 * US)
        if (events <= t).any() and t - int(events[events <= t][-1]) <= 60 * US
    ]
    assert ticks(events).tolist() == wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_a_switch_is_one_in_the_next_thirty_seconds(seed: int) -> None:
    timeline = read_timeline(random_records(seed))
    at = ticks(timeline.event_us)
    wanted = [int(any(t < s <= t + 30 * US for s in timeline.switch_us.tolist())) for t in at.tolist()]
    assert labels.switch_within(timeline, at).tolist() == wanted


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("categories", [False, True])
def test_settled_focus_breaks_as_defined(seed: int, categories: bool) -> None:
    records = random_records(seed, hints=categories)
    timeline, snapshots = read_timeline(records), replay(records)
    assert timeline.has_categories is categories
    at = ticks(timeline.event_us)
    age_s = snapshots.features[np.searchsorted(snapshots.timestamps_us, at), FEATURE_INDEX["time_in_current_app"]]
    wanted = [slow_break(timeline, t, categories=categories) for t in at.tolist()]
    assert labels.settled_break(timeline, at, age_s).tolist() == wanted
    assert {-1, 0, 1} <= set(wanted)


def test_no_label_where_capture_stopped_or_something_of_ours_was_shown() -> None:
    timeline = read_timeline(random_records(1), np.array([[0, 1_700_000_100_000_000]]))
    at = np.array([1_700_000_060_000_000, 1_700_000_070_000_000, 1_700_000_071_000_000])
    nothing = np.empty(0, np.int64)
    assert labels.horizon_mask(timeline, at, 30, nothing).tolist() == [True, True, False]
    shown = np.array([at[0] + 30 * US])
    assert labels.horizon_mask(timeline, at, 30, shown).tolist() == [False, False, False]
    assert labels.horizon_mask(timeline, at, 30, at[:1]).tolist() == [True, True, False]  # shown at t is past


def test_people_beat_rules_and_the_marked_stretch_beats_them_all() -> None:
    marks = [
        OutcomeMark(0, 100, Outcome.DISTRACTED, Source.RETROSPECTIVE),
        OutcomeMark(0, 200, Outcome.PSEUDO_PRODUCTIVE, Source.HOTKEY),
        OutcomeMark(0, 300, Outcome.FOCUSED, Source.TIMER),
        OutcomeMark(0, 400, Outcome.DISTRACTED, Source.WEAK),
    ]
    outcome, source = labels.resolve_outcomes(np.array([50, 150, 250, 350, 450]), marks)
    assert outcome.tolist() == [0, 2, 1, 0, -1]
    assert source.tolist() == [Source.RETROSPECTIVE, Source.HOTKEY, Source.TIMER, Source.WEAK, Source.NONE]


def test_touching_intervals_become_one() -> None:
    merged = merge_intervals(np.array([[5, 7], [0, 3], [3, 4], [6, 9]]))
    assert merged.tolist() == [[0, 4], [5, 9]]
