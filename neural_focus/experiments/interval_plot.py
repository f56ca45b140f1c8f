"""Effects and their intervals of a trial's arms: what their plot needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from neural_focus.experiments.analysis import ArmFindings
from neural_focus.experiments.wording import arm_name, signed


class IntervalPlot(NamedTuple):
    """Arms with an effect, the ticks of their axis in points of focus score, and in words what they show."""

    arms: Sequence[ArmFindings]
    ticks: Sequence[float]
    label: str


def interval_plot(arms: Sequence[ArmFindings]) -> IntervalPlot | None:
    """The arms that have an effect; None without any."""
    effects = {arm.arm: arm.effect for arm in arms if arm.effect and math.isfinite(arm.effect.low + arm.effect.high)}
    if not effects:
        return None
    shown = [arm for arm in arms if arm.arm in effects]
    label = "; ".join(
        f"{arm_name(arm)}: {signed(one.estimate)} points, from {signed(one.low)} to {signed(one.high)}"
        for arm, one in effects.items()
    )
    return IntervalPlot(shown, round_ticks(_edges(shown)), label)


def _edges(arms: Sequence[ArmFindings]) -> list[float]:
    edges = [0.0]
    for arm in arms:
        for effect in (arm.effect, arm.applied_effect):
            if effect is not None:
                edges += [effect.low, effect.high]
        if arm.any_time is not None:
            edges += [value for value in arm.any_time if math.isfinite(value)]
        if arm.true_effect is not None:
            edges.append(arm.true_effect)
    return edges


def round_ticks(values: Sequence[float]) -> list[float]:
    """Round numbers that span all values, at most nine."""
    low, high = min(values), max(values)
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 1e9) if (high - low) / size <= 8)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * number for number in range(first, max(last, first + 1) + 1)]
