"""The feature store as the parts use it: open, write and read online, write offline, join as of a time."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from feast import FeatureStore, FeatureView, RepoConfig
from feast.errors import FeastObjectNotFoundException
from feast.infra.online_stores.helpers import _redis_key as redis_key
from feast.infra.online_stores.redis import RedisOnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value

from feature_repo.definitions import (
    COLUMNS,
    ENTITY_KEY,
    PROJECT,
    TIME_COLUMN,
    VIEW_NAME,
    Definitions,
    define,
    offline_folder,
)
from feature_repo.online import GuardedSqliteOnlineStore
from neural_focus.errors import ContractError, InputError, StoreError
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH, SEQUENCE_NAME
from neural_focus.settings import Settings
from neural_focus.time import DAY_US, microseconds, moment, utc_date

OFFLINE_SCHEMA = pa.schema(
    [
        pa.field(ENTITY_KEY, pa.string(), nullable=False),
        pa.field(TIME_COLUMN, pa.timestamp("us", tz="UTC"), nullable=False),
        *(pa.field(name, pa.float32(), nullable=False) for name in FEATURE_NAMES),
        pa.field(SEQUENCE_NAME, pa.binary(), nullable=False),
    ]
)
_STREAM_ID = re.compile(r"[0-9]+:[0-9A-Za-z-]+")


class OnlineRow(NamedTuple):
    """The newest snapshot of a stream: float32[32] in FEATURES' order, uint8[10], µs UTC."""

    features: npt.NDArray[np.float32]
    sequence: npt.NDArray[np.uint8]
    t_us: int

    def age_s(self, now_us: int) -> float:
        """Seconds since the snapshot. Feast serves rows past their TTL; whoever predicts has to look."""
        return (now_us - self.t_us) / 1e6


@dataclass(frozen=True, slots=True)
class SnapshotStore:
    """An opened feature store. ``feast`` is Feast's own object, for what is not wrapped here."""

    feast: FeatureStore
    view: FeatureView
    folder: Path

    def close(self) -> None:
        """Closes what the store holds open."""
        online = self.feast.provider.online_store
        if isinstance(online, GuardedSqliteOnlineStore):
            online.disconnect()


def repo_config(settings: Settings) -> RepoConfig:
    """Feast's configuration for an installation: SQLite online, or the Redis that the settings name."""
    online: dict[str, object] = {
        "type": "feature_repo.online.GuardedSqliteOnlineStore",
        "path": str(settings.feast / "online.db"),
    }
    if settings.redis:
        online = {"type": "redis", "connection_string": settings.redis}
    return RepoConfig(
        project=PROJECT,
        provider="local",
        # The registry changes only when this code does: it is read once, never again on the prediction's path.
        registry={"path": str(settings.feast / "registry.db"), "cache_ttl_seconds": 0},
        online_store=online,
        offline_store={"type": "feature_repo.offline.AsofDuckDBOfflineStore"},
        entity_key_serialization_version=3,
        repo_path=settings.feast,
    )


def open_store(settings: Settings) -> SnapshotStore:
    """The feature store of this installation, made and registered there if it is new or was defined differently.

    Raises:
        StoreError: the folder cannot be made or written, or the online store is unreachable.
    """
    try:
        settings.feast.mkdir(parents=True, exist_ok=True, mode=0o700)
        offline_folder(settings.feast).mkdir(exist_ok=True)
        defined = define(settings.feast)
        with _file_lock(settings.feast / "registry.lock"):
            feast = FeatureStore(config=repo_config(settings))
            if _registered_contract(feast) != defined.snapshots.tags["contract"]:
                _register(feast, defined)
    except OSError as error:
        raise StoreError(
            f"The feature store in {settings.feast} cannot be opened",
            why=str(error),
            hint="Make the folder writable, or set NEURAL_FOCUS_HOME to one that is",
        ) from error
    return SnapshotStore(feast, feast.get_feature_view(VIEW_NAME), settings.feast)


