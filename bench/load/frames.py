"""WebSocket frames as a client of loopback needs them: whole texts out, whole frames in (RFC 6455).

A thousand desktops share the machine with the service that they measure, so that a message may cost microseconds only.
The mask is zero, which any server takes: what is sent is then the text itself, made beforehand.
"""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Iterator

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
_FINAL, _MASKED, _NO_MASK = 0x80, 0x80, bytes(4)


def handshake(host: str, path: str, token: str) -> bytes:
    """The request that opens a socket, with a bearer token."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A client's frame."""
    return head(len(payload), opcode) + payload


def head(length: int, opcode: int = TEXT) -> bytes:
    """What stands before a payload of so many bytes."""
    if length < 126:
        return bytes((_FINAL | opcode, _MASKED | length)) + _NO_MASK
    if length < 65_536:
        return struct.pack(">BBH", _FINAL | opcode, _MASKED | 126, length) + _NO_MASK
    return struct.pack(">BBQ", _FINAL | opcode, _MASKED | 127, length) + _NO_MASK


class FrameReader:
    """Takes a server's bytes as they come, and gives its frames."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """(opcode, payload) of every frame that is whole by now.

        Raises:
            ValueError: a frame in parts or with a mask, as no service here sends them.
        """
        data, at = self._rest + data if self._rest else data, 0
        while len(data) - at >= 2:
            first, length = data[at], data[at + 1]
            if not first & _FINAL or length & _MASKED:
                raise ValueError(f"a frame begins with {data[at : at + 2].hex()}")
            begin = at + 2
            if length >= 126:
                width, form = (2, ">H") if length == 126 else (8, ">Q")
                if len(data) < begin + width:
                    break
                [length] = struct.unpack_from(form, data, begin)
                begin += width
            if len(data) < begin + length:
                break
            at = begin + length
            yield first & 0x0F, data[begin:at]
        self._rest = data[at:]
