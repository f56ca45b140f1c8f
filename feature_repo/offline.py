"""Feast's DuckDB offline store with a true as-of join.

Feast's own join pairs every row asked for with every earlier snapshot of its stream before it keeps the latest: twenty
days of one person are 3·10⁹ pairs. DuckDB's ``ASOF JOIN`` finds the same rows in one sorted pass.
"""

from __future__ import annotations

from typing import Any

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
from feast import FeatureView, FileSource
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore, DuckDBOfflineStoreConfig
from feast.infra.offline_stores.ibis import IbisRetrievalJob
from feast.infra.offline_stores.offline_store import RetrievalJob, RetrievalMetadata
from feast.infra.offline_stores.offline_utils import infer_event_timestamp_from_entity_df
from feast.infra.registry.base_registry import BaseRegistry
from feast.repo_config import RepoConfig

from neural_focus.errors import InputError


class AsofDuckDBOfflineStoreConfig(DuckDBOfflineStoreConfig):
    """No settings beyond the type: the files are named by the feature views' sources."""

    type: str = "feature_repo.offline.AsofDuckDBOfflineStore"


class AsofDuckDBOfflineStore(DuckDBOfflineStore):
    """Parquet files in, point-in-time correct frames out."""

    @staticmethod
    def get_historical_features(
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: pd.DataFrame | str | None,
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,
        filter_by_created_timestamp: bool = False,
    ) -> RetrievalJob:
        """For each (key, time) asked for, the view's latest row at or before the time and within its TTL.

        Raises:
            InputError: the entity frame is not a frame, or its times have no zone.
        """
        if not isinstance(entity_df, pd.DataFrame):
            raise InputError("The offline store was asked without a frame", hint="Give a data frame of keys and times")
        time = infer_event_timestamp_from_entity_df(dict(entity_df.dtypes))
        if getattr(entity_df[time].dtype, "tz", None) is None:
            raise InputError(f"The column {time!r} has times without a zone", hint="Make them UTC")
        frame = pa.Table.from_pandas(entity_df, preserve_index=False)
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            # With few rows asked for DuckDB prefers to try every pair, whatever the number of snapshots.
            connection.execute("SET asof_loop_join_threshold = 0")
            for view in feature_views:
                frame = _join(connection, frame, time, view, feature_refs, full_feature_names)
        return _job(frame, entity_df, time, feature_refs, full_feature_names, str(config.repo_path))


def _join(
    connection: duckdb.DuckDBPyConnection,
    frame: pa.Table,
    time: str,
    view: FeatureView,
    references: list[str],
    full_names: bool,
) -> pa.Table:
    """The frame with the columns of one view, in the frame's order of rows."""
    source = view.batch_source
    if not isinstance(source, FileSource):
        raise InputError(f"The feature view {view.name!r} has no files", hint="Give it a FileSource")
    prefix = view.projection.name_alias or view.projection.name
    wanted = [reference.split(":")[1] for reference in references if reference.startswith(f"{prefix}:")]
    keys = view.projection.join_key_map or {column.name: column.name for column in view.entity_columns}
    on = " AND ".join(f"e.{_name(ours)} = f.{_name(theirs)}" for theirs, ours in keys.items())
    stamp = f"f.{_name(source.timestamp_field)}"
    fresh = f"{stamp} IS NOT NULL"
    if view.ttl:
        fresh += f" AND {stamp} + INTERVAL {int(view.ttl.total_seconds() * 1e6)} MICROSECONDS >= e.{_name(time)}"
    columns = ", ".join(
        f"CASE WHEN {fresh} THEN f.{_name(name)} END AS {_name(f'{prefix}__{name}' if full_names else name)}"
        for name in wanted
    )
    numbered = frame.append_column("row_number_", pa.array(range(frame.num_rows), pa.int64()))
    connection.register("asked", numbered)
    query = (
        f"SELECT e.* EXCLUDE (row_number_), {columns} FROM asked e "  # noqa: S608
        f"ASOF LEFT JOIN read_parquet(?, hive_partitioning = false) f ON {on} AND e.{_name(time)} >= {stamp} "
        f"ORDER BY e.row_number_"
    )
    joined = connection.execute(query, [source.path]).to_arrow_table()
    connection.unregister("asked")
    return joined


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _job(
    frame: pa.Table, asked: pd.DataFrame, time: str, references: list[str], full_names: bool, repo_path: str
) -> IbisRetrievalJob:
    def refuse(*_: Any) -> None:
        raise InputError("Saved datasets are not kept in this store", hint="Write the frame yourself")

    metadata = RetrievalMetadata(
        features=references,
        keys=[column for column in asked.columns if column != time],
        min_event_timestamp=asked[time].min().to_pydatetime(),
        max_event_timestamp=asked[time].max().to_pydatetime(),
    )
    return IbisRetrievalJob(ibis.memtable(frame), [], full_names, metadata, refuse, None, None, repo_path)
