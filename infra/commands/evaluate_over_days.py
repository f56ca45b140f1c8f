"""``neural-focus evaluate --over-days``: each person of a table from their first hour on, with others as the prior."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from infra.commands.evaluate_files import load
from neural_focus.atomic_write import READABLE, atomic_write
from neural_focus.errors import ConfigurationError

if TYPE_CHECKING:
    from neural_focus.evaluation.over_days import Days

Say = Callable[[str], None]
Progress = Callable[[str, float], object]


def check_prior(events: Sequence[Path], prior: Sequence[Path]) -> None:
    """Whether nobody who is evaluated is in the prior's tables.

    Raises:
        ConfigurationError: a table is given as both.
    """
    for path in prior:
        if any(path.resolve() == one.resolve() for one in events):
            raise ConfigurationError(
                f"{path} is evaluated and cannot be the prior too",
                why="its people would be met by a model that knows them",
                hint="Give --prior tables of other people",
            )


def over_days(
    events: Sequence[Path], prior: Sequence[Path], called: Mapping[Path, str], tz: str, say: Say, progress: Progress
) -> tuple[dict[str, list[Days]], list[dict[str, Any]]]:
    """Each table's days by file, and the rows of figures."""
    from neural_focus.evaluation.over_days import TARGETS, go_through, learn_prior, rows_of

    progress("reading the prior's people", 0.0)
    known, first_id, others = [], 1, set[str]()
    for path in prior:
        table = load(path, called[path], tz, say, first_id=first_id, sequences=False)
        first_id = max(table.names) + 1
        others |= set(table.names.values())
        known.append((table.moments, table.stays))
    progress("learning the prior" if known else "without a prior", 0.05)
    learned = learn_prior(known)
    results, rows = dict[str, list["Days"]](), list[dict[str, Any]]()
    for number, path in enumerate(events):
        table = load(path, called[path], tz, say, first_id=first_id, sequences=False)
        if shared := sorted(others & set(table.names.values())):
            say(
                f"! {', '.join(shared[:5])} in {called[path]} and in the prior's tables: treated as different people; "
                "if they are the same, these figures are too good"
            )
        days = results[called[path]] = []
        for at, (person, name) in enumerate(table.names.items()):
            share = 0.2 + 0.8 * (number + at / len(table.names)) / len(events)
            progress(f"{called[path]}: {name}", share)
            mine = table.moments.take(table.moments.person == person)
            days += [go_through(mine, learned, target) for target in TARGETS] if len(mine) else []
        rows += rows_of(days, called[path], table.names)
    return results, rows


def print_days(rows: Sequence[Mapping[str, Any]]) -> None:
    """The pooled rows (and a lone person's) as a table a target; each person's are in the JSON."""
    columns = ("n", "base_rate", "auc", "brier", "log_loss", "ece")
    for file, target in dict.fromkeys((row["file"], row["target"]) for row in rows):
        mine = [row for row in rows if (row["file"], row["target"]) == (file, target)]
        everybody = any(row["person"] == "all" for row in mine)
        extra = ("precision_1", "precision_2") if target == "break" else ()
        heads = ("day", "days", "model", *(name.replace("_", " ") for name in (*columns, *extra, "excess")))
        table = Table(*heads, title=f"{file}: {target}")
        for row in mine:
            if row["person"] == "all" or not everybody:
                values = (_figure(row.get(name)) for name in (*columns, *extra, "excess"))
                table.add_row(str(row["day"]), row["days"], row["model"], *values)
        Console(width=150).print(table)


def write_days(
    out: Path, results: Mapping[str, Sequence[Days]], rows: Sequence[Mapping[str, Any]], notes: Sequence[str]
) -> None:
    """The JSON, and the HTML beside it; each is there whole or as it was."""
    from neural_focus.evaluation.over_days_page import over_days_page

    page = over_days_page(results, rows, notes)
    told = json.dumps({"rows": rows, "notes": notes}, indent=1, allow_nan=False)
    atomic_write(out.resolve(), told.encode(), mode=READABLE)
    atomic_write(out.with_suffix(".html").resolve(), page.encode(), mode=READABLE)


def _figure(value: float | int | None) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