def write_online(
    store: SnapshotStore,
    stream_id: str,
    t_us: int,
    features: npt.NDArray[np.float32],
    sequence: npt.NDArray[np.uint8],
) -> None:
    """Makes a snapshot (float32[32], uint8[10], at ``t_us``) the stream's current one unless a later one is stored.

    Raises:
        ContractError: another number of features or another length of the sequence.
        InputError: no such kind of stream id.
    """
    if features.shape != (len(FEATURE_NAMES),) or sequence.shape != (SEQUENCE_LENGTH,):
        raise ContractError(
            f"A snapshot of shape {features.shape} and {sequence.shape} was given",
            why=f"the contract says ({len(FEATURE_NAMES)},) and ({SEQUENCE_LENGTH},)",
            hint="Let desktop and platform run the same version",
        )
    row = {
        name: Value(float_val=value)
        for name, value in zip(FEATURE_NAMES, features.astype(np.float32).tolist(), strict=True)
    }
    row[SEQUENCE_NAME] = Value(bytes_val=sequence.astype(np.uint8).tobytes())
    entry = (entity_key(stream_id), row, moment(t_us), None)
    store.feast.provider.online_write_batch(store.feast.config, store.view, [entry], None)


def read_online(store: SnapshotStore, stream_id: str) -> OnlineRow | None:
    """The stream's current snapshot, None if there is none. Its age is the caller's to judge (``age_s``)."""
    [(time, row)] = store.feast.provider.online_read(
        store.feast.config, store.view, [entity_key(stream_id)], list(COLUMNS)
    )
    # Feast's Redis store answers an unknown key with empty values at time zero.
    if time is None or row is None or row[SEQUENCE_NAME].WhichOneof("val") is None:
        return None
    features = np.fromiter((row[name].float_val for name in FEATURE_NAMES), np.float32, len(FEATURE_NAMES))
    return OnlineRow(features, np.frombuffer(row[SEQUENCE_NAME].bytes_val, np.uint8), microseconds(time))


def write_offline(
    store: SnapshotStore,
    stream_id: str,
    timestamps_us: npt.NDArray[np.int64],
    features: npt.NDArray[np.float32],
    sequence: npt.NDArray[np.uint8],
) -> list[Path]:
    """Replaces whole UTC days of a stream: int64[n] ascending, float32[n, 32], uint8[n, 10].

    Each day is one file, renamed into its place when it is complete: a reader sees the old day or the new one, and the
    same rows written twice are there once. Days that are not in ``timestamps_us`` stay as they are.
    """
    folder = stream_folder(store.folder, stream_id)
    folder.mkdir(parents=True, exist_ok=True)
    days = timestamps_us // DAY_US
    written = []
    for day in np.unique(days):
        rows = slice(*np.searchsorted(days, [day, day + 1]))
        table = offline_table(stream_id, timestamps_us[rows], features[rows], sequence[rows])
        path = folder / f"{_day_name(int(day))}.parquet"
        temporary = path.with_suffix(f".{os.getpid()}")
        pq.write_table(table, temporary, compression="zstd", row_group_size=1 << 16)
        temporary.replace(path)
        written.append(path)
    return written


def offline_table(
    stream_id: str,
    timestamps_us: npt.NDArray[np.int64],
    features: npt.NDArray[np.float32],
    sequence: npt.NDArray[np.uint8],
) -> pa.Table:
    """Snapshots in the offline store's schema."""
    rows = len(timestamps_us)
    columns = [pa.array([stream_id]).take(pa.array(np.zeros(rows, np.int64)))]
    columns.append(pa.array(timestamps_us, pa.int64()).cast(pa.timestamp("us", tz="UTC")))
    columns += [pa.array(np.ascontiguousarray(features[:, index])) for index in range(len(FEATURE_NAMES))]
    packed = pa.py_buffer(np.ascontiguousarray(sequence, np.uint8))
    fixed = pa.Array.from_buffers(pa.binary(SEQUENCE_LENGTH), rows, [None, packed])
    columns.append(fixed.cast(pa.binary()))
    return pa.table(columns, schema=OFFLINE_SCHEMA)


