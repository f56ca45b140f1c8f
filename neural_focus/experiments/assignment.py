"""Which arm an opportunity gets: a micro-randomised trial.

Each opportunity draws an arm, no-op included, by a hash of (seed, person, opportunity): the draw can be repeated by
anyone who has the row, and its probability is stored with it. (Klasnja et al. 2015, "Microrandomized trials".)
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import TypeVar

from neural_focus.errors import ConfigurationError

T = TypeVar("T")


class Arm(StrEnum):
    """What an opportunity can get. The order is part of the draw."""

    NO_OP = "NO_OP"
    SUGGEST_BREAK = "SUGGEST_BREAK"
    BLOCK_SITES = "BLOCK_SITES"
    PLACEBO = "PLACEBO"
    """A card that comes like an offer, names the minutes in the app, and offers nothing.

    It asks for attention as an offer does, so what it does to the outcome is no effect of help. The schema's types of
    interventions name what helps; so its rows are of the type NO_OP, for no help is given, with PLACEBO as the action.
    """


def _declared(file: str) -> tuple[Mapping[Arm, float], str]:
    table = tomllib.loads(resources.files(__package__).joinpath(file).read_text("utf-8"))
    arms = {Arm(arm["action"]): float(arm["probability"]) for arm in table["arms"]}
    return MappingProxyType(arms), f"{table['name']}-{table['version']}"


TRIAL_ARMS, TRIAL_SEED = _declared("default.toml")
"""Of the platform's own experiment, as its file says; what an experiment's file may say is in ``declaration``."""
DEMO_ARMS, DEMO_SEED = _declared("demo.toml")
"""Of the demo people's."""
WARM_START_ARMS: Mapping[Arm, float] = MappingProxyType({Arm.NO_OP: 0.0, Arm.SUGGEST_BREAK: 0.5, Arm.BLOCK_SITES: 0.5})


@dataclass(frozen=True, slots=True)
class Draw:
    """The arm an opportunity got, the probability it had, and the number in [0, 1) that decided."""

    arm: Arm
    probability: float
    uniform: float


@dataclass(frozen=True, slots=True)
class Exposure:
    """The arm of an opportunity in one experiment, and how likely it was; ``chances`` of all that could be drawn."""

    experiment_id: int
    arm: str
    probability: float
    chances: Mapping[str, float] = field(default_factory=dict)


def uniform(seed: str, user_id: int, opportunity_id: str) -> float:
    """A number in [0, 1) that only these three decide: the first 53 bits of a SHA-256."""
    digest = hashlib.sha256(f"{seed}\n{user_id}\n{opportunity_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2.0**53


def among(arms: Mapping[Arm, float], eligible: frozenset[Arm]) -> Mapping[Arm, float]:
    """The probabilities of the arms that can be carried out: the others' are shared out in proportion.

    Where none of them has any probability, it is doing nothing that is left.
    """
    left = {arm: share for arm, share in arms.items() if arm in eligible}
    whole = sum(left.values())
    return {arm: share / whole for arm, share in left.items()} if whole > 0 else {Arm.NO_OP: 1.0}


def draw_arm(drawn: float, arms: Mapping[Arm, float]) -> Draw:
    """The arm that ``drawn``, a number in [0, 1), falls on, the arms side by side in their order.

    Raises:
        ConfigurationError: a probability outside [0, 1], or a sum other than 1.
    """
    if any(not 0 <= share <= 1 for share in arms.values()) or abs(sum(arms.values()) - 1) > 1e-9:
        raise ConfigurationError(
            "The arms' probabilities do not add up", why=str(dict(arms)), hint="Make them sum to 1"
        )
    arm = choose(drawn, {arm: arms[arm] for arm in Arm if arms.get(arm, 0.0) > 0})
    return Draw(arm, arms[arm], drawn)


def choose(drawn: float, shares: Mapping[T, float]) -> T:
    """What ``drawn``, a number in [0, 1), falls on, the shares side by side."""
    below = 0.0
    for one, share in shares.items():
        below += share
        if drawn < below:
            return one
    return list(shares)[-1]  # the sum fell short of 1 by rounding
