"""The live engine across restarts: as if the agent had never stopped."""

import uuid
from pathlib import Path

import numpy as np
import pytest

from collector.live import LiveEngine
from collector.spool import open_writer
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.messages import Snapshot
from neural_focus.replay import CONTROL_DTYPE, ControlKind, replay, replay_with_inputs
from neural_focus.snapshot_inputs import SnapshotInputs, inputs_of

START_US = 1_790_000_000_000_000
MACHINE = str(uuid.UUID(int=9))


def typing_records(first_s: int, seconds: int) -> np.ndarray:
    """Eight keys a second, and a focus change at the start of every ten seconds."""
    draw = np.random.default_rng(first_s)
    stamps = np.sort(draw.integers(0, seconds * 1_000_000, seconds * 8)) + START_US + first_s * 1_000_000
    records = np.zeros(len(stamps), EVENT_DTYPE)
    records["timestamp_us"], records["event_type"] = stamps, EventType.KEY_PRESS
    records["event_type"][::80] = EventType.WINDOW_FOCUS_CHANGE
    records["app_name"] = np.where(np.arange(len(stamps)) // 80 % 2, b"code", b"firefox")
    return records


class Runs:
    """Agents one after the other on one desktop."""

    def __init__(self, folder: Path) -> None:
        self.spool, self.state = folder / "spool", folder / "engine.state"
        self.records: list[np.ndarray] = []
        self.seconds: dict[int, Snapshot] = {}

    def run(self, records: np.ndarray, *, save: bool) -> None:
        boot = str(uuid.uuid4())
        writer = open_writer(self.spool, MACHINE, boot)
        live = LiveEngine.restore(self.state, self.spool, boot, "UTC")
        for part in np.array_split(records, 7):
            assert writer.append(part)
            self._keep(live.push(part, {}))
            self._keep(live.close_until(int(part["timestamp_us"][-1]) + 100_000))
        if save:
            live.save(self.state)
        assert live.last_us == records["timestamp_us"][-1]
        self.records.append(records)

    def _keep(self, seconds: list[Snapshot]) -> None:
        self.seconds.update({second.t_us: second for second in seconds})


@pytest.mark.parametrize("saves", [(True, True), (False, True), (True, False), (False, False)])
def test_features_go_on_after_restarts_and_crashes(tmp_path: Path, saves: tuple[bool, bool]) -> None:
    runs = Runs(tmp_path)
    for number, save in enumerate((*saves, True)):
        runs.run(typing_records(number * 40, 30), save=save)
    starts = [(int(part["timestamp_us"][0]), ControlKind.RESTART, 0.0) for part in runs.records]
    again, inputs = replay_with_inputs(np.concatenate(runs.records), np.array(starts, CONTROL_DTYPE), every_s=1)
    rows = {int(t): row for t, row in zip(again.timestamps_us, again.features, strict=True)}
    pasts = dict(zip(inputs.timestamps_us.tolist(), inputs_of(inputs), strict=True))
    assert len(runs.seconds) > 85
    for t_us, second in runs.seconds.items():
        assert np.array(list(second.features.values()), np.float32).tobytes() == rows[t_us].tobytes()
        assert second.inputs == pasts[t_us].to_text()
    previous = {SnapshotInputs.from_text(second.inputs).previous_app for second in runs.seconds.values()}
    assert previous == {"", "code", "firefox"}


def test_a_second_knows_when_the_newest_input_came(tmp_path: Path) -> None:
    live = LiveEngine.restore(tmp_path / "none", tmp_path, str(uuid.uuid4()), "UTC")
    records = np.zeros(4, EVENT_DTYPE)
    records["timestamp_us"] = START_US + np.array([0, 1_500_000, 3_500_000, 5_500_000])
    records["event_type"] = (
        *(EventType.WINDOW_FOCUS_CHANGE, EventType.KEY_PRESS),
        *(EventType.WINDOW_TITLE_CHANGE, EventType.IDLE_START),
    )
    found = [second for one in range(4) for second in live.push(records[one : one + 1], {})]
    found += live.close_until(START_US + 7_000_000)
    known = {(second.t_us - START_US) // 1_000_000: second.input_us for second in found}
    assert known[1] == known[5] == known[6] == START_US + 1_500_000
    fresh = LiveEngine.restore(tmp_path / "none", tmp_path, str(uuid.uuid4()), "UTC")
    assert [second.input_us for second in (*fresh.push(records[:1], {}), *fresh.close_until(START_US + 2_000_000))] == [
        None,
        None,
    ]


@pytest.mark.parametrize("save", [True, False])
def test_a_saved_state_of_the_future_begins_anew(tmp_path: Path, save: bool) -> None:
    """An agent a week ahead, then one in the present: features at once, as a replay of it alone gives."""
    runs = Runs(tmp_path)
    runs.run(typing_records(7 * 86_400, 30), save=save)
    ahead = set(runs.seconds)
    for first_s in (0, 40):
        runs.run(typing_records(first_s, 30), save=save)
    starts = [(int(part["timestamp_us"][0]), ControlKind.RESTART, 0.0) for part in runs.records[1:]]
    again = replay(np.concatenate(runs.records[1:]), np.array(starts, CONTROL_DTYPE))
    rows = {int(t): row for t, row in zip(again.timestamps_us, again.features, strict=True)}
    present = runs.seconds.keys() - ahead
    assert len(present) > 55 and max(present) < min(ahead)
    for t_us in present:
        found = np.array(list(runs.seconds[t_us].features.values()), np.float32)
        assert found.tobytes() == rows[t_us].tobytes()


def test_an_unreadable_state_is_put_aside(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.run(typing_records(0, 10), save=True)
    runs.state.write_bytes(runs.state.read_bytes()[:-5])
    live = LiveEngine.restore(runs.state, tmp_path / "empty", str(uuid.uuid4()), "UTC")
    assert live.last_us == 0
    assert (tmp_path / "engine.state.unreadable").exists()


def test_a_state_of_an_older_agent_is_built_up_from_the_spool(tmp_path: Path) -> None:
    """Its engine, of version 3, remembers no stays: so all that the spool has is read again, and nothing is missing."""
    runs = Runs(tmp_path)
    runs.run(typing_records(0, 30), save=True)
    head, _, body = runs.state.read_bytes().partition(b"\n")
    runs.state.write_bytes(head + b"\n" + body[:8] + (3).to_bytes(4, "little") + body[12:])
    runs.run(typing_records(40, 30), save=True)
    assert (tmp_path / "engine.state.unreadable").exists()
    starts = [(int(part["timestamp_us"][0]), ControlKind.RESTART, 0.0) for part in runs.records]
    _, inputs = replay_with_inputs(np.concatenate(runs.records), np.array(starts, CONTROL_DTYPE), every_s=1)
    last = inputs_of(inputs)[inputs.timestamps_us.tolist().index(max(runs.seconds))]
    assert runs.seconds[max(runs.seconds)].inputs == last.to_text()


def test_app_category_and_titles_of_a_second(tmp_path: Path) -> None:
    live = LiveEngine.restore(tmp_path / "none", tmp_path, str(uuid.uuid4()), "UTC")
    records = np.zeros(2, EVENT_DTYPE)
    records["timestamp_us"] = START_US + 5, START_US + 10
    records["event_type"] = EventType.WINDOW_FOCUS_CHANGE, EventType.WINDOW_TITLE_CHANGE
    records["app_name"] = b"code"
    records["data"] = [[0, 5, 2 | 1 << 8], [3, 7, 2 | 1 << 8 | 1 << 16]]
    assert live.push(records, {3: "main.py"}) == []
    second = live.close_until(START_US + 1_200_000)[-1]
    assert (second.app_name, second.category, second.window_title) == ("code", "Building", "main.py")
    assert second.features["is_ide"] == 1.0 and second.features["window_title_length"] == 7.0
