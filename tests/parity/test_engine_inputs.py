"""The inputs of a model against the slow reference, in any pieces, and over a life of many apps."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_inputs import compute_inputs
from streams import SCENARIOS, SECOND, Stream, make

from neural_focus._native import Engine
from neural_focus.errors import FormatError
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.replay import INPUT_INDEX, INPUT_NAMES, Inputs, replay, replay_with_inputs, take_inputs
from neural_focus.time import zone_table

END = np.iinfo(np.int64).max
UNUSUAL = INPUT_INDEX["keystroke_interval_mean_unusual"]


def days(stream: Stream) -> None:
    """Work and pauses from minutes to nights; a quarter of the windows are new ones."""
    for _ in range(90):
        for _ in range(int(stream.rng.integers(5, 50))):
            stream.any_event((1, 1, 1, 1, 3, 3, 3, 4, 5, 6, 10))
            stream.wait(int(stream.rng.choice([80_000, 120_000, 300_000, 2 * SECOND, 9 * SECOND])))
        if stream.rng.random() < 0.25:
            stream.event(EventType.WINDOW_FOCUS_CHANGE, app=b"app %d" % len(stream.rows))
        stream.wait(int(stream.rng.choice([1, 70, 400, 2_000, 4_000, 50_000])) * SECOND)


def ever_new_apps(stream: Stream) -> None:
    """More apps than are remembered, and more pairs; some come back after they were forgotten, some before."""
    for number in range(900):
        far = int(stream.rng.integers(1, 400)) if number % 3 else 0
        stream.event(EventType.WINDOW_FOCUS_CHANGE, app=b"app %d" % max(number - far, 0))
        stream.wait(int(stream.rng.integers(1, 4 * SECOND)))


LONG = (days, ever_new_apps)


def assert_same(found: Inputs, expected: Inputs) -> None:
    """Within one float32 ulp or a billionth; what is told in standard deviations, within a ten-thousandth of one."""
    assert found.timestamps_us.tolist() == expected.timestamps_us.tolist()
    assert found.app.tolist() == expected.app.tolist()
    assert found.previous_app.tolist() == expected.previous_app.tolist()
    got, want = found.values.astype(np.float64), expected.values.astype(np.float64)
    allowed = np.maximum(np.spacing(np.maximum(np.abs(found.values), np.abs(expected.values))), 1e-9)
    allowed[:, UNUSUAL:] = 1e-4
    wrong = np.argwhere(np.abs(got - want) > allowed)
    if len(wrong):
        row, column = wrong[0]
        names = sorted({INPUT_NAMES[one] for one in wrong[:, 1]})
        raise AssertionError(
            f"{INPUT_NAMES[column]}: {got[row, column]!r}, expected {want[row, column]!r} at row {row} "
            f"({found.timestamps_us[row]}); {len(wrong)} differ, of {names}"
        )


@pytest.mark.parametrize("seed", range(int(os.environ.get("NEURAL_FOCUS_SEEDS", "1"))))
@pytest.mark.parametrize("scenario", (*SCENARIOS, *LONG), ids=lambda scenario: scenario.__name__)
def test_every_input_equals_the_reference(scenario, seed):
    stream = make(scenario, seed)
    records, controls = stream.records(), stream.controls()
    every_s = 60 if scenario in LONG else 7
    snapshots, inputs = replay_with_inputs(records, controls, stream.zone, every_s=every_s)
    assert_same(inputs, compute_inputs(records, controls, snapshots, every_s))


def test_the_long_streams_reach_what_they_are_there_for():
    """Deviations from the own average are told, and apps are forgotten by the rule."""
    told = replay_with_inputs(make(days, 0).records(), every_s=10)[1].values[:, UNUSUAL:]
    assert (np.count_nonzero(told, axis=0) > 20).all()
    engine = Engine(*zone_table("UTC"), 60)
    engine.push(make(ever_new_apps, 0).records())
    assert engine.counters()["stays_forgotten"] > 150


def in_pieces(stream: Stream, cuts: list[int], every_s: int) -> Inputs:
    """Pushed in pieces, the engine saved and restored after each, rows taken out now and then."""
    records = stream.records()
    engine, parts = Engine(*zone_table(stream.zone), every_s), []
    for number, (start, end) in enumerate(itertools.pairwise([0, *sorted(cuts), len(records)])):
        engine.push(records[start:end])
        engine = Engine.load(engine.save())
        if number % 2:
            parts.append(take_inputs(engine))
    engine.close_until(END)
    parts.append(take_inputs(engine))
    columns = ("timestamps_us", "values", "app", "previous_app")
    return Inputs(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), scenario=st.sampled_from((*SCENARIOS, *LONG)), every_s=st.sampled_from((1, 7, 10)))
def test_any_pieces_give_the_same_bits(data, scenario, every_s):
    stream = make(scenario, data.draw(st.integers(0, 1_000)))
    cuts = data.draw(st.lists(st.integers(0, len(stream.rows)), max_size=12))
    found = in_pieces(stream, cuts, every_s)
    expected = replay_with_inputs(stream.records(), None, stream.zone, every_s=every_s)[1]
    assert found.timestamps_us.tolist() == expected.timestamps_us.tolist()
    assert found.values.tobytes() == expected.values.tobytes()
    assert (found.app == expected.app).all()
    assert (found.previous_app == expected.previous_app).all()


OTHER_NAMES = {b"code": (b"Code.exe", b"com.visualstudio.code"), b"firefox": (b"Firefox.exe", b"firefox_firefox")}


def test_an_app_under_several_names_is_one_app():
    """Two apps are called otherwise at every visit: the inputs are the same, and tell the one id."""
    records = make(days, 6).records()
    other, visits, held = records.copy(), 0, records["app_name"][0]
    for index in [0, *np.flatnonzero(records["event_type"] == EventType.WINDOW_FOCUS_CHANGE)]:
        visits += records["app_name"][index] != held
        held = records["app_name"][index]
        names = OTHER_NAMES.get(bytes(held), (bytes(held),))
        other["app_name"][index] = names[visits % len(names)]
    expected, found = replay_with_inputs(records)[1], replay_with_inputs(other)[1]
    assert (records["app_name"] != other["app_name"]).sum() > 50
    assert found.values.tobytes() == expected.values.tobytes()
    assert found.app.tolist() == expected.app.tolist()
    assert {b"code", b"firefox"} <= set(found.app.tolist())


def test_what_is_asked_for_changes_nothing_else():
    """The snapshots are those of an engine without inputs, and a row is the same however often rows are asked for."""
    stream = make(days, 3)
    records, controls = stream.records(), stream.controls()
    alone = replay(records, controls)
    snapshots, often = replay_with_inputs(records, controls, every_s=2)
    _, seldom = replay_with_inputs(records, controls, every_s=15)
    assert snapshots.features.tobytes() == alone.features.tobytes()
    both = [rows.values[rows.timestamps_us % (30 * SECOND) == 0] for rows in (often, seldom)]
    assert both[0].tobytes() == both[1].tobytes()
    assert len(both[0]) > 500


def test_late_events_count_for_the_seconds_in_which_they_were():
    """Keys and moves that come after their seconds closed are in later windows as if they had come in time."""
    records = make(days, 4).records()
    records = records[np.isin(records["event_type"], (EventType.KEY_PRESS, EventType.MOUSE_MOVE))]
    half = len(records) // 2
    closed_to = int(records["timestamp_us"][half + 3]) // SECOND * SECOND + SECOND
    engine = Engine(*zone_table("UTC"), 1)
    engine.push(records[:half])
    engine.close_until(closed_to)
    engine.push(records[half:])
    engine.close_until(END)
    assert engine.counters()["late"] >= 4
    live, batch = take_inputs(engine), replay_with_inputs(records, every_s=1)[1]
    after = batch.timestamps_us > closed_to
    ages = [INPUT_INDEX[f"{kind}_{what}"] for kind in ("keystroke", "mouse_move") for what in ("age_log_s",)]
    windows = [*range(INPUT_INDEX["keystroke_count_3s"], INPUT_INDEX["keystroke_count_stay"]), *ages]
    windows += range(INPUT_INDEX["typing_seconds_10s"], INPUT_INDEX["input_age_log_s"] + 1)
    np.testing.assert_array_equal(
        live.values[live.timestamps_us > closed_to][:, windows], batch.values[after][:, windows]
    )


def test_after_the_clock_was_set_back_inputs_begin_anew():
    stream = make(days, 5)
    records = stream.records()[:900]
    later = records.copy()
    records["timestamp_us"] += np.uint64(7_200 * SECOND)
    engine = Engine(*zone_table("UTC"), 10)
    engine.push(records)
    engine.set_back(int(later["timestamp_us"][0]))
    engine.inputs()
    engine = Engine.load(engine.save())
    engine.push(later)
    engine.close_until(END)
    assert take_inputs(engine).values.tobytes() == replay_with_inputs(later)[1].values.tobytes()


def test_an_engine_saved_by_an_earlier_version_is_refused_with_the_next_step():
    saved = bytearray(Engine(*zone_table("UTC")).save())
    saved[8:12] = (3).to_bytes(4, "little")
    with pytest.raises(FormatError, match=r"version 3 .*expected version 4.*Compute it again from the events"):
        Engine.load(bytes(saved))


def test_a_full_memory_is_at_most_128_kb():
    """Every table at its bound: apps, pairs, idle intervals, apps in five minutes."""
    rng = np.random.default_rng(6)
    count = 60_000
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = 1_700_000_000_000_000 + np.arange(count) * 100_000
    records["event_type"] = rng.choice([6, 12, 13, 3, 1, 4], count)
    records["app_name"] = [b"app %d" % one for one in rng.integers(0, 300, count)]
    engine = Engine(*zone_table("Europe/Berlin"), 1_000_000)
    engine.push(records)
    counted = engine.counters()
    assert counted["stays_forgotten"] > 0
    assert 100 * 1024 < len(engine.save()) <= 128 * 1024
