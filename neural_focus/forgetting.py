"""What a person has us forget: a time, of everything or of one app. Service and desktop go by the same rule.

An app is known by a digest alone, with a salt for each request: the list of what was forgotten does not name it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from neural_focus.events import APP_NAME_BYTES, decode_app_name

Records = npt.NDArray[np.void]
SALT_BYTES = 8


@dataclass(frozen=True, slots=True)
class ForgottenTime:
    """Records with first_us ≤ timestamp < end_us (µs UTC), of one app where ``app_key`` is not None."""

    first_us: int
    end_us: int
    app_key: str | None = None

    def mask(self, records: Records) -> npt.NDArray[np.bool_]:
        """Which of EVENT_DTYPE[n] are forgotten, bool[n]."""
        times = records["timestamp_us"].astype(np.int64)
        found = (times >= self.first_us) & (times < self.end_us)
        if self.app_key is not None and found.any():
            names, place = np.unique(records["app_name"], return_inverse=True)
            found &= np.array([is_app(self.app_key, decode_app_name(name)) for name in names.tolist()])[place]
        return np.asarray(found, np.bool_)


def app_key(app: str) -> str:
    """``salt:digest`` of an app's name as records have it, with a new salt."""
    salt = secrets.token_hex(SALT_BYTES)
    return f"{salt}:{_digest(salt, app)}"


def is_app(key: str, app: str) -> bool:
    """Whether ``key`` is that app's."""
    salt, _, digest = key.partition(":")
    return digest == _digest(salt, app)


def recorded_name(app: str) -> str:
    """An app's name as a record of 64 bytes can hold it."""
    return decode_app_name(app.encode()[: APP_NAME_BYTES - 1])


def blank(records: Records) -> npt.NDArray[np.bool_]:
    """Which records of a spool were forgotten: nothing but zeros is left of them."""
    return np.asarray((records["timestamp_us"] == 0) & (records["event_type"] == 0), np.bool_)


def _digest(salt: str, app: str) -> str:
    return sha256(f"{salt}:{app}".encode()).hexdigest()
