"""Random records for tests that store them."""

from __future__ import annotations

import numpy as np

from neural_focus.events import EVENT_DTYPE, encode_app_name

START_US = 1_760_000_000_000_000


def some_records(count: int, seed: int = 7, start_us: int = START_US, step_us: int = 70_000) -> np.ndarray:
    """Random records of every type over ``count`` × ``step_us`` µs, with full-width integers."""
    generator = np.random.default_rng(seed)
    records = np.zeros(count, EVENT_DTYPE)
    records["timestamp_us"] = start_us + np.sort(generator.integers(0, count * step_us, count))
    records["event_type"] = generator.integers(1, 16, count)
    records["process_id"] = generator.integers(0, 2**32, count)
    records["window_handle"] = generator.integers(0, 2**32, count)
    records["data"] = generator.integers(0, 2**32, (count, 3))
    apps = [encode_app_name(name) for name in ("code", "firefox", "", "Schreibprogramm für Übungen ÄÖ", "日本語" * 9)]
    records["app_name"] = np.array(apps, dtype="S32")[generator.integers(0, len(apps), count)]
    return records
