"""The frames of simulated desktops: what the library's server reads of them, and what they read of its frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import SERVER, Protocol

from bench.load import frames

PAYLOADS = st.one_of(st.binary(max_size=200), st.sampled_from([125, 126, 65_535, 65_536]).map(bytes))


@given(PAYLOADS)
def test_a_server_reads_the_payload_that_was_sent(payload: bytes) -> None:
    server = Protocol(SERVER, max_size=None)
    server.receive_data(frames.frame(payload, frames.PONG if len(payload) < 126 else frames.TEXT))
    [event] = server.events_received()
    assert isinstance(event, Frame) and event.data == payload


@given(st.lists(PAYLOADS, max_size=4), st.data())
def test_frames_are_read_however_they_are_cut(payloads: list[bytes], data: st.DataObject) -> None:
    sent = b"".join(Frame(Opcode.TEXT, payload).serialize(mask=False) for payload in payloads)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=5)))
    reader = frames.FrameReader()
    parts = [sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    assert [found for part in parts for found in reader.feed(part)] == [(frames.TEXT, one) for one in payloads]


def test_a_frame_in_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with 0103"):
        list(frames.FrameReader().feed(Frame(Opcode.TEXT, b"abc", fin=False).serialize(mask=False)))
