"""How often help may be offered: the threshold of risk that spends a person's budget of alerts, and what is spent.

An opportunity is held when the break risk of settled focus is high *for this person*: above the threshold that, over
their own past, would have spent the budget of alerts per active hour with one per five minutes at most.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MOST_KEPT = 64
"""Opportunities remembered: the budget looks back an hour."""


class Trigger(StrEnum):
    """Why an opportunity was held."""

    BUDGET = "budget"
    """Settled focus at risk, within the budget."""
    WARM_START = "warm_start"
    """The first moments of a demo person, so that a first run shows the whole way. Has no no-op arm."""


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


@dataclass(frozen=True, slots=True)
class Budget:
    """A person's budget of offers before a moment, and what of it is spent. Times in seconds since the Unix epoch."""

    policy: Policy
    threshold: float
    """Of break risk: from here on a settled moment is an opportunity, where there is room."""
    held: tuple[float, ...] = ()
    missed: tuple[float, ...] = ()
    """Moments that would have been opportunities, had an offer been visible: they spend nothing of the budget."""
    first_s: float | None = None
    """The person's first moment."""
    warm_start: bool = False
    """One is due."""

    def has_room(self, t_s: float, *, visible: bool) -> bool:
        """Whether there is room at ``t_s``. Where no offer is ``visible``: whether there would be, had the ones before
        been held."""
        return self.policy.has_room([*self.held, *(() if visible else self.missed)], t_s)

    def warm_start_at(self, t_s: float, *, visible: bool) -> bool:
        """Whether the warm start is due at ``t_s``."""
        room = visible or self.policy.has_room(self.missed, t_s)
        since_s = 0.0 if self.first_s is None else t_s - self.first_s
        return self.warm_start and room and since_s >= (self.policy.warm_start_s or 0.0)

    def spent(self, trigger: Trigger, t_s: float, *, visible: bool) -> Budget:
        """The budget after an opportunity at ``t_s``, or after a moment that would have been one."""
        warm_start = self.warm_start and (trigger is not Trigger.WARM_START or not visible)
        if visible:
            return replace(self, held=(*self.held, t_s)[-MOST_KEPT:], warm_start=warm_start)
        return replace(self, missed=(*self.missed, t_s)[-MOST_KEPT:], warm_start=warm_start)


class OpportunityWatch:
    """What one person's budget follows from, over all their machines: their past moments, and those held.

    It is given the moments of the machine in use alone. Not shared between threads.
    """

    def __init__(self, policy: Policy, stagger: int = 0) -> None:
        """``stagger``: another number for each person, so that the thresholds of many who begin at once are not all
        fitted in the same second."""
        self.budget = Budget(policy, policy.prior_threshold, warm_start=policy.warm_start_s is not None)
        self._times, self._risks = array("d"), array("d")
        """Seconds, and break risk or nan, of the active past."""
        self._since_update = stagger % policy.refit_every

    def remember(self, t_s: float, break_risk: float | None) -> None:
        """One past moment; of a second that is known already, or one before it, nothing is taken."""
        if self._times and t_s <= self._times[-1]:
            return
        if self.budget.first_s is None:
            self.budget = replace(self.budget, first_s=t_s)
        self._times.append(t_s)
        self._risks.append(math.nan if break_risk is None else break_risk)
        if len(self._times) > 2 * self.budget.policy.memory:
            del self._times[: -self.budget.policy.memory], self._risks[: -self.budget.policy.memory]
        self._since_update += 1
        if self._since_update >= self.budget.policy.refit_every:
            self._since_update = 0
            self.update_threshold()

    def restore(self, times_s: NDArray[np.float64], break_risks: NDArray[np.float64], held_s: Iterable[float]) -> None:
        """What was logged before going live: seconds ascending, risks (nan: not settled), and opportunities held."""
        self._times.extend(times_s.tolist())
        self._risks.extend(break_risks.tolist())
        self.budget = replace(self.budget, held=(*self.budget.held, *held_s)[-MOST_KEPT:])
        self.update_threshold()

    def update_threshold(self) -> None:
        """Fit the threshold to the moments remembered, once enough of them are settled."""
        policy = self.budget.policy
        times, risks = (np.frombuffer(one, np.float64)[-policy.memory :] for one in (self._times, self._risks))
        settled = ~np.isnan(risks)
        if settled.sum() < policy.enough_settled:
            return
        if policy.threshold_quantile is not None:
            threshold = float(np.quantile(risks[settled], policy.threshold_quantile))
        else:
            active_hours = float(np.clip(np.diff(times), 0.0, 2.0).sum()) / 3600
            threshold = budget_threshold(
                times[settled], risks[settled], active_hours, per_hour=policy.alerts_per_hour, gap_s=policy.gap_s
            )
        self.budget = replace(self.budget, threshold=threshold)

    def follow(self, policy: Policy) -> None:
        """Go on by another policy; the budget that was spent stays spent."""
        if policy != self.budget.policy:
            self.budget = replace(self.budget, policy=policy)
            self.update_threshold()

    def spend(self, trigger: Trigger, t_s: float, *, visible: bool) -> None:
        """An opportunity is held at ``t_s``, or would have been, had an offer been ``visible``."""
        self.budget = self.budget.spent(trigger, t_s, visible=visible)

    def repeat_warm_start(self) -> None:
        """Nobody answered the warm start: hold it once more."""
        self.budget = replace(self.budget, warm_start=self.budget.policy.warm_start_s is not None)
