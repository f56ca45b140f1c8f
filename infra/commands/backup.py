"""``neural-focus backup``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from infra.backup import take_backup
from infra.interruption import interruptible
from neural_focus.settings import read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)
ELSEWHERE = (
    "What is not in a home is not taken: settings in environment variables, your certificate, and a Redis, which has"
    " the current snapshots alone: they come anew."
)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A new file, outside the home")]) -> None:
    """Write all state of this installation into FILE: databases, home, models, features. The platform may run."""
    os.umask(0o077)
    console = Console(soft_wrap=True, highlight=False)
    with interruptible():
        taken = take_backup(read_settings(), file, console)
    written = file.expanduser().absolute()
    state = written.stat()
    console.print(f"\n{written} is written, {state.st_size / 2**20:,.1f} MB.", markup=False)
    console.print("It holds passwords and everything that was recorded of anybody here. Keep it on another disk.")
    if state.st_mode & 0o077:
        console.print("! Its disk keeps no rights: whoever has the disk can read it.")
    else:
        console.print("Only you can read it.")
    if taken.unknown:
        console.print(f"! Taken, though unknown here: {', '.join(taken.unknown)}", markup=False)
    console.print("Left out:")
    for why, number in taken.left_out.most_common():
        console.print(f"  {number:>5,}  {why}", markup=False)
    console.print(ELSEWHERE)
