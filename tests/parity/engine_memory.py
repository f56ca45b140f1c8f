"""Memory of many engines in one process: prints, for each rate, the resident KB an engine takes.

A process of its own, so that nothing that was freed before is used again. Usage: engine_memory.py ENGINES RATE...
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from neural_focus._native import Engine
from neural_focus.events import EVENT_DTYPE
from neural_focus.time import zone_table

WINDOW_SECONDS = 300
MOST_RECORDS = 30_000
"""Enough to fill every window that is bounded by number."""


def hostile(rate: int) -> np.ndarray:
    """Ever new apps, locks and unlocks, keys and motion, ``rate`` a second."""
    count = min(WINDOW_SECONDS * rate, MOST_RECORDS)
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = 1_700_000_000_000_000 + np.arange(count) * (1_000_000 // rate)
    records["event_type"] = np.random.default_rng(2).choice([6, 12, 13, 3, 1], count)
    records["app_name"] = [b"app%d" % index for index in range(count)]
    return records


def resident_kb() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Rss:")))


def main(count: int, rates: list[int]) -> None:
    zone, kept = zone_table("Europe/Berlin"), []
    for rate in rates:
        records = hostile(rate)
        Engine(*zone, 1_000_000).push(records)  # what the first one of its kind allocates is no engine's
        before = resident_kb()
        for _ in range(count):
            engine = Engine(*zone, 1_000_000)
            engine.push(records)
            kept.append(engine)
        sys.stdout.write(f"{(resident_kb() - before) / count:.1f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(word) for word in sys.argv[2:]])
