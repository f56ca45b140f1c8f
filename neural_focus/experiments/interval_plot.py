"""Effects and their intervals as one inline SVG: a line an arm, zero in the middle of attention."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from neural_focus.experiments.analysis import ArmFindings
from neural_focus.experiments.wording import arm_name, signed

WIDTH, ROW, LEFT, RIGHT, TOP, BOTTOM = 560, 46, 186, 20, 12, 42


def interval_plot(arms: Sequence[ArmFindings]) -> str:
    """SVG of the arms that have an effect; empty without any. Colours come from the page's style sheet."""
    shown = [arm for arm in arms if arm.effect is not None and math.isfinite(arm.effect.low + arm.effect.high)]
    if not shown:
        return ""
    ticks = round_ticks(_edges(shown))
    low, high = ticks[0], ticks[-1]
    height = TOP + ROW * len(shown) + BOTTOM

    def x(value: float) -> float:
        return LEFT + (min(max(value, low), high) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    floor = height - BOTTOM
    parts = [f'<line class="grid" x1="{x(t):.1f}" x2="{x(t):.1f}" y1="{TOP}" y2="{floor}"/>' for t in ticks]
    parts += [f'<text class="tick" x="{x(t):.1f}" y="{floor + 16}">{t:+g}</text>'.replace("+0<", "0<") for t in ticks]
    parts.append(f'<line class="zero" x1="{x(0):.1f}" x2="{x(0):.1f}" y1="{TOP}" y2="{floor}"/>')
    parts.append(f'<text class="tick" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{floor + 33}">points of focus score</text>')
    for row, arm in enumerate(shown):
        parts.append(_row(arm, TOP + ROW * row + ROW / 2, x))
    label = escape("; ".join(_spoken(arm) for arm in shown))
    body = "".join(parts)
    return f'<svg class="intervals" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">{body}</svg>'


def _row(arm: ArmFindings, y: float, x: Callable[[float], float]) -> str:
    effect, applied = arm.effect, arm.applied_effect
    if effect is None:
        return ""
    marks = f'<text class="arm" x="{LEFT - 14}" y="{y + 5:.1f}">{escape(arm_name(arm.arm))}</text>'
    if arm.any_time is not None and all(math.isfinite(value) for value in arm.any_time):
        low, high = arm.any_time
        marks += f'<line class="anytime" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y}" y2="{y}"/>'
    clear = "clear" if effect.low > 0 or effect.high < 0 else "unclear"
    marks += f'<line class="interval {clear}" x1="{x(effect.low):.1f}" x2="{x(effect.high):.1f}" y1="{y}" y2="{y}"/>'
    marks += f'<circle class="point {clear}" cx="{x(effect.estimate):.1f}" cy="{y}" r="6"/>'
    if applied is not None:
        below = y + 14
        ends = f'x1="{x(applied.low):.1f}" x2="{x(applied.high):.1f}"'
        marks += f'<line class="applied" {ends} y1="{below}" y2="{below}"/>'
        marks += f'<circle class="applied-point" cx="{x(applied.estimate):.1f}" cy="{below}" r="4"/>'
    if arm.true_effect is not None:
        at = x(arm.true_effect)
        marks += f'<path class="truth" d="M{at - 6:.1f} {y - 15} h12 l-6 9 z"><title>true effect</title></path>'
    return marks


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
