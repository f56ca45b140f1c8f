"""One history, second by second and over arrays: the same bits."""

from __future__ import annotations

import io

import numpy as np
import pytest

from neural_focus.errors import InputError
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.features import FEATURE_INDEX
from neural_focus.models.arrays import pack, unpack
from neural_focus.models.event_types import TYPE_NAMES
from neural_focus.models.history import HISTORY_NAMES, StreamHistory, history_rows
from neural_focus.models.sequences import StreamPast
from neural_focus.models.usual_memory import COMPARED, counts_for_usual, usual_table
from neural_focus.replay import replay

KEYS = FEATURE_INDEX["keystroke_count"]
DISTANCE = FEATURE_INDEX["mouse_distance_pixels"]


def types_of(count: int, seed: int = 0) -> np.ndarray:
    """Made-up types of each second's last ten events."""
    return np.random.default_rng(seed).integers(0, 17, (count, 10)).astype(np.uint8)


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
    types = types_of(len(times))
    batch = history_rows(times, features, apps, types, chosen)
    history, live = StreamHistory(), []
    for place in range(len(times)):
        history.observe(int(times[place]), features[place], str(apps[place]), types[place])
        if place % 7 == 0:
            live.append(history.rows())
    assert all(row is not None for row in live)
    assert np.concatenate([row.columns for row in live if row]).tobytes() == batch.columns.tobytes()
    assert [str(row.app[0]) for row in live if row] == batch.app.tolist()
    assert [str(row.previous_app[0]) for row in live if row] == batch.previous_app.tolist()


@pytest.mark.parametrize("ended", [1, 29, 310, 1234, 2200])
def test_a_history_that_was_kept_goes_on_with_the_same_bits(ended: int) -> None:
    """As the service does when it ends: to bytes and back; in a stay, before a gap, where a second counts."""
    times, features, apps, _ = stream(3)
    types = types_of(len(times))
    whole, kept = StreamPast(), StreamPast()
    for place in range(len(times)):
        for past in (whole, kept):
            past.observe(int(times[place]), features[place], str(apps[place]), types[place])
        if place == ended:
            kept = StreamPast.from_arrays(unpack(pack(kept.to_arrays())))
            assert kept.last_us == times[place]
        if place >= ended and (place % 7 == 0 or place == ended):
            told, expected = kept.rows(), whole.rows()
            assert told is not None and expected is not None
            assert told.columns.tobytes() == expected.columns.tobytes(), place
            assert told.recent.tobytes() == expected.recent.tobytes(), place
            assert (told.app, told.previous_app) == (expected.app, expected.previous_app)


