"""``neural-focus evaluate``: train and judge the models on event tables, beside the baselines."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.commands.evaluate_files import ALL, check_files, load, short_names, write_figures
from neural_focus.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from neural_focus.evaluation.evaluate import Judged

app = typer.Typer(add_completion=False)


class By(StrEnum):
    """What is held out."""

    PERSON = "person"
    DAYS = "days"


@app.command()
def evaluate(
    events: Annotated[list[Path] | None, typer.Argument(help="event tables in Parquet")] = None,
    by: Annotated[
        By | None, typer.Option(help="hold out people or days; default: people where there are five or more")
    ] = None,
    train: Annotated[Path | None, typer.Option(help="train on this table …")] = None,
    test: Annotated[Path | None, typer.Option(help="… and test on the people of this one")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--json",
            help='where to write the figures; HTML beside. Person "all" is everybody, "all (person)" one of that name',
        ),
    ] = None,
    tz: Annotated[str, typer.Option(help="the people's IANA time zone")] = "UTC",
    lstm: Annotated[
        bool | None, typer.Option("--lstm/--no-lstm", help="train the LSTM too, and blend both (the default)")
    ] = None,
    over_days: Annotated[
        bool, typer.Option("--over-days", help="go through each person from their first hour on: predict, then learn")
    ] = False,
    prior: Annotated[
        list[Path] | None, typer.Option(help="with --over-days: a table of other people to start from; several times")
    ] = None,
) -> None:
    """Train and judge the models on event tables, one person or many, beside the baselines."""
    if over_days:
        _over_days(events or [], prior or [], out, tz, others=bool(by or train or test or lstm is not None))
        return
    if prior:
        raise ConfigurationError("--prior goes with --over-days", hint="neural-focus evaluate A --over-days --prior B")
    if bool(train) != bool(test) or bool(train) == bool(events):
        raise ConfigurationError(
            "give either event tables, or both --train and --test", hint="neural-focus evaluate EVENTS.parquet"
        )
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    network = lstm is not False
    console = Console(stderr=True, soft_wrap=True)
    files = [train, test] if train and test else _each_once(events or [], console)
    check_files(files, out)
    called = short_names(files)
    with _Steps(console) as steps:
        if train and test:
            results = _across(train, test, called, tz, network, steps)
        else:
            results = [result for path in files for result in _within(path, called[path], by, tz, network, steps)]
    rows = [row for file, names, judged, _ in results for row in _rows(judged, file, names)]
    _print(rows)
    if out:
        curves = {file: curve for file, _, _, curve in results if curve}
        write_figures(out, rows, [(file, judged) for file, _, judged, _ in results], curves, steps.notes)
        console.print(f"{out} and {out.with_suffix('.html')} are written", markup=False, highlight=False)


def _over_days(events: list[Path], prior: list[Path], out: Path | None, tz: str, *, others: bool) -> None:
    from infra.commands import evaluate_over_days as over

    if others or not events:
        raise ConfigurationError(
            "--over-days takes event tables, and neither --by, --train, --test nor --lstm",
            hint="neural-focus evaluate EVENTS.parquet --over-days --prior OTHERS.parquet",
        )
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    console = Console(stderr=True, soft_wrap=True)
    events, prior = _each_once(events, console), _each_once(prior, console)
    over.check_prior(events, prior)
    check_files([*events, *prior], out)
    with _Steps(console) as steps:
        results, rows = over.over_days(events, prior, short_names([*events, *prior]), tz, steps.say, steps.prefix)
    over.print_days(rows)
    if out:
        over.write_days(out, results, rows, steps.notes)
        console.print(f"{out} and {out.with_suffix('.html')} are written", markup=False, highlight=False)


Result = tuple[str, dict[int, str], "Judged", "list[dict[str, float]]"]


class _Steps:
    """A progress bar on the error stream: what is being done, and for how long."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self.notes: list[str] = []

    def __enter__(self) -> _Steps:
        self._progress.start()
        self._task = self._progress.add_task("reading", total=None)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._progress.stop()
        if kind is KeyboardInterrupt:  # threads in a library cannot be stopped; nothing is half written
            os._exit(130)

    def say(self, text: str) -> None:
        """A line that stays, and goes with the figures."""
        self.notes.append(text)
        self._progress.console.print(text, markup=False, highlight=False)

    def prefix(self, text: str, share: float) -> Callable[[str], None]:
        """A reporter whose words begin with ``text``."""
        self._progress.update(self._task, description=text, total=1.0, completed=share)
        return lambda step: self._progress.update(self._task, description=f"{text}: {step}")


