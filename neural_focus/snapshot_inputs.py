"""The inputs of a model as a desktop sends them with a snapshot: bytes in one order, as base64 within the JSON.

::

    6 bytes             32 bytes    32 bytes      4 bytes each, little endian
    hash of the order │ app       │ app before  │ float32 of every name in INPUT_NAMES

The desktop's engine computes them (``docs/features.md``), and the service could not: it does not know the stream's
past. So another order is refused, never guessed.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_focus.errors import InputError
from neural_focus.events import APP_NAME_BYTES, decode_app_name, encode_app_name
from neural_focus.features import contract_hash
from neural_focus.replay import INPUT_NAMES, Inputs

VERSION = 1
"""Goes up where a name gets another meaning."""
INPUT_HASH = contract_hash(INPUT_NAMES, VERSION)
_UPDATE = "Update Neural Focus on this desktop, or the service, to the version of the other"
_PREFIX = bytes.fromhex(INPUT_HASH)
_VALUES_AT = len(_PREFIX) + 2 * APP_NAME_BYTES
_LENGTH = _VALUES_AT + 4 * len(INPUT_NAMES)


@dataclass(frozen=True, slots=True)
class SnapshotInputs:
    """The inputs at one snapshot: float32[len(INPUT_NAMES)], and ids of the app in focus and of the one before."""

    values: NDArray[np.float32]
    app: str = ""
    previous_app: str = ""

    def to_text(self) -> str:
        """The form in which they are sent."""
        apps = b"".join(encode_app_name(app).ljust(APP_NAME_BYTES, b"\0") for app in (self.app, self.previous_app))
        return base64.b64encode(_PREFIX + apps + self.values.astype("<f4").tobytes()).decode()

    @staticmethod
    def from_text(text: str) -> SnapshotInputs:
        """What ``to_text`` made.

        Raises:
            InputError: nothing was sent, of another length or order, or a value that is no finite number.
        """
        if not text:
            raise InputError("The snapshot has no inputs of a model", hint=_UPDATE)
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InputError("The snapshot's inputs are no base64", why=str(error), hint=_UPDATE) from None
        if not data.startswith(_PREFIX):
            theirs = data[: len(_PREFIX)].hex()
            raise InputError(
                "The snapshot's inputs have another order", why=f"{theirs} came, here it is {INPUT_HASH}", hint=_UPDATE
            )
        if len(data) != _LENGTH:
            raise InputError(
                "The snapshot's inputs have another length", why=f"{len(data)} bytes of {_LENGTH}", hint=_UPDATE
            )
        values = np.frombuffer(data, "<f4", offset=_VALUES_AT).astype(np.float32)
        if not np.isfinite(values).all():
            name = INPUT_NAMES[int(np.flatnonzero(~np.isfinite(values))[0])]
            raise InputError(f"The snapshot's input {name} is no finite number", hint="See: neural-focus doctor")
        first, second = (data[at : at + APP_NAME_BYTES] for at in (len(_PREFIX), len(_PREFIX) + APP_NAME_BYTES))
        return SnapshotInputs(values, decode_app_name(first), decode_app_name(second))


def inputs_of(rows: Inputs) -> list[SnapshotInputs]:
    """Rows of the engine one by one."""
    apps = zip(rows.app.tolist(), rows.previous_app.tolist(), strict=True)
    return [
        SnapshotInputs(values, decode_app_name(app), decode_app_name(before))
        for values, (app, before) in zip(rows.values, apps, strict=True)
    ]
