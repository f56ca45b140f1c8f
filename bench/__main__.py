"""Runs every bench module of this folder that has ``figures()``, or those named on the command line."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

import bench
from bench.figure import Figure

OUTPUT = Path("build/bench.jsonl")


def measure(names: list[str]) -> Iterator[tuple[str, Figure]]:
    """(module, figure) as they are measured."""
    for info in sorted(pkgutil.iter_modules(bench.__path__), key=lambda info: info.name):
        if info.name.startswith("_") or (names and info.name not in names):
            continue
        figures = getattr(importlib.import_module(f"bench.{info.name}"), "figures", None)
        for figure in figures() if figures else ():
            yield info.name, figure


def number(value: float | None) -> str:
    """Three significant digits, thousands apart; empty for none."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def main() -> None:
    """Print the table and write ``build/bench.jsonl``, a line a figure."""
    console = Console()
    console = console if console.is_terminal else Console(width=140)
    table = Table("part", "figure", "value", "unit", "beside", "its value", "ratio", title="Neural Focus, measured")
    for column in (2, 5, 6):
        table.columns[column].justify = "right"
    lines = []
    with console.status("Measuring") as status:
        for part, figure in measure(sys.argv[1:]):
            status.update(f"Measuring {part}: {figure.name}")
            ratio = "" if figure.ratio is None else f"{number(figure.ratio)}x"
            values = (number(figure.value), figure.unit, figure.peer, number(figure.peer_value), ratio)
            table.add_row(part, figure.name, *values)
            lines.append(json.dumps(figure.row(), ensure_ascii=False))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text("".join(line + "\n" for line in lines), "utf-8")
    console.print(table)
    console.print(f"{len(lines)} figures in {OUTPUT}", highlight=False)


if __name__ == "__main__":
    main()
