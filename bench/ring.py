"""The ring between hook and drain, beside a mutex around a deque (C++) and Python's own queue."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, beside
from neural_focus.errors import ConfigurationError

SOURCE = Path("native/bench/ring.cpp")
PROGRAM = Path("build/bench_ring")
PYTHON_RECORDS = 300_000


def figures() -> Iterator[Figure]:
    """Cost of a push, and records a second between two threads."""
    found = run_native()
    yield beside("ring, push uncontended", found["ring_push_ns"], "ns", "std::mutex and std::deque",
                 found["mutex_push_ns"], less_is_better=True)  # fmt: skip
    yield beside("ring, push uncontended", found["ring_push_ns"], "ns", "the limit set for it", 10.0,
                 less_is_better=True)  # fmt: skip
    unit = "M records/s"
    yield beside("ring, between two threads", found["ring_millions"], unit, "std::mutex and std::deque",
                 found["mutex_millions"])  # fmt: skip
    yield beside("ring, between two threads", found["ring_millions"], unit, "Python's SimpleQueue", simple_queue())


def run_native() -> dict[str, float]:
    """Builds and runs the C++ side. Raises ConfigurationError when it cannot be built."""
    PROGRAM.parent.mkdir(exist_ok=True)
    command = ["c++", "-std=c++20", "-O3", "-DNDEBUG", "-Inative/src", str(SOURCE), "-pthread", "-o", str(PROGRAM)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        raise ConfigurationError(f"{SOURCE} cannot be built", why=built.stderr[:300], todo="Install g++")
    printed = subprocess.run([PROGRAM], capture_output=True, text=True, check=True, timeout=300).stdout
    numbers: dict[str, float] = json.loads(printed)
    return numbers


def simple_queue() -> float:
    """Million records of 64 bytes a second through queue.SimpleQueue, between two threads."""
    lane: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    record = os.urandom(64)

    def produce() -> None:
        for _ in range(PYTHON_RECORDS):
            lane.put(record)

    thread = threading.Thread(target=produce)
    start = time.perf_counter()
    thread.start()
    for _ in range(PYTHON_RECORDS):
        lane.get()
    thread.join()
    return PYTHON_RECORDS / (time.perf_counter() - start) / 1e6
