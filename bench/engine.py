"""The engine through its binding, beside NumPy, pandas, plain Python and the memory's own speed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bench import numpy_form, original, pandas_form
from bench.figure import Figure, beside, best_seconds
from bench.stream import SECOND, START, working_day
from neural_focus._native import Engine
from neural_focus.features import FEATURES
from neural_focus.records import view_records
from neural_focus.replay import replay
from neural_focus.time import DAY_US, HOUR_US, zone_table

COUNT, BATCH = 1_000_000, 4_096
MILLION = 1e6
RATE = "M events/s"


def figures() -> Iterator[Figure]:
    """All of them in one run, on one stream of 14 events a second; CPU time, the best of several."""
    records = working_day(COUNT)
    check_agreement(records[:100_000])
    engine = COUNT / best_seconds(lambda: push_all(records), 20) / MILLION
    read = COUNT / best_seconds(lambda: np.bitwise_or.reduce(records.view(np.uint64)), 10) / MILLION
    yield beside("engine, all 32 features", engine, RATE, "reading the memory once", read)
    yield beside("engine, all 32 features", engine, RATE, "NumPy, all features", numpy_rate(records))
    yield beside("engine, all 32 features", engine, RATE, "pandas rolling, windowed features", pandas_rate(records))
    yield beside("engine, all 32 features", engine, RATE, "the original's Python", original_rate(records))
    yield beside("engine, two threads (wall)", two_threads(records), RATE, "one thread (wall)", one_thread(records))
    with_inputs = COUNT / best_seconds(lambda: push_all(records, 10), 20) / MILLION
    yield beside("engine, and all inputs every 10 s", with_inputs, RATE, "all 32 features", engine)
    yield beside("a year of one person's days, with all inputs", year_rate(records), RATE, "the limit set for it", 50.0)
    yield beside("one snapshot with all inputs", snapshot_ns(records, 1), "ns", "the limit set for it", 1_000.0,
                 less_is_better=True)  # fmt: skip
    yield beside("one snapshot", snapshot_ns(records), "ns", "the limit set for it", 100.0, less_is_better=True)
    yield from parsing(records)
    yield beside("engine's saved state", len(used_engine(records).save()) / 1024, "KB", "the limit set for it", 128.0,
                 less_is_better=True)  # fmt: skip


def new_engine(inputs_every_s: int = 0) -> Engine:
    return Engine(*zone_table("UTC"), inputs_every_s)


def used_engine(records: NDArray[np.void]) -> Engine:
    engine = new_engine(1)
    engine.push(records)
    engine.inputs()  # what nobody has read yet is kept, too
    return engine


def push_all(records: NDArray[np.void], inputs_every_s: int = 0) -> int:
    """Snapshots of the whole stream, in batches, and rows of inputs."""
    engine, count = new_engine(inputs_every_s), 0
    for start in range(0, len(records), BATCH):
        count += len(engine.push(records[start : start + BATCH])[0])
        if inputs_every_s:
            engine.inputs()
    return count


def year_rate(records: NDArray[np.void]) -> float:
    """365 days of eight hours through one engine, whose memory of apps, hours and habits fills as it would."""
    day = records[records["timestamp_us"] < records["timestamp_us"][0] + 8 * HOUR_US].copy()
    engine, seconds = new_engine(10), 0.0
    for _ in range(365):
        began = time.process_time()
        for start in range(0, len(day), BATCH):
            engine.push(day[start : start + BATCH])
            engine.inputs()
        seconds += time.process_time() - began
        day["timestamp_us"] += DAY_US
    return 365 * len(day) / seconds / MILLION


def check_agreement(records: NDArray[np.void]) -> None:
    """The NumPy form counts only if it computes the same."""
    times, features, sequence = numpy_form.compute(records)
    expected = replay(records)
    np.testing.assert_array_equal(times, expected.timestamps_us)
    np.testing.assert_array_equal(sequence, expected.sequence)
    for index, feature in enumerate(FEATURES):
        np.testing.assert_allclose(
            features[:, index], expected.features[:, index], rtol=1e-4, atol=1e-4, err_msg=feature.name
        )


def numpy_rate(records: NDArray[np.void]) -> float:
    """At the length that suits its caches best."""
    lengths = (50_000, 200_000, len(records))
    return max(n / best_seconds(partial(numpy_form.compute, records[:n]), 5) for n in lengths) / MILLION


def pandas_rate(records: NDArray[np.void]) -> float:
    count = 100_000
    return count / best_seconds(lambda: pandas_form.compute(records[:count]), 3) / MILLION


def original_rate(records: NDArray[np.void]) -> float:
    count = 14_000
    raw = memoryview(records[:count].tobytes())
    return count / best_seconds(lambda: original.compute(raw), 2) / MILLION


def one_thread(records: NDArray[np.void]) -> float:
    return COUNT / best_seconds(lambda: push_all(records), 10, time.perf_counter) / MILLION


def two_threads(records: NDArray[np.void]) -> float:
    """Two engines at once: the GIL is released while they work."""

    def both() -> None:
        threads = [threading.Thread(target=push_all, args=(records,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return 2 * COUNT / best_seconds(both, 10, time.perf_counter) / MILLION


def snapshot_ns(records: NDArray[np.void], inputs_every_s: int = 0) -> float:
    """What a snapshot adds: the same events in a hundredth of the time make a hundredth of the snapshots."""
    packed = records.copy()
    packed["timestamp_us"] = START + (records["timestamp_us"] - START) // 100
    slow, fast = (best_seconds(lambda rows=rows: push_all(rows, inputs_every_s), 15) for rows in (records, packed))
    seconds = (int(records["timestamp_us"][-1]) - START) / SECOND
    return (slow - fast) / (seconds * 0.99) * 1e9


def parsing(records: NDArray[np.void]) -> Iterator[Figure]:
    """A view costs the same for one record and for a million."""
    raw = records.tobytes()

    def per_call(buffer: bytes) -> float:
        return best_seconds(lambda: [view_records(buffer) for _ in range(1_000)], 10) * 1e6

    yield beside("parse 1,000,000 records", per_call(raw), "ns", "parse 1 record", per_call(raw[:64]),
                 less_is_better=True)  # fmt: skip
