"""What happened, as the engine tells it, against the slow reference, in any pieces, and after a clock was set back."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import changes
from streams import SCENARIOS, SECOND, idle_and_lock, make, restarts, work

from neural_focus._native import Engine
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.replay import CHANGE_DTYPE, INPUT_INDEX, ChangeKind, replay_changes, replay_with_inputs, sort_controls
from neural_focus.time import zone_table


@pytest.mark.parametrize("seed", range(int(os.environ.get("NEURAL_FOCUS_SEEDS", "2"))))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_what_happened_equals_the_reference(scenario, seed):
    stream = make(scenario, seed)
    records, controls = stream.records(), stream.controls()
    found = replay_changes(records, controls)
    assert found.tolist() == changes(records, controls)


def test_the_streams_reach_what_they_are_there_for():
    """Each kind of row, and idle that two sources open and one closes."""
    found = np.concatenate([replay_changes(make(scenario, 0).records()) for scenario in (work, idle_and_lock)])
    assert (np.bincount(found["kind"])[1:] >= [2, 10, 15, 15]).all()
    assert (found["since_us"] < found["time_us"])[found["kind"] == ChangeKind.IDLE_START].any()
    assert (found["hint"] != 0).any()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), scenario=st.sampled_from(SCENARIOS))
def test_any_pieces_give_the_same_rows(data, scenario):
    stream = make(scenario, data.draw(st.integers(0, 1_000)))
    records = stream.records()
    cuts = data.draw(st.lists(st.integers(0, len(records)), max_size=12))
    engine, parts = Engine(*zone_table("UTC"), reports_changes=True), []
    for number, (start, end) in enumerate(itertools.pairwise([0, *sorted(cuts), len(records)])):
        engine.push(records[start:end])
        engine = Engine.load(engine.save())
        if number % 2:
            parts.append(engine.changes())
    parts.append(engine.changes())
    assert np.concatenate(parts).tobytes() == replay_changes(records).tobytes()


def test_nothing_is_written_or_saved_unless_it_is_asked_for():
    records = make(idle_and_lock, 1).records()
    silent, telling = Engine(*zone_table("UTC")), Engine(*zone_table("UTC"), reports_changes=True)
    for engine in (silent, telling):
        engine.push(records)
    assert len(silent.changes()) == 0
    rows = telling.changes()
    assert len(rows) > 20
    assert rows.dtype == CHANGE_DTYPE
    assert len(telling.changes()) == 0, "taken once"
    assert len(silent.save()) == len(telling.save())


def test_an_agents_start_ends_idle_and_a_clock_set_back_begins_with_an_app():
    records = np.zeros(3, EVENT_DTYPE)
    records["timestamp_us"] = 1_700_000_000_000_000 + np.array([0, 8, 9]) * SECOND
    records["event_type"] = [EventType.KEY_PRESS, EventType.IDLE_START, EventType.KEY_PRESS]
    records["app_name"] = b"code"
    records["data"][1] = (5_000, 0, 0)
    first = int(records["timestamp_us"][0])
    for set_back in (False, True):
        engine = Engine(*zone_table("UTC"), reports_changes=True)
        engine.push(records[:2])
        (engine.set_back if set_back else engine.restart)(first + 8 * SECOND + 500)
        engine = Engine.load(engine.save())
        engine.push(records[2:])
        rows = engine.changes()
        assert [ChangeKind(kind) for kind in rows["kind"]] == [
            ChangeKind.APP_KNOWN,
            ChangeKind.IDLE_START,
            ChangeKind.IDLE_END,
            *([ChangeKind.APP_KNOWN] if set_back else []),
        ]
        assert rows["since_us"][1:3].tolist() == [first + 3 * SECOND] * 2


@pytest.mark.parametrize("scenario", (work, idle_and_lock, restarts), ids=lambda scenario: scenario.__name__)
def test_idle_in_an_input_is_idle_in_what_happened(scenario):
    stream = make(scenario, 3)
    records, controls = stream.records(), stream.controls()
    inputs = replay_with_inputs(records, controls, every_s=1)[1]
    rows = replay_changes(records, sort_controls(controls))
    rows = rows[rows["kind"] >= ChangeKind.IDLE_START]
    last = np.searchsorted(rows["time_us"], inputs.timestamps_us, side="right") - 1
    known = (last >= 0) & (rows["kind"][last] == ChangeKind.IDLE_START)
    assert inputs.values[:, INPUT_INDEX["is_idle"]].astype(bool).tolist() == known.tolist()
    assert 0 < known.sum() < len(known)
