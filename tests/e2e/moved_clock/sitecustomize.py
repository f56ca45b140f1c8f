"""Wall time of a Python process and its children, moved by as many µs as a file says. The machine's own stays."""

import mmap
import os
import struct
import time
from pathlib import Path

with Path(os.environ["MOVED_CLOCK"]).open("rb") as _file:
    _moved = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)
_real_ns = time.time_ns


def _time_ns() -> int:
    return _real_ns() + 1000 * int(struct.unpack("<q", _moved)[0])


time.time_ns = _time_ns
time.time = lambda: _time_ns() / 1e9
