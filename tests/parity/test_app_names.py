"""What a name that is no text becomes: C++ against Python's own decoder, and the engine against the store."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference import repair_text as reference

from neural_focus._native import repair_text
from neural_focus.events import EVENT_DTYPE, EventType, decode_app_name, encode_app_name
from neural_focus.features import FEATURE_NAMES
from neural_focus.replay import replay

PIECES = st.one_of(
    st.binary(max_size=6),
    st.text(max_size=6).map(str.encode),
    st.sampled_from([b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xe6\x97", b"\x1b[2J", b"\xc2\x85", b"\0"]),
)
NAMES = st.lists(PIECES, max_size=9).map(b"".join)


@settings(deadline=None)
@given(NAMES, st.integers(0, 40))
def test_names_are_repaired_as_python_decodes(raw: bytes, most: int) -> None:
    once = repair_text(raw, most)
    assert once == reference(raw, most)
    assert repair_text(once, most) == once


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12))
@example("日本語" * 4)
def test_a_name_that_is_cut_anywhere_loses_no_more_than_the_code_point_that_was_cut(text: str) -> None:
    raw = text.encode()
    for end in range(len(raw) + 1):
        assert repair_text(raw[:end], len(raw)) == raw[:end].decode(errors="ignore").encode()


@settings(deadline=None)
@given(NAMES)
def test_readers_of_text_agree_with_readers_of_bytes(raw: bytes) -> None:
    text = raw.replace(b"\0", b"").decode("utf-8", "surrogateescape")
    assert encode_app_name(text) == reference(raw.replace(b"\0", b""), 31)


@settings(deadline=None)
@given(NAMES)
def test_the_engine_compares_names_as_the_store_keeps_them(raw: bytes) -> None:
    """A focus change from a name to the text that is stored of it is no switch; one to another name is."""
    name = raw[:32].ljust(32, b"\0")
    stored = decode_app_name(name).encode()
    records = np.zeros(3, EVENT_DTYPE)
    records["event_type"] = EventType.WINDOW_FOCUS_CHANGE
    records["timestamp_us"] = 1_700_000_000_000_000 + np.arange(3) * 1_000_000
    records["app_name"] = [name, stored, b"other" + stored[:9]]
    switches = replay(records, zone="UTC").features[:, FEATURE_NAMES.index("context_switches_30s")]
    assert switches[:3].tolist() == [0, 0, b"other" + stored[:9] != stored]
