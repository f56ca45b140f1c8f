"""Feast's SQLite online store with its holes closed.

Feast's own store lets an older row overwrite a newer one, and keeps times as whole seconds in the zone of the machine,
which are ambiguous for an hour each autumn. Here the guard sits inside the write transaction, so it
holds for every way in (``write_to_online_store``, ``push``, ``materialize``) and across processes.

Python's sqlite3 lets other threads run at each row that a statement takes or gives, and waits for its turn after it. So
many rows go in by few statements, and all that are read come out as one.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Final, Literal

from feast import FeatureView
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.infra.online_stores.helpers import compute_table_id
from feast.infra.online_stores.sqlite import SqliteOnlineStore, SqliteOnlineStoreConfig
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import RepoConfig

from neural_focus.time import microseconds, moment

_Row = tuple[bytes, str, bytes, int, int | None]
TYPE: Final = "feature_repo.online.GuardedSqliteOnlineStore"
_BUSY_SECONDS = 5
_KEYS_AT_ONCE, _KEYS_KEPT = 500, 10_000
_ROWS_AT_ONCE = (64, 16, 4, 1)
"""Of one statement each: few different ones, which sqlite3 keeps prepared."""


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
            for some in _pieces(list(_rows(config, data))):
                connection.execute(_insert(name, len(some)), tuple(chain.from_iterable(some)))
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
        name, keys = _table(config, table), [_key(config, key) for key in entity_keys]
        found: dict[bytes, dict[str, tuple[Value, int]]] = {key: {} for key in keys}
        with self._lock:
            connection = self._get_conn(config)
            for first in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[first : first + _KEYS_AT_ONCE]
                # The cast keeps sqlite3 from turning the number into a local naive datetime.
                query = (
                    "SELECT json_group_array(json_array(hex(entity_key), feature_name, hex(value),"  # noqa: S608
                    f' CAST(event_ts AS INTEGER))) FROM "{name}" WHERE entity_key IN ({", ".join("?" * len(some))})'
                )
                [[rows]] = connection.execute(query, some)
                for key, feature, value, t_us in json.loads(rows):
                    found[bytes.fromhex(key)][feature] = Value.FromString(bytes.fromhex(value)), t_us
        return [_row(found[key]) for key in keys]

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

    def drop_others(self, config: RepoConfig, table: FeatureView) -> None:
        """Drops the tables of views that are online no more, and their traces in the file: ``forget`` knows only this
        view's."""
        asked = "SELECT name FROM sqlite_master WHERE type = 'table'"
        with self._lock:
            connection = self._get_conn(config)
            others = {str(name).replace('"', '""') for (name,) in connection.execute(asked)} - {_table(config, table)}
            if not others:
                return
            connection.execute("PRAGMA secure_delete = ON")
            with connection:
                for name in sorted(others):
                    connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _table(config: RepoConfig, table: FeatureView) -> str:
    name = compute_table_id(config.project, table, config.registry.enable_online_feature_view_versioning)
    return str(name).replace('"', '""')


def _key(config: RepoConfig, entity_key: EntityKey) -> bytes:
    names, values = tuple(entity_key.join_keys), tuple(one.string_val for one in entity_key.entity_values)
    return _serialized(names, values, config.entity_key_serialization_version)


@lru_cache(_KEYS_KEPT)
def _serialized(names: tuple[str, ...], values: tuple[str, ...], version: int) -> bytes:
    entity_key = EntityKey(join_keys=names, entity_values=[Value(string_val=one) for one in values])
    return bytes(serialize_entity_key(entity_key, entity_key_serialization_version=version))


@lru_cache
def _insert(table: str, rows: int) -> str:
    return (
        f'INSERT INTO "{table}" (entity_key, feature_name, value, event_ts, created_ts)'  # noqa: S608
        f" VALUES {', '.join(['(?, ?, ?, ?, ?)'] * rows)} ON CONFLICT (entity_key, feature_name) DO UPDATE SET"
        " value = excluded.value, event_ts = excluded.event_ts, created_ts = excluded.created_ts"
        " WHERE excluded.event_ts > event_ts"
    )


def _pieces(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """The rows in their order, as many at once as there are statements for."""
    first = 0
    for size in _ROWS_AT_ONCE:
        while first + size <= len(rows):
            yield rows[first : first + size]
            first += size


def _rows(
    config: RepoConfig, data: Sequence[tuple[EntityKey, dict[str, Value], datetime, datetime | None]]
) -> Iterator[_Row]:
    for entity_key, values, time, created in data:
        key, t_us = _key(config, entity_key), microseconds(time)
        created_us = None if created is None else microseconds(created)
        for feature, value in values.items():
            yield key, feature, value.SerializeToString(), t_us, created_us


def _row(found: dict[str, tuple[Value, int]]) -> tuple[datetime | None, dict[str, Value] | None]:
    if not found:
        return None, None
    [t_us, *_] = (t_us for _, t_us in found.values())
    return moment(t_us), {feature: value for feature, (value, _) in found.items()}
