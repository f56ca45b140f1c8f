"""Measures and writes: ``python -m bench.load --help`` lists what can be chosen."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.load.installation import installation, our_service
from bench.load.steps import Row, in_steps
from bench.load.table import desktops_table
from infra.up.steps import step
from neural_focus.errors import NeuralFocusError

OUTPUT = Path("build/load.jsonl")
STEPS = (50, 100, 200, 500, 1_000)


def main(
    desktops: Annotated[
        list[int] | None, typer.Option(min=1, help="How many at once; given again, the next step", show_default="50 …")
    ] = None,
    seconds: Annotated[int, typer.Option(min=1, help="How long each step is measured")] = 60,
) -> None:
    """Desktops at a snapshot a second against the service: what was answered and when, processor and memory."""
    console = Console()
    console = console if console.is_terminal else Console(width=140)
    rows: list[Row] = []
    try:
        for row in _written(_measured(console, desktops or STEPS, seconds)):
            rows.append(row)
    except NeuralFocusError as error:
        console.print(f"load: {error}", style="bold red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        if rows:
            console.print(desktops_table(rows))
            console.print(f"{len(rows)} rows in {OUTPUT}", highlight=False)


def _measured(console: Console, desktops: Iterable[int], seconds: int) -> Iterator[Row]:
    with ExitStack() as stack:
        with step(console, "installation") as at:
            installed = stack.enter_context(installation(at.show))
            at.done(f"the champion is {installed.model}")
        with step(console, "service"):
            server = stack.enter_context(our_service(installed))
        with step(console, "desktops") as at:
            yield from in_steps(server, partial(installed.job, seconds=seconds), desktops, at.show)


def _written(rows: Iterable[Row]) -> Iterator[Row]:
    """Each row is in the file as soon as it is measured."""
    OUTPUT.parent.mkdir(exist_ok=True)
    with OUTPUT.open("w", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            lines.flush()
            yield row


if __name__ == "__main__":
    typer.run(main)
