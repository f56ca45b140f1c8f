"""The file of a backup: a tar of plain files in one zstd frame, whose last member proves the others.

::

    neural-focus-backup.json    {"format": 1}: what the file is
    home/<path>                 files of the home
    database/<name>/<number>    a dump by ``pg_dump -Fc``, in pieces: nobody knows its size before its end
    manifest.json               what was taken, rows by table, size and SHA-256 of each member before it
    manifest.sha256             of the manifest; a file without it is torn

It is read from its beginning to its end, once to check it and once to restore it. No member is run or unpickled.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import secrets
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import zstandard

from neural_focus.errors import FormatError, InputError, StoreError

FORMAT = 1
HEAD, MANIFEST, PROOF = "neural-focus-backup.json", "manifest.json", "manifest.sha256"
HOME, DATABASE = "home/", "database/"
_LEVEL = 3
ANOTHER_BACKUP = "Nothing was restored from it. Give another backup"


class Hashing(io.RawIOBase):
    """Reads from another file, and knows how much and its SHA-256."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1, /) -> bytes:
        """As of a file. Raises FormatError where an archive's member cannot be read."""
        try:
            data = self._file.read(size)
        except (tarfile.TarError, zstandard.ZstdError) as error:
            raise FormatError("the backup is torn or was changed", why=str(error), hint=ANOTHER_BACKUP) from error
        self._hash.update(data)
        self.size += len(data)
        return data

    @property
    def digest(self) -> str:
        """Of what was read, hex."""
        return self._hash.hexdigest()


@dataclass(slots=True)
class ArchiveWriter:
    """Adds members one by one; ``members`` is what the manifest says of them."""

    tar: tarfile.TarFile
    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, file: IO[bytes], size: int, *, mode: int = 0o600, mtime: float | None = None) -> None:
        """The first ``size`` bytes of ``file``.

        Raises:
            StoreError: it has not so many any more.
            OSError: it cannot be read, or the disk refuses.
        """
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, mode & 0o777, time.time() if mtime is None else mtime
        hashing = Hashing(file)
        try:
            self.tar.addfile(info, hashing)
        except OSError as error:
            if hashing.size < size and error.errno is None:  # tarfile's own
                raise StoreError(f"{name} became shorter while it was read", hint="Run it again") from error
            raise
        self.members[name] = {"size": size, "sha256": hashing.digest}

    def add_bytes(self, name: str, data: bytes, *, mode: int = 0o600, mtime: float | None = None) -> None:
        """A member of these bytes."""
        self.add(name, io.BytesIO(data), len(data), mode=mode, mtime=mtime)


@contextmanager
def writing(path: Path, manifest: Mapping[str, Any]) -> Iterator[ArchiveWriter]:
    """A new archive at ``path``, there whole (0600, on disk) or not at all; ``manifest`` is read at the end.

    Raises:
        InputError: something is there already, or it cannot be written there.
        StoreError: the disk refuses.
    """
    if path.exists():
        raise InputError(f"{path} is there already", hint="Give a new name, or move it away")
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        hint = "Give a file in a folder with room and rights"
        raise InputError(f"{path} cannot be written", why=error.strerror or "", hint=hint) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
            with (
                compressor.stream_writer(file, closefd=False) as compressed,
                tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
            ):
                writer = ArchiveWriter(tar)
                writer.add_bytes(HEAD, json.dumps({"format": FORMAT}).encode())
                yield writer
                told = json.dumps({**manifest, "members": dict(writer.members)}, indent=1).encode()
                writer.add_bytes(MANIFEST, told)
                writer.add_bytes(PROOF, hashlib.sha256(told).hexdigest().encode())
            file.flush()
            os.fsync(file.fileno())
        _take_place(aside, path)
        _sync_folder(path.parent)
    except OSError as error:
        why = error.strerror or str(error)
        hint = "Free some space, or give a file on another disk; nothing half-written stays"
        raise StoreError(f"{path} cannot be written", why=why, hint=hint) from error
    finally:
        aside.unlink(missing_ok=True)


def _take_place(aside: Path, path: Path) -> None:
    """Unlike a rename, it refuses where another file came first."""
    try:
        os.link(aside, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # the disk has no links, such as exFAT
        aside.replace(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
