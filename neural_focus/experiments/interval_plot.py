"""Effects and their intervals as one plot: a line an arm, zero in the middle of attention."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from neural_focus.experiments.analysis import ArmFindings
from neural_focus.experiments.wording import arm_name, signed
from neural_focus.pages.svg import Plot, Shape, dot, line, text

WIDTH, ROW, LEFT, RIGHT, TOP, BOTTOM = 560, 46, 186, 20, 12, 42


def interval_plot(arms: Sequence[ArmFindings]) -> Plot | None:
    """The arms that have an effect; None without any."""
    shown = [arm for arm in arms if arm.effect is not None and math.isfinite(arm.effect.low + arm.effect.high)]
    if not shown:
        return None
    ticks = round_ticks(_edges(shown))
    low, high = ticks[0], ticks[-1]
    height = TOP + ROW * len(shown) + BOTTOM

    def x(value: float) -> float:
        return LEFT + (min(max(value, low), high) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    floor = height - BOTTOM
    shapes = [line("grid", x=(x(tick), x(tick)), y=(TOP, floor)) for tick in ticks]
    shapes += [text("tick", x(tick), floor + 16, f"{tick:+g}" if tick else "0") for tick in ticks]
    shapes.append(line("zero", x=(x(0), x(0)), y=(TOP, floor)))
    shapes.append(text("tick", (LEFT + WIDTH - RIGHT) / 2, floor + 33, "points of focus score"))
    for row, arm in enumerate(shown):
        shapes += _row(arm, TOP + ROW * row + ROW / 2, x)
    return Plot("intervals", WIDTH, height, "; ".join(_spoken(arm) for arm in shown), shapes)


def _row(arm: ArmFindings, y: float, x: Callable[[float], float]) -> list[Shape]:
    effect, applied = arm.effect, arm.applied_effect
    if effect is None:
        return []
    shapes = [text("arm", LEFT - 14, y + 5, arm_name(arm.arm))]
    if arm.any_time is not None and all(math.isfinite(value) for value in arm.any_time):
        shapes.append(line("anytime", x=(x(arm.any_time[0]), x(arm.any_time[1])), y=(y, y)))
    clear = "clear" if effect.low > 0 or effect.high < 0 else "unclear"
    shapes.append(line(f"interval {clear}", x=(x(effect.low), x(effect.high)), y=(y, y)))
    shapes.append(dot(f"point {clear}", x(effect.estimate), y, 6))
    if applied is not None:
        shapes.append(line("applied", x=(x(applied.low), x(applied.high)), y=(y + 14, y + 14)))
        shapes.append(dot("applied-point", x(applied.estimate), y + 14, 4))
    if arm.true_effect is not None:
        path = f"M{x(arm.true_effect) - 6:.1f} {y - 15} h12 l-6 9 z"
        shapes.append(Shape("path", {"class": "truth", "d": path}, title="true effect"))
    return shapes


def _spoken(arm: ArmFindings) -> str:
    effect = arm.effect
    return (
        ""
        if effect is None
        else (
            f"{arm_name(arm.arm)}: {signed(effect.estimate)} points, from {signed(effect.low)} to {signed(effect.high)}"
        )
    )


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