def test_what_was_kept_and_is_no_history_is_refused() -> None:
    past = StreamPast()
    past.observe(1_000_000, np.zeros(32, np.float32), "a")
    data = pack(past.to_arrays())
    torn = [data[:length] for length in (0, 10, len(data) // 2, len(data) - 1)]
    for bad in (*torn, b"PK" + data[2:40], pack({"pickled": np.zeros(1)})):
        with pytest.raises((InputError, KeyError)):
            StreamPast.from_arrays(unpack(bad))
    plain = io.BytesIO()
    np.save(plain, np.zeros(3))
    strange = bytearray(data)
    strange[6] |= 1  # says of its first part that it is encrypted
    strange[data.rindex(b"PK\x01\x02") + 8] |= 1
    for bad in (plain.getvalue(), bytes(strange)):
        with pytest.raises(InputError):
            unpack(bad)
    out = io.BytesIO()
    np.savez(out, last=np.array([{"an": "object"}]))
    with pytest.raises(InputError, match="allow_pickle"):
        unpack(out.getvalue())


def test_counts_told_back_are_the_true_ones() -> None:
    times, features, apps, pressed = stream(9)
    keep = times < (1_700_000_000 + 400) * 1_000_000  # before the first gap
    rows = history_rows(times[keep], features[keep], apps[keep], types_of(keep.sum()), np.arange(keep.sum()))
    told = np.expm1(rows.columns[:, HISTORY_NAMES.index("keystroke_count_120s")])
    true = np.convolve(pressed[:400], np.ones(120, int))[:400]
    assert np.abs(told - true).max() < 1e-3


def test_inputs_in_the_second_of_a_switch_count_for_the_stay_that_it_ended() -> None:
    """The click on a window comes before that window has the focus; so too for the first second of all."""
    pressed = np.zeros(100, int)
    pressed[[0, 20, 50, 51, 70]] = 3, 1, 4, 1, 5
    features = np.zeros((100, 32), np.float32)
    features[:, KEYS] = np.convolve(pressed, np.ones(30, int))[:100]
    apps = np.where(np.arange(100) < 50, "a", "b")
    times = (np.arange(100) + 1_700_000_000) * 1_000_000
    rows = history_rows(times, features, apps, types_of(100), np.arange(100))
    history = StreamHistory()
    for place in range(100):
        history.observe(int(times[place]), features[place], str(apps[place]), types_of(100)[place])
        live = history.rows()
        assert live is not None and live.columns.tobytes() == rows.columns[[place]].tobytes(), place
    told = np.expm1(rows.columns[:, HISTORY_NAMES.index("keystroke_count_stay")]).round()
    assert told[[0, 19, 20, 49, 50, 51, 69, 70, 99]].tolist() == [0, 0, 1, 1, 0, 1, 1, 6, 6]


def test_the_past_does_not_move_when_the_future_changes() -> None:
    times, features, apps, _ = stream(2)
    chosen = np.arange(0, 1200, 5)
    whole = history_rows(times, features, apps, types_of(len(times)), chosen).columns
    cut = history_rows(times[:1200], features[:1200], apps[:1200], types_of(len(times))[:1200], chosen).columns
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
    rows = history_rows(
        snapshots.timestamps_us, snapshots.features, np.full(len(snapshots), "a"), snapshots.sequence, place
    )
    for window, allowed in ((10, 60), (60, 60), (300, 120)):
        told = np.expm1(rows.columns[:, HISTORY_NAMES.index(f"mouse_path_{window}s")])
        now = snapshots.timestamps_us[place]
        x = np.r_[0, np.cumsum(step)]
        true = x[np.searchsorted(at, now, "right")] - x[np.searchsorted(at, now - window * 1_000_000, "right")]
        assert np.quantile(np.abs(told - true), 0.95) <= allowed + 0.05 * true.max(), window
        assert np.corrcoef(told, true)[0, 1] > 0.98, window


def test_the_unusual_is_told_against_the_person_s_own_average() -> None:
    """Two hours at one tempo, then twice the keys: the deviation is the difference of logarithms by their spread."""
    count = 7260
    features = np.zeros((count, 32), np.float32)
    features[:, KEYS] = np.where(np.arange(count) % 20 < 10, 30, 40)
    features[7200:, KEYS] = 80
    times = (np.arange(count) + 1_700_000_000) * 1_000_000
    place = np.array([100, 7195, 7200, 7250])
    rows = history_rows(times, features, np.full(count, "a"), types_of(count), place)
    told = rows.columns[:, HISTORY_NAMES.index("keystroke_count_unusual")]
    low, high = np.log1p([30.0, 40.0])
    mean, spread = (low + high) / 2, (high - low) / 2
    expected = (np.log1p([40.0, 80.0]) - mean) / np.sqrt(spread**2 + 1e-3)
    assert told[0] == 0  # too early to call anything usual
    assert np.abs(told[1:3] - expected).max() < 0.05
    assert 0 < told[3] < told[2]  # the new pace begins to be usual
    assert not rows.columns[:, HISTORY_NAMES.index("typing_tempo_30s_unusual")][0]


def test_the_usual_fades_by_half_in_four_hours_and_learns_from_some_tempo_only() -> None:
    """Against the weighted mean and variance written out: a value weighs half after 1,440 counted steps."""
    rng = np.random.default_rng(3)
    steps, tempo, keys = 3_000, COMPARED.index("keystroke_interval_mean"), COMPARED.index("keystroke_count")
    values = rng.normal(2.0, 0.3, (steps, len(COMPARED)))
    values[2_000:] += 1.0
    values[::3, tempo] = 0.0  # nothing was typed
    seconds = np.arange(steps) * 10
    now = np.stack([values[-1], np.where(np.arange(len(COMPARED)) == tempo, 0.0, values[-1])])
    told = usual_table(values, seconds, now, np.full(2, steps * 10))
    for column, there in ((keys, np.ones(steps, bool)), (tempo, values[:, tempo] > 0)):
        x = values[there, column]
        weight = 0.5 ** (np.arange(len(x))[::-1] / 1_440)
        mean = np.average(x, weights=weight)
        spread = np.sqrt(np.average((x - mean) ** 2, weights=weight) + 1e-3)
        assert told[0, column] == pytest.approx((now[0, column] - mean) / spread, abs=1e-4)
    assert told[1, tempo] == 0 != told[0, tempo]


def test_only_tens_of_seconds_with_activity_are_counted() -> None:
    features = np.zeros((40, 32), np.float32)
    features[:25, KEYS] = 1
    assert np.flatnonzero(counts_for_usual(np.arange(100, 140), features)).tolist() == [0, 10, 20]


def test_a_snapshot_is_the_caller_s_to_use_again() -> None:
    history, row = StreamHistory(), np.zeros(32, np.float32)
    for second in range(400):
        row[KEYS] = 30 + second % 20
        history.observe(second * 1_000_000, row, "a")
    before = history.rows()
    row[:] = 99
    after = history.rows()
    assert before is not None and after is not None
    assert before.columns.tobytes() == after.columns.tobytes()


def test_the_mix_of_the_last_ten_events_is_counted() -> None:
    types = np.array([[0, 0, 1, 1, 1, 3, 3, 15, 16, 200]], np.uint8)
    rows = history_rows(np.array([1_000_000]), np.zeros((1, 32), np.float32), np.array(["a"]), types, np.array([0]))
    first = HISTORY_NAMES.index(TYPE_NAMES[0])
    assert rows.columns[0, first : first + 15].tolist() == [3, 0, 2, *[0] * 11, 3]  # unknown ones under the last
