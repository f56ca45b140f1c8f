"""Event tables in Parquet: one row an event, made into records per person."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neural_focus.categories import Rules
from neural_focus.errors import ConfigurationError, InputError
from neural_focus.events import APP_NAME_BYTES, EVENT_DTYPE, EventType, encode_app_name
from neural_focus.unusable_events import WANTED_TIMES, WANTED_TYPES, looks_like

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("user", "timestamp_us", "event_type", "app_name", "x", "y", "speed_pps", "idle_ms")
OPTIONAL_COLUMNS = ("category_hint",)
"""``category_hint`` is decided by the packaged rules from ``app_name`` where a table has none."""

WHOLE = ("timestamp_us", "event_type", "category_hint")
ROUNDED = ("x", "y", "speed_pps", "idle_ms")
"""Columns of numbers: those that have to be whole, and those of which the nearest whole number is taken."""
WANTED = {"timestamp_us": WANTED_TIMES, "event_type": WANTED_TYPES}
WHOLE_NUMBERS = "Give whole numbers"

_UINT32_MAX = int(np.iinfo(np.uint32).max)


def read_event_table(path: Path, rules: Rules | None = None) -> dict[str, NDArray[np.void]]:
    """Records of each person in a Parquet table: user → EVENT_DTYPE[n], sorted stably by timestamp.

    Rows are taken as they are: a number that does not fit its field is carried as one that ``validate`` puts
    aside (type, timestamp), or is cut to the field's range, and rounded; an app's name that is no UTF-8 is repaired.
    Rows without a user are one person's, "". Times are µs since 1970, Parquet timestamps (without a zone: UTC), or
    ISO 8601 text with an offset.

    Raises:
        InputError: a file that cannot be read, an unknown or missing column, a column of the wrong type.
        ConfigurationError: pyarrow is not installed.
    """
    table = _read(path)
    records = _to_records(table, rules or Rules.load(), path)
    users, codes = _factorize(table["user"])
    order = np.lexsort((_sort_keys(table), codes))
    del table
    _release_unused()
    bounds = np.searchsorted(codes[order], np.arange(len(users) + 1))
    if (np.diff(order) < 0).any():  # records are large: those that lie in order stay where they are
        records = records[order]
    parts = (records[first:last] for first, last in itertools.pairwise(bounds))
    return {user: part for user, part in zip(users, parts, strict=True) if len(part)}


def check_event_table(path: Path) -> None:
    """Whether a file is an event table, by its schema alone; raises what ``read_event_table`` does."""
    _read(path, rows=False)


def _read(path: Path, *, rows: bool = True) -> pa.Table:
    """The table, or with ``rows`` false an empty one of its columns."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ImportError:
        raise ConfigurationError(
            "Event tables need pyarrow", hint="Install it with: pip install 'neural-focus[platform]'"
        ) from None
    try:
        schema = parquet.read_schema(path)
        names = [name for name in schema.names if not _is_index(name)]
        _check_columns(names, path)
        _check_types(schema, path)
        return parquet.read_table(path, columns=names) if rows else schema.empty_table()
    except (OSError, pa.ArrowException) as error:
        why = _first_line(error)
        if isinstance(error, FileNotFoundError):
            why = "there is no such file"
        elif path.is_dir():
            why = "it is a folder"
        raise InputError(f"{path} cannot be read", why=why, hint="Give a Parquet file of events") from None


def _is_index(name: str) -> bool:
    """Whether a column is the row index that pandas adds to a table that was sorted or cut."""
    return name.startswith("__index_level_")


def _check_columns(names: list[str], path: Path) -> None:
    known = ", ".join(COLUMNS)
    for name in names:
        if name not in COLUMNS + OPTIONAL_COLUMNS:
            raise InputError(f"{path} has an unknown column", why=repr(name), hint=f"Known are: {known}")
        if names.count(name) > 1:
            raise InputError(f"{path} has a column twice", why=repr(name), hint="Remove one of them")
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InputError(f"{path} has no column", why=", ".join(map(repr, missing)), hint=f"Needed are: {known}")


def _check_types(schema: pa.Schema, path: Path) -> None:
    import pyarrow as pa

    for name in (*WHOLE, *ROUNDED):
        if name not in schema.names:
            continue
        kind = schema.field(name).type
        fits = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        if name == "timestamp_us":
            fits = fits or pa.types.is_timestamp(kind) or _is_text(kind)
        if not fits and not (name in ROUNDED and pa.types.is_null(kind)):
            raise InputError(f"{path}: column {name!r} is {kind}", hint=WANTED.get(name, WHOLE_NUMBERS))


