"""Records as the rows of an event table: what ``event_table`` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neural_focus.events import EventType

if TYPE_CHECKING:
    import pyarrow as pa

_PLACED = (EventType.MOUSE_MOVE, EventType.MOUSE_CLICK, EventType.MOUSE_WHEEL)
_IDLE = (EventType.IDLE_START, EventType.IDLE_END)
_TITLED = (EventType.WINDOW_FOCUS_CHANGE, EventType.WINDOW_TITLE_CHANGE)


def event_schema(*, categories: bool) -> pa.Schema:
    """The columns of an event table, ``category_hint`` only with ``categories``."""
    import pyarrow as pa

    fields = [
        ("user", pa.string()),
        ("timestamp_us", pa.int64()),
        ("event_type", pa.uint8()),
        ("app_name", pa.dictionary(pa.int32(), pa.string())),
        ("x", pa.int32()),
        ("y", pa.int32()),
        ("speed_pps", pa.uint32()),
        ("idle_ms", pa.uint32()),
    ]
    return pa.schema([*fields, ("category_hint", pa.uint32())] if categories else fields)


def to_event_table(user: str, records: NDArray[np.void], *, categories: bool) -> pa.Table:
    """One row a record of ``user`` (EVENT_DTYPE[n], good ones), in the columns of ``event_schema``.

    The table has no place for classes of keys, buttons, notches and lengths of titles: they stay behind.
    """
    import pyarrow as pa

    kind, data = records["event_type"], records["data"]
    placed, titled = np.isin(kind, _PLACED), np.isin(kind, _TITLED)
    names, codes = np.unique(records["app_name"], return_inverse=True)
    columns = [
        pa.array([user]).take(pa.array(np.zeros(len(records), np.int64))),
        pa.array(records["timestamp_us"].astype(np.int64)),
        pa.array(kind.astype(np.uint8)),
        pa.DictionaryArray.from_arrays(
            pa.array(codes.astype(np.int32)), pa.array([name.decode("utf-8", errors="replace") for name in names])
        ),
        pa.array(np.where(placed, data[:, 0], 0).astype(np.uint32).view(np.int32)),
        pa.array(np.where(placed, data[:, 1], 0).astype(np.uint32).view(np.int32)),
        pa.array(np.where(kind == EventType.MOUSE_MOVE, data[:, 2], 0).astype(np.uint32)),
        pa.array(np.where(np.isin(kind, _IDLE), data[:, 0], 0).astype(np.uint32)),
    ]
    if categories:
        columns.append(pa.array(np.where(titled, data[:, 2], 0).astype(np.uint32)))
    return pa.Table.from_arrays(columns, schema=event_schema(categories=categories))
