"""Every error that a person can see. Each says what happened, the value that caused it, and what to do.

NeuralFocusError
├── ConfigurationError     a setting, argument or missing tool
├── InputError             a file, table or buffer that cannot be used as it is
│   ├── FormatError        foreign version, byte order or length of a binary container
│   ├── GapError           records do not follow on what is stored
│   ├── RefusalError       the service refuses what it was asked
│   ├── SizeError          more than the other side takes at once
│   └── UnknownMessageError  a message of a type that this version does not know
├── ContractError          two parts disagree: feature hash, schema version
├── StoreError             database or feature store refuses or is unreachable
├── CaptureError           no display, no permission, capture would be silently empty
├── ConsentError           nothing may be captured yet
├── QualityError           a data-quality gate failed
└── ServiceError           a supervised process did not start, stopped, or does not answer as it should
    ├── BusyError          it takes nothing more for some seconds
    └── TokenError         it does not know this machine's token (any more)
"""

from __future__ import annotations


class NeuralFocusError(Exception):
    """One line for people: what happened, the value behind it, what to do next."""

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        self.what, self.why, self.hint = what, why, hint
        super().__init__(what + (f": {why}" if why else "") + (f". {hint}" if hint else ""))


class ConfigurationError(NeuralFocusError):
    """A setting, an argument or a missing tool."""


class InputError(NeuralFocusError):
    """A file, table or buffer that cannot be used as it is."""


class FormatError(InputError):
    """A binary container of a foreign version, byte order or length."""


class GapError(InputError):
    """Records do not follow on what is stored; ``next_seq`` is the number that is expected."""

    def __init__(self, what: str, next_seq: int, *, hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.next_seq = next_seq


class RefusalError(InputError):
    """The service refuses what it was asked, with the HTTP status ``status``."""

    def __init__(self, what: str, status: int, *, why: str = "", hint: str = "") -> None:
        super().__init__(what, why=why, hint=hint)
        self.status = status


class SizeError(InputError):
    """More than the other side takes at once."""


class UnknownMessageError(InputError):
    """A message of a type that this version does not know."""


class ContractError(NeuralFocusError):
    """Two parts disagree about a versioned contract."""


class StoreError(NeuralFocusError):
    """The database or the feature store refuses or is unreachable."""


class CaptureError(NeuralFocusError):
    """Capture is impossible, or would be silently empty."""


class ConsentError(NeuralFocusError):
    """The person has not agreed; nothing may be captured."""


class QualityError(NeuralFocusError):
    """A data-quality gate failed; what depends on it does not run."""


class ServiceError(NeuralFocusError):
    """A supervised process did not start, stopped, or does not answer as it should."""


class BusyError(ServiceError):
    """The service takes nothing more for ``seconds``."""

    def __init__(self, what: str, seconds: float, *, why: str = "") -> None:
        super().__init__(what, why=why)
        self.seconds = seconds


class TokenError(ServiceError):
    """The service does not know this machine's token (any more)."""