def _is_text(kind: pa.DataType) -> bool:
    """Whether it is text, also as categories."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _to_records(table: pa.Table, rules: Rules, path: Path) -> NDArray[np.void]:
    records = np.zeros(table.num_rows, EVENT_DTYPE)
    times = _integers(table, "timestamp_us", path)
    records["timestamp_us"] = np.where(times < 0, 0, times)
    types = _integers(table, "event_type", path)
    records["event_type"] = np.where((types < 0) | (types > _UINT32_MAX), _UINT32_MAX, types)
    names, codes = _factorize(table["app_name"])
    records["app_name"] = np.array([encode_app_name(name) for name in names] or [b""], f"S{APP_NAME_BYTES}")[codes]
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
    """A column as int64; nulls and NaN are 0, what exceeds int64 is its largest."""
    import pyarrow as pa
    import pyarrow.compute as compute

    column = table[name]
    if _is_text(column.type):
        column = _parse_times(column, path)
    if pa.types.is_timestamp(column.type):  # safe=False: nanoseconds are cut to the microsecond
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False).cast(pa.int64())
    if pa.types.is_floating(column.type):
        return _whole(np.asarray(column.to_numpy(), np.float64), name, path)
    if column.type == pa.uint64():
        column = compute.min_element_wise(column, pa.scalar(np.iinfo(np.int64).max, pa.uint64()))
    return np.asarray(compute.fill_null(column.cast(pa.int64()), 0).to_numpy())


def _parse_times(column: pa.ChunkedArray, path: Path) -> pa.ChunkedArray:
    """ISO 8601 text as timestamps. Each has to say its offset: a time without one may be of any zone."""
    import pyarrow as pa

    column = column.cast(pa.string())
    try:
        return column.cast(pa.timestamp("ns", tz="UTC"))
    except pa.ArrowInvalid:
        texts = (value.as_py() for value in column if value.is_valid)
        odd = next((text for text in texts if not _is_time(text)), "")
        raise InputError(
            f"{path}: column 'timestamp_us' is text", why=f"{odd!r} {_why_no_time(odd)}", hint=WANTED_TIMES
        ) from None


def _is_time(text: str) -> bool:
    import pyarrow as pa

    try:
        pa.scalar(text).cast(pa.timestamp("ns", tz="UTC"))
    except pa.ArrowInvalid:
        return False
    return True


def _why_no_time(text: str) -> str:
    with suppress(ValueError):
        return f"is a number as text{looks_like(float(text))}"
    return "has no offset from UTC" if _is_time(f"{text}Z") else "is no ISO 8601 time"


def _whole(values: NDArray[np.float64], name: str, path: Path) -> NDArray[np.int64]:
    rounded = np.rint(values)
    odd = np.flatnonzero((rounded != values) & ~np.isnan(values))
    if len(odd) and name not in ROUNDED:
        raise InputError(
            f"{path}: column {name!r} has a value that is no whole number",
            why=f"{values[odd[0]]}{looks_like(values[odd[0]]) if name == 'timestamp_us' else ''}",
            hint=WANTED.get(name, WHOLE_NUMBERS),
        )
    most = float(2**62)
    bounded = np.clip(np.nan_to_num(rounded, nan=0.0, posinf=most, neginf=-most), -most, most)
    return np.asarray(bounded, np.int64)


def _sort_keys(table: pa.Table) -> NDArray[np.int64]:
    return _integers(table, "timestamp_us", Path())


def _factorize(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """Distinct values as text, and the index of each row's; no value at all is the empty text."""
    import pyarrow as pa

    encoded = column.combine_chunks()
    if not isinstance(encoded, pa.DictionaryArray):
        encoded = encoded.dictionary_encode()
    names = [_to_text(value) for value in _raw_values(encoded.dictionary)]
    codes = np.asarray(encoded.indices.cast(pa.int64()).fill_null(len(names)).to_numpy(zero_copy_only=False))
    place = {name: number for number, name in enumerate(dict.fromkeys([*names, ""]))}
    return list(place), np.array([place[name] for name in [*names, ""]])[codes]


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


def _release_unused() -> None:
    """Gives back what reading took: Arrow's pool would keep hundreds of megabytes for the next table."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
