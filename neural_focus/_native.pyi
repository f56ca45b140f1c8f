"""Native core: record, engine, ring, spool codec and trees."""

from collections.abc import Mapping
import os
import pathlib
from typing import Annotated

import numpy
import numpy.typing
from numpy.typing import NDArray


RECORD_BYTES: int = 64

def record_layout() -> list[tuple[str, int, int]]:
    """Fields of the record as (name, offset in bytes, size in bytes)."""

def repair_text(raw: bytes, most: int) -> bytes:
    """
    UTF-8 of at most `most` bytes, up to the first NUL: what is no text becomes U+FFFD; a code point that is cut off at the end is left out.
    """

def feature_names() -> list[str]:
    """Names of the columns of a snapshot, in order."""

def input_names() -> list[str]:
    """Names of the columns of a row of inputs, in order."""

def validate(records: bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.void]) -> tuple[numpy.typing.NDArray[numpy.bool_], dict[str, int]]:
    """Which records are good, bool[n], and how many are bad by reason."""

class Engine:
    """
    Features of one stream, second by second. Records and controls come in time order.
    """

    def __init__(self, transitions_us: numpy.typing.NDArray[numpy.int64], offsets_s: numpy.typing.NDArray[numpy.int32], inputs_every_s: int = 0, reports_changes: bool = False) -> None:
        """
        transitions_us: int64[k], ascending; offsets_s: int32[k], local time minus UTC from there on. inputs_every_s: a row of inputs goes with the snapshots of its whole multiples; 0: with none. reports_changes: whether changes() has rows.
        """

    def push(self, records: bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.void], controls: numpy.typing.NDArray[numpy.void] | None = None) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint8]]:
        """
        Takes records (EVENT_DTYPE[n], or bytes) merged with controls (CONTROL_DTYPE[k]); returns the snapshots that closed: timestamps_us int64[m], features float32[m,32], sequence uint8[m,10].
        """

    def close_until(self, t_us: int) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint8]]:
        """
        Closes the seconds up to t_us and returns the snapshots that closed, as push does.
        """

    def start_session(self, t_us: int) -> int:
        """A timed session begins. Returns the time used."""

    def end_session(self, t_us: int) -> int:
        """
        The timed session ends and a natural one begins. Returns the time used.
        """

    def break_accepted(self, t_us: int) -> int:
        """The person accepted a suggested break. Returns the time used."""

    def focus_score(self, t_us: int, score: float) -> int:
        """
        Score (0-100) of the prediction at t_us, for later snapshots. Returns the time used.
        """

    def restart(self, t_us: int) -> int:
        """The agent started: what is idle ends. Returns the time used."""

    def set_back(self, t_us: int) -> int:
        """
        The agent started after the clock was set back: everything begins anew. Returns the time used.
        """

    def set_zone(self, transitions_us: numpy.typing.NDArray[numpy.int64], offsets_s: numpy.typing.NDArray[numpy.int32]) -> None:
        """Another time zone table, from the next snapshot on."""

    def inputs(self) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.uint8]]:
        """
        Rows of inputs written since the last call: timestamps_us int64[m], values float32[m, len(input_names())], apps uint8[m, 2, 32]: the ids of the app that holds the focus and of the one before.
        """

    def changes(self) -> numpy.typing.NDArray[numpy.void]:
        """
        What happened, as it became known since the last call: CHANGE_DTYPE[m] (neural_focus.replay).
        """

    def sessions(self) -> list[tuple[int, int, bool]]:
        """
        Sessions that began (end -1) or ended since the last call: (start_us, end_us, natural).
        """

    def counters(self) -> dict[str, int]:
        """
        Totals: events, snapshots, clamped, late, and what was put aside by reason.
        """

    def save(self) -> bytes:
        """The whole state, at most 128 KB besides what was not yet taken out."""

    @staticmethod
    def load(saved: bytes | bytearray | memoryview) -> Engine:
        """
        The engine that was saved. Raises FormatError for foreign or damaged bytes.
        """

class Ring:
    """
    Wait-free ring of records, one producer, one consumer; drops the newest when full.
    """

    def __init__(self, capacity: int) -> None:
        """Room for `capacity` records, a power of two from 2."""

    @property
    def capacity(self) -> int: ...

    def push(self, records: bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.void]) -> int:
        """
        Push EVENT_DTYPE[n]; returns how many found room. The rest is counted in `dropped`.
        """

    def pop(self, most: int) -> numpy.typing.NDArray[numpy.void]:
        """The oldest records, at most `most`, as EVENT_DTYPE[n]."""

    def dropped(self) -> list[int]:
        """Records dropped because the ring was full, by event type (16 counts)."""

class SpoolWriter:
    """The one writer of a spool folder; locks and recovers it."""

    def __init__(self, folder: str | os.PathLike[str], machine_id: bytes, boot_id: bytes, segment_bytes: int = 4194304, segment_seconds: float = 60.0, total_bytes: int = 1073741824, total_hours: float = 336.0, sync_seconds: float = 1.0) -> None:
        """
        Ids are 16 bytes. Raises ConfigurationError when another agent holds it, FormatError for a segment of
        another version or byte order, InputError when the folder cannot be used.
        """

    def append(self, records: bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.void], titles: Mapping[int, str] = {}) -> bool:
        """
        EVENT_DTYPE[n] with {title id: text}. True: it survives the death of this process. False: no room.
        """

    def sync(self) -> None:
        """Wait until the disk has it all."""

    def seal(self) -> None:
        """The next append starts a new segment."""

    @property
    def next_sequence(self) -> int: ...

    @property
    def current(self) -> pathlib.Path:
        """Path of the segment being written, '.' for none."""

    def counters(self) -> dict[str, int]: ...

def spool_segments(folder: str | os.PathLike[str]) -> list[pathlib.Path]:
    """Paths of the segments, oldest first."""

def read_segment(path: pathlib.Path, offset: int = 0, sequence: int = 0) -> tuple[bytes, bytes, int, numpy.typing.NDArray[numpy.void], dict[int, str], int, int, bool] | None:
    """
    Everything whole from `offset` on: (machine, boot, first sequence, EVENT_DTYPE[n], titles, next offset,
    next sequence, whether nothing follows), or None without a valid header. Raises FormatError, InputError.
    """

def crc32c(data: bytes, by_table: bool = False) -> int: ...

class Forest:
    """Boosted trees: log-odds of rows, exact Shapley values of one row."""

    def __init__(self, feature: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], threshold: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], left: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], right: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], roots: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], width: int) -> None:
        """
        Nodes int32[n], float32[n], int32[n], int32[n]: left where row[feature] < threshold; feature -1 is a leaf whose value is its threshold. Trees begin at `roots`. Raises ValueError for trees that are none.
        """

    def margins(self, rows: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
        """
        Sums of leaves float64[n] of rows float32[n, width]; ValueError for another width.
        """

    def contributions(self, row: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], reference: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
        """
        Shapley values float64[width] of a row float32[width] against a reference float32[width]: they add up to the difference of their margins. ValueError for another width.
        """
