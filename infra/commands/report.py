"""``neural-focus report``: the A/B report, now."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from neural_focus.settings import read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def report(
    out: Annotated[
        Path | None, typer.Option(help="Folder for index.html and report.json; with --days another one by default")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Use only the last so many days")] = None,
) -> None:
    """Write what interventions did to focus, as HTML and JSON, and print the first sentence."""
    from infra.commands.database import started_url
    from neural_focus.experiments.report import write_report
    from neural_focus.store.database import connect

    settings = read_settings()
    default = settings.reports / ("ab" if days is None else f"ab-{days}-{'day' if days == 1 else 'days'}")
    with connect(started_url(settings)) as connection:
        page = write_report(connection, out or default, now=datetime.now(UTC), days=days)
    typer.echo(json.loads((page.parent / "report.json").read_text("utf-8"))["sentence"])
    typer.echo(str(page))
