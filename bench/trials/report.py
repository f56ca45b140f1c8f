"""How a trial tells what it found: a table as it comes, and a line a figure in ``build/trials.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figure import Figure

OUTPUT = Path("build/trials.jsonl")


def report(trial: str, title: str, figures: Iterable[Figure]) -> list[Figure]:
    """Print the figures of one trial and append them to ``OUTPUT``; returns them."""
    console = Console()
    console = console if console.is_terminal else Console(width=140)
    table = Table("figure", "value", "unit", "beside", "its value", title=title)
    table.columns[1].justify = table.columns[4].justify = "right"
    found = []
    with console.status(title):
        for figure in figures:
            found.append(figure)
            table.add_row(figure.name, _say(figure.value), figure.unit, figure.peer, _say(figure.peer_value))
    console.print(table)
    OUTPUT.parent.mkdir(exist_ok=True)
    with OUTPUT.open("a", encoding="utf-8") as lines:
        lines.writelines(json.dumps({"trial": trial, **f.row()}, ensure_ascii=False) + "\n" for f in found)
    return found


def _say(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4f}" if abs(value) < 1 else f"{value:.3g}"
