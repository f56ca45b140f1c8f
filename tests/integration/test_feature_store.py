"""The feature store with the real Feast: what goes in comes out bit for bit, and time decides what stays."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq
import pytest
import yaml
from feast.errors import FeastObjectNotFoundException

from feature_repo.definitions import APPS, ARRAY_NAME, INPUTS_NAME, TIME_COLUMN, VIEW_NAME, service_name
from feature_repo.files import stream_folder, write_inputs, write_offline
from feature_repo.store import (
    OnlineRow,
    SnapshotStore,
    forget_streams,
    open_store,
    read_online,
    repo_config,
    training_frame,
    write_online,
)
from neural_focus.errors import ContractError, InputError, StoreError
from neural_focus.features import FEATURE_NAMES, SEQUENCE_NAME
from neural_focus.models.contracts import V1, V6
from neural_focus.replay import INPUT_NAMES, Inputs
from neural_focus.settings import Settings
from neural_focus.time import moment

STREAM = "7:6f1c2a9e-0000-4000-8000-000000000001"
OTHER = "8:6f1c2a9e-0000-4000-8000-000000000002"
NOON_US = 1_760_000_400_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SnapshotStore]:
    opened = open_store(Settings(home=tmp_path))
    yield opened
    opened.close()


def snapshots(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = (rng.standard_normal((count, len(FEATURE_NAMES))) * 1e3).astype(np.float32)
    return features, rng.integers(0, 16, (count, 10), dtype=np.uint8)


def inputs_at(times: np.ndarray, seed: int = 0) -> Inputs:
    """What an engine could have told at the times."""
    values = np.random.default_rng(seed).standard_normal((len(times), len(INPUT_NAMES))).astype(np.float32)
    apps = np.array([f"app {index}" for index in range(len(times) + 1)], "S32")
    return Inputs(times, values, apps[1:], apps[:-1])


def write_days(
    store: SnapshotStore, stream: str, times: np.ndarray, features: np.ndarray, sequence: np.ndarray
) -> list[Path]:
    """Both kinds of a stream's days, as the flow writes them; the snapshots' files."""
    write_inputs(store.folder, stream, inputs_at(times))
    return write_offline(store.folder, stream, times, features, sequence)


def test_online_row_comes_back_bit_for_bit(store: SnapshotStore) -> None:
    features, sequence = snapshots(1)
    write_online(store, {STREAM: OnlineRow(features[0], sequence[0], NOON_US + 1)})
    row = read_online(store, [STREAM])[0]
    assert row is not None
    assert row.features.tobytes() == features[0].tobytes()
    assert row.sequence.tobytes() == sequence[0].tobytes()
    assert row.t_us == NOON_US + 1
    assert row.age_s(NOON_US + 2_000_001) == 2.0
    assert read_online(store, [OTHER])[0] is None


def test_many_streams_go_in_and_out_by_few_statements_and_each_keeps_its_newest(store: SnapshotStore) -> None:
    count = 75
    streams = [f"{person}:6f1c2a9e-0000-4000-8000-000000000001" for person in range(1, count + 1)]
    first, second = snapshots(count), snapshots(count, seed=1)
    write_online(store, {one: OnlineRow(*row, NOON_US) for one, *row in zip(streams, *first, strict=True)})
    ran: list[str] = []
    online = store.feast.provider.online_store
    online._get_conn(store.feast.config).set_trace_callback(ran.append)
    later = [NOON_US + (1 if person % 3 else -1) for person in range(count)]
    asked = {one: OnlineRow(*row, t_us) for one, t_us, *row in zip(streams, later, *second, strict=True)}
    write_online(store, asked)
    rows = read_online(store, streams)
    assert len(ran) < count / 5, "each row that sqlite3 takes or gives lets another thread run"
    for place, row in enumerate(rows):
        assert row is not None
        kept = (second if later[place] > NOON_US else first)[0][place]
        assert row.features.tobytes() == kept.tobytes()
        assert row.t_us == max(later[place], NOON_US)


def test_an_older_row_never_overwrites_a_newer_one(store: SnapshotStore) -> None:
    features, sequence = snapshots(3)
    write_online(store, {STREAM: OnlineRow(features[0], sequence[0], NOON_US)})
    write_online(store, {STREAM: OnlineRow(features[1], sequence[1], NOON_US - 1)})
    row = read_online(store, [STREAM])[0]
    assert row is not None and row.t_us == NOON_US
    assert row.features.tobytes() == features[0].tobytes()
    write_online(store, {STREAM: OnlineRow(features[2], sequence[2], NOON_US + 1_000_000)})
    row = read_online(store, [STREAM])[0]
    assert row is not None and row.features.tobytes() == features[2].tobytes()


def test_feasts_own_push_is_guarded_too(store: SnapshotStore) -> None:
    features, sequence = snapshots(2)
    write_online(store, {STREAM: OnlineRow(features[0], sequence[0], NOON_US)})
    late = pd.DataFrame([{"stream_id": STREAM, TIME_COLUMN: moment(NOON_US - 60_000_000)}]).assign(
        **{ARRAY_NAME: [features[1]], SEQUENCE_NAME: [sequence[1].tobytes()]}
    )
    store.feast.push("snapshot_push", late)
    row = read_online(store, [STREAM])[0]
    assert row is not None and row.features.tobytes() == features[0].tobytes()


def test_naive_times_and_foreign_shapes_are_refused(store: SnapshotStore) -> None:
    features, sequence = snapshots(1)
    with pytest.raises(ContractError, match="31"):
        write_online(store, {STREAM: OnlineRow(features[0][:31], sequence[0], NOON_US)})
    with pytest.raises(InputError, match="stream id"):
        write_online(store, {"../../etc": OnlineRow(features[0], sequence[0], NOON_US)})
    write_days(store, STREAM, np.array([NOON_US]), features, sequence)
    naive = pd.DataFrame({"stream_id": [STREAM], TIME_COLUMN: [datetime(2025, 10, 9, 9, 0)]})  # noqa: DTZ001
    with pytest.raises(InputError, match="zone"):
        training_frame(store, naive, V1.version)


def test_training_frame_takes_the_snapshot_as_of_the_time(store: SnapshotStore) -> None:
    features, sequence = snapshots(60)
    times = NOON_US + np.arange(60, dtype=np.int64) * 10_000_000
    write_days(store, STREAM, times, features, sequence)
    others, other_sequence = snapshots(60, seed=1)
    write_days(store, OTHER, times + 1_000_000, others, other_sequence)
    asked = pd.DataFrame(
        {
            "stream_id": [STREAM, OTHER, STREAM, STREAM, STREAM],
            TIME_COLUMN: [
                moment(int(times[30])),
                moment(int(times[30])),  # the other's snapshot is 1 s later: its one before counts
                moment(int(times[30]) - 1),
                moment(int(times[0]) - 1),  # before the first
                moment(int(times[-1])) + timedelta(minutes=5, microseconds=1),  # past the time to live
            ],
            "label": [1, 2, 3, 4, 5],
        }
    )
    frame = training_frame(store, asked, V1.version)
    assert frame["label"].tolist() == [1, 2, 3, 4, 5]
    got = frame[list(FEATURE_NAMES)].to_numpy(np.float32)
    assert got[0].tobytes() == features[30].tobytes()
    assert got[1].tobytes() == others[29].tobytes()
    assert got[2].tobytes() == features[29].tobytes()
    assert np.isnan(got[3:]).all()
    assert frame[SEQUENCE_NAME][0] == sequence[30].tobytes()
    assert not set(INPUT_NAMES) & set(frame.columns), "a model of version 1 reads none of them"
    told = training_frame(store, asked, V6.version)
    inputs = inputs_at(times)
    assert told[list(FEATURE_NAMES)].to_numpy(np.float32)[:3].tobytes() == got[:3].tobytes()
    assert told[list(INPUT_NAMES)].to_numpy(np.float32)[:3].tobytes() == inputs.values[[30, 29, 29]].tobytes()
    assert told["app"][:3].tolist() == frame["app"][:3].tolist() == ["app 31", "app 30", "app 30"]
    assert told["previous_app"][0] == "app 30" and told[[*INPUT_NAMES, "app"]][3:].isna().all(axis=None)


def test_training_frame_agrees_with_pandas_on_random_times(store: SnapshotStore) -> None:
    rng = np.random.default_rng(3)
    times = np.sort(rng.choice(20_000, 2_000, replace=False)).astype(np.int64) * 1_000_000 + NOON_US
    features, sequence = snapshots(2_000)
    write_days(store, STREAM, times, features, sequence)
    asked_us = np.sort(rng.integers(NOON_US - 10**9, NOON_US + 22 * 10**9, 500))
    asked = pd.DataFrame({"stream_id": STREAM, TIME_COLUMN: pd.to_datetime(asked_us, unit="us", utc=True)})
    right = pd.DataFrame({TIME_COLUMN: pd.to_datetime(times, unit="us", utc=True), "row": np.arange(2_000)})
    expected = pd.merge_asof(asked, right, on=TIME_COLUMN, tolerance=pd.Timedelta(minutes=5))["row"]
    got = training_frame(store, asked, V1.version)["keystroke_rate"].to_numpy()
    column = features[:, FEATURE_NAMES.index("keystroke_rate")]
    known = expected.notna().to_numpy()
    assert 100 < known.sum() < 500
    assert np.array_equal(got[known], column[expected[known].astype(int)])
    assert np.isnan(got[~known].astype(float)).all()


def test_writing_a_day_twice_leaves_it_once(store: SnapshotStore) -> None:
    times = NOON_US + np.arange(0, 2 * 86_400, 600, dtype=np.int64) * 1_000_000
    features, sequence = snapshots(len(times))
    first = write_days(store, STREAM, times, features, sequence)
    again = write_days(store, STREAM, times, features, sequence)
    assert first == again and len(first) == 3
    assert sum(pq.read_metadata(path).num_rows for path in first) == len(times)
    assert sorted(stream_folder(store.folder, STREAM).iterdir()) == sorted(first)
    assert first[0].name == f"{datetime.fromtimestamp(NOON_US / 1e6, UTC):%Y-%m-%d}.parquet"


def test_an_empty_store_says_what_to_run(store: SnapshotStore) -> None:
    asked = pd.DataFrame({"stream_id": [STREAM], TIME_COLUMN: [moment(NOON_US)]})
    with pytest.raises(StoreError, match="features"):
        training_frame(store, asked, V1.version)


def test_snapshots_without_inputs_are_an_empty_store(store: SnapshotStore) -> None:
    features, sequence = snapshots(1)
    write_offline(store.folder, STREAM, np.array([NOON_US]), features, sequence)
    asked = pd.DataFrame({"stream_id": [STREAM], TIME_COLUMN: [moment(NOON_US)]})
    with pytest.raises(StoreError, match="features"):
        training_frame(store, asked, V6.version)


def test_a_registry_without_the_inputs_is_registered_anew(store: SnapshotStore) -> None:
    store.feast.delete_feature_service(service_name(V6.version))
    store.feast.delete_feature_view(INPUTS_NAME)
    opened = open_store(Settings(home=store.folder.parent))
    assert [field.name for field in opened.feast.get_feature_view(INPUTS_NAME).features] == [*INPUT_NAMES, *APPS]
    service = opened.feast.get_feature_service(service_name(V6.version))
    assert service.tags == {"contract": V6.hash}
    opened.close()


def test_forgetting_a_stream_leaves_the_others(store: SnapshotStore) -> None:
    features, sequence = snapshots(1)
    for stream in (STREAM, OTHER):
        write_online(store, {stream: OnlineRow(features[0], sequence[0], NOON_US)})
        write_days(store, stream, np.array([NOON_US]), features, sequence)
    assert forget_streams(store, [STREAM]) == 2 + len((ARRAY_NAME, SEQUENCE_NAME))
    assert read_online(store, [STREAM])[0] is None
    assert not stream_folder(store.folder, STREAM).exists()
    assert read_online(store, [OTHER])[0] is not None


def test_two_processes_share_the_store(store: SnapshotStore) -> None:
    """A second opening sees the same definitions and rows, and registers nothing anew."""
    features, sequence = snapshots(1)
    write_online(store, {STREAM: OnlineRow(features[0], sequence[0], NOON_US)})
    registered = (store.folder / "registry.db").read_bytes()
    second = open_store(Settings(home=store.folder.parent))
    row = read_online(second, [STREAM])[0]
    second.close()
    assert row is not None and row.t_us == NOON_US
    assert (store.folder / "registry.db").read_bytes() == registered


@pytest.mark.parametrize("registered", [True, False], ids=["registered before", "of an earlier version"])
def test_what_an_earlier_view_had_online_is_gone_from_the_file(store: SnapshotStore, registered: bool) -> None:
    name, canary = "neural_focus_desktop_snapshot", b"canary of a stream's last features "
    features, sequence = snapshots(1)
    write_online(store, {STREAM: OnlineRow(features[0], sequence[0], NOON_US)})
    store.close()
    with closing(sqlite3.connect(store.folder / "online.db")) as old, old:
        old.execute(f"CREATE TABLE {name} (entity_key BLOB, feature_name TEXT, value BLOB)")
        old.execute(f"CREATE INDEX {name}_ek ON {name} (entity_key)")
        old.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", [(canary, str(n), canary * 50) for n in range(33)])
    if not registered:
        (store.folder / "registry.db").unlink()
    assert canary in _bytes_of(store.folder)
    opened = open_store(Settings(home=store.folder.parent))
    assert canary not in _bytes_of(store.folder), "also while the store is open"
    assert read_online(opened, [STREAM])[0] is not None, "the present view's stays"
    opened.close()


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("online.db*")))


def test_the_yaml_says_what_the_settings_say() -> None:
    text = (Path(__file__).parents[2] / "feature_repo/feature_store.yaml").read_text()
    said = yaml.safe_load(text.replace("${NEURAL_FOCUS_HOME}", "/home/nf"))
    built = repo_config(Settings(home=Path("/home/nf")))
    assert said["project"] == built.project
    assert said["registry"] == built.registry_config
    assert said["online_store"] == built.online_config
    assert said["offline_store"] == built.offline_config


def test_redis_holds_the_same_rows_under_the_same_guard(tmp_path: Path) -> None:
    socket_free = next(port for port in range(16379, 16479) if not _listening(port))
    arguments = ["redis-server", "--port", str(socket_free), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, cwd=tmp_path)
    try:
        _wait_for(socket_free)
        redis = open_store(Settings(home=tmp_path, redis=f"127.0.0.1:{socket_free}"))
        features, sequence = snapshots(2)
        write_online(redis, {STREAM: OnlineRow(features[0], sequence[0], NOON_US)})
        write_online(redis, {STREAM: OnlineRow(features[1], sequence[1], NOON_US - 1_000_000)})
        row = read_online(redis, [STREAM])[0]
        assert row is not None and row.t_us == NOON_US
        assert row.features.tobytes() == features[0].tobytes()
        assert forget_streams(redis, [STREAM]) == 1
        assert read_online(redis, [STREAM])[0] is None
        redis.feast.provider.online_store._get_client(redis.feast.config.online_store).close()
    finally:
        server.terminate()
        server.wait(120)


def test_the_view_is_the_feature_list(store: SnapshotStore) -> None:
    view = store.feast.get_feature_view(VIEW_NAME)
    assert [field.name for field in view.features] == [*FEATURE_NAMES, SEQUENCE_NAME]
    with pytest.raises(FeastObjectNotFoundException):
        store.feast.get_feature_view("another")


def _listening(port: int) -> bool:
    return any(c.laddr and c.laddr.port == port for c in psutil.net_connections("tcp") if c.status == "LISTEN")


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while not _listening(port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing listens on {port}")
        time.sleep(0.05)
