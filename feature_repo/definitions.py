"""What Feast knows: one entity, one feature view, made from the one feature list.

The entity is a stream, ``"<user id>:<machine id>"``. A row is a snapshot, as the desktop was at a whole second (UTC):
32 float32 features by their names in ``FEATURES``, and the last ten event types as ten packed bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from feast import Entity, FeatureView, Field, FileSource, PushSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Bytes, Float32

from neural_focus.features import FEATURE_NAMES, FEATURES, SEQUENCE_NAME, contract_hash

PROJECT = "neural_focus"
ENTITY_KEY = "stream_id"
TIME_COLUMN = "event_timestamp"
VIEW_NAME = "desktop_snapshot"
VIEW_VERSION = 1
COLUMNS: tuple[str, ...] = (*FEATURE_NAMES, SEQUENCE_NAME)
"""Columns of a snapshot, without its key and time."""
TTL = timedelta(minutes=5)
"""A snapshot looks back 300 s; an as-of join that finds only an older one finds nothing."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """The objects that Feast registers."""

    stream: Entity
    files: FileSource
    push: PushSource
    snapshots: FeatureView

    def objects(self) -> list[Entity | FileSource | PushSource | FeatureView]:
        """All of them, in the order Feast wants."""
        return [self.stream, self.files, self.push, self.snapshots]


def offline_folder(feast_folder: Path) -> Path:
    """Where the offline store's Parquet files are: ``<stream folder>/<UTC day>.parquet``."""
    return feast_folder / "offline"


def define(feast_folder: Path) -> Definitions:
    """The definitions for a store whose files lie in ``feast_folder``."""
    stream = Entity(
        name="stream",
        join_keys=[ENTITY_KEY],
        value_type=ValueType.STRING,
        description="One person at one machine, '<user id>:<machine id>'",
    )
    files = FileSource(
        name="snapshot_files",
        path=str(offline_folder(feast_folder) / "*" / "*.parquet"),
        file_format=ParquetFormat(),
        timestamp_field=TIME_COLUMN,
        description="Snapshots computed from the events by the feature engine",
    )
    push = PushSource(name="snapshot_push", batch_source=files, description="Snapshots the desktops send")
    snapshots = FeatureView(
        name=VIEW_NAME,
        entities=[stream],
        ttl=TTL,
        schema=[_field(index) for index in range(len(FEATURES))]
        + [Field(name=SEQUENCE_NAME, dtype=Bytes, description="Last ten event types, oldest first")],
        source=push,
        online=True,
        description="A person's desktop as it was at one second",
        tags={"contract": contract_hash(COLUMNS, VIEW_VERSION)},
    )
    return Definitions(stream, files, push, snapshots)


def _field(index: int) -> Field:
    feature = FEATURES[index]
    return Field(
        name=feature.name,
        dtype=Float32,
        description=feature.label,
        tags={"kind": feature.kind.value, "unit": feature.unit},
    )
