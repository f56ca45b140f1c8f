"""One history, second by second and over arrays: the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.features import FEATURE_INDEX
from neural_focus.models.history import HISTORY_NAMES, StreamHistory, history_rows
from neural_focus.replay import replay

KEYS = FEATURE_INDEX["keystroke_count"]
DISTANCE = FEATURE_INDEX["mouse_distance_pixels"]


def stream(seed: int, seconds: int = 3000) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Seconds with gaps, sliding counts that follow true presses, apps; and the true presses per second."""
    rng = np.random.default_rng(seed)
    pressed = rng.poisson(0.4, seconds) * (rng.random(seconds) < 0.5)
    pressed[1000:1700] = 0
    sliding = np.convolve(pressed, np.ones(30, int))[:seconds]
    here = np.ones(seconds, bool)
    here[1300:1700] = False  # nothing for five minutes: no snapshots
    here[400:402] = False
    features = np.zeros((seconds, 32), np.float32)
    features[:, KEYS] = sliding
    features[:, DISTANCE] = np.convolve(rng.exponential(90, seconds) * (pressed > 0), np.ones(30))[:seconds]
    stay = np.cumsum(rng.random(seconds) < 0.03) % 7
    apps = np.array([f"app{i * i % 5}" for i in stay])
    times = (np.arange(seconds) + 1_700_000_000) * 1_000_000
    return times[here], features[here], apps[here], pressed


@pytest.mark.parametrize("seed", range(4))
def test_live_and_batch_are_the_same_bits(seed: int) -> None:
    times, features, apps, _ = stream(seed)
    chosen = np.arange(0, len(times), 7)
    batch = history_rows(times, features, apps, chosen)
    history, live = StreamHistory(), []
    for place in range(len(times)):
        history.observe(int(times[place]), features[place], str(apps[place]))
        if place % 7 == 0:
            live.append(history.rows())
    assert all(row is not None for row in live)
    assert np.concatenate([row.columns for row in live if row]).tobytes() == batch.columns.tobytes()
    assert [str(row.app[0]) for row in live if row] == batch.app.tolist()
    assert [str(row.previous_app[0]) for row in live if row] == batch.previous_app.tolist()


def test_counts_told_back_are_the_true_ones() -> None:
    times, features, apps, pressed = stream(9)
    keep = times < (1_700_000_000 + 400) * 1_000_000  # before the first gap
    rows = history_rows(times[keep], features[keep], apps[keep], np.arange(keep.sum()))
    told = np.expm1(rows.columns[:, HISTORY_NAMES.index("keystroke_count_120s")])
    true = np.convolve(pressed[:400], np.ones(120, int))[:400]
    assert np.abs(told - true).max() < 1e-3


def test_the_past_does_not_move_when_the_future_changes() -> None:
    times, features, apps, _ = stream(2)
    chosen = np.arange(0, 1200, 5)
    whole = history_rows(times, features, apps, chosen).columns
    cut = history_rows(times[:1200], features[:1200], apps[:1200], chosen).columns
    assert whole.tobytes() == cut.tobytes()


def test_older_seconds_are_ignored() -> None:
    history = StreamHistory()
    row = np.zeros(32, np.float32)
    history.observe(100_000_000, row, "a")
    before = history.rows()
    history.observe(90_000_000, row, "b")
    after = history.rows()
    assert before is not None and after is not None
    assert before.columns.tobytes() == after.columns.tobytes()


def test_the_way_told_back_is_the_true_one() -> None:
    """Moves every 300 ms in bursts: the engine's distances give back how far the pointer went in each window."""
    rng = np.random.default_rng(5)
    moving = np.repeat(rng.random(200) < 0.5, 30)
    step = np.where(moving, rng.integers(0, 60, len(moving)), 0)
    records = np.zeros(moving.sum(), EVENT_DTYPE)
    at = 1_700_000_000_000_000 + np.arange(len(moving)) * 300_000
    records["timestamp_us"], records["event_type"] = at[moving], EventType.MOUSE_MOVE
    records["data"][:, 0] = 1 + np.cumsum(step[moving])
    snapshots = replay(records)
    place = np.arange(200, 1500, 3)
    rows = history_rows(snapshots.timestamps_us, snapshots.features, np.full(len(snapshots), "a"), place)
    for window, allowed in ((10, 60), (60, 60), (300, 120)):
        told = np.expm1(rows.columns[:, HISTORY_NAMES.index(f"mouse_path_{window}s")])
        now = snapshots.timestamps_us[place]
        x = np.r_[0, np.cumsum(step)]
        true = x[np.searchsorted(at, now, "right")] - x[np.searchsorted(at, now - window * 1_000_000, "right")]
        assert np.quantile(np.abs(told - true), 0.95) <= allowed + 0.05 * true.max(), window
        assert np.corrcoef(told, true)[0, 1] > 0.98, window
