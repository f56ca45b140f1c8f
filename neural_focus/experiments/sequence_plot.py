"""How an effect's any-time interval closed in over time, one arm: what its plot needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neural_focus.experiments.arm_effects import SequencePoint
from neural_focus.experiments.interval_plot import round_ticks
from neural_focus.experiments.wording import arm_name, signed


class SequencePlot(NamedTuple):
    """One arm's intervals, the ticks of their axis in points of focus score, and in words what they show."""

    arm: str
    points: Sequence[SequencePoint]
    ticks: Sequence[float]
    truth: float | None
    label: str


def sequence_plot(arm: str, points: Sequence[SequencePoint], truth: float | None = None) -> SequencePlot | None:
    """One arm's interval after each opportunity; None without at least two."""
    if len(points) < 2:
        return None
    # the first intervals are far wider than all that follow: the middle one decides the scale, wider ones run out of it
    middle, end = points[len(points) // 4], points[-1]
    ticks = round_ticks([0.0, middle.low, middle.high, *([] if truth is None else [truth])])
    label = f"{arm_name(arm)}: {signed(end.low)} to {signed(end.high)} points by {end.at:%Y-%m-%d}, valid at any time"
    return SequencePlot(arm, points, ticks, truth, label)
