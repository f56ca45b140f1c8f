"""The 64-byte event record: its types, flags and NumPy layout.

The C++ side states the same layout with ``static_assert`` (``native/src/record.hpp``); a parity test compares
the two field by field. Version and byte order live in the header of the container, never in the record.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

import numpy as np

from neural_focus._native import repair_text

RECORD_BYTES = 64
APP_NAME_BYTES = 32
"""Room for at most 31 bytes of UTF-8 and a NUL."""
_FFFD_BYTES = 3


class EventType(IntEnum):
    """What a record tells; the names are those of the database enum as well."""

    UNKNOWN = 0
    KEY_PRESS = 1
    KEY_RELEASE = 2
    MOUSE_MOVE = 3
    MOUSE_CLICK = 4
    MOUSE_WHEEL = 5
    WINDOW_FOCUS_CHANGE = 6
    WINDOW_TITLE_CHANGE = 7
    WINDOW_MINIMIZE = 8
    WINDOW_MAXIMIZE = 9
    IDLE_START = 10
    IDLE_END = 11
    SCREEN_LOCK = 12
    SCREEN_UNLOCK = 13
    RESERVED_14 = 14
    RESERVED_15 = 15


INPUT = (
    EventType.KEY_PRESS,
    EventType.KEY_RELEASE,
    EventType.MOUSE_MOVE,
    EventType.MOUSE_CLICK,
    EventType.MOUSE_WHEEL,
)
"""What only a person's hands make."""


class KeyFlag(IntFlag):
    """Bits of ``data.flags`` in KEY_PRESS and KEY_RELEASE. The class of a key is in bits 16–18."""

    SHIFT = 1 << 0
    CTRL = 1 << 1
    ALT = 1 << 2
    META = 1 << 3
    AUTO_REPEAT = 1 << 8
    REDACTED = 1 << 9


KEY_CLASS_SHIFT = 16
KEY_CLASS_MASK = 0b111 << KEY_CLASS_SHIFT


class KeyClass(IntEnum):
    """All that survives of a key: enough for an error rate, useless for reading along."""

    UNKNOWN = 0
    TEXT = 1
    DELETING = 2
    NAVIGATION = 3
    MODIFIER = 4
    FUNCTION = 5
    ENTER_TAB = 6


class CategoryFlag(IntFlag):
    """``AppCategory``: bits of ``category_hint`` (WINDOW_FOCUS_CHANGE) and of a title change's flags."""

    BROWSER = 1 << 0
    IDE = 1 << 1
    COMMUNICATION = 1 << 2
    ENTERTAINMENT = 1 << 3
    PRODUCTIVITY = 1 << 4
    PSEUDO_PRODUCTIVE = 1 << 5
    ANNOUNCED = 1 << 16
    """Only on WINDOW_TITLE_CHANGE: the title merely announces itself after a focus change."""


PRODUCTIVITY_SHIFT = 8
PRODUCTIVITY_MASK = 0xFF << PRODUCTIVITY_SHIFT


class ProductivityCategory(IntEnum):
    """Bits 8–15 of the category hint."""

    NONE = 0
    BUILDING = 1
    STUDYING = 2
    KNOWLEDGE = 3
    COMMUNICATION = 4
    ENTERTAINMENT = 5

    @property
    def label(self) -> str:
        """The word people and tables see; empty for NONE."""
        return "" if self is ProductivityCategory.NONE else self.name.capitalize()


WORK = (ProductivityCategory.BUILDING, ProductivityCategory.STUDYING, ProductivityCategory.KNOWLEDGE)
"""Kinds of app that count as work."""


EVENT_DTYPE = np.dtype(
    {
        "names": ["timestamp_us", "event_type", "process_id", "app_name", "window_handle", "data"],
        "formats": ["<u8", "<u4", "<u4", f"S{APP_NAME_BYTES}", "<u4", ("<u4", (3,))],
        "offsets": [0, 8, 12, 16, 48, 52],
        "itemsize": RECORD_BYTES,
    }
)
"""Layout of one record. ``data`` is three u32 words whose meaning depends on the type:

==================  =================  =================  =======================
types               data[0]            data[1]            data[2]
==================  =================  =================  =======================
KEY_*               virtual_key_code   scan_code          flags (``KeyFlag``)
MOUSE_MOVE          x (i32)            y (i32)            speed_pps, pixels/s
MOUSE_CLICK         x (i32)            y (i32)            button, 1 left 2 right 3 middle
MOUSE_WHEEL         x (i32)            y (i32)            delta (i32), 120 = a notch
WINDOW_FOCUS_…      old_window         new_window         category_hint
WINDOW_TITLE_…      title_id           title_length       flags (``CategoryFlag``)
IDLE_*              idle_duration_ms   0                  0
==================  =================  =================  =======================
"""

MIN_TIMESTAMP_US = 946_684_800_000_000
"""2000-01-01 UTC. Earlier stamps are clock faults and are put aside."""
MAX_TIMESTAMP_US = 4_102_444_800_000_000
"""2100-01-01 UTC."""


def app_text(name: str) -> bytes:
    """``name`` as UTF-8 without NULs; what is no text, such as bytes kept as surrogates, becomes U+FFFD."""
    whole = name.replace("\0", "")
    try:
        raw = whole.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError:
        raw = whole.encode("utf-8", errors="surrogatepass")
    return repair_text(raw, _FFFD_BYTES * len(raw))


def encode_app_name(name: str) -> bytes:
    """``app_text`` of at most 31 bytes, cut at a code point: a record's ``app_name``."""
    return repair_text(app_text(name), APP_NAME_BYTES - 1)


def decode_app_name(raw: bytes) -> str:
    """The text of a record's ``app_name``, as the engine compares it and the store keeps it."""
    return repair_text(raw, APP_NAME_BYTES).decode()
