"""``neural-focus restore``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from infra.interruption import interruptible
from infra.restore import restore_backup
from neural_focus.settings import read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="What `neural-focus backup` wrote")]) -> None:
    """Restore FILE into an empty home (NEURAL_FOCUS_HOME), and count what is there then."""
    os.umask(0o077)
    settings, console = read_settings(), Console(soft_wrap=True, highlight=False)
    with interruptible():
        done = restore_backup(settings, file, console)
    console.print("\nRows, counted after the restore and equal to those of the backup:")
    for name, tables in done.rows.items():
        for table, rows in tables.items():
            console.print(f"  {name + '.' + table.removeprefix('public.'):44} {rows:>12,}", markup=False)
    whose = done.manifest["username"]
    if whose != settings.username:
        console.print(f"! The local person was {whose}. Set NEURAL_FOCUS_USERNAME={whose}", markup=False)
    console.print("Start the platform: make run. Stop the one that this is a copy of first.")
