"""Feast's SQLite online store with its holes closed.

Feast's own store lets an older row overwrite a newer one, and keeps times as whole seconds in the zone of the machine,
which are ambiguous for an hour each autumn. Here the guard sits inside the write transaction, so it
holds for every way in (``write_to_online_store``, ``push``, ``materialize``) and across processes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from feast import FeatureView
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.infra.online_stores.helpers import compute_table_id
from feast.infra.online_stores.sqlite import SqliteOnlineStore, SqliteOnlineStoreConfig
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import RepoConfig

from neural_focus.time import microseconds, moment

TYPE: Final = "feature_repo.online.GuardedSqliteOnlineStore"
_BUSY_SECONDS = 5


class GuardedSqliteOnlineStoreConfig(SqliteOnlineStoreConfig):
    """Settings of the store: the database file's path."""

    type: Literal["feature_repo.online.GuardedSqliteOnlineStore"] = TYPE  # type: ignore[assignment]


class GuardedSqliteOnlineStore(SqliteOnlineStore):
    """One row a stream and feature; a row is replaced only by one with a later event time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # one connection serves the threads of a process, one transaction at a time

    def _get_conn(self, config: RepoConfig) -> sqlite3.Connection:
        fresh = self._conn is None
        connection: sqlite3.Connection = super()._get_conn(config)
        if fresh:
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
            # Readers never wait for the writer. A crash may lose the last second, which the desktop sends anew.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def online_write_batch(
        self,
        config: RepoConfig,
        table: FeatureView,
        data: list[tuple[EntityKey, dict[str, Value], datetime, datetime | None]],
        progress: Callable[[int], Any] | None,
    ) -> None:
        """Writes the rows that are newer than what is stored; a time without a zone is UTC, as Feast's callers mean."""
        name = _table(config, table)
        with self._lock, self._get_conn(config) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for entity_key, values, time, created in data:
                key, t_us = _key(config, entity_key), microseconds(time)
                if not _is_newer(connection, name, key, t_us):
                    continue
                created_us = None if created is None else microseconds(created)
                connection.executemany(
                    f'INSERT OR REPLACE INTO "{name}" (entity_key, feature_name, value, event_ts, created_ts)'  # noqa: S608
                    " VALUES (?, ?, ?, ?, ?)",
                    [(key, feature, value.SerializeToString(), t_us, created_us) for feature, value in values.items()],
                )
        if progress:
            progress(len(data))

    def online_read(
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: Sequence[EntityKey],
        requested_features: list[str] | None = None,
    ) -> list[tuple[datetime | None, dict[str, Value] | None]]:
        """The stored row of each key with its event time, (None, None) where there is none."""
        name = _table(config, table)
        with self._lock:
            connection = self._get_conn(config)
            return [_read_row(connection, name, _key(config, key)) for key in entity_keys]

    def disconnect(self) -> None:
        """Closes the database file."""
        with self._lock:
            if self._conn is not None:
                self._conn.close()
                self._conn = None

    def forget(self, config: RepoConfig, table: FeatureView, entity_keys: Sequence[EntityKey]) -> int:
        """Deletes the rows of the keys, and their traces in the file; returns how many rows there were."""
        name = _table(config, table)
        with self._lock:
            connection = self._get_conn(config)
            connection.execute("PRAGMA secure_delete = ON")
            with connection:
                gone = sum(
                    connection.execute(f'DELETE FROM "{name}" WHERE entity_key = ?', (key,)).rowcount  # noqa: S608
                    for key in (_key(config, entity_key) for entity_key in entity_keys)
                )
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return gone


def _table(config: RepoConfig, table: FeatureView) -> str:
    name = compute_table_id(config.project, table, config.registry.enable_online_feature_view_versioning)
    return str(name).replace('"', '""')


def _key(config: RepoConfig, entity_key: EntityKey) -> bytes:
    version = config.entity_key_serialization_version
    return bytes(serialize_entity_key(entity_key, entity_key_serialization_version=version))


def _is_newer(connection: sqlite3.Connection, name: str, key: bytes, t_us: int) -> bool:
    # The cast keeps sqlite3 from turning the number into a local naive datetime.
    query = f'SELECT max(CAST(event_ts AS INTEGER)) FROM "{name}" WHERE entity_key = ?'  # noqa: S608
    (stored,) = connection.execute(query, (key,)).fetchone()
    return stored is None or t_us > int(stored)


def _read_row(connection: sqlite3.Connection, name: str, key: bytes) -> tuple[datetime | None, dict[str, Value] | None]:
    query = f'SELECT feature_name, value, CAST(event_ts AS INTEGER) FROM "{name}" WHERE entity_key = ?'  # noqa: S608
    rows = connection.execute(query, (key,)).fetchall()
    if not rows:
        return None, None
    return moment(rows[0][2]), {feature: Value.FromString(value) for feature, value, _ in rows}
