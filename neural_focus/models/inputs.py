"""Model inputs as versioned contracts: which columns, in which order, under which hash.

Version 1 is the original's 27 columns. Version 6 leaves out momentum and appends what the engine tells of the stream's
past (``past``) and what other people's logs say about the app (``population``); ``contracts`` lists both.
A model carries the hash of its contract; rows of another contract are refused, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from neural_focus.errors import ContractError
from neural_focus.events import EventType
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES, contract_hash

Rows = npt.NDArray[np.float32]
_LIMIT = np.float32(1e9)


@dataclass(frozen=True, slots=True)
class InputContract:
    """One ordered set of input columns."""

    version: int
    names: tuple[str, ...]

    @property
    def hash(self) -> str:
        """Twelve hex digits that travel with every trained model."""
        return contract_hash(self.names, self.version)

    def own(self, features: Rows, past: Rows | None = None) -> Rows:
        """Inputs float32[n, k] that need no other people: snapshots float32[n, 32] and, from version 6, the past
        float32[n, len(INPUT_NAMES)].

        Raises:
            ContractError: a block is missing or has another width.
        """
        if features.ndim != 2 or features.shape[1] != len(FEATURE_NAMES):
            raise ContractError(f"snapshots have shape {features.shape}", hint=f"Give float32[n, {len(FEATURE_NAMES)}]")
        rows = features[:, _engine_columns(self.names)]
        if self.version > 1:
            if past is None or len(past) != len(rows):
                raise ContractError(
                    f"input version {self.version} needs the stream's past",
                    why="nothing was given" if past is None else f"{len(past)} rows of it for {len(rows)} snapshots",
                    hint="Give what the engine wrote with the snapshots, or use a model of input version 1",
                )
            rows = np.concatenate([rows, past], axis=1)
        return np.asarray(np.clip(np.nan_to_num(rows, nan=0.0), -_LIMIT, _LIMIT), np.float32)


@cache
def _engine_columns(names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Where in a snapshot the contract's engine columns are, in the contract's order."""
    return np.array([FEATURE_INDEX[name] for name in names if name in FEATURE_INDEX])


Types = npt.NDArray[np.uint8]
EVENT_TYPES = tuple(EventType(number) for number in range(1, 16))
TYPE_NAMES = tuple(f"recent_{kind.name.lower()}" for kind in EVENT_TYPES)


def count_types(types: Types) -> Rows:
    """How often each of ``EVENT_TYPES`` is among the ten of each row uint8[n, 10]; float32[n, 15]."""
    counts = np.zeros((len(types), len(EVENT_TYPES) + 1), np.float32)
    np.add.at(counts, (np.arange(len(types))[:, None], np.minimum(types, len(EVENT_TYPES))), 1)
    return counts[:, 1:]
