"""What Feast knows: one entity, three feature views, and a service for each version of a model's inputs.

The entity is a stream, ``"<user id>:<machine id>"``. A row is a snapshot, as the desktop was at a whole second (UTC):
32 float32 features by their names in ``FEATURES``, and the last ten event types as ten packed bytes. Beside it, for
training alone, what the engine told a model at that second: a desktop sends it with what it asks, so it is not online.
Online the 32 are one array in their order: Feast's stores keep a row for each feature, and a thousand desktops would
write and read 33 a second each (``bench online_store``).

::

    service        model_inputs_v1                        model_inputs_v6
    views          desktop_snapshot, two apps             desktop_snapshot, stream_inputs

    online         desktop_now: features, recent_event_types
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from feast import Entity, FeatureService, FeatureView, Field, FileSource, PushSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Array, Bytes, Float32, String

from neural_focus.features import FEATURE_NAMES, FEATURES, SEQUENCE_NAME, contract_hash
from neural_focus.models.contracts import CONTRACTS
from neural_focus.replay import INPUT_NAMES
from neural_focus.snapshot_inputs import VERSION as INPUTS_VERSION

PROJECT = "neural_focus"
ENTITY_KEY = "stream_id"
TIME_COLUMN = "event_timestamp"
VIEW_NAME = "desktop_snapshot"
VIEW_VERSION = 1
COLUMNS: tuple[str, ...] = (*FEATURE_NAMES, SEQUENCE_NAME)
"""Columns of a snapshot, without its key and time."""
ONLINE_NAME = "desktop_now"
ARRAY_NAME = "features"
"""Online: all features of a snapshot in one array."""
INPUTS_NAME = "stream_inputs"
APPS: tuple[str, ...] = ("app", "previous_app")
"""Ids of the app that holds the focus and of the one before, empty before a switch."""
TTL = timedelta(minutes=5)
"""A snapshot looks back 300 s; an as-of join that finds only an older one finds nothing."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """The objects that Feast registers."""

    stream: Entity
    files: FileSource
    snapshots: FeatureView
    now_files: FileSource
    push: PushSource
    now: FeatureView
    input_files: FileSource
    inputs: FeatureView
    services: tuple[FeatureService, ...]

    def objects(self) -> list[Entity | FileSource | PushSource | FeatureView | FeatureService]:
        """All of them, in the order Feast wants."""
        return [
            self.stream,
            self.files,
            self.snapshots,
            self.now_files,
            self.push,
            self.now,
            self.input_files,
            self.inputs,
            *self.services,
        ]


def offline_folder(feast_folder: Path) -> Path:
    """Where the snapshots' Parquet files are: ``<stream folder>/<UTC day>.parquet``."""
    return feast_folder / "offline"


def inputs_folder(feast_folder: Path) -> Path:
    """Where the files of a model's inputs are, named as the snapshots' are."""
    return feast_folder / "inputs"


def service_name(input_version: int) -> str:
    """The service that gives all columns from which inputs of a version are made."""
    return f"model_inputs_v{input_version}"


def define(feast_folder: Path) -> Definitions:
    """The definitions for a store whose files lie in ``feast_folder``."""
    stream = Entity(
        name="stream",
        join_keys=[ENTITY_KEY],
        value_type=ValueType.STRING,
        description="One person at one machine, '<user id>:<machine id>'",
    )
    files = _files("snapshot_files", offline_folder(feast_folder), "Snapshots computed from the events by the engine")
    snapshots = FeatureView(
        name=VIEW_NAME,
        entities=[stream],
        ttl=TTL,
        schema=[_field(index) for index in range(len(FEATURES))]
        + [Field(name=SEQUENCE_NAME, dtype=Bytes, description="Last ten event types, oldest first")],
        source=files,
        online=False,
        description="A person's desktop as it was at one second",
        tags={"contract": contract_hash(COLUMNS, VIEW_VERSION)},
    )
    now_files = _files("now_files", feast_folder / "now", "Nothing: what is online comes from the desktops")
    push = PushSource(name="snapshot_push", batch_source=now_files, description="Snapshots the desktops send")
    now = FeatureView(
        name=ONLINE_NAME,
        entities=[stream],
        ttl=TTL,
        schema=[
            Field(name=ARRAY_NAME, dtype=Array(Float32), description="All features of a snapshot, in their order"),
            Field(name=SEQUENCE_NAME, dtype=Bytes, description="Last ten event types, oldest first"),
        ],
        source=push,
        online=True,
        description="A person's desktop as it is now",
        tags={"contract": contract_hash(COLUMNS, VIEW_VERSION)},
    )
    input_files = _files("input_files", inputs_folder(feast_folder), "What the engine told a model at the snapshots")
    inputs = FeatureView(
        name=INPUTS_NAME,
        entities=[stream],
        ttl=TTL,
        schema=[Field(name=name, dtype=Float32) for name in INPUT_NAMES]
        + [Field(name=name, dtype=String) for name in APPS],
        source=input_files,
        online=False,
        description="What a stream's past tells a model at one second",
        tags={"contract": contract_hash((*INPUT_NAMES, *APPS), INPUTS_VERSION)},
    )
    services = tuple(
        FeatureService(
            name=service_name(version),
            features=[snapshots, inputs if version > 1 else inputs[list(APPS)]],
            description=f"What a model of input version {version} reads",
            tags={"contract": contract.hash},
        )
        for version, contract in CONTRACTS.items()
    )
    return Definitions(stream, files, snapshots, now_files, push, now, input_files, inputs, services)


def _files(name: str, folder: Path, description: str) -> FileSource:
    return FileSource(
        name=name,
        path=str(folder / "*" / "*.parquet"),
        file_format=ParquetFormat(),
        timestamp_field=TIME_COLUMN,
        description=description,
    )


def _field(index: int) -> Field:
    feature = FEATURES[index]
    return Field(
        name=feature.name,
        dtype=Float32,
        description=feature.label,
        tags={"kind": feature.kind.value, "unit": feature.unit},
    )