def training_frame(store: SnapshotStore, asked: pd.DataFrame) -> pd.DataFrame:
    """``asked`` (stream_id, event_timestamp with a zone, any columns such as labels) with the features as of each time.

    A row without a snapshot in the five minutes up to its time has nulls. The order of the rows is kept.

    Raises:
        StoreError: no snapshot has been written yet.
        InputError: times without a zone.
    """
    if next(offline_folder(store.folder).glob("*/*.parquet"), None) is None:
        raise StoreError("The offline store is empty", hint="Run the flow 'features' first")
    if getattr(asked[TIME_COLUMN].dtype, "tz", None) is None:
        raise InputError(f"The column {TIME_COLUMN!r} has times without a zone", hint="Make them UTC")
    references = [f"{VIEW_NAME}:{column}" for column in COLUMNS]
    return store.feast.get_historical_features(entity_df=asked, features=references).to_df()


def stream_folder(feast_folder: Path, stream_id: str) -> Path:
    """The folder of a stream's days in the offline store."""
    _check(stream_id)
    return offline_folder(feast_folder) / quote(stream_id, safe="").replace("%3A", "_")


def forget_streams(store: SnapshotStore, stream_ids: Iterable[str]) -> int:
    """Erases all that is kept of the streams, in both stores and beside them; returns how many files and rows went."""
    return sum(_forget_files(store.folder, one) + forget_online(store, one) for one in stream_ids)


def entity_key(stream_id: str) -> EntityKey:
    """Feast's key of a stream.

    Raises:
        InputError: not of the form '<user id>:<machine id>'.
    """
    _check(stream_id)
    return EntityKey(join_keys=[ENTITY_KEY], entity_values=[Value(string_val=stream_id)])


def _forget_files(feast_folder: Path, stream_id: str) -> int:
    """Snapshots, and what flows keep in other folders under the same name: by the name, so that no kind is missed."""
    name, gone = stream_folder(feast_folder, stream_id).name, 0
    for path in [path for path in feast_folder.glob("*/*") if path.name.partition(".")[0] == name]:
        if path.is_dir():
            gone += sum(1 for file in path.iterdir())
            shutil.rmtree(path)
        else:
            gone += 1
            path.unlink()
    return gone


def forget_online(store: SnapshotStore, stream_id: str) -> int:
    """Erases a stream's current snapshot; returns how many rows went."""
    online, config, key = store.feast.provider.online_store, store.feast.config, entity_key(stream_id)
    if isinstance(online, GuardedSqliteOnlineStore):
        return online.forget(config, store.view, [key])
    if not isinstance(online, RedisOnlineStore):
        raise StoreError(f"Snapshots cannot be erased from {type(online).__name__}", hint="Use SQLite or Redis")
    # Feast's own Redis store can only delete every stream at once.
    return int(
        online._get_client(config.online_store).delete(
            redis_key(config.project, key, config.entity_key_serialization_version)
        )
    )


def _check(stream_id: str) -> None:
    if not _STREAM_ID.fullmatch(stream_id):
        raise InputError(f"The stream id is {stream_id!r}", hint="Give '<user id>:<machine id>'")


def _registered_contract(feast: FeatureStore) -> str | None:
    try:
        return str(feast.get_feature_view(VIEW_NAME).tags.get("contract"))
    except FeastObjectNotFoundException:
        return None


def _register(feast: FeatureStore, defined: Definitions) -> None:
    feast.apply([*defined.objects()])
    feast.refresh_registry()  # type: ignore[no-untyped-call]


def _day_name(day: int) -> str:
    return utc_date(day * DAY_US).isoformat()


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Two processes that start at once register one after the other."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
