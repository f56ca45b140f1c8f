"""``neural-focus export``: everything of one person as files that any program can read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.commands.database import started_url
from neural_focus.errors import InputError
from neural_focus.settings import read_settings
from neural_focus.store.database import connect
from neural_focus.store.privacy import export_user
from neural_focus.store.users import read_user

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder for the files")],
    username: Annotated[str, typer.Option("--user", help="Whose data; the local person's by default")] = "",
) -> None:
    """Write everything of one person into FOLDER: a CSV file a table, and counts.json."""
    settings = read_settings()
    name = username or settings.username
    with connect(started_url(settings)) as connection:
        user = read_user(connection, name)
        if user is None:
            raise InputError(f"nobody here is called {name!r}")
        counts = export_user(connection, user.id, folder.expanduser())
    for table, rows in counts.items():
        typer.echo(f"{table:20} {rows:>10,} rows")
