"""The feature store as the parts use it: open, write and read online, join as of a time, forget."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from feast import FeatureStore, FeatureView, RepoConfig
from feast.errors import FeastObjectNotFoundException
from feast.infra.online_stores.helpers import _redis_key as redis_key
from feast.infra.online_stores.redis import RedisOnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import FloatList, Value

from feature_repo.definitions import (
    ARRAY_NAME,
    ENTITY_KEY,
    ONLINE_NAME,
    PROJECT,
    TIME_COLUMN,
    Definitions,
    define,
    service_name,
)
from feature_repo.files import check_stream_id, day_folders, stream_folder
from feature_repo.online import GuardedSqliteOnlineStore
from neural_focus.errors import ContractError, InputError, StoreError
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH, SEQUENCE_NAME
from neural_focus.settings import Settings
from neural_focus.time import microseconds, moment


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
    """An opened feature store. ``feast`` is Feast's own object, for what is not wrapped here; ``view`` is online."""

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

    What a home of an earlier version still has online of other views is erased: nobody would read or forget it.

    Raises:
        StoreError: the folder cannot be made or written, or the online store is unreachable.
    """
    try:
        settings.feast.mkdir(parents=True, exist_ok=True, mode=0o700)
        for days in day_folders(settings.feast):
            days.mkdir(exist_ok=True)
        defined = define(settings.feast)
        with _file_lock(settings.feast / "registry.lock"):
            feast = FeatureStore(config=repo_config(settings))
            if not _is_registered(feast, defined):
                _register(feast, defined)
            view, online = feast.get_feature_view(ONLINE_NAME), feast.provider.online_store
            if isinstance(online, GuardedSqliteOnlineStore):
                online.drop_others(feast.config, view)
    except OSError as error:
        raise StoreError(
            f"The feature store in {settings.feast} cannot be opened",
            why=str(error),
            hint="Make the folder writable, or set NEURAL_FOCUS_HOME to one that is",
        ) from error
    return SnapshotStore(feast, view, settings.feast)


def write_online(store: SnapshotStore, rows: Mapping[str, OnlineRow]) -> None:
    """Makes each snapshot the current one of its stream unless a later one is stored: all in one transaction.

    Raises:
        ContractError: another number of features or another length of the sequence.
        InputError: no such kind of stream id.
    """
    entries: list[tuple[EntityKey, dict[str, Value], datetime, datetime | None]] = []
    for stream_id, row in rows.items():
        if row.features.shape != (len(FEATURE_NAMES),) or row.sequence.shape != (SEQUENCE_LENGTH,):
            raise ContractError(
                f"A snapshot of shape {row.features.shape} and {row.sequence.shape} was given",
                why=f"the contract says ({len(FEATURE_NAMES)},) and ({SEQUENCE_LENGTH},)",
                hint="Let desktop and platform run the same version",
            )
        values = {
            ARRAY_NAME: Value(float_list_val=FloatList(val=row.features.astype(np.float32).tolist())),
            SEQUENCE_NAME: Value(bytes_val=row.sequence.astype(np.uint8).tobytes()),
        }
        entries.append((entity_key(stream_id), values, moment(row.t_us), None))
    store.feast.provider.online_write_batch(store.feast.config, store.view, entries, None)


def read_online(store: SnapshotStore, stream_ids: Sequence[str]) -> list[OnlineRow | None]:
    """Each stream's current snapshot, None where there is none. Its age is the caller's to judge (``age_s``)."""
    keys = [entity_key(stream_id) for stream_id in stream_ids]
    asked = [ARRAY_NAME, SEQUENCE_NAME]
    return [_online_row(*one) for one in store.feast.provider.online_read(store.feast.config, store.view, keys, asked)]


def _online_row(time: datetime | None, row: Mapping[str, Value] | None) -> OnlineRow | None:
    # Feast's Redis store answers an unknown key with empty values at time zero.
    if time is None or row is None or row[SEQUENCE_NAME].WhichOneof("val") is None:
        return None
    features = np.array(row[ARRAY_NAME].float_list_val.val, np.float32)
    return OnlineRow(features, np.frombuffer(row[SEQUENCE_NAME].bytes_val, np.uint8), microseconds(time))


def training_frame(store: SnapshotStore, asked: pd.DataFrame, input_version: int) -> pd.DataFrame:
    """``asked`` (stream_id, event_timestamp with a zone, any columns such as labels) with what a model of the input
    version reads, as of each time: the columns of its feature service.

    A row without a snapshot in the five minutes up to its time has nulls. The order of the rows is kept.

    Raises:
        StoreError: no snapshot has been written yet.
        InputError: times without a zone.
    """
    if any(next(days.glob("*/*.parquet"), None) is None for days in day_folders(store.folder)):
        raise StoreError("The offline store is empty", hint="Run the flow 'features' first")
    if getattr(asked[TIME_COLUMN].dtype, "tz", None) is None:
        raise InputError(f"The column {TIME_COLUMN!r} has times without a zone", hint="Make them UTC")
    service = store.feast.get_feature_service(service_name(input_version))
    return store.feast.get_historical_features(entity_df=asked, features=service).to_df()


def forget_streams(store: SnapshotStore, stream_ids: Iterable[str]) -> int:
    """Erases all that is kept of the streams, in both stores and beside them; returns how many files and rows went."""
    return sum(_forget_files(store.folder, one) + forget_online(store, one) for one in stream_ids)


def entity_key(stream_id: str) -> EntityKey:
    """Feast's key of a stream.

    Raises:
        InputError: not of the form '<user id>:<machine id>'.
    """
    check_stream_id(stream_id)
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


def _is_registered(feast: FeatureStore, defined: Definitions) -> bool:
    try:
        return all(
            [
                feast.get_feature_view(view.name).tags == view.tags
                for view in (defined.snapshots, defined.now, defined.inputs)
            ]
            + [feast.get_feature_service(service.name).tags == service.tags for service in defined.services]
        )
    except FeastObjectNotFoundException:
        return False


def _register(feast: FeatureStore, defined: Definitions) -> None:
    feast.apply([*defined.objects()])
    feast.refresh_registry()  # type: ignore[no-untyped-call]


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Two processes that start at once register one after the other."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
