"""Which moments are opportunities to intervene, and which arm each one gets: a micro-randomised trial.

An opportunity is held when the break risk of settled focus is high *for this person*: above the threshold that, over
their own past, would have spent the budget of alerts per active hour with one per five minutes at most. Each
opportunity draws an arm, no-op included, by a hash of (seed, person, opportunity): the draw can be repeated by anyone
who has the row, and its probability is stored with it. (Klasnja et al. 2015, "Microrandomized trials".)
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from neural_focus.errors import ConfigurationError


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


class Trigger(StrEnum):
    """Why an opportunity was held."""

    BUDGET = "budget"
    """Settled focus at risk, within the budget."""
    WARM_START = "warm_start"
    """The first moments of a demo person, so that a first run shows the whole way. Has no no-op arm."""


def _declared(file: str) -> tuple[Mapping[Arm, float], str]:
    told = tomllib.loads(resources.files(__package__).joinpath(file).read_text("utf-8"))
    arms = {Arm(arm["action"]): float(arm["probability"]) for arm in told["arms"]}
    return MappingProxyType(arms), f"{told['name']}-{told['version']}"


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


def uniform(seed: str, user_id: int, opportunity_id: str) -> float:
    """A number in [0, 1) that only these three decide: the first 53 bits of a SHA-256."""
    digest = hashlib.sha256(f"{seed}\n{user_id}\n{opportunity_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2.0**53


EVERY_ARM = frozenset(Arm)


def among(arms: Mapping[Arm, float], eligible: frozenset[Arm]) -> Mapping[Arm, float]:
    """The probabilities of the arms that can be carried out: the others' are shared out in proportion.

    Where none of them has any probability, it is doing nothing that is left.
    """
    left = {arm: share for arm, share in arms.items() if arm in eligible}
    whole = sum(left.values())
    return {arm: share / whole for arm, share in left.items()} if whole > 0 else {Arm.NO_OP: 1.0}


def draw_arm(
    seed: str,
    user_id: int,
    opportunity_id: str,
    arms: Mapping[Arm, float] = TRIAL_ARMS,
    eligible: frozenset[Arm] = EVERY_ARM,
) -> Draw:
    """The arm of one opportunity, out of those that can be carried out there. Same arguments, same draw.

    Raises:
        ConfigurationError: a probability outside [0, 1], or a sum other than 1.
    """
    if any(not 0 <= share <= 1 for share in arms.values()) or abs(sum(arms.values()) - 1) > 1e-9:
        raise ConfigurationError(
            "The arms' probabilities do not add up", why=str(dict(arms)), hint="Make them sum to 1"
        )
    arms = among(arms, eligible)
    drawn, below = uniform(seed, user_id, opportunity_id), 0.0
    possible = [arm for arm in Arm if arms.get(arm, 0.0) > 0]
    for arm in possible:
        below += arms[arm]
        if drawn < below:
            return Draw(arm, arms[arm], drawn)
    return Draw(possible[-1], arms[possible[-1]], drawn)  # the sum fell short of 1 by rounding


def budget_threshold(
    times_s: NDArray[np.float64], risks: NDArray[np.float64], active_hours: float, *, per_hour: float, gap_s: float
) -> float:
    """The lowest threshold that keeps to ``per_hour`` alerts an active hour over the past given.

    times_s: seconds of settled moments, ascending; risks: their break risk. An alert silences the next ``gap_s``.
    """
    allowed = per_hour * active_hours
    ordered = np.sort(risks)
    low, high = 0, len(ordered) - 1
    while low < high:
        middle = (low + high) // 2
        if _count_alerts(times_s[risks >= ordered[middle]], gap_s) <= allowed:
            high = middle
        else:
            low = middle + 1
    return float(ordered[low])


def _count_alerts(times_s: NDArray[np.float64], gap_s: float) -> int:
    count, position = 0, 0
    while position < len(times_s):
        count += 1
        position = int(np.searchsorted(times_s, times_s[position] + gap_s, side="left"))
    return count


@dataclass(frozen=True, slots=True)
class Policy:
    """How often help may be offered. The defaults are a person's; ``warm_start_s`` is for demo people only."""

    alerts_per_hour: float = 2.0
    gap_s: float = 300.0
    prior_threshold: float = 0.25
    """Until ``enough_settled`` settled moments of this person are known."""
    enough_settled: int = 600
    threshold_quantile: float | None = None
    """The threshold is this quantile of the settled moments' risks, instead of the one that spends the budget."""
    memory: int = 40_000
    """Moments remembered: about eleven active hours."""
    refit_every: int = 120
    """Moments between two fits of the threshold."""
    warm_start_s: float | None = None
    """A demo person's first opportunity comes this many seconds after their first snapshot, settled or not."""

    def has_room(self, held_s: Iterable[float], t_s: float) -> bool:
        """Whether the budget of a person who had opportunities at ``held_s`` has room for one at ``t_s``.

        An hour may run one over the mean rate: risks come in clusters, the threshold keeps the average.
        """
        ago = [t_s - held for held in held_s]
        return all(one >= self.gap_s for one in ago) and sum(one < 3600 for one in ago) < self.alerts_per_hour + 1


