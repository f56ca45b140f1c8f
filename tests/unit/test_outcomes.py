"""What became of warnings and served moments, by events and told back from snapshots; slow forms are the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic_streams import random_records

from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.features import FEATURE_INDEX
from neural_focus.labelling.labels import horizon_mask, settled_break, switch_within
from neural_focus.labelling.outcomes import HORIZON, high_onsets, served_outcome, warning_outcome
from neural_focus.labelling.stream_timelines import TELLING, timeline_of
from neural_focus.prediction import WarningKind
from neural_focus.replay import replay
from neural_focus.store.predictions import LoggedMoments
from neural_focus.time import SECOND_US
from neural_focus.timeline import NEVER, read_timeline

SEEDS = range(3)
KINDS: tuple[WarningKind, ...] = ("HIGH_RISK", "BREAK")
NOTHING = np.empty(0, np.int64)


def served(records: np.ndarray) -> LoggedMoments:
    """A prediction each second, whatever it said."""
    snapshots = replay(records)
    count = len(snapshots)
    names = ("time_in_current_app", "seconds_since_session_start", "productivity_category", "is_pseudo_productive")
    age, session, category, pseudo = (snapshots.features[:, FEATURE_INDEX[name]].astype(float) for name in names)
    idle = snapshots.features[:, FEATURE_INDEX["idle_time_30s"]].astype(float)
    said = (np.full(count, value) for value in (50.0, 0.2, 0.1, 0.5, 50.0))
    return LoggedMoments("m", snapshots.timestamps_us, *said, age, session, category.astype(np.int64), pseudo > 0, idle)


def by_the_second(records: np.ndarray) -> np.ndarray:
    """The same, but the focus changes at the ends of seconds and once in each: all that snapshots can tell."""
    focus = records["event_type"] == EventType.WINDOW_FOCUS_CHANGE
    stamps = records["timestamp_us"].astype(np.int64)
    stamps[focus] = -(-stamps[focus] // SECOND_US) * SECOND_US
    kept = ~focus
    kept[np.flatnonzero(focus)[np.unique(stamps[focus], return_index=True)[1]]] = True
    made = records[kept].copy()
    made["timestamp_us"] = stamps[kept]
    return made[np.argsort(made["timestamp_us"], kind="stable")]


@pytest.mark.parametrize("seed", SEEDS)
def test_outcomes_of_warnings_are_the_labels(seed: int) -> None:
    """Where the horizon was captured; where it was not, nothing is decided, not even by what was seen of it."""
    records = random_records(seed, hints=True, switches=150)
    times = records["timestamp_us"].astype(np.int64)
    covered = np.array([[times[0], times[len(times) // 3]], [times[len(times) // 2], times[-1]]])
    timeline, past = read_timeline(records, covered), served(records)
    labels = {
        "HIGH_RISK": switch_within(timeline, past.t_us),
        "BREAK": settled_break(timeline, past.t_us, past.app_age_s),
    }
    for kind in KINDS:
        verdict, lead_s = warning_outcome(timeline, kind, past.t_us)
        usable = horizon_mask(timeline, past.t_us, HORIZON[kind], NOTHING)
        assert (verdict[~usable] == -1).all()
        same = usable & (labels[kind] >= 0)
        assert same.sum() > 1_000
        assert (verdict[same] == labels[kind][same]).all()
        assert (np.isfinite(lead_s) == (verdict == 1)).all()
        assert ((lead_s[verdict == 1] > 0) & (lead_s[verdict == 1] <= HORIZON[kind])).all()
        assert {-1, 0, 1} == set(verdict.tolist())


@pytest.mark.parametrize("seed", SEEDS)
def test_snapshots_tell_back_what_events_say_where_they_can(seed: int) -> None:
    records = by_the_second(random_records(seed, hints=True, switches=150))
    past = served(records)
    told = timeline_of(past)
    truth = read_timeline(records, told.covered)
    later = truth.switch_us > past.t_us[0]  # what comes with the first snapshot has no snapshot before it
    assert told.switch_us.tolist() == truth.switch_us[later].tolist()
    assert told.hints[1:].tolist() == truth.hints[1:][later].tolist()
    for kind in KINDS:
        found, expected = (warning_outcome(one, kind, past.t_us) for one in (told, truth))
        assert found[0].tolist() == expected[0].tolist()
        assert found[1].tobytes() == expected[1].tobytes()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_snapshots_cannot_tell_is_seldom_decided_otherwise(seed: int) -> None:
    """At most at the rim of a second, and where an app was passed through within one."""
    records = random_records(seed, hints=True, switches=150)
    past = served(records)
    told = timeline_of(past)
    truth = read_timeline(records, told.covered)
    for kind in KINDS:
        found, expected = (warning_outcome(one, kind, past.t_us)[0] for one in (told, truth))
        assert (found != expected).mean() < 0.003, kind


@pytest.mark.parametrize("seed", SEEDS)
def test_events_that_tell_it_say_the_same_without_the_others(seed: int) -> None:
    """Idle ends with IDLE_END at the latest, if not with an input before."""
    records = random_records(seed, hints=True, switches=150)
    whole = read_timeline(records)
    telling = np.isin(records["event_type"], TELLING)
    telling[0] = True  # the app at first
    part = read_timeline(records[telling], whole.covered)
    assert part.switch_us.tolist() == whole.switch_us.tolist()
    assert part.hints.tolist() == whole.hints.tolist()
    at = served(records).t_us
    for kind in KINDS:
        assert warning_outcome(part, kind, at)[0].tolist() == warning_outcome(whole, kind, at)[0].tolist()
    assert set(whole.idle[:, 0].tolist()) <= set(part.idle[:, 0].tolist()) | {int(whole.idle[0, 0])}


def test_a_screen_that_stays_locked_is_idle_whatever_else_ends() -> None:
    """IDLE_END before the unlock, and an agent that starts again: the engine's union, not the last event's word."""
    records = np.zeros(6, EVENT_DTYPE)
    records["timestamp_us"] = 1_700_000_000_000_000 + np.array([0, 10, 12, 20, 60, 90]) * SECOND_US
    kinds = EventType
    records["event_type"] = [
        kinds.KEY_PRESS, kinds.SCREEN_LOCK, kinds.IDLE_START, kinds.IDLE_END, kinds.SCREEN_UNLOCK, kinds.IDLE_START,
    ]  # fmt: skip
    first = int(records["timestamp_us"][0])
    timeline = read_timeline(records)
    assert ((timeline.idle[:1] - first) // SECOND_US).tolist() == [[10, 60]]
    assert timeline.idle[1].tolist() == [first + 90 * SECOND_US, NEVER], "it lasts"
    again = read_timeline(
        records, np.array([[first, first + 30 * SECOND_US], [first + 40 * SECOND_US, first + 90 * SECOND_US]])
    )
    assert ((again.idle[:1] - first) // SECOND_US).tolist() == [[10, 40]]


def test_no_switch_and_nobody_idle() -> None:
    records = np.zeros(3, EVENT_DTYPE)
    records["timestamp_us"] = 1_700_000_000_000_000 + np.arange(3) * 100 * SECOND_US
    records["event_type"] = EventType.KEY_PRESS
    timeline = read_timeline(records)
    at = records["timestamp_us"].astype(np.int64)
    for kind in KINDS:
        verdict, lead_s = warning_outcome(timeline, kind, at)
        assert verdict.tolist() == [0, 0, -1]
        assert np.isnan(lead_s).all()


def test_moments_with_help_in_their_horizon_and_unsettled_ones_decide_nothing() -> None:
    past = served(random_records(2, hints=True))
    timeline = timeline_of(past)
    shown = past.t_us[[500]]
    near = (past.t_us < shown[0]) & (past.t_us >= shown[0] - 60 * SECOND_US)
    assert (served_outcome(timeline, past, "BREAK", shown)[near] == -1).all()
    assert (served_outcome(timeline, past, "BREAK", NOTHING)[near] >= 0).all()
    past.break_risk[::2] = np.nan
    assert (served_outcome(timeline, past, "BREAK", NOTHING)[::2] == -1).all()
    assert (served_outcome(timeline, past, "HIGH_RISK", NOTHING)[near] >= 0).all()


def test_high_is_warned_once_at_its_onset() -> None:
    past = served(random_records(1))
    past.distraction_risk[[10, 11, 12, 20]] = 0.9
    assert high_onsets(past).tolist() == past.t_us[[10, 20]].tolist()


def test_a_gap_in_the_snapshots_is_not_covered_and_of_its_switches_the_last_is_known() -> None:
    past = served(random_records(3, hints=True, switches=60))
    whole = timeline_of(past)
    two = int(np.argmin(np.diff(whole.switch_us)))
    begin, end = np.searchsorted(past.t_us, whole.switch_us[[two, two + 1]] + [-SECOND_US, 2 * SECOND_US])
    kept = np.ones(len(past.t_us), bool)
    kept[begin:end] = False
    timeline = timeline_of(LoggedMoments("m", *(getattr(past, name)[kept] for name in LoggedMoments.__slots__[1:])))
    assert timeline.covered.tolist() == [
        [past.t_us[0], past.t_us[begin - 1]],
        [past.t_us[end], past.t_us[-1]],
    ]
    assert timeline.switch_us.tolist() == np.delete(whole.switch_us, two).tolist()


def test_a_sessions_start_is_no_switch() -> None:
    past = served(random_records(3, hints=True, switches=60))
    assert len(timeline_of(past).switch_us) > 30
    assert len(timeline_of(replace(past, session_age_s=past.app_age_s)).switch_us) == 0


def test_one_moment_alone_decides_nothing() -> None:
    past = served(random_records(1))
    one = LoggedMoments("m", *(getattr(past, name)[:1] for name in LoggedMoments.__slots__[1:]))
    timeline = timeline_of(one)
    assert timeline.covered.tolist() == [[one.t_us[0]] * 2]
    for kind in KINDS:
        assert served_outcome(timeline, one, kind, NOTHING).tolist() == [-1]
