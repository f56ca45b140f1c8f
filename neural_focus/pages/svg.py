"""What a plot on a page is made of; ``svg.html.j2`` writes it as inline SVG, and the style sheet has its colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Shape(NamedTuple):
    """One SVG element: its attributes, its text, and what is read out when one points at it."""

    element: str
    attributes: Mapping[str, str | float]
    text: str = ""
    title: str = ""


class Plot(NamedTuple):
    """Shapes in a box of ``width`` by ``height`` user units; ``label`` says in words what they show."""

    kind: str
    width: int
    height: int
    label: str
    shapes: Sequence[Shape]


def line(kind: str, *, x: tuple[float, float], y: tuple[float, float]) -> Shape:
    """A line from the first ``x`` and ``y`` to the second ones."""
    ends = {"x1": x[0], "x2": x[1], "y1": y[0], "y2": y[1]}
    return Shape("line", {"class": kind} | {name: round(value, 1) for name, value in ends.items()})


def text(kind: str, x: float, y: float, words: str) -> Shape:
    """Words at a place; whether it is their start, middle or end is for the style of ``kind``."""
    return Shape("text", {"class": kind, "x": round(x, 1), "y": round(y, 1)}, words)


def dot(kind: str, x: float, y: float, radius: float) -> Shape:
    """A filled circle."""
    return Shape("circle", {"class": kind, "cx": round(x, 1), "cy": round(y, 1), "r": radius})


def points(places: Sequence[tuple[float, float]]) -> str:
    """Places as polygons and polylines take them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