@dataclass(slots=True)
class OpportunityWatch:
    """Decides, snapshot by snapshot, whether one person's moment is an opportunity: one watch over all their machines.

    It is given the moments of the machine in use alone. Not shared between threads.
    """

    policy: Policy
    threshold: float = field(init=False)
    _moments: deque[tuple[float, float]] = field(init=False)
    """(seconds, break risk or nan) of the active past."""
    _held: deque[float] = field(init=False)
    _missed: deque[float] = field(init=False)
    """Moments that would have been opportunities, had an offer been visible: they spend nothing of the budget."""
    _first_s: float | None = None
    _warm: bool = field(init=False)
    _since_update: int = 0

    def __post_init__(self) -> None:
        self.threshold = self.policy.prior_threshold
        self._moments = deque(maxlen=self.policy.memory)
        self._held = deque(maxlen=64)
        self._missed = deque(maxlen=64)
        self._warm = self.policy.warm_start_s is not None

    def remember(self, t_s: float, break_risk: float | None) -> None:
        """One past moment; of a second that is known already, or one before it, nothing is taken."""
        if self._moments and t_s <= self._moments[-1][0]:
            return
        self._moments.append((t_s, math.nan if break_risk is None else break_risk))
        self._since_update += 1
        if self._since_update >= self.policy.refit_every:
            self.update_threshold()

    def take_up(self, times_s: NDArray[np.float64], break_risks: NDArray[np.float64], held_s: Iterable[float]) -> None:
        """What was logged before going live: seconds ascending, risks (nan: not settled), and opportunities held."""
        self._moments.extend(zip(times_s.tolist(), break_risks.tolist(), strict=True))
        self._held.extend(held_s)
        self.update_threshold()

    def update_threshold(self) -> None:
        """Fit the threshold to the moments remembered, once enough of them are settled."""
        self._since_update = 0
        moments = np.array(self._moments, dtype=np.float64).reshape(-1, 2)
        settled = moments[~np.isnan(moments[:, 1])]
        if len(settled) < self.policy.enough_settled:
            return
        if self.policy.threshold_quantile is not None:
            self.threshold = float(np.quantile(settled[:, 1], self.policy.threshold_quantile))
            return
        active_seconds = float(np.clip(np.diff(moments[:, 0]), 0.0, 2.0).sum())
        self.threshold = budget_threshold(
            settled[:, 0],
            settled[:, 1],
            active_seconds / 3600,
            per_hour=self.policy.alerts_per_hour,
            gap_s=self.policy.gap_s,
        )

    def follow(self, policy: Policy) -> None:
        """Go on by another policy; the budget that was spent stays spent."""
        if policy != self.policy:
            self.policy = policy
            self.update_threshold()

    def warm_again(self) -> None:
        """Nobody answered the warm start: hold it once more."""
        self._warm = self.policy.warm_start_s is not None

    def consider(
        self,
        t_s: float,
        break_risk: float | None,
        *,
        only_warm_start: bool = False,
        warm_start: bool = True,
        available: bool = True,
    ) -> Trigger | None:
        """Whether the moment at ``t_s`` is an opportunity, and why. Null risk: not settled.

        ``warm_start``: something could be shown in one; else it waits.
        Where nobody is ``available`` to see an offer: whether it would have been one, had the ones before been held.
        """
        self.remember(t_s, break_risk)
        self._first_s = t_s if self._first_s is None else self._first_s
        warm_room = available or self.policy.has_room(self._missed, t_s)
        if self._warm and warm_start and warm_room and t_s - self._first_s >= (self.policy.warm_start_s or 0.0):
            self._warm = not available
            (self._held if available else self._missed).append(t_s)
            return Trigger.WARM_START
        if only_warm_start or break_risk is None or break_risk < self.threshold:
            return None
        if not self.policy.has_room([*self._held, *(() if available else self._missed)], t_s):
            return None
        (self._held if available else self._missed).append(t_s)
        return Trigger.BUDGET
