"""Measures and writes: ``python -m bench.load --help`` lists what can be chosen."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.load.installation import installation
from bench.load.rounds import endpoints_of, in_rounds
from bench.load.servers import constant_service, our_service, plain_service
from bench.load.steps import Row, in_steps
from bench.load.tables import desktops_table, requests_table
from infra.up.steps import step
from neural_focus.errors import NeuralFocusError

OUTPUT = Path("build/load.jsonl")
STEPS = (50, 100, 200, 500, 1_000)


def main(
    desktops: Annotated[
        list[int] | None,
        typer.Option(
            min=1, help="How many at once; given again, the next step", show_default="50, 100, 200, 500, 1000"
        ),
    ] = None,
    seconds: Annotated[int, typer.Option(min=1, help="How long each number is measured")] = 60,
    request_seconds: Annotated[float, typer.Option(min=0.1, help="How long each of an endpoint's rounds is")] = 10.0,
    peers: Annotated[
        bool, typer.Option(help="Requests, and the same beside the peers; else the desktops alone")
    ] = True,
) -> None:
    """Desktops at a snapshot a second and requests, against the service and its peers."""
    console = Console()
    console = console if console.is_terminal else Console(width=150)
    rows: list[Row] = []
    try:
        for row in _written(_measured(console, desktops or STEPS, seconds, request_seconds if peers else None)):
            rows.append(row)
    except NeuralFocusError as error:
        console.print(f"load: {error}", style="bold red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        if rows:
            console.print(desktops_table(rows))
        if any(row["kind"] == "requests" for row in rows):
            console.print(requests_table(rows))
        console.print(f"{len(rows)} rows in {OUTPUT}", highlight=False)


def _measured(console: Console, desktops: Sequence[int], seconds: int, request_seconds: float | None) -> Iterator[Row]:
    """All rows; ``request_seconds`` None: of the service's desktops alone. No peer runs beside another's desktops."""
    with ExitStack() as whole:
        with step(console, "installation") as at:
            installed = whole.enter_context(installation(at.show))
            at.done(f"the champion is {installed.model}")
        with ExitStack() as stack:
            with step(console, "service"):
                ours = stack.enter_context(our_service(installed))
            if request_seconds is not None:
                with (
                    step(console, "requests") as at,
                    constant_service(installed) as one,
                    plain_service(installed) as two,
                ):
                    yield from in_rounds(endpoints_of(installed, ours, one, two), request_seconds, at.show)
            with step(console, "desktops") as at:
                yield from in_steps(ours, partial(installed.job, ours, seconds=seconds), desktops, at.show)
        if request_seconds is not None:
            with step(console, "a peer's desktops") as at, plain_service(installed) as plain:
                yield from in_steps(plain, partial(installed.job, plain, seconds=seconds), desktops, at.show)


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
