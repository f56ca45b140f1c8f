"""The ring between hook and drain, beside other queues in C++, Python's own, and plain memory."""

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
PUSH_LIMIT_NS, THROUGH_LEAST = 10.0, 100.0
ELEMENT_RING = "a ring in the manner of rigtorp's SPSCQueue"


def figures() -> Iterator[Figure]:
    """Cost of a push, and records a second between two threads on cores of their own."""
    found = run_native()
    push, through, unit = found["push_ns"], found["through"], "M records/s"
    for peer, value in (
        (ELEMENT_RING, found["element_push_ns"]),
        ("std::mutex and std::deque", found["mutex_push_ns"]),
        ("the limit set for it", PUSH_LIMIT_NS),
    ):
        yield beside("ring, push uncontended", push, "ns", peer, value, less_is_better=True)
    for peer, value in (
        (ELEMENT_RING, found["element_through"]),
        ("std::mutex and std::deque", found["mutex_through"]),
        ("Python's SimpleQueue", simple_queue()),
        ("a copy in one core's cache that nobody reads", found["copy"]),
        ("the least set for it", THROUGH_LEAST),
    ):
        yield beside("ring, between two threads", through, unit, peer, value)


def run_native() -> dict[str, float]:
    """Builds and runs the C++ side. Raises ConfigurationError when it cannot be built."""
    PROGRAM.parent.mkdir(exist_ok=True)
    command = ["c++", "-std=c++20", "-O3", "-DNDEBUG", "-Inative/src", str(SOURCE), "-pthread", "-o", str(PROGRAM)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        raise ConfigurationError(f"{SOURCE} cannot be built", why=built.stderr[:300], hint="Install g++")
    printed = subprocess.run(
        ["nice", "-n", "10", PROGRAM], capture_output=True, text=True, check=True, timeout=300
    ).stdout
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
