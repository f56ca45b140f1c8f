"""How an effect's any-time interval closed in over time, one arm, as inline SVG. Colours are the style sheet's."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from neural_focus.experiments.arm_effects import SequencePoint
from neural_focus.experiments.interval_plot import round_ticks
from neural_focus.experiments.wording import arm_name, signed

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 200, 40, 20, 28, 26


def sequence_plot(arm: str, points: Sequence[SequencePoint], truth: float | None = None) -> str:
    """SVG of one arm's interval after each opportunity; empty without at least two."""
    if len(points) < 2:
        return ""
    # the first intervals are far wider than all that follow: the middle one decides the scale, wider ones run out of it
    middle = points[len(points) // 4]
    ticks = round_ticks([0.0, middle.low, middle.high, *([] if truth is None else [truth])])
    first, last = points[0].at.timestamp(), points[-1].at.timestamp()
    low, high = ticks[0], ticks[-1]

    def x(point: SequencePoint) -> float:
        return LEFT + (point.at.timestamp() - first) / max(last - first, 1.0) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return TOP + (high - min(max(value, low), high)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [f'<text class="arm left" x="{LEFT}" y="14">{escape(arm_name(arm))}</text>']
    for tick in ticks:
        kind = "zero" if tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        at = f'x="{LEFT - 8}" y="{y(tick) + 4:.1f}"'
        parts.append(f'<text class="tick right" {at}>{f"{tick:+g}" if tick else "0"}</text>')
    edge = [f"{x(p):.1f},{y(p.low):.1f}" for p in points] + [f"{x(p):.1f},{y(p.high):.1f}" for p in reversed(points)]
    parts.append(f'<polygon class="band" points="{" ".join(edge)}"/>')
    line = " ".join(f"{x(p):.1f},{y(p.estimate):.1f}" for p in points)
    parts.append(f'<polyline class="estimate" points="{line}"/>')
    if truth is not None:
        path = f"M{WIDTH - RIGHT + 4} {y(truth):.1f} l12 -6 v12 z"
        parts.append(f'<path class="truth" d="{path}"><title>true effect</title></path>')
    for edge_x, point, anchor in ((LEFT, points[0], "left"), (WIDTH - RIGHT, points[-1], "right")):
        parts.append(f'<text class="tick {anchor}" x="{edge_x}" y="{HEIGHT - 6}">{point.at:%Y-%m-%d}</text>')
    end = points[-1]
    label = f"{arm_name(arm)}: {signed(end.low)} to {signed(end.high)} points by {end.at:%Y-%m-%d}, valid at any time"
    frame = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}"'
    return f'<svg class="sequence" {frame}>{"".join(parts)}</svg>'
