"""Snapshots as an Arrow table with one column a feature, each in its own type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import ProductivityCategory
from neural_focus.features import FEATURES, SEQUENCE_NAME, Kind
from neural_focus.replay import Snapshots

if TYPE_CHECKING:
    import pyarrow as pa

_INT32_MAX = float(np.float32(np.iinfo(np.int32).max - 127))
"""The largest float32 that fits an int32."""


def feature_schema() -> pa.Schema:
    """user, timestamp_us, every feature by its name (int32, float32, bool or text), the event sequence."""
    import pyarrow as pa

    types = {Kind.INT: pa.int32(), Kind.FLOAT: pa.float32(), Kind.BOOL: pa.bool_(), Kind.CATEGORY: pa.string()}
    fields = [pa.field("user", pa.string()), pa.field("timestamp_us", pa.int64())]
    fields += [pa.field(feature.name, types[feature.kind]) for feature in FEATURES]
    return pa.schema([*fields, pa.field(SEQUENCE_NAME, pa.list_(pa.uint8()))])


def to_feature_table(user: str, snapshots: Snapshots) -> pa.Table:
    """One row a snapshot of ``user``, in the columns of ``feature_schema``."""
    import pyarrow as pa

    schema = feature_schema()
    columns: list[pa.Array] = [
        pa.array([user]).take(pa.array(np.zeros(len(snapshots), np.int64))),
        pa.array(snapshots.timestamps_us),
    ]
    for index, feature in enumerate(FEATURES):
        columns.append(_to_column(snapshots.features[:, index], feature.kind))
    columns.append(_to_lists(snapshots.sequence))
    return pa.Table.from_arrays(columns, schema=schema)


def category_label(code: float) -> str:
    """The word for a ``productivity_category``; empty for none and for codes nobody knows."""
    try:
        return ProductivityCategory(int(code)).label
    except ValueError:
        return ""


def _to_column(values: NDArray[np.float32], kind: Kind) -> pa.Array:
    import pyarrow as pa

    if kind is Kind.INT:
        return pa.array(np.minimum(values, _INT32_MAX).astype(np.int32))
    if kind is Kind.BOOL:
        return pa.array(values != 0)
    if kind is Kind.CATEGORY:
        codes, inverse = np.unique(values, return_inverse=True)
        return pa.array([category_label(code) for code in codes], pa.string()).take(pa.array(inverse))
    return pa.array(np.ascontiguousarray(values))


def _to_lists(sequence: NDArray[np.uint8]) -> pa.Array:
    """The types alone: the zeros in front of a short sequence go."""
    import pyarrow as pa

    present = sequence != 0
    offsets = np.concatenate(([0], np.cumsum(present.sum(axis=1)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(sequence[present]))
