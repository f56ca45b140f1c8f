"""Model inputs as versioned contracts: which columns, in which order, under which hash.

Version 1 is the original's 27 columns. Version 2 appends what the recent past of the stream says (``history``).
A model carries the hash of its contract; rows of another contract are refused, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neural_focus.errors import ContractError
from neural_focus.features import FEATURE_INDEX, FEATURE_NAMES, INPUT_V1, contract_hash

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

    @property
    def extra_names(self) -> tuple[str, ...]:
        """Columns beyond the engine's snapshot, computed from the stream's past."""
        return tuple(name for name in self.names if name not in FEATURE_INDEX)

    def assemble(self, features: Rows, extra: Rows | None = None) -> Rows:
        """Inputs float32[n, len(names)] from snapshots float32[n, 32] and, for version 2, history float32[n, k].

        Raises:
            ContractError: the width of either block is not what this contract needs.
        """
        if features.ndim != 2 or features.shape[1] != len(FEATURE_NAMES):
            raise ContractError(f"snapshots have shape {features.shape}", todo=f"Give float32[n, {len(FEATURE_NAMES)}]")
        known = [FEATURE_INDEX[name] for name in self.names if name in FEATURE_INDEX]
        blocks = [features[:, known]]
        if self.extra_names:
            if extra is None or extra.shape != (len(features), len(self.extra_names)):
                found = "nothing" if extra is None else str(extra.shape)
                raise ContractError(
                    f"input version {self.version} needs {len(self.extra_names)} history columns",
                    why=f"found {found}",
                    todo="Give the stream's history, or use a model of input version 1",
                )
            blocks.append(extra)
        rows = np.concatenate(blocks, axis=1).astype(np.float32, copy=False)
        return np.asarray(np.clip(np.nan_to_num(rows, nan=0.0), -_LIMIT, _LIMIT), np.float32)


V1 = InputContract(1, INPUT_V1)
CONTRACTS: dict[int, InputContract] = {1: V1}


def contract_of(version: int, digest: str) -> InputContract:
    """The contract that a stored model asks for.

    Raises:
        ContractError: this code has no such version, or has another order under that number.
    """
    contract = CONTRACTS.get(version)
    if contract is None or contract.hash != digest:
        mine = "unknown here" if contract is None else f"{contract.hash} here"
        raise ContractError(
            f"the model was trained on input version {version} ({digest})",
            why=f"that version is {mine}",
            todo="Train a new model with this code, or roll back to one that fits: neural-focus models rollback",
        )
    return contract
