"""``neural-focus demo history``, ``neural-focus demo export`` and ``neural-focus demo live``."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from neural_focus.errors import ConfigurationError
from neural_focus.settings import PREFIX, read_settings

LIFE, LIFE_HOUR = PREFIX + "DEMO_LIFE", 10.0
app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@app.command()
def history(
    people: Annotated[int | None, typer.Option(min=1, max=99, help="How many demo people")] = None,
    days: Annotated[int | None, typer.Option(min=3, max=365, help="Calendar days up to yesterday")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same people")] = 1,
) -> None:
    """Write the demo people's weeks into the database, once."""
    from infra.commands.database import started_url
    from infra.database_schema import make_database, migrate
    from neural_focus.simulation.history import write_history
    from neural_focus.store.database import connect

    console, settings = Console(), read_settings()
    url = started_url(settings)
    make_database(url)
    migrate(url)
    with connect(url) as connection:
        summary = write_history(
            connection,
            settings,
            people=people,
            days=days,
            seed=seed,
            progress=lambda text, share: console.print(f"{share:4.0%}  {text}", markup=False, highlight=False),
        )
    typer.echo(
        f"added: {summary.people} demo {'person' if summary.people == 1 else 'people'}, {summary.events:,} events,"
        f" {summary.sessions:,} sessions, {summary.opportunities:,} opportunities; all marked as demo"
    )


@app.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="PEOPLE", help="Parquet table to write", show_default=False)],
    people: Annotated[int, typer.Option(min=1, max=99, help="How many demo people")] = 12,
    days: Annotated[int, typer.Option(min=3, max=365, help="Calendar days")] = 14,
    seed: Annotated[int, typer.Option(help="Same seed, same people")] = 1,
    categories: Annotated[
        bool, typer.Option(help="Keep what each title says of the app; else its name alone tells, as in a bare log")
    ] = False,
) -> None:
    """Write demo people whom nobody intervenes with into an event table, for neural-focus evaluate and features."""
    import pyarrow.parquet as parquet
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from infra.commands.written_whole import WrittenWhole
    from neural_focus.event_table_rows import event_schema, to_event_table
    from neural_focus.simulation.person import simulate_person

    console, events = Console(stderr=True, soft_wrap=True), 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    schema = event_schema(categories=categories)
    with (
        WrittenWhole(out) as file,
        parquet.ParquetWriter(file, schema, compression="zstd") as writer,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        for number in progress.track(range(1, people + 1), description="demo people"):
            records = simulate_person(seed, days, number=number, trials=False).records
            writer.write_table(to_event_table(f"demo-{number:02}", records, categories=categories))
            events += len(records)
    who = f"{people} demo {'person' if people == 1 else 'people'}"
    console.print(f"{events:,} events of {who} are in {out}", markup=False, highlight=False)


@app.command()
def live(
    display: Annotated[str, typer.Option(help="The display to work on, such as :3")] = "",
    seconds: Annotated[float | None, typer.Option(min=1, help="Stop after so many seconds")] = None,
    brisk: Annotated[bool, typer.Option("--brisk/--calm", help="Begin at a lively moment of the day")] = False,
    seed: Annotated[int, typer.Option(help="Which person")] = 1,
    life: Annotated[
        int | None, typer.Option(envvar=LIFE, help="A life that is the same again, at ten in the morning")
    ] = None,
    here: Annotated[bool, typer.Option(help="Work even on your own desktop: it types and clicks there")] = False,
) -> None:
    """Be a demo person: open windows, type, point, switch and rest, through the X server."""
    from infra.demo_person import RESTS, DemoPerson, read_actions

    if not display:
        raise ConfigurationError("no display is given", hint="Give --display :N, such as that of an Xvfb")
    if display == os.environ.get("DISPLAY") and os.environ.get("NEURAL_FOCUS_DEMO_DISPLAY") != display and not here:
        raise ConfigurationError(
            f"{display} is the desktop you sit at",
            why="the demo person types and clicks into the window in front",
            hint="Give another display, or --here if you mean it",
        )
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    settings = read_settings()
    agent_file = settings.home / "agent.json"
    rests = RESTS if settings.demo_answers else 1.0  # somebody else accepted it, and looks at it
    hour, brisk = (None, brisk) if life is None else (LIFE_HOUR, False)
    person = DemoPerson(
        display, seed=seed, brisk=brisk, hour=hour, life=life, actions=lambda: read_actions(agent_file), rests=rests
    )
    counts = person.work(stop, seconds)
    Console().print(
        f"{counts.seconds} s: {counts.keys} keys, {counts.moves} moves, {counts.clicks} clicks,"
        f" {counts.switches} switches, {counts.breaks} breaks"
    )