def _each_once(events: list[Path], console: Console) -> list[Path]:
    """The files in their order, a file that was given twice once."""
    files = list({path.resolve(): path for path in reversed(events)}.values())[::-1]
    if len(files) < len(events):
        console.print("! a file was given more than once: it is evaluated once", markup=False, highlight=False)
    return files


def _within(path: Path, name: str, by: By | None, tz: str, lstm: bool, steps: _Steps) -> list[Result]:
    """One table, cut by days or by people."""
    from infra.commands.evaluate_notes import few_days, untrained
    from neural_focus.evaluation import evaluate as evaluation
    from neural_focus.evaluation.folds import judge_splits

    steps.prefix(f"{name}: reading", 0.0)
    log = load(path, name, tz, steps.say, sequences=lstm)
    moments, stays = log.moments, log.stays
    by = by or (By.PERSON if len(log.names) >= evaluation.FOLDS else By.DAYS)
    if by is By.PERSON and len(log.names) < 2:
        raise InputError(f"{path} has one person", why="people cannot be held out", hint="Use --by days")
    splits = list(evaluation.day_split(moments) if by is By.DAYS else evaluation.person_folds(moments))
    for note in few_days(moments, splits):
        steps.say(f"! {name}: {note}")
    folds, curve = judge_splits(
        moments,
        stays,
        splits,
        lambda number: steps.prefix(f"{name} {number + 1}/{len(splits)}", number / len(splits)),
        network=lstm,
        curve=by is By.DAYS,
    )
    if not any(folds):
        raise InputError(f"{path}: no split has labelled moments on both sides", hint="Give a longer log")
    for note in untrained(folds, log.names, network=lstm):
        steps.say(f"! {name}: {note}")
    pooled = evaluation.pool([one for fold in folds for one in fold])
    return [(name, log.names, one, curve if number == 0 else []) for number, one in enumerate(pooled)]


def _across(train: Path, test: Path, called: dict[Path, str], tz: str, lstm: bool, steps: _Steps) -> list[Result]:
    """Train on one table's people, test on another's."""
    import numpy as np

    from infra.commands.evaluate_notes import few_days, untrained
    from neural_focus.evaluation import evaluate as evaluation
    from neural_focus.evaluation.folds import judge_splits
    from neural_focus.models.datasets import Moments

    report = steps.prefix(f"{called[train]} → {called[test]}", 0.0)
    seen = load(train, called[train], tz, steps.say, sequences=lstm)
    new = load(test, called[test], tz, steps.say, first_id=max(seen.names) + 1, sequences=lstm)
    both = Moments.join([seen.moments, new.moments])
    if shared := sorted(set(seen.names.values()) & set(new.names.values())):
        who = ", ".join(shared[:5]) + (" …" if len(shared) > 5 else "")
        steps.say(
            f"! {who} in both {called[train]} and {called[test]}: treated as different people; "
            "if they are the same, these figures are too good"
        )
    side = np.arange(len(both)) < len(seen.moments)
    split = evaluation.Split("new people", side, ~side)
    (found,), _ = judge_splits(both, seen.stays, [split], lambda _: report, network=lstm)
    for note in (*few_days(both, [split]), *untrained([found], new.names, network=lstm)):
        steps.say(f"! {called[train]}: {note}")
    return [(called[test], new.names, one, []) for one in evaluation.pool(found)]


def _rows(judged: Judged, file: str, names: dict[int, str]) -> list[dict[str, Any]]:
    from neural_focus.evaluation.evaluate import rows_of

    return rows_of(judged, file, names)


def _print(rows: list[dict[str, Any]]) -> None:
    """The pooled rows (and a lone person's) as a table; each person's are in the JSON."""
    columns = ("n", "base_rate", "auc", "average_precision", "brier", "log_loss", "ece")
    alerts = ("precision_1", "precision_2", "precision_4", "lead_s")
    people = {(row["file"], row["target"]): set[str]() for row in rows}
    for row in rows:
        people[row["file"], row["target"]].add(row["person"])
    for file, target in people:
        extra = alerts if target == "break" else ("auc_settled",)
        table = Table("model", *(name.replace("_", " ") for name in (*columns, *extra)), title=f"{file}: {target}")
        for row in rows:
            lone = len(people[file, target]) == 1
            if (row["file"], row["target"]) == (file, target) and (row["person"] == ALL or lone):
                table.add_row(row["model"], *(_say(row.get(name)) for name in (*columns, *extra)))
        Console(width=150).print(table)


def _say(value: float | int | None) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
