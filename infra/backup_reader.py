"""Reads the file of a backup from its beginning to its end, as often as asked, and refuses what no backup is."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import zstandard

from infra.backup_archive import ANOTHER_BACKUP, DATABASE, FORMAT, HEAD, HOME, MANIFEST, PROOF, Hashing
from infra.restore_mark import NAME as MARK
from neural_focus.errors import FormatError, InputError

MANIFEST_BYTES = 1 << 28
_READ_BYTES = 1 << 15
_RESERVED = (f"{HOME}{MARK}", f"{HOME}up.lock")


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
        reserved = info.name.startswith(f"{HOME}database/") or info.name in _RESERVED
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
            hint=ANOTHER_BACKUP,
        )
