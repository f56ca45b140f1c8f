"""Synthetic streams and moments for the tests of the models; nothing in them is anybody's."""

from __future__ import annotations

import numpy as np

from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.features import FEATURE_NAMES
from neural_focus.models.contracts import V1
from neural_focus.models.datasets import Moments, Stays
from neural_focus.models.sequences import CHANNELS, STEPS, Recent, encode

DAY_US = 86_400_000_000


def random_records(seed: int, *, switches: int = 60, apps: int = 4, hints: bool = False) -> np.ndarray:
    """Focus changes among a few apps with bursts, pauses, idle stretches and mouse moves in between."""
    rng = np.random.default_rng(seed)
    gaps = np.where(rng.random(switches) < 0.5, rng.integers(1, 25, switches), rng.integers(20, 400, switches))
    times = np.cumsum(gaps) * 1_000_000 + rng.integers(0, 999_999, switches)
    rows = [(int(t), EventType.WINDOW_FOCUS_CHANGE, int(rng.integers(apps))) for t in times]
    end = int(times[-1]) + 200_000_000
    rows += [(int(t), EventType.MOUSE_MOVE, 0) for t in rng.integers(1_000_000, end, 8 * switches)]
    for start in rng.integers(1_000_000, end, 4):
        rows += [(int(start), EventType.IDLE_START, 0), (int(start) + 30_000_000, EventType.IDLE_END, 0)]
    rows.sort(key=lambda row: row[0])
    records = np.zeros(len(rows), EVENT_DTYPE)
    records["timestamp_us"] = np.array([row[0] for row in rows]) + 1_700_000_000_000_000
    records["event_type"] = [row[1] for row in rows]
    records["app_name"] = [f"app{row[2]}" for row in rows]
    if hints:
        # app0 and app1 are work (Building), the others entertainment
        records["data"][:, 2] = [1 << 8 if row[2] < 2 else 5 << 8 for row in rows]
    return records


def random_steps(rng: np.random.Generator, count: int) -> Recent:
    """Sequences of made-up snapshots, some of their steps empty."""
    features = rng.gamma(1.0, 2.0, (count * STEPS, len(FEATURE_NAMES))).astype(np.float32)
    steps = encode(features, rng.integers(0, 16, (count * STEPS, 10)).astype(np.uint8))
    steps = steps.reshape(count, STEPS, CHANNELS)
    steps[:, :-1][rng.random((count, STEPS - 1)) < 0.1] = 0
    return steps


def random_moments(
    seed: int, *, people: int = 2, days: int = 8, a_day: int = 240, informative: bool = True
) -> tuple[Moments, tuple[Stays, ...]]:
    """Moments of input version 1 whose labels follow a known risk, or a coin where not ``informative``."""
    rng = np.random.default_rng(seed)
    count = people * days * a_day
    own = rng.normal(size=(count, len(V1.names))).astype(np.float32)
    risk = 1 / (1 + np.exp(-(1.5 * own[:, 3] - own[:, 5] * own[:, 7] - 0.5)))
    truth = risk if informative else np.full(count, 0.4)
    within = np.arange(a_day) * 10_000_000
    times = (np.arange(days)[:, None] * DAY_US + 9 * 3_600_000_000 + within + 1_700_006_400_000_000).ravel()
    label = (rng.random(count) < truth).astype(np.int8)
    broken = np.where(rng.random(count) < 0.6, (rng.random(count) < truth / 2).astype(np.int8), -1).astype(np.int8)
    names = np.full(count, "editor")
    moments = Moments(
        own=own,
        app=names,
        previous_app=names,
        times_us=np.tile(times, people),
        person=np.repeat(np.arange(1, people + 1), days * a_day),
        switch=label,
        settled_break=broken,
        outcome=1 - label,
        outcome_source=np.ones(count, np.int8),
        recency_s=rng.exponential(60, count),
        switches_5min=rng.poisson(3, count).astype(np.float64),
        lead_s=rng.exponential(30, count),
        recent=random_steps(rng, count),
    )
    return moments, ()
