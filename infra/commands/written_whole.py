"""A file that is there whole or as it was: written beside its place, then moved there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from neural_focus.errors import InputError


class WrittenWhole:
    """A temporary file beside ``path`` that takes its place when all went well, and goes when not.

    Raises:
        InputError: the folder is not there, or has no room or rights.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Path:
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.absolute().parent)
        except OSError as error:
            raise self._error(error) from None
        os.close(handle)
        self._temporary = Path(name)
        return self._temporary

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            try:
                self._temporary.chmod(0o666 & ~_umask())
                self._temporary.replace(self._path)
                return
            except OSError as failure:
                error = failure
        self._temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise self._error(error) from None

    def _error(self, error: OSError) -> InputError:
        why = error.strerror or str(error)
        return InputError(f"{self._path} cannot be written", why=why, hint="Give a folder with room and rights")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
