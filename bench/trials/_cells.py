"""Cells of a simulation's table: a mean over replications, where chance may have put it, and the band it belongs in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from scipy import stats

from bench.trials.report import OUTPUT

MONTE_CARLO = 0.999
"""Of the interval of what the mean of endless replications would be: one cell of a thousand is outside by chance."""
Place = tuple[str, str]
"""The table that a cell is in, and its column."""


@dataclass(frozen=True, slots=True)
class TrialCell:
    """``low``, ``high``: the mean's Monte-Carlo interval. ``band``: where it belongs; None: shown beside."""

    place: Place
    figure: str
    value: float
    low: float
    high: float
    runs: int
    band: tuple[float, float] | None

    @classmethod
    def share(
        cls, place: Place, figure: str, values: Sequence[float], band: tuple[float, float] | None = None
    ) -> TrialCell:
        """Of one yes (1) or no (0) a replication; Wilson's interval."""
        count = int(sum(values))
        interval = stats.binomtest(count, len(values)).proportion_ci(MONTE_CARLO, "wilson")
        return cls(place, figure, count / len(values), float(interval.low), float(interval.high), len(values), band)

    @classmethod
    def error(cls, place: Place, figure: str, values: Sequence[float]) -> TrialCell:
        """Of one error a replication, which should be 0 on average."""
        value, error = float(np.mean(values)), float(np.std(values, ddof=1)) / len(values) ** 0.5
        reach = float(stats.norm.ppf(0.5 + MONTE_CARLO / 2)) * error
        return cls(place, figure, value, value - reach, value + reach, len(values), (0.0, 0.0))

    @property
    def state(self) -> str:
        """in: within the band; noise: outside by what chance can do; OUT: by more."""
        if self.band is None:
            return ""
        low, high = self.band
        if low <= self.value <= high:
            return "in"
        return "noise" if self.low <= high and self.high >= low else "OUT"


def report_cells(trial: str, cells: Iterable[TrialCell]) -> bool:
    """Print the tables and append a line a cell to ``OUTPUT``; returns whether no cell is OUT."""
    console, found = Console(), list[TrialCell]()
    console = console if console.is_terminal else Console(width=140)
    with console.status(trial):
        found.extend(cells)
    for title in dict.fromkeys(cell.place[0] for cell in found):
        console.print(_table(title, [cell for cell in found if cell.place[0] == title]))
    out = [cell for cell in found if cell.state == "OUT"]
    judged = sum(cell.band is not None for cell in found)
    console.print(f"{len(out)} of {judged} cells out of their band by more than chance (OUT).")
    for cell in out:
        console.print(escape(f"{', '.join(cell.place)}: {cell.figure}: {_shown(cell)}"))
    OUTPUT.parent.mkdir(exist_ok=True)
    with OUTPUT.open("a", encoding="utf-8") as lines:
        told = [{"trial": trial, **asdict(cell), "state": cell.state} for cell in found]
        lines.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in told)
    return not out


def _table(title: str, cells: Sequence[TrialCell]) -> Table:
    columns = list(dict.fromkeys(cell.place[1] for cell in cells))
    runs = max(cell.runs for cell in cells)
    table = Table("figure", "band", *columns, title=f"{title}: {runs} runs each; in brackets 99.9 % by chance")
    by_figure = {cell.figure: cell.band for cell in cells}
    at = {(cell.figure, cell.place[1]): cell for cell in cells}
    for figure, band in by_figure.items():
        known = "" if band is None else "0" if band == (0.0, 0.0) else f"{band[0]:g}–{band[1]:g}"
        table.add_row(figure, known, *(_shown(at[figure, one]) if (figure, one) in at else "" for one in columns))
    return table


def _shown(cell: TrialCell) -> str:
    out = " OUT" if cell.state == "OUT" else ""
    return f"{cell.value:.3f} ({cell.low:.2f} to {cell.high:.2f}){out}"
