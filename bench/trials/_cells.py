"""Cells of a simulation's table: a mean over replications, where chance may have put it, and the band it belongs in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

from bench.trials.report import OUTPUT

MONTE_CARLO = 0.999
"""Of the interval of what the mean of endless replications would be: one cell of a thousand is outside by chance."""


@dataclass(frozen=True, slots=True)
class Cell:
    """``low``, ``high``: the mean's Monte-Carlo interval. ``band``: where it belongs; None: shown beside."""

    name: str
    value: float
    low: float
    high: float
    runs: int
    band: tuple[float, float] | None

    @classmethod
    def share(cls, name: str, values: Sequence[float], band: tuple[float, float] | None = None) -> Cell:
        """Of one yes (1) or no (0) a replication; Wilson's interval."""
        count = int(sum(values))
        interval = stats.binomtest(count, len(values)).proportion_ci(MONTE_CARLO, "wilson")
        return cls(name, count / len(values), float(interval.low), float(interval.high), len(values), band)

    @classmethod
    def error(cls, name: str, values: Sequence[float]) -> Cell:
        """Of one error a replication, which should be 0 on average."""
        value, error = float(np.mean(values)), float(np.std(values, ddof=1)) / len(values) ** 0.5
        reach = float(stats.norm.ppf(0.5 + MONTE_CARLO / 2)) * error
        return cls(name, value, value - reach, value + reach, len(values), (0.0, 0.0))

    @property
    def state(self) -> str:
        """in: within the band; noise: outside by what chance can do; OUT: by more."""
        if self.band is None:
            return ""
        low, high = self.band
        if low <= self.value <= high:
            return "in"
        return "noise" if self.low <= high and self.high >= low else "OUT"


def report_cells(trial: str, title: str, cells: Iterable[Cell]) -> bool:
    """Print the table and append a line a cell to ``OUTPUT``; returns whether no cell is OUT."""
    console = Console()
    console = console if console.is_terminal else Console(width=140)
    table = Table("figure", "value", "99.9 % by chance", "runs", "band", "", title=title)
    found = []
    with console.status(title):
        for cell in cells:
            found.append(cell)
            table.add_row(*row(cell))
    console.print(table)
    out = [cell.name for cell in found if cell.state == "OUT"]
    console.print(
        f"{len(out)} of {sum(cell.band is not None for cell in found)} cells out of their band.", *out, sep="\n"
    )
    OUTPUT.parent.mkdir(exist_ok=True)
    with OUTPUT.open("a", encoding="utf-8") as lines:
        told = [{"trial": trial, **asdict(cell), "state": cell.state} for cell in found]
        lines.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in told)
    return not out


def row(cell: Cell) -> tuple[str, ...]:
    """Of the table."""
    band = "" if cell.band is None else "0" if cell.band == (0.0, 0.0) else f"{cell.band[0]:g}–{cell.band[1]:g}"
    return cell.name, f"{cell.value:.3f}", f"{cell.low:.3f} to {cell.high:.3f}", str(cell.runs), band, cell.state
