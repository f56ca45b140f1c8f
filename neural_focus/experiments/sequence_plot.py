"""How an effect's any-time interval closed in over time, one arm."""

from __future__ import annotations

from collections.abc import Sequence

from neural_focus.experiments.arm_effects import SequencePoint
from neural_focus.experiments.interval_plot import round_ticks
from neural_focus.experiments.wording import arm_name, signed
from neural_focus.pages.svg import Plot, Shape, line, text
from neural_focus.pages.svg import points as places

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 200, 40, 20, 28, 26


def sequence_plot(arm: str, points: Sequence[SequencePoint], truth: float | None = None) -> Plot | None:
    """One arm's interval after each opportunity; None without at least two."""
    if len(points) < 2:
        return None
    # the first intervals are far wider than all that follow: the middle one decides the scale, wider ones run out of it
    middle = points[len(points) // 4]
    ticks = round_ticks([0.0, middle.low, middle.high, *([] if truth is None else [truth])])
    first, last = points[0].at.timestamp(), points[-1].at.timestamp()
    low, high = ticks[0], ticks[-1]

    def x(point: SequencePoint) -> float:
        return LEFT + (point.at.timestamp() - first) / max(last - first, 1.0) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return TOP + (high - min(max(value, low), high)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    shapes = [text("arm left", LEFT, 14, arm_name(arm))]
    for tick in ticks:
        shapes.append(line("grid" if tick else "zero", x=(LEFT, WIDTH - RIGHT), y=(y(tick), y(tick))))
        shapes.append(text("tick right", LEFT - 8, y(tick) + 4, f"{tick:+g}" if tick else "0"))
    edge = [(x(p), y(p.low)) for p in points] + [(x(p), y(p.high)) for p in reversed(points)]
    shapes.append(Shape("polygon", {"class": "band", "points": places(edge)}))
    estimates = places([(x(p), y(p.estimate)) for p in points])
    shapes.append(Shape("polyline", {"class": "estimate", "points": estimates}))
    if truth is not None:
        path = f"M{WIDTH - RIGHT + 4} {y(truth):.1f} l12 -6 v12 z"
        shapes.append(Shape("path", {"class": "truth", "d": path}, title="true effect"))
    for edge_x, point, anchor in ((LEFT, points[0], "left"), (WIDTH - RIGHT, points[-1], "right")):
        shapes.append(text(f"tick {anchor}", edge_x, HEIGHT - 6, f"{point.at:%Y-%m-%d}"))
    end = points[-1]
    label = f"{arm_name(arm)}: {signed(end.low)} to {signed(end.high)} points by {end.at:%Y-%m-%d}, valid at any time"
    return Plot("sequence", WIDTH, HEIGHT, label, shapes)
