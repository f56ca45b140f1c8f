"""Event tables in Parquet: one row an event, made into records per person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neural_focus.categories import Rules
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.events import APP_NAME_BYTES, EVENT_DTYPE, EventType, encode_app_name

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("user", "timestamp_us", "event_type", "app_name", "x", "y", "speed_pps", "idle_ms")
OPTIONAL_COLUMNS = ("category_hint",)
"""``category_hint`` is decided by the packaged rules from ``app_name`` where a table has none."""

_UINT32_MAX = int(np.iinfo(np.uint32).max)


def read_event_table(path: Path, rules: Rules | None = None) -> dict[str, NDArray[np.void]]:
    """Records of each person in a Parquet table: user → EVENT_DTYPE[n], sorted stably by timestamp.

    Rows are taken as they are: a number that does not fit its field is carried as one that ``validate`` puts
    aside (type, timestamp), or is cut to the field's range.

    Raises:
        InputError: a file that cannot be read, an unknown or missing column, a column of the wrong type.
        ConfigurationError: pyarrow is not installed.
    """
    table = _read(path)
    records = _to_records(table, rules or Rules.load(), path)
    users, codes = _factorize(table["user"])
    order = np.lexsort((_sort_keys(table), codes))
    bounds = np.searchsorted(codes[order], np.arange(len(users) + 1))
    return {
        user: records[order[bounds[index] : bounds[index + 1]]]
        for index, user in enumerate(users)
        if bounds[index] < bounds[index + 1]
    }


def _read(path: Path) -> pa.Table:
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ImportError:
        raise ConfigurationError(
            "Event tables need pyarrow", todo="Install it with: pip install 'neural-focus[platform]'"
        ) from None
    try:
        names = [name for name in parquet.ParquetFile(path).schema_arrow.names if not _is_index(name)]
        _check_columns(names, path)
        return parquet.read_table(path, columns=names)
    except (OSError, pa.ArrowException) as error:
        why = _first_line(error)
        if isinstance(error, FileNotFoundError):
            why = "there is no such file"
        elif path.is_dir():
            why = "it is a folder"
        raise InputError(f"{path} cannot be read", why=why, todo="Give a Parquet file of events") from None


def _is_index(name: str) -> bool:
    """Whether a column is the row index that pandas adds to a table that was sorted or cut."""
    return name.startswith("__index_level_")


def _check_columns(names: list[str], path: Path) -> None:
    known = ", ".join(COLUMNS)
    for name in names:
        if name not in COLUMNS + OPTIONAL_COLUMNS:
            raise InputError(f"{path} has an unknown column", why=repr(name), todo=f"Known are: {known}")
        if names.count(name) > 1:
            raise InputError(f"{path} has a column twice", why=repr(name), todo="Remove one of them")
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InputError(f"{path} has no column", why=", ".join(map(repr, missing)), todo=f"Needed are: {known}")


def _to_records(table: pa.Table, rules: Rules, path: Path) -> NDArray[np.void]:
    records = np.zeros(table.num_rows, EVENT_DTYPE)
    times = _integers(table, "timestamp_us", path)
    records["timestamp_us"] = np.where(times < 0, 0, times)
    types = _integers(table, "event_type", path)
    records["event_type"] = np.where((types < 0) | (types > _UINT32_MAX), _UINT32_MAX, types)
    names, codes = _factorize(table["app_name"])
    records["app_name"] = np.array([_app_bytes(name) for name in names] or [b""], f"S{APP_NAME_BYTES}")[codes]
    _fill_mouse(records, types, table, path)
    idle = np.isin(types, (EventType.IDLE_START, EventType.IDLE_END))
    records["data"][idle, 0] = np.clip(_integers(table, "idle_ms", path), 0, _UINT32_MAX)[idle]
    if "category_hint" in table.column_names:
        hints = np.clip(_integers(table, "category_hint", path), 0, _UINT32_MAX)
    else:
        hints = np.array([rules.hint(name) for name in names] or [0], np.int64)[codes]
    decided = np.isin(types, (EventType.WINDOW_FOCUS_CHANGE, EventType.WINDOW_TITLE_CHANGE))
    records["data"][decided, 2] = hints[decided]
    return records


def _fill_mouse(records: NDArray[np.void], types: NDArray[np.int64], table: pa.Table, path: Path) -> None:
    placed = np.isin(types, (EventType.MOUSE_MOVE, EventType.MOUSE_CLICK, EventType.MOUSE_WHEEL))
    int32 = np.iinfo(np.int32)
    for word, name in ((0, "x"), (1, "y")):
        values = np.clip(_integers(table, name, path), int32.min, int32.max).astype(np.int32).view(np.uint32)
        records["data"][placed, word] = values[placed]
    moves = types == EventType.MOUSE_MOVE
    records["data"][moves, 2] = np.clip(_integers(table, "speed_pps", path), 0, _UINT32_MAX)[moves]
    records["data"][types == EventType.MOUSE_CLICK, 2] = 1


def _integers(table: pa.Table, name: str, path: Path) -> NDArray[np.int64]:
    """A column as int64; nulls are 0, what exceeds int64 is its largest."""
    import pyarrow as pa
    import pyarrow.compute as compute

    column = table[name]
    try:
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64())
        if pa.types.is_floating(column.type):
            column = compute.cast(column, pa.int64())  # refuses fractions and NaN
        elif not pa.types.is_integer(column.type):
            raise InputError(f"{path}: column {name!r} is {column.type}", todo="Give whole numbers")
        if column.type == pa.uint64():
            column = compute.min_element_wise(column, pa.scalar(np.iinfo(np.int64).max, pa.uint64()))
        return np.asarray(compute.fill_null(column.cast(pa.int64()), 0).to_numpy())
    except pa.ArrowException as error:
        raise InputError(
            f"{path}: column {name!r} has a value that is no whole number", why=_first_line(error)
        ) from None


def _sort_keys(table: pa.Table) -> NDArray[np.int64]:
    return _integers(table, "timestamp_us", Path())


def _factorize(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """Distinct values as text, and the index of each row's."""
    import pyarrow as pa

    encoded = column.combine_chunks()
    if not isinstance(encoded, pa.DictionaryArray):
        encoded = encoded.dictionary_encode()
    names = [_to_text(value) for value in _raw_values(encoded.dictionary)]
    codes = np.asarray(encoded.indices.cast(pa.int64()).fill_null(len(names)).to_numpy(zero_copy_only=False))
    return [*names, ""], codes


def _raw_values(values: pa.Array) -> Iterator[Any]:
    import pyarrow as pa

    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        values = values.cast(pa.large_binary())  # text in a file may be invalid UTF-8
    for value in values:
        yield value.as_py()


def _to_text(value: object) -> str:
    """Text with undecodable bytes kept as surrogates, so that they come out as they were."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="surrogateescape")
    return "" if value is None else str(value)


def _app_bytes(name: str) -> bytes:
    """A record's app_name; invalid UTF-8 stays invalid, so that it is counted and not repaired."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return name.encode("utf-8", errors="surrogateescape")[:APP_NAME_BYTES]
    return encode_app_name(name)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
