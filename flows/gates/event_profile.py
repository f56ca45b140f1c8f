"""What the raw events of a stream's UTC day are like: figures that the gates look at.

Vectorised over the records as they were stored; a day of 500,000 takes well under a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt

from neural_focus.events import INPUT, PRODUCTIVITY_MASK, EventType
from neural_focus.time import DAY_US, SECOND_US

Records = npt.NDArray[np.void]
Numbers = npt.NDArray[np.int64]
Profile = dict[str, object]
MINUTE_US = 60 * SECOND_US
BUSY = 10
"""Inputs in a minute from which on the same number again and again is no chance."""
FAR_PX = 100_000
"""Further out no desktop reaches: X11 ends at 32,767 pixels, Windows at 65,535."""
IDLE_SLACK_MS = 60_000
FEW_PAIRS = 3
_CATEGORY = 0x3F | PRODUCTIVITY_MASK


def event_profile(records: Records, seq: Numbers, boot: Numbers) -> Profile:
    """Figures of EVENT_DTYPE[n] in the order of their boot int64[n] and seq int64[n]; times in seconds.

    ``minutes``: those of the day that have an event (``minute_bits``). ``boots``: (number, first and last seq, count).
    ``kinds``: by app (CRC-32 of its name) how often it came to the front with a kind, and without one.
    """
    stamps, kind = records["timestamp_us"].astype(np.int64), records["event_type"]
    minute = stamps // MINUTE_US
    hands = np.isin(kind, INPUT)
    return {
        "events": len(records),
        "inputs": int(hands.sum()),
        "focus_changes": int((kind == EventType.WINDOW_FOCUS_CHANGE).sum()),
        "switches": _switches(records["app_name"][kind == EventType.WINDOW_FOCUS_CHANGE]),
        "minutes": minute_bits(stamps),
        "boots": _boots(seq, boot),
        "back_s": _most_back_us(stamps, boot) / SECOND_US,
        "most_keys": _most_a_minute(minute, kind == EventType.KEY_PRESS),
        "most_clicks": _most_a_minute(minute, kind == EventType.MOUSE_CLICK),
        "most_switches": _most_a_minute(minute, kind == EventType.WINDOW_FOCUS_CHANGE),
        "most_moves": _most_a_minute(minute, kind == EventType.MOUSE_MOVE),
        "same_minutes": same_minutes(minute[hands]),
        "same_place": _same_place(records, kind),
        "outside": _outside(records, kind),
        "idle_wrong": _idle_wrong(records, stamps, kind, boot),
        "kinds": _kinds(records[kind == EventType.WINDOW_FOCUS_CHANGE]),
    }


def same_minutes(minute: Numbers) -> int:
    """The longest run of minutes one after the other with the very same number of inputs, where that is many."""
    times, count = np.unique(minute, return_counts=True)
    joined = (np.diff(times) == 1) & (np.diff(count) == 0) & (count[1:] >= BUSY)
    return longest_run(joined) + 1 if joined.any() else 0


def minute_bits(times_us: Numbers) -> str:
    """Which of a day's 1,440 minutes have one of the times, a bit each, hexadecimal."""
    there = np.zeros(1_440, np.bool_)
    there[(times_us % DAY_US) // MINUTE_US] = True
    return np.packbits(there).tobytes().hex()


def minutes_of(bits: str) -> npt.NDArray[np.bool_]:
    """The day's minutes, bool[1440], from ``minute_bits``."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(bits), np.uint8))[:1_440].astype(np.bool_)


def longest_run(flags: npt.NDArray[np.bool_]) -> int:
    """How many in a row are True at most."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False].astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _boots(seq: Numbers, boot: Numbers) -> Sequence[tuple[int, int, int, int]]:
    numbers, first, count = np.unique(boot, return_index=True, return_counts=True)
    rows = zip(numbers.tolist(), first.tolist(), count.tolist(), strict=True)
    return [(number, int(seq[at]), int(seq[at + n - 1]), n) for number, at, n in rows]


def _switches(apps: npt.NDArray[np.bytes_]) -> int:
    """How often the focus went to another app."""
    return int((apps[1:] != apps[:-1]).sum())


def _most_back_us(stamps: Numbers, boot: Numbers) -> int:
    """How far a stamp lies before the one that was recorded before it by the same boot."""
    back = np.where(np.diff(boot) == 0, -np.diff(stamps), 0)
    return int(back.max(initial=0))


def _most_a_minute(minute: Numbers, chosen: npt.NDArray[np.bool_]) -> int:
    return int(np.unique(minute[chosen], return_counts=True)[1].max(initial=0))


def _same_place(records: Records, kind: npt.NDArray[np.uint32]) -> int:
    """The longest run of moves that ended where the one before did, though they had a speed. (0, 0) is no place: some
    desktops tell none."""
    data = records["data"][kind == EventType.MOUSE_MOVE].view(np.int32)
    here = (data[1:, :2] == data[:-1, :2]).all(axis=1) & (data[1:, 2] > 0) & data[1:, :2].any(axis=1)
    return longest_run(here)


def _outside(records: Records, kind: npt.NDArray[np.uint32]) -> int:
    """How many moves and clicks lie where no desktop is."""
    data = records["data"][(kind == EventType.MOUSE_MOVE) | (kind == EventType.MOUSE_CLICK)].view(np.int32)
    return int((np.abs(data[:, :2].astype(np.int64)) > FAR_PX).any(axis=1).sum())


def _idle_wrong(records: Records, stamps: Numbers, kind: npt.NDArray[np.uint32], boot: Numbers) -> float:
    """Of pauses that began and ended here the share that is told to be longer than there was time for."""
    at = np.flatnonzero((kind == EventType.IDLE_START) | (kind == EventType.IDLE_END))
    begins, ends = at[:-1], at[1:]
    paired = (kind[begins] == EventType.IDLE_START) & (kind[ends] == EventType.IDLE_END) & (boot[begins] == boot[ends])
    begins, ends = begins[paired], ends[paired]
    if len(begins) < FEW_PAIRS:
        return 0.0
    told_ms = records["data"][ends, 0].astype(np.int64)
    there_ms = (stamps[ends] - stamps[begins]) // 1_000 + IDLE_SLACK_MS
    return float((told_ms > there_ms).mean())


def _kinds(focus: Records) -> dict[str, tuple[int, int]]:
    """By app: changes of the focus to it that came with a kind of app, and without."""
    names, back = np.unique(focus["app_name"], return_inverse=True)
    known = (focus["data"][:, 2] & _CATEGORY) != 0
    with_kind, all_of = (np.bincount(back, weights, len(names)).astype(int) for weights in (known, None))
    return {
        str(crc32(name)): (int(told), int(every - told))
        for name, told, every in zip(names.tolist(), with_kind, all_of, strict=True)
        if name
    }
