"""``neural-focus features``: the engine over an event table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infra.commands.written_whole import WrittenWhole
from neural_focus._native import Engine
from neural_focus.event_table import read_event_table
from neural_focus.replay import Snapshots
from neural_focus.time import ZoneTable, zone_table
from neural_focus.unusable_events import unusable_people

if TYPE_CHECKING:
    import pyarrow as pa

app = typer.Typer(add_completion=False, rich_markup_mode=None)

RECORDS_AT_ONCE = 500_000
"""Events between two row groups, so that years of one person fit into memory."""

_ASIDE = ("unknown_type", "timestamp_out_of_range")


@app.command()
def features(
    events: Annotated[Path, typer.Argument(help="Parquet table of events", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Parquet table to write", show_default=False)],
    tz: Annotated[str, typer.Option("--tz", help="The persons' IANA time zone")] = "UTC",
) -> None:
    """Compute the features of an event table: one row per person and second."""
    zone = zone_table(tz)
    console = Console(stderr=True, soft_wrap=True)
    with console.status(f"Reading {events}"):
        people = read_event_table(events)
    for user, why in unusable_people(people, events).items():
        console.print(f"! {user!r} gets no row: {why}", markup=False, highlight=False)
    counts: Counter[str] = Counter()
    with WrittenWhole(out) as file:
        _write(file, people, zone, counts, console)
    aside = ", ".join(f"{counts[reason]:,} {reason}" for reason in _ASIDE if counts[reason])
    console.print(
        f"{counts['events']:,} events of {len(people):,} people became {counts['snapshots']:,} rows in {out}"
        + (f"; put aside: {aside}" if aside else "")
        + (f"; {counts['clamped']:,} stamps went back and were clamped" if counts["clamped"] else ""),
        highlight=False,
    )


def _write(
    file: Path, people: Mapping[str, NDArray[np.void]], zone: ZoneTable, counts: Counter[str], console: Console
) -> None:
    import pyarrow.parquet as parquet

    from neural_focus.feature_table import feature_schema, to_feature_table

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with parquet.ParquetWriter(file, feature_schema()) as writer, Progress(*columns, console=console) as progress:
        task = progress.add_task("events", total=sum(map(len, people.values())))
        for user, records in people.items():
            for done, snapshots in _in_pieces(records, zone, counts):
                table: pa.Table = to_feature_table(user, snapshots)
                if table.num_rows:
                    writer.write_table(table)
                progress.advance(task, done)


def _in_pieces(records: NDArray[np.void], zone: ZoneTable, counts: Counter[str]) -> Iterator[tuple[int, Snapshots]]:
    """(events taken, snapshots closed) piece by piece; chunking does not change a bit."""
    engine = Engine(*zone)
    for start in range(0, len(records), RECORDS_AT_ONCE):
        piece = records[start : start + RECORDS_AT_ONCE]
        yield len(piece), Snapshots(*engine.push(piece))
    yield 0, Snapshots(*engine.close_until(np.iinfo(np.int64).max))
    counts.update(engine.counters())
