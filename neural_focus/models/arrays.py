"""Arrays under names as one block of bytes, and back: the form in which a memory outlives its process."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from neural_focus.errors import InputError

Arrays = dict[str, npt.NDArray[Any]]


def named(prefix: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """The arrays with ``prefix`` before their names."""
    return {f"{prefix}.{name}": values for name, values in arrays.items()}


def under(prefix: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """The arrays that ``named`` gave this prefix, without it."""
    return {name.removeprefix(f"{prefix}."): one for name, one in arrays.items() if name.startswith(f"{prefix}.")}


def pack(arrays: Arrays) -> bytes:
    """NumPy's own archive; plain, since databases compress by themselves and texts can be searched for in it."""
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def unpack(data: bytes) -> Arrays:
    """What ``pack`` made; pickled objects are refused.

    Raises:
        InputError: the bytes are no such archive, or torn.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return dict(archive)
    except (ValueError, OSError, EOFError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError("arrays cannot be unpacked", why=str(error) or type(error).__name__) from error
