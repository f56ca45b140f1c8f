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
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import zstandard

from neural_focus.errors import FormatError, InputError, StoreError

FORMAT = 1
HEAD, MANIFEST, PROOF = "neural-focus-backup.json", "manifest.json", "manifest.sha256"
HOME, DATABASE = "home/", "database/"
MANIFEST_BYTES = 1 << 28
_LEVEL, _READ_BYTES = 3, 1 << 15
_ANOTHER = "Nothing was restored from it. Give another backup"


class Hashing(io.RawIOBase):
    """Reads from another file, and knows how much and its SHA-256."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1, /) -> bytes:
        """As of a file. Raises FormatError where an archive's member cannot be read."""
        try:
            data = self._file.read(size)
        except (tarfile.TarError, zstandard.ZstdError) as error:
            raise FormatError("the backup is torn or was changed", why=str(error), hint=_ANOTHER) from error
        self._hash.update(data)
        self.size += len(data)
        return data

    @property
    def digest(self) -> str:
        """Of what was read, hex."""
        return self._hash.hexdigest()


class Decompressed(io.RawIOBase):
    """What one zstd frame holds; ``whole`` once it was read to its end and nothing follows in the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._frame, self._ready = file, zstandard.ZstdDecompressor().decompressobj(), b""

    def read(self, size: int = -1, /) -> bytes:
        """As of a file, of a size that is given. Raises zstandard.ZstdError."""
        while len(self._ready) < size and not self._frame.eof and (data := self._file.read(_READ_BYTES)):
            self._ready += self._frame.decompress(data)
        given, self._ready = self._ready[:size], self._ready[size:]
        return given

    @property
    def whole(self) -> bool:
        """Reads what is left."""
        while self.read(1 << 16):
            pass
        return self._frame.eof and not self._frame.unused_data and not self._file.read(1)


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
        os.link(aside, path)  # unlike a rename, it refuses where another one came first
        _sync_folder(path.parent)
    except OSError as error:
        why = error.strerror or str(error)
        hint = "Free some space, or give a file on another disk; nothing half-written stays"
        raise StoreError(f"{path} cannot be written", why=why, hint=hint) from error
    finally:
        aside.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Member:
    """A checked name, what it holds, and what a restored file gets."""

    name: str
    file: Hashing
    mode: int
    mtime: float


class ArchiveReader:
    """An archive that is read from the beginning as often as asked; ``manifest`` is known once it was read whole."""

    def __init__(self, path: Path) -> None:
        """Raises InputError where it cannot be opened."""
        self._path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise InputError(f"{path} cannot be read", why=error.strerror or "", hint="Give a backup") from error
        self.size = os.fstat(self._file.fileno()).st_size
        self.manifest: dict[str, Any] = {}

    def read_bytes(self) -> int:
        """How much of the file was read since its beginning."""
        return self._file.tell()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def members(self) -> Iterator[Member]:
        """Home and databases in their order; each is read before the next is asked for, or not at all.

        Raises:
            FormatError: it is no backup, one of a newer version, torn, changed, or names what no backup names.
        """
        self._file.seek(0)
        read: dict[str, Hashing] = {}
        proven = ""
        try:
            reader = Decompressed(self._file)
            with tarfile.open(fileobj=reader, mode="r|", bufsize=1 << 18) as tar:
                for info in tar:
                    self._check(info, read)
                    read[info.name] = hashing = Hashing(cast(IO[bytes], tar.extractfile(info)))  # a plain file
                    if info.name == HEAD:
                        self._check_head(hashing)
                    elif info.name == MANIFEST:
                        self.manifest = json.loads(hashing.read(MANIFEST_BYTES))
                    elif info.name == PROOF:
                        proven = hashing.read(64).decode()
                    else:
                        yield Member(info.name, hashing, info.mode, info.mtime)
                        while hashing.read(1 << 20):
                            pass
            whole = reader.whole
        except (tarfile.TarError, zstandard.ZstdError, ValueError, LookupError, TypeError, EOFError) as error:
            raise self._broken(read) from error
        if not whole or not proven or read[MANIFEST].digest != proven:
            raise self._broken(read)
        told = {name: (found["size"], found["sha256"]) for name, found in self.manifest["members"].items()}
        if told != {name: (one.size, one.digest) for name, one in read.items() if name not in (MANIFEST, PROOF)}:
            raise self._broken(read)

    def _check(self, info: tarfile.TarInfo, read: Mapping[str, Hashing]) -> None:
        """Only plain files below the two folders, each once."""
        parts = PurePosixPath(info.name).parts
        inside = info.name.startswith((HOME, DATABASE)) and ".." not in parts and "\0" not in info.name
        plain = info.isreg() and info.name == "/".join(parts)
        reserved = info.name.startswith(f"{HOME}database/") or info.name in (f"{HOME}restoring", f"{HOME}up.lock")
        first = bool(read) or info.name == HEAD
        if (
            info.name in read
            or not plain
            or not first
            or reserved
            or not (inside or info.name in (HEAD, MANIFEST, PROOF))
        ):
            raise FormatError(
                f"{self._path} is no backup of Neural Focus",
                why=f"it holds {info.name[:100]!r}",
                hint="Give a file that `neural-focus backup` wrote",
            )

    def _check_head(self, file: Hashing) -> None:
        told = json.loads(file.read(1 << 16))
        if told["format"] > FORMAT:
            why = "a newer version of this program made it"
            raise FormatError(f"{self._path} has the format {told['format']}", why=why, hint="Update this program")

    def _broken(self, read: Mapping[str, Hashing]) -> FormatError:
        if not read:
            hint = "Give a file that `neural-focus backup` wrote"
            return FormatError(f"{self._path} is no backup of Neural Focus", hint=hint)
        return FormatError(
            f"{self._path} is torn or was changed",
            why=f"it is not what was written, after {list(read)[-1][:100]!r}",
            hint=_ANOTHER,
        )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
