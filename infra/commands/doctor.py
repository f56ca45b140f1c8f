"""``neural-focus doctor``."""

from __future__ import annotations

import typer
from rich.console import Console

from infra.diagnosis import diagnose
from infra.finding import Grade
from neural_focus.settings import read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)
COLOURS = {Grade.WELL: "green", Grade.LIMITED: "yellow", Grade.BROKEN: "red"}


@app.command()
def doctor() -> None:
    """List what works here, what does not, and what to do. Exit code 1 if something is broken."""
    console = Console(soft_wrap=True, highlight=False)
    found = diagnose(read_settings())
    for finding in found:
        console.print(
            f"{finding.state} {finding.subject:15}{finding.description}", style=COLOURS[finding.state], markup=False
        )
        if finding.hint:
            console.print(f"{'':17}→ {finding.hint}", markup=False)
    if any(finding.state is Grade.BROKEN for finding in found):
        raise typer.Exit(1)
