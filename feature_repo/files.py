"""The offline store's files: a UTC day of a stream is one file of snapshots and one of a model's inputs.

    <feast folder>/offline/<stream>/<day>.parquet     snapshots
    <feast folder>/inputs/<stream>/<day>.parquet      what the engine told a model at them

Each is renamed into its place when it is complete: a reader sees the old day or the new one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from feature_repo.definitions import APPS, ENTITY_KEY, TIME_COLUMN, inputs_folder, offline_folder
from neural_focus.errors import InputError
from neural_focus.events import decode_app_name
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH, SEQUENCE_NAME
from neural_focus.replay import INPUT_NAMES, Inputs
from neural_focus.time import DAY_US, utc_date

_KEYS = [
    pa.field(ENTITY_KEY, pa.string(), nullable=False),
    pa.field(TIME_COLUMN, pa.timestamp("us", tz="UTC"), nullable=False),
]
OFFLINE_SCHEMA = pa.schema(
    [
        *_KEYS,
        *(pa.field(name, pa.float32(), nullable=False) for name in FEATURE_NAMES),
        pa.field(SEQUENCE_NAME, pa.binary(), nullable=False),
    ]
)
INPUTS_SCHEMA = pa.schema(
    [
        *_KEYS,
        *(pa.field(name, pa.float32(), nullable=False) for name in INPUT_NAMES),
        *(pa.field(name, pa.string(), nullable=False) for name in APPS),
    ]
)
_STREAM_ID = re.compile(r"[0-9]+:[0-9A-Za-z-]+")


def day_folders(feast_folder: Path) -> tuple[Path, Path]:
    """The folders that hold streams' days."""
    return offline_folder(feast_folder), inputs_folder(feast_folder)


def stream_folder(feast_folder: Path, stream_id: str) -> Path:
    """The folder of a stream's days of snapshots; the one of its inputs has the same name."""
    check_stream_id(stream_id)
    return offline_folder(feast_folder) / quote(stream_id, safe="").replace("%3A", "_")


def check_stream_id(stream_id: str) -> None:
    """Nothing, if it is a stream's.

    Raises:
        InputError: not of the form '<user id>:<machine id>'.
    """
    if not _STREAM_ID.fullmatch(stream_id):
        raise InputError(f"The stream id is {stream_id!r}", hint="Give '<user id>:<machine id>'")


def write_offline(
    feast_folder: Path,
    stream_id: str,
    timestamps_us: npt.NDArray[np.int64],
    features: npt.NDArray[np.float32],
    sequence: npt.NDArray[np.uint8],
) -> list[Path]:
    """Replaces whole UTC days of a stream's snapshots: int64[n] ascending, float32[n, 32], uint8[n, 10].

    The same rows written twice are there once. Days that are not in ``timestamps_us`` stay as they are.
    """
    table = offline_table(stream_id, timestamps_us, features, sequence)
    return _write_days(stream_folder(feast_folder, stream_id), timestamps_us, table)


def write_inputs(feast_folder: Path, stream_id: str, inputs: Inputs) -> list[Path]:
    """Replaces whole UTC days of what the engine told a model of a stream, as ``write_offline`` does."""
    columns = _keys(stream_id, inputs.timestamps_us)
    columns += [pa.array(np.ascontiguousarray(inputs.values[:, index])) for index in range(len(INPUT_NAMES))]
    columns += [_names(inputs.app), _names(inputs.previous_app)]
    folder = inputs_folder(feast_folder) / stream_folder(feast_folder, stream_id).name
    return _write_days(folder, inputs.timestamps_us, pa.table(columns, schema=INPUTS_SCHEMA))


def offline_table(
    stream_id: str,
    timestamps_us: npt.NDArray[np.int64],
    features: npt.NDArray[np.float32],
    sequence: npt.NDArray[np.uint8],
) -> pa.Table:
    """Snapshots in the offline store's schema."""
    columns = _keys(stream_id, timestamps_us)
    columns += [pa.array(np.ascontiguousarray(features[:, index])) for index in range(len(FEATURE_NAMES))]
    packed = pa.py_buffer(np.ascontiguousarray(sequence, np.uint8))
    fixed = pa.Array.from_buffers(pa.binary(SEQUENCE_LENGTH), len(timestamps_us), [None, packed])
    columns.append(fixed.cast(pa.binary()))
    return pa.table(columns, schema=OFFLINE_SCHEMA)


def read_feature(folder: Path, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Times (µs, ascending) of a stream's snapshots in ``folder``, and one of their features: int64[n], float32[n]."""
    read = [pq.read_table(path, columns=[TIME_COLUMN, name]) for path in sorted(folder.glob("*.parquet"))]
    if not read:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    table = pa.concat_tables(read)
    return table[TIME_COLUMN].cast(pa.int64()).to_numpy(), table[name].to_numpy()


def _keys(stream_id: str, timestamps_us: npt.NDArray[np.int64]) -> list[pa.Array]:
    return [
        pa.array([stream_id]).take(pa.array(np.zeros(len(timestamps_us), np.int64))),
        pa.array(timestamps_us, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
    ]


def _names(apps: npt.NDArray[np.bytes_]) -> pa.Array:
    names, back = np.unique(apps, return_inverse=True)
    return pa.array([decode_app_name(name) for name in names.tolist()], pa.string()).take(pa.array(back))


def _write_days(folder: Path, timestamps_us: npt.NDArray[np.int64], table: pa.Table) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    days = timestamps_us // DAY_US
    written = []
    for day in np.unique(days):
        first, last = np.searchsorted(days, [day, day + 1])
        path = folder / f"{utc_date(int(day) * DAY_US).isoformat()}.parquet"
        temporary = path.with_suffix(f".{os.getpid()}")
        part = table.slice(first, last - first)
        pq.write_table(part, temporary, compression="zstd", row_group_size=1 << 16)
        temporary.replace(path)
        written.append(path)
    return written
