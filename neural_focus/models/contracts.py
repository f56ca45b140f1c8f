"""The input contracts there are, by version."""

from __future__ import annotations

from neural_focus.errors import ContractError
from neural_focus.features import INPUT_V1
from neural_focus.models.inputs import InputContract
from neural_focus.models.population import POPULATION_NAMES
from neural_focus.replay import INPUT_NAMES

_LEARNED_OF_V1 = tuple(name for name in INPUT_V1 if name != "focus_momentum")
"""Momentum is what models said before, so a model that learned from it would hear itself: and in a history that no
model has answered it is 50 throughout, after which every live moment would be strange."""
_MORE_OF_THE_ENGINE = (
    "keystroke_count",
    "mouse_move_count",
    "mouse_distance_pixels",
    "window_title_changed_30s",
    "productivity_category",
)

V1 = InputContract(1, INPUT_V1)
V6 = InputContract(6, (*_LEARNED_OF_V1, *_MORE_OF_THE_ENGINE, *INPUT_NAMES, *POPULATION_NAMES))
CONTRACTS: dict[int, InputContract] = {1: V1, 6: V6}


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
            hint="Train a new model with this code, or roll back to one that fits: neural-focus models rollback",
        )
    return contract
