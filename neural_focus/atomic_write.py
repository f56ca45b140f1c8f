"""A file is either as it was or wholly new, whenever its writer, or the machine, is stopped."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

READABLE = 0o666
"""The mode of what people are given to read; their umask takes from it."""


def atomic_write(path: Path, data: bytes, *, mode: int = 0o600, sync: bool = True) -> None:
    """Write ``data`` aside, in ``path``'s folder (made if need be), and put it in the place of ``path``.

    ``sync``: survives a power cut, too; not for what is written every second.

    Raises OSError when the disk does not take it: ``path`` is as it was then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
