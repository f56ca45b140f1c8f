"""Live or batch, in any pieces, saved and restored: the same bits."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from streams import SCENARIOS, SECOND, Stream, idle_and_lock, make, restarts, timed_sessions, work

from neural_focus._native import Engine, validate
from neural_focus.events import EVENT_DTYPE
from neural_focus.features import FEATURE_INDEX
from neural_focus.replay import CONTROL_DTYPE, ControlKind, Snapshots, replay
from neural_focus.time import zone_table

END = np.iinfo(np.int64).max


def joined(parts) -> Snapshots:
    return Snapshots(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def assert_identical(found: Snapshots, expected: Snapshots) -> None:
    assert found.timestamps_us.tolist() == expected.timestamps_us.tolist()
    assert found.features.tobytes() == expected.features.tobytes()
    assert found.sequence.tobytes() == expected.sequence.tobytes()


def pieces(count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    cuts = np.unique(rng.integers(0, count + 1, size=1 + count // 7))
    bounds = [0, *cuts.tolist(), count]
    return list(itertools.pairwise(bounds))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_any_chunking_with_save_and_restore_gives_the_same_bits(scenario):
    stream = make(scenario, 11)
    records, rng = stream.records(), np.random.default_rng(5)
    engine = Engine(*zone_table(stream.zone))
    parts = []
    for start, end in pieces(len(records), rng):
        parts.append(engine.push(records[start:end]))
        if rng.random() < 0.3:
            engine = Engine.load(engine.save())
    parts.append(engine.close_until(END))
    assert_identical(joined(parts), replay(records, None, stream.zone))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_saved_and_restored_after_every_record_and_every_second(scenario):
    stream = make(scenario, 12)
    records = stream.records()
    engine, parts = Engine(*zone_table(stream.zone)), []
    for index in range(len(records)):
        parts.append(engine.push(records[index : index + 1]))
        engine = Engine.load(engine.save())
    last = int(np.maximum.accumulate(records["timestamp_us"][validate(records)[0]].astype(np.int64))[-1])
    for second in range(last // SECOND, last // SECOND + 303):
        parts.append(engine.close_until(second * SECOND))
        saved = engine.save()
        engine = Engine.load(saved)
        assert engine.save() == saved, "restoring adds nothing and loses nothing"
    parts.append(engine.close_until(END))
    assert_identical(joined(parts), replay(records, None, stream.zone))


def play_live(stream: Stream, seed: int) -> tuple[Snapshots, np.ndarray, Engine]:
    """Pieces as they happen, each second closed 100 ms after its end, controls when they are due.

    Now and then the agent stops and another goes on from the saved state.
    """
    records, due = stream.records(), sorted(stream.steps, key=lambda step: step[0])
    engine, parts, used = Engine(*zone_table(stream.zone)), [], []
    calls = {
        ControlKind.SESSION_START: lambda t, v: engine.start_session(t),
        ControlKind.SESSION_END: lambda t, v: engine.end_session(t),
        ControlKind.BREAK_ACCEPTED: lambda t, v: engine.break_accepted(t),
        ControlKind.FOCUS_SCORE: lambda t, v: engine.focus_score(t, v),
        ControlKind.RESTART: lambda t, v: engine.restart(t),
    }  # of whatever engine runs by then
    times = np.maximum.accumulate(records["timestamp_us"].astype(np.int64))
    done, rng = 0, np.random.default_rng(seed)
    now = int(times[0])
    while done < len(records) or due:
        now += int(rng.integers(1, 700_000)) if done < len(records) else 10 * SECOND
        if done < len(records) and times[done] > now + 400 * SECOND and not (due and due[0][0] <= times[done]):
            now = int(times[done])
        end = int(np.searchsorted(times, now, side="right"))
        parts.append(engine.push(records[done:end]))
        done = end
        while due and due[0][0] <= now:
            t, kind, value = due.pop(0)
            used.append((calls[ControlKind(kind)](t, value), kind, value))
        parts.append(engine.close_until(now - 100_000))
        if rng.random() < 0.05:
            engine = Engine.load(engine.save())
    parts.append(engine.close_until(END))
    return joined(parts), np.array(used, CONTROL_DTYPE), engine


LIVE = (work, timed_sessions, restarts, idle_and_lock)


@pytest.mark.parametrize("seed", range(8))
def test_the_live_path_equals_a_replay_of_what_it_logged(seed):
    stream = make(LIVE[seed % 4], 20 + seed)
    live, used, engine = play_live(stream, seed)
    assert engine.counters()["late"] == 0
    assert_identical(live, replay(stream.records(), used, stream.zone))


def test_late_events_are_counted_and_later_snapshots_see_them():
    stream = make(work, 3)
    records = stream.records()
    batch = replay(records)
    engine = Engine(*zone_table("UTC"))
    half = len(records) // 2
    closed_to = int(records["timestamp_us"][half]) // SECOND * SECOND + SECOND
    parts = [engine.push(records[:half]), engine.close_until(closed_to)]
    parts += [engine.push(records[half:]), engine.close_until(END)]
    live = joined(parts)
    late = np.count_nonzero(records["timestamp_us"][half:] <= closed_to)
    assert late > 0
    assert engine.counters()["late"] == late
    after = batch.timestamps_us > closed_to
    np.testing.assert_array_equal(live.features[live.timestamps_us > closed_to], batch.features[after])
    np.testing.assert_array_equal(live.sequence[live.timestamps_us > closed_to], batch.sequence[after])


def test_threads_with_an_engine_each_and_one_engine_for_two():
    records = make(work, 8).records()
    expected = replay(records)
    results: list[Snapshots] = []
    threads = [threading.Thread(target=lambda: results.append(replay(records))) for _ in range(4)]
    shared = Engine(*zone_table("UTC"))
    threads += [threading.Thread(target=lambda: shared.push(records[:50])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        assert_identical(result, expected)
    assert shared.counters()["events"] == 200


def a_day(rate: float) -> np.ndarray:
    """24 h of all that adds up in the engine, ``rate`` events a second."""
    rng = np.random.default_rng(1)
    count, day = int(86_400 * rate), 86_400 * SECOND
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = 1_700_006_400_000_000 + np.sort(rng.integers(0, day - 400 * SECOND, count))
    records["event_type"] = rng.choice(
        np.array([1, 3, 4, 6, 10, 11], np.uint32), count, p=[0.3, 0.5, 0.1, 0.02, 0.04, 0.04]
    )
    records["app_name"] = rng.choice([b"a", b"b", b"c"], count)
    records["data"] = rng.integers(0, 3_000, (count, 3), np.uint32)
    return records


def test_no_drift_over_a_thousand_hours():
    """A day repeated 42 times: the last day's windows are the first day's, bit for bit, and a fresh engine's."""
    one = a_day(float(os.environ.get("NEURAL_FOCUS_DRIFT_RATE", "2")))
    first = replay(one)
    engine, last = Engine(*zone_table("UTC")), None
    for day in range(42):
        one["timestamp_us"] += np.uint64(0 if day == 0 else 86_400 * SECOND)
        last = joined([engine.push(one), engine.close_until(int(one["timestamp_us"][-1]) + 300 * SECOND)])
    assert last is not None
    of_history = ("day_of_week", "seconds_since_session_start", "minutes_since_last_break")
    columns = [i for i in range(32) if i not in {FEATURE_INDEX[name] for name in of_history}]
    settled = slice(400, None)  # the day before holds the focus until the first switch
    assert len(last.features) > 80_000
    assert last.features[settled, columns].tobytes() == first.features[settled, columns].tobytes()
    fresh = replay(one)
    assert last.features[settled, columns].tobytes() == fresh.features[settled, columns].tobytes()
    seconds = (int(last.timestamps_us[-1]) - int(first.timestamps_us[0])) // SECOND
    assert last.features[-1, FEATURE_INDEX["seconds_since_session_start"]] == seconds > 1_000 * 3_600
    print(f"{engine.counters()['events']:,} events over {42 * 24:,} h: the last day's bits are the first's")  # noqa: T201


