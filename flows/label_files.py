"""Labelled moments on disk, one Parquet file a stream, and back joined with their snapshots as of the time.

<feast folder>/labels/<stream>.parquet     a row every 10 s of activity: labels (-1 for none) and the baselines' inputs
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from flows.running import Platform
from neural_focus.errors import InputError
from neural_focus.features import FEATURE_NAMES
from neural_focus.models.contracts import CONTRACTS
from neural_focus.models.datasets import Moments

LABELS = ("switch", "settled_break", "outcome", "outcome_source")
BASELINES = ("recency_s", "switches_5min", "lead_s")
SCHEMA = pa.schema(
    [
        pa.field("stream_id", pa.string()),
        pa.field("user_id", pa.int64()),
        pa.field("is_demo", pa.bool_()),
        pa.field("event_timestamp", pa.timestamp("us", tz="UTC")),
        *(pa.field(name, pa.int8()) for name in LABELS),
        *(pa.field(name, pa.float64()) for name in BASELINES),
    ],
)
KEY = b"made_from"
MOST_MOMENTS = 150_000
"""Training takes every k-th moment beyond this many: neighbours tell nearly the same."""


def label_path(feast_folder: Path, folder_name: str) -> Path:
    """The file of a stream, named like its folder in the offline store."""
    return feast_folder / "labels" / f"{folder_name}.parquet"


def made_from(path: Path) -> str | None:
    """What the file was made from, as ``write_labels`` was told; None if there is no file."""
    if not path.exists():
        return None
    return (pq.read_schema(path).metadata or {}).get(KEY, b"").decode()


def write_labels(path: Path, stream_id: str, is_demo: bool, moments: Moments, source: str) -> None:
    """The moments of one stream, renamed into place when complete."""
    count = len(moments)
    columns = {
        "stream_id": pa.array([stream_id] * count, pa.string()),
        "user_id": pa.array(moments.person),
        "is_demo": pa.array([is_demo] * count, pa.bool_()),
        "event_timestamp": pa.array(moments.times_us).cast(pa.timestamp("us", tz="UTC")),
        **{name: pa.array(getattr(moments, name)) for name in (*LABELS, *BASELINES)},
    }
    table = pa.table(columns, schema=SCHEMA).replace_schema_metadata({KEY: source.encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    pq.write_table(table, temporary, compression="zstd")
    temporary.replace(path)


def read_labels(feast_folder: Path, is_demo: bool, most: int | None = None) -> pd.DataFrame:
    """Labelled moments of demo people or of real ones, by stream and time; every k-th if there are over ``most``."""
    folder = feast_folder / "labels"
    tables = [pq.read_table(path, schema=SCHEMA) for path in sorted(folder.glob("*.parquet"))]
    frame = pa.concat_tables(tables or [SCHEMA.empty_table()]).to_pandas()
    frame = frame[frame["is_demo"] == is_demo].reset_index(drop=True)
    step = -(-len(frame) // most) if most else 1
    return frame.iloc[:: max(step, 1)].reset_index(drop=True)


def join_moments(platform: Platform, labels: pd.DataFrame, input_version: int = 1) -> Moments:
    """Labelled moments with the model's inputs as they were at each time.

    Raises:
        InputError: there are no labels.
        StoreError: there are no snapshots.
    """
    from feature_repo.store import training_frame

    if labels.empty:
        raise InputError("There are no labelled moments", todo="Run the flows 'features' and 'labels' first")
    frame = training_frame(platform.store, labels)
    frame = frame[frame[FEATURE_NAMES[0]].notna()].reset_index(drop=True)
    features = frame[list(FEATURE_NAMES)].to_numpy(np.float32)
    return Moments(
        inputs=CONTRACTS[input_version].assemble(features),
        times_us=frame["event_timestamp"].astype("int64").to_numpy() // _units(frame),
        person=frame["user_id"].to_numpy(np.int64),
        stream=pd.factorize(frame["stream_id"])[0].astype(np.int32),
        **{name: frame[name].to_numpy(np.int8) for name in LABELS},
        **{name: frame[name].to_numpy(np.float64) for name in BASELINES},
    )


def _units(frame: pd.DataFrame) -> int:
    """How many of the time column's units make a µs."""
    return {"us": 1, "ns": 1000}[frame["event_timestamp"].dtype.unit]


def people_of(frames: Sequence[pd.DataFrame]) -> int:
    """How many people the frames are of."""
    return len({user for frame in frames for user in frame["user_id"].unique()})