def test_state_is_small_whatever_the_rate():
    """100 k events/s of ever new apps, idle and lock."""
    rng = np.random.default_rng(2)
    count = 400_000
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = 1_700_000_000_000_000 + np.arange(count) * 10
    records["event_type"] = rng.choice([6, 12, 13, 3, 1], count)
    records["app_name"] = [b"app%d" % i for i in range(count)]
    engine = Engine(*zone_table("Europe/Berlin"))
    engine.push(records)
    assert len(engine.save()) <= 128 * 1024
    assert engine.counters()["apps_forgotten"] > 0
    assert engine.counters()["idle_merged"] > 0


def test_thousands_of_engines_in_one_process():
    zone, records = zone_table("UTC"), make(work, 4).records()
    expected = replay(records, until_us=0)
    engines = [Engine(*zone) for _ in range(2_000)]
    for engine in engines:
        assert_identical(Snapshots(*engine.push(records)), expected)


def test_an_engine_takes_at_most_128_kb_of_real_memory_whatever_the_rate():
    script = Path(__file__).with_name("engine_memory.py")
    words = [sys.executable, str(script), "60", "14", "1000", "100000"]
    said = subprocess.run(words, check=True, capture_output=True, text=True, timeout=120).stdout.split()
    usual, busy, hostile = (float(word) for word in said)
    assert max(usual, busy, hostile) <= 128
    assert min(busy, hostile) > 40, "the windows are full"
    assert hostile <= 1.2 * busy


def test_after_the_clock_was_set_back_everything_begins_anew():
    """As if the engine were new: no window, session, break or momentum reaches behind it; snapshots go back in time."""
    stream = make(work, 21)
    records = stream.records()
    half = len(records) // 2
    first, second = records[:half], records[half:].copy()
    second["timestamp_us"] -= np.uint64(600 * SECOND)
    begin = int(second["timestamp_us"][0])
    engine = Engine(*zone_table(stream.zone))
    before = engine.push(first)
    engine.focus_score(int(before[0][-1]), 12.0)
    assert begin < before[0][-1]
    engine.set_back(begin)
    engine = Engine.load(engine.save())
    after = joined([engine.push(second), engine.close_until(END)])
    assert_identical(after, replay(second, None, stream.zone))
    began_and_ended = engine.sessions()
    assert began_and_ended[1] == (began_and_ended[0][0], int(first["timestamp_us"][-1]), True)
    assert began_and_ended[2][0] == begin


def test_a_timed_session_outlives_a_clock_that_was_set_back():
    stream = make(work, 22)
    records = stream.records()
    engine = Engine(*zone_table(stream.zone))
    engine.start_session(int(records["timestamp_us"][0]) - SECOND)
    engine.push(records)
    begin = int(records["timestamp_us"][0]) - 3_600 * SECOND
    engine.set_back(begin)
    engine.sessions()
    records = records.copy()
    records["timestamp_us"] -= np.uint64(3_600 * SECOND)
    times, features, _ = engine.push(records)
    assert engine.sessions() == []
    age = features[:, FEATURE_INDEX["seconds_since_session_start"]]
    assert age.tolist() == ((times - begin) // SECOND).tolist()
